"""What a step's frame holds, written down beside it: `schema.output(("price", "float"), …)`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import short
from stepwell.modifiers.modifier import Modifier
from stepwell.spec import Node

TAG = "schema"
"""The tag that holds a schema: `column: type` for each column."""


@dataclass(frozen=True)
class Schema(Modifier):
    """Puts the schema on the node as a tag."""

    columns: tuple[Any, ...]

    stage: ClassVar[int] = 92

    def expand(self, node: Node) -> Iterable[Node]:
        if not self.columns:
            raise ModifierError('`schema.output` needs columns: `("price", "float"), …`')
        columns = tuple(map(_column, self.columns))
        if node.kind == "field" or "." in node.name:
            return (node,)
        return (replace(node, tags=MappingProxyType({**node.tags, TAG: columns})),)


def output(*columns: tuple[str, str]) -> Schema:
    """The columns of the frame that the step returns, each with its type, as the tag `schema`.

    >>> @output(("title", "str"), ("price", "float"))
    ... def books(path: str) -> object: ...
    """
    return Schema(columns)


def _column(given: Any) -> str:
    match given:
        case (str(name), str(type)):
            return f"{name}: {type}"
    raise ModifierError(
        f'`schema.output` takes pairs of a column and its type, as `("price", "float")`; '
        f"got `{short(given)}`"
    )
