"""A value that a parameter can't take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.conditions import exclusive
from stepwell.rules.rule import Rule
from stepwell.spec import Node
from stepwell.types import Type, fits


class TypeMismatch(Rule):
    """
    ## What it does
    Checks that what a step returns may be given to each parameter that reads it,
    as a type checker judges it. Where a type can't be known (a protocol, a type
    variable, a class whose bases can't be seen) nothing is said.

    ## Why is this bad?
    The step gets what it does not expect, and fails in the middle of a run or,
    worse, does not.

    ## Example
    ```python
    def passages(question: str) -> list[str]:
        return question.split()

    def answer(passages: str) -> str:
        return passages.upper()
    ```

    Use instead:
    ```python
    def passages(question: str) -> list[str]:
        return question.split()

    def answer(passages: list[str]) -> str:
        return passages[0].upper()
    ```
    """

    code = "SW201"
    name = "type-mismatch"
    message = "`{node}` takes `{keyword}: {asked}`, and `{source}` makes `{given}`"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        seen: dict[tuple[int, int], bool | None] = {}
        makers = _makers(graph)
        for node in graph.written:
            if node.stale or node.kind == "field":
                continue
            for param in node.params:
                for maker in makers.get(param.reads, ()):
                    if _refused(maker.type, param.type, seen) and not (
                        maker.stale or (graph.config is None and exclusive(maker, node))
                    ):
                        where = f"`{maker.name}` makes `{maker.type.short}` here"
                        yield self.at(
                            param.span or node.span,
                            node=node.name,
                            keyword=param.keyword,
                            asked=param.type.short,
                            source=maker.name,
                            given=maker.type.short,
                            related=[(maker.span, where)] if maker.span else (),
                        )


def _makers(graph: Graph) -> dict[str, list[Node]]:
    makers: dict[str, list[Node]] = defaultdict(list)
    for node in graph.written:
        makers[node.name].append(node)
    return makers


def _refused(given: Type, asked: Type, seen: dict[tuple[int, int], bool | None]) -> bool:
    """Whether it certainly does not fit; types that are one object are judged once."""
    key = id(given), id(asked)
    if key not in seen:
        seen[key] = fits(given, asked)
    return seen[key] is False
