"""`tag`: metadata on the nodes of a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Unread
from stepwell.modifiers.modifier import Modifier
from stepwell.spec import Node


@dataclass(frozen=True)
class Tagged(Modifier):
    """Puts tags on every node that the step makes."""

    tags: Mapping[str, Any]

    stage: ClassVar[int] = 90

    def expand(self, node: Node) -> Iterable[Node]:
        tags = {**node.tags, **{key: _tag(key, given) for key, given in self.tags.items()}}
        return (replace(node, tags=MappingProxyType(tags)),)


def tag(**tags: str | list[str] | tuple[str, ...]) -> Tagged:
    """Metadata on a step's nodes, for filters, hooks and reports: a text or several for each key.

    >>> @tag(owner="search", stage=["index", "query"])
    ... def passages(question: str) -> list[str]: ...
    """
    return Tagged(tags)


def _tag(key: str, given: Any) -> Any:
    if isinstance(given, str):
        return str(given)
    if isinstance(given, Unread):
        return repr(given)
    if isinstance(given, list | tuple) and all(isinstance(each, str | Unread) for each in given):
        return tuple(map(str, given))
    raise ModifierError(
        f"tag `{key}` takes a string or a list of strings; got `{given!r}`", argument=key
    )
