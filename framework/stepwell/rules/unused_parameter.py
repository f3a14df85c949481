"""A parameter that the step never reads."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.bodies import plain
from stepwell.rules.rule import FunctionRule
from stepwell.spec import Body, Node

_ALL = frozenset({"locals", "vars", "eval", "exec", "dir"})


class UnusedParameter(FunctionRule):
    """
    ## What it does
    Checks for a parameter that the body of its step never reads. One that is
    wanted for the order alone can say so with `del`.

    ## Why is this bad?
    The parameter is an edge: what it names is made first, with all that this
    costs, and then means nothing.

    ## Example
    ```python
    def title(document: str, summary: str) -> str:
        return document[:10]
    ```

    Use instead:
    ```python
    def title(document: str) -> str:
        return document[:10]
    ```
    """

    code = "SW108"
    name = "unused-parameter"
    severity = "hint"
    message = "`{node}` never reads `{param}`"

    def of_body(self, node: Node, body: Body, graph: Graph) -> Iterator[Diagnostic]:
        if body.empty or not plain(body) or body.reads & _ALL:
            return
        for param in node.arguments:
            if param.keyword not in body.reads and param.key is None:
                place = param.span or node.span
                yield self.at(place, node=node.step or node.name, param=param.keyword)
