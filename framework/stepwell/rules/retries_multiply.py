"""A client that tries again inside of a step that is tried again."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic, Edit, Fix
from stepwell.graph import Graph
from stepwell.rules.bodies import Retries, outermost
from stepwell.rules.clients import Made, made
from stepwell.rules.rule import FunctionRule
from stepwell.spec import Body, Node, Span

_TRIES_AGAIN = 2  # how often these clients try again unless told otherwise


class RetriesMultiply(FunctionRule):
    """
    ## What it does
    Checks for a client that has its own retries and is made or used by a function
    that is called again: by a decorator (stepwell's, or one of tenacity, stamina or
    backoff), or by the adapter `Retry` of the driver.

    ## Why is this bad?
    The attempts multiply: three of the function with three of the client are nine
    requests, and as many waits, before anything fails.

    ## Example
    ```python
    from openai import OpenAI
    from stepwell.llm import metered
    from tenacity import retry, stop_after_attempt

    @retry(stop=stop_after_attempt(3))
    def answer(question: str) -> str:
        client = metered(OpenAI())
        return client.responses.create(model="gpt-4o-mini", input=question).output_text
    ```

    Use instead:
    ```python
    from openai import OpenAI
    from stepwell.llm import metered
    from tenacity import retry, stop_after_attempt

    @retry(stop=stop_after_attempt(3))
    def answer(question: str) -> str:
        client = metered(OpenAI(max_retries=0))
        return client.responses.create(model="gpt-4o-mini", input=question).output_text
    ```
    """

    code = "SW502"
    name = "retries-multiply"
    severity = "warning"
    message = (
        "`{node}` is tried {times}, and its client tries each request {each} times{product}; "
        "give the client `max_retries=0`"
    )
    beside = True

    def of_body(self, node: Node, body: Body, graph: Graph) -> Iterator[Diagnostic]:
        outer = outermost(body, graph)
        if outer is None or outer.attempts == 1:
            return
        for client in made(body):
            again = client.call.keyword("max_retries", _TRIES_AGAIN)
            if type(again) is int and again > 0 and not _open(client):
                yield self._found(node, body, outer, client, again + 1)

    def _found(self, node: Node, body: Body, outer: Retries, client: Made, each: int) -> Diagnostic:
        times = f"{outer.attempts} times" if outer.attempts else "more than once"
        product = f", {outer.attempts * each} in all" if outer.attempts else ""
        place: Span | None = body.at(client.call)
        if client.constant:
            place = body.at(outer.by) if outer.is_decorator else node.span
        return self.at(
            place,
            _without(client, body),
            node=node.step or node.name,
            times=times,
            each=each,
            product=product,
        )


def _open(client: Made) -> bool:
    """Whether more may be given than is written."""
    return any(keyword == "**" for keyword, _ in client.call.keywords)


def _without(client: Made, body: Body) -> Fix | None:
    call = client.call
    if client.constant or call.args or any(key == "max_retries" for key, _ in call.keywords):
        return None
    span = body.at(call)
    column = span.end_column + 1  # after the bracket
    place = span._replace(line=span.end_line, column=column, end_column=column)
    text = "max_retries=0" + ", " * bool(call.keywords)
    return Fix("Add `max_retries=0`", (Edit(place, text),))
