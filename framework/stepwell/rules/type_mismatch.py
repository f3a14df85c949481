"""A value that a parameter can't take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.conditions import exclusive
from stepwell.rules.rule import NodeRule
from stepwell.spec import Node, Param
from stepwell.types import fits


class TypeMismatch(NodeRule):
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

    def of(self, node: Node, graph: Graph) -> Iterable[Diagnostic]:
        if node.stale or node.kind == "field":
            return ()
        nodes = graph.nodes
        several = len(nodes) < len(graph.written)
        # A type is one object where it is one annotation of a file.
        unsure = [
            param
            for param in node.params
            if (maker := nodes.get(param.reads)) is not None
            and (maker.type is not param.type or several)
        ]
        return self._mismatches(node, unsure, graph) if unsure else ()

    def _mismatches(
        self, node: Node, params: Iterable[Param], graph: Graph
    ) -> Iterator[Diagnostic]:
        for param in params:
            for each in graph.variants(param.reads):
                if fits(each.type, param.type) is False and _meet(each, node, graph):
                    yield self._found(each, node, param)

    def _found(self, maker: Node, node: Node, param: Param) -> Diagnostic:
        where = f"`{maker.name}` makes `{maker.type.short}` here"
        return self.at(
            param.span or node.span,
            node=node.name,
            keyword=param.keyword,
            asked=param.type.short,
            source=maker.name,
            given=maker.type.short,
            related=[(maker.span, where)] if maker.span else (),
        )


def _meet(maker: Node, node: Node, graph: Graph) -> bool:
    """Whether one may feed the other: both can be read, and can exist together."""
    return not maker.stale and (graph.config is not None or not exclusive(maker, node))
