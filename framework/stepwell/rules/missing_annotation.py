"""A step that does not say its types."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from stepwell.diagnostic import Diagnostic, Edit, Fix
from stepwell.graph import Graph
from stepwell.rules.rule import NodeRule
from stepwell.spec import Node, Param
from stepwell.types import UNKNOWN, Type, known


class MissingAnnotation(NodeRule):
    """
    ## What it does
    Checks that a step says what it returns, and warns of parameters without a
    type.

    ## Why is this bad?
    What a step makes is what its readers are checked against, and what tells a
    stream from a value. Of a parameter without a type, nothing is checked.

    ## Example
    ```python
    def title(document: str):
        return document[:10]
    ```

    Use instead:
    ```python
    def title(document: str) -> str:
        return document[:10]
    ```
    """

    code = "SW203"
    name = "missing-annotation"
    message = "`{node}` does not say what it returns; write `-> …` after its parameters"

    def of(self, node: Node, graph: Graph) -> Iterable[Diagnostic]:
        # Asked of every node when a driver is built, and nearly none has anything to be told of.
        if node.type.name != "?" and "?" not in [param.type.name for param in node.params]:
            return ()
        if node.stale or node.kind in ("field", "join"):
            return ()
        return self._unsaid(node, graph)

    def _unsaid(self, node: Node, graph: Graph) -> Iterator[Diagnostic]:
        step = node.step or node.name
        if _unsaid(node.type):
            yield self.at(node.span, node=step)
        for param in node.params:
            if _unsaid(param.type) and param.key is None and param.guard is None:
                yield self.at(
                    param.span or node.span,
                    _annotate(graph, param),
                    message="`{param}` of `{node}` has no type; write `{param}: …`",
                    severity="warning",
                    node=step,
                    param=param.keyword,
                )

    def function(self, node: Node) -> Hashable:
        place = node.params[0].span if node.params else node.span
        return node.module, node.step or node.name, place


def _annotate(graph: Graph, param: Param) -> Fix | None:
    """The type of what comes in, where it is known and needs no import."""
    maker, span = graph.nodes.get(param.reads), param.span
    if maker is None or param.reads != param.keyword or not (span and span.end_line):
        return None
    if not known(maker.type) or not _importless(maker.type):
        return None
    end = span._replace(line=span.end_line, column=span.end_column)
    return Fix(f"Annotate as `{maker.type.short}`", (Edit(end, f": {maker.type.short}"),))


def _unsaid(type: Type) -> bool:
    """Whether nothing is written; nearly every type is told from that by its name alone."""
    return type.name == "?" and type == UNKNOWN


def _importless(type: Type) -> bool:
    return "." not in type.name.replace("...", "") and all(map(_importless, type.types))
