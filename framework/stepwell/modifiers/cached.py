"""`cache`: what a store is to do with a step's result, kept as tags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

from stepwell.errors import ModifierError, did_you_mean
from stepwell.modifiers.arguments import Unread, short
from stepwell.modifiers.modifier import Modifier
from stepwell.spec import Node

BEHAVIORS = ("default", "recompute", "disable", "ignore")


@dataclass(frozen=True)
class Cached(Modifier):
    """Puts the tags `cache.behavior` and `cache.format` on every node that the step makes."""

    behavior: Any
    format: Any

    stage: ClassVar[int] = 93

    def expand(self, node: Node) -> Iterable[Node]:
        if self.behavior not in BEHAVIORS and not isinstance(self.behavior, Unread):
            known = ", ".join(f"`{each}`" for each in BEHAVIORS)
            near = did_you_mean(str(self.behavior), BEHAVIORS)
            raise ModifierError(
                f"`cache` has no behavior `{short(self.behavior)}`{near or f'; it has {known}'}",
                argument="behavior",
            )
        if not isinstance(self.format, str | Unread | None):
            raise ModifierError(
                f"`cache` takes the name of a format; got `{short(self.format)}`",
                argument="format",
            )
        tags = {**node.tags, "cache.behavior": str(self.behavior)}
        if self.format is not None:
            tags["cache.format"] = str(self.format)
        return (replace(node, tags=MappingProxyType(tags)),)


def cache(*, behavior: str = "default", format: str | None = None) -> Cached:
    """What is to be done with the step's result: kept, made anew each time, or left out.

    It is written down as tags, for adapters that store results.

    Args:
        behavior: `default` keeps it, `recompute` makes it anew and keeps that, `disable` makes it
            anew and keeps nothing, `ignore` leaves it out of what other results depend on.
        format: how it is kept, as `json`.

    >>> @cache(format="json")
    ... def embedding(text: str) -> list[float]: ...
    """
    return Cached(behavior, format)
