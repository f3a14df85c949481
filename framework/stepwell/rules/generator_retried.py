"""A retry around a function that yields."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.bodies import only_retried, retries
from stepwell.rules.rule import FunctionRule
from stepwell.spec import Body, Node


class GeneratorRetried(FunctionRule):
    """
    ## What it does
    Checks for a retrying decorator (of tenacity, stamina or backoff) on a function
    that yields.

    ## Why is this bad?
    The decorator sees the call alone, which makes the generator and never fails.
    What fails is the reading, outside of it: nothing is ever tried again. The
    adapter `Retry` makes such a step again, up to its first chunk.

    ## Example
    ```python
    from stepwell import Stream
    from tenacity import retry, stop_after_attempt

    @retry(stop=stop_after_attempt(3))
    def answer(question: str) -> Stream[str]:
        yield from question.split()
    ```

    Use instead:
    ```python
    from stepwell import Stream

    def answer(question: str) -> Stream[str]:
        yield from question.split()
    ```
    """

    code = "SW504"
    name = "generator-retried"
    severity = "warning"
    message = (
        "`@{decorator}` retries nothing of `{node}`, which yields: its call makes a generator "
        "and never fails; use the adapter `Retry`"
    )
    beside = True

    def of_body(self, node: Node, body: Body, graph: Graph) -> Iterator[Diagnostic]:
        if node.kind in ("generator", "async_generator") and only_retried(body):
            for found in retries(body):
                name = node.step or node.name
                yield self.at(body.at(found.by), node=name, decorator=found.by.written)
