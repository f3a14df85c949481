"""`extract_columns`: a node for each column of the frame that a step returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import checked_name, of_wholes, short
from stepwell.modifiers.extracted import entry
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.spec import Node
from stepwell.types import ANY, Type

SERIES = {
    "pandas.DataFrame": "pandas.Series",
    "pandas.core.frame.DataFrame": "pandas.core.series.Series",
    "polars.DataFrame": "polars.Series",
    "polars.dataframe.frame.DataFrame": "polars.series.series.Series",
}
"""The type of a frame's column, by the frame's, under either name of both."""


@dataclass(frozen=True)
class Columns(Modifier):
    """Adds the columns' nodes beside the frame's."""

    columns: tuple[Any, ...]

    stage: ClassVar[int] = 50

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        return of_wholes(nodes, self.expand)

    def expand(self, node: Node) -> Iterable[Node]:
        if not self.columns:
            raise ModifierError("`extract_columns` needs the name of at least one column")
        return [node, *(_column(node, given) for given in self.columns)]


def extract_columns(*columns: str | tuple[str, str]) -> Columns:
    """A node for each column of the frame that the step returns: names, or names and docstrings.

    It takes the columns out by their names (`frame["price"]`), so any frame that has these will do.

    >>> @extract_columns("title", ("price", "In euros."))
    ... def books(path: str) -> object: ...
    """
    return Columns(columns)


def column_type(frame: Type) -> Type:
    """The type of a column of a frame; anything where that is not known."""
    return Type(SERIES[frame.name]) if frame.name in SERIES else ANY


def _column(node: Node, given: Any) -> Node:
    name, doc = given if isinstance(given, tuple) and len(given) == 2 else (given, "")
    checked_name(name, argument=str(name), what="a column's node")
    if not isinstance(doc, str):
        raise ModifierError(
            f"`{name}` takes a docstring beside it; got `{short(doc)}`", argument=str(name)
        )
    made = entry(node, str(name), column_type(node.type), itemgetter(str(name)), span_of=name)
    return replace(made, doc=str(doc))
