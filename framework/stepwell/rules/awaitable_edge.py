"""A step that returns a coroutine instead of what it makes."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic, Edit, Fix
from stepwell.graph import Graph
from stepwell.rules.bodies import plain, steps
from stepwell.rules.rule import Rule
from stepwell.spec import Body, Call, Node


class AwaitableEdge(Rule):
    """
    ## What it does
    Checks for a step that returns the call of an `async def` without awaiting it.

    ## Why is this bad?
    The step's readers get a coroutine in the place of the value, which then never
    runs.

    ## Example
    ```python
    async def _fetched(address: str) -> str:
        return address.upper()

    async def page(address: str) -> str:
        return _fetched(address)
    ```

    Use instead:
    ```python
    async def _fetched(address: str) -> str:
        return address.upper()

    async def page(address: str) -> str:
        return await _fetched(address)
    ```
    """

    code = "SW205"
    name = "awaitable-edge"
    message = "`{node}` returns a coroutine, since `{call}(…)` is not awaited; {cure}"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        coroutines = {
            f"{node.module}.{node.step}": node
            for node in (*graph.written, *graph.absent, *graph.private)
            if node.kind == "coroutine" and node.body is not None and plain(node.body)
        }
        if not coroutines:
            return
        for node, body in steps(graph):
            if node.kind not in ("function", "coroutine") or not plain(body):
                continue
            for call in body.calls:
                if call.returned and not call.awaited and call.name in coroutines:
                    yield self._found(node, body, call, coroutines[call.name])

    def _found(self, node: Node, body: Body, call: Call, callee: Node) -> Diagnostic:
        span, step = body.at(call), node.step or node.name
        fix = None
        if node.kind == "coroutine":
            cure = "write `return await …`"
            start = span._replace(end_line=span.line, end_column=span.column)
            fix = Fix("Await it", (Edit(start, "await "),), safe=True)
        else:
            cure = f"make `{step}` an `async def` that awaits it"
        related = [(callee.span, f"`{callee.step}` is an `async def`")] if callee.span else []
        return self.at(span, fix, node=step, call=call.written, cure=cure, related=related)
