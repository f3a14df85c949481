"""A client whose requests nobody counts."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.clients import Made, made
from stepwell.rules.rule import FunctionRule
from stepwell.spec import Body, Node

_METER = ("stepwell.llm.metered", "stepwell.llm.client.metered")


class UnmeteredClient(FunctionRule):
    """
    ## What it does
    Checks for a client of `openai` that a step makes, or takes from the top of its
    module, and that is not given to `metered`.

    ## Why is this bad?
    Its tokens and costs are in no table, budget or trace.

    ## Example
    ```python
    from openai import OpenAI

    def answer(question: str, model: str) -> str:
        client = OpenAI(max_retries=0)
        return client.responses.create(model=model, input=question).output_text
    ```

    Use instead:
    ```python
    from openai import OpenAI
    from stepwell.llm import metered

    def answer(question: str, model: str) -> str:
        client = metered(OpenAI(max_retries=0))
        return client.responses.create(model=model, input=question).output_text
    ```
    """

    code = "SW505"
    name = "unmetered-client"
    severity = "warning"
    message = "the requests of this `{client}` are not counted; write `metered({client}(…))`"
    beside = True

    def of_body(self, node: Node, body: Body, graph: Graph) -> Iterator[Diagnostic]:
        clients = made(body)
        if clients and not _meters(body):
            yield from (self._found(node, body, client) for client in clients)

    def _found(self, node: Node, body: Body, client: Made) -> Diagnostic:
        name, kind = node.step or node.name, client.call.written.rpartition(".")[2]
        if not client.constant:
            return self.at(body.at(client.call), node=name, client=kind)
        message = (
            "`{node}` sends requests that are not counted; make its client "
            "`{constant} = metered({client}(…))`"
        )
        return self.at(node.span, message=message, node=name, client=kind, constant=client.constant)


def _meters(body: Body) -> bool:
    return any(call.name in _METER for call in body.calls)
