"""`parameterize_extract_columns`: frames out of one step, each with nodes for its columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Dependency, short
from stepwell.modifiers.columns import Columns
from stepwell.modifiers.modifier import Modifier
from stepwell.modifiers.parameterized import made
from stepwell.spec import Node

Column = str | tuple[str, str]


@dataclass(frozen=True)
class ParameterizedColumns(Modifier):
    """Makes one node for each name, and one for each of its columns."""

    nodes: Mapping[str, Any]

    stage: ClassVar[int] = 40

    def expand(self, node: Node) -> Iterable[Node]:
        if not self.nodes:
            raise ModifierError("`parameterize_extract_columns` needs at least one `name=(…, {…})`")
        return [
            each for name, given in self.nodes.items() for each in self._made(node, name, given)
        ]

    def _made(self, node: Node, name: str, given: Any) -> Iterable[Node]:
        match given:
            case (list() | tuple() as columns, Mapping() as wiring):
                return Columns(tuple(columns)).expand(made(node, name, wiring))
        raise ModifierError(
            f"`{name}` takes a list of columns and a dict of parameters; got `{short(given)}`",
            argument=name,
        )


def parameterize_extract_columns(
    **nodes: tuple[Sequence[Column], Mapping[str, Dependency]],
) -> ParameterizedColumns:
    """One frame for each keyword: which columns of it are nodes, and what its parameters are bound
    to.

    A column is a name, or a name and a docstring.

    >>> from stepwell.modifiers import source
    >>> @parameterize_extract_columns(
    ...     books=(["title", ("price", "In euros.")], {"path": source("books_file")}),
    ...     films=(["director"], {"path": source("films_file")}),
    ... )
    ... def table(path: str) -> object: ...
    """
    return ParameterizedColumns(nodes)
