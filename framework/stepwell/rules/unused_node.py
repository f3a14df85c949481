"""A step that nothing asks for."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.bodies import functions
from stepwell.rules.rule import Rule
from stepwell.spelling import is_slip


class UnusedNode(Rule):
    """
    ## What it does
    Checks for a step that no target of any known pipeline needs, where every
    driver of its module is known with all that it is asked for. A step that
    another one calls is in use.

    ## Why is this bad?
    It is never run. If it is a helper, a name that starts with `_` says so.

    ## Example
    ```toml
    [tool.stepwell.pipelines.reports]
    modules = ["steps"]
    outputs = ["report"]
    ```

    ```python
    def title(document: str) -> str:
        return document[:10]

    def report(document: str) -> str:
        return document.upper()
    ```

    Use instead:
    ```python
    def title(document: str) -> str:
        return document[:10]

    def report(title: str) -> str:
        return title.upper()
    ```
    """

    code = "SW106"
    name = "unused-node"
    severity = "hint"
    message = "nothing that is asked for needs `{node}`"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        if not graph.asked or graph.holes or graph.wiring.has_stale:
            return
        reached = graph.upstream(graph.asked)
        if _lacks(graph, reached):
            return  # what is not reached may be what was meant
        unread = [node for node in graph.written if node.name not in reached]
        if not unread:
            return
        used = {(node.module, node.step) for node in graph.written if node.name in reached}
        left = [node for node in unread if (node.module, node.step) not in used]
        called = _called(graph) if left else set()
        inputs = [name for name in graph.inputs if name in reached] if left else []
        for node in left:
            if node.step and (node.module, node.step) not in used and node.step not in called:
                used.add((node.module, node.step))  # once for all that a step makes
                first = node.name[:1]
                if not any(is_slip(name, node.name) for name in inputs if name[:1] == first):
                    yield self.at(node.span, node=node.step)


def _lacks(graph: Graph, reached: set[str]) -> bool:
    """Whether something that is asked for needs what is not there."""
    if graph.known_inputs is None:
        return False
    given = {*graph.known_inputs, *(graph.config or ())}
    return any(
        param.required
        for name, readers in graph.inputs.items()
        if name in reached and name not in given
        for _, param in readers
    )


def _called(graph: Graph) -> set[str]:
    """The names that functions of these modules read: what one does of itself does not count."""
    return {name for node, body in functions(graph) for name in body.reads if name != node.step}
