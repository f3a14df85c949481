"""`inject`: one parameter of a step bound to a literal, another node, or a group of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from stepwell.modifiers.arguments import Dependency, wired
from stepwell.modifiers.modifier import Modifier
from stepwell.spec import Node


@dataclass(frozen=True)
class Injected(Modifier):
    """Binds parameters."""

    given: Mapping[str, Dependency]

    stage: ClassVar[int] = 30

    def expand(self, node: Node) -> Iterable[Node]:
        return (wired(node, self.given, argument=""),)


def inject(**given: Dependency) -> Injected:
    """Binds parameters to `source(…)`, `value(…)` or `group(…)` instead of their own names.

    >>> from stepwell.modifiers import group, source, value
    >>> @inject(limit=value(3), found=group(source("by_words"), source("by_meaning")))
    ... def passages(found: list[list[str]], limit: int) -> list[str]: ...
    """
    return Injected(given)
