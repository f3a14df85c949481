"""A retry that takes a cancellation for a failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.bodies import retries
from stepwell.rules.rule import FunctionRule
from stepwell.spec import Body, Call, Node, Reference

_STOPS = (
    "BaseException",
    "BaseExceptionGroup",
    "GeneratorExit",
    "KeyboardInterrupt",
    "SystemExit",
    "asyncio.CancelledError",
    "asyncio.exceptions.CancelledError",
)
_ALL_BUT = (
    "retry_if_not_exception_type",
    "retry_unless_exception_type",
    "retry_if_not_exception_message",
)


class RetrySwallowsCancellation(FunctionRule):
    """
    ## What it does
    Checks for a retrying decorator whose condition also holds for a
    `KeyboardInterrupt` or a cancellation: `BaseException`, or all errors but some
    (`retry_if_not_exception_type`).

    ## Why is this bad?
    Neither Ctrl-C nor a cancelled run stops the step: it is called again instead.

    ## Example
    ```python
    from tenacity import retry, retry_if_not_exception_type

    @retry(retry=retry_if_not_exception_type(ValueError))
    def answer(question: str) -> str:
        return question.upper()
    ```

    Use instead:
    ```python
    from tenacity import retry, retry_if_exception_type

    @retry(retry=retry_if_exception_type((ConnectionError, TimeoutError)))
    def answer(question: str) -> str:
        return question.upper()
    ```
    """

    code = "SW503"
    name = "retry-swallows-cancellation"
    severity = "warning"
    message = (
        "`@{decorator}` calls `{node}` again on a `KeyboardInterrupt` or a cancellation, too; "
        "name the errors that may pass"
    )
    beside = True

    def of_body(self, node: Node, body: Body, graph: Graph) -> Iterator[Diagnostic]:
        for found in retries(body):
            if _swallows(_condition(found.by)):
                name = node.step or node.name
                yield self.at(body.at(found.by), node=name, decorator=found.by.written)


def _condition(decorator: Call) -> Any:
    match decorator.name:
        case "tenacity.retry":
            return decorator.keyword("retry")
        case "stamina.retry":
            return decorator.keyword("on")
        case "backoff.on_exception":
            return decorator.keyword("exception", next(iter(decorator.args[1:]), None))
    return None


def _swallows(condition: Any) -> bool:
    if isinstance(condition, Reference):
        return condition.name in _STOPS
    if not isinstance(condition, Call):
        return isinstance(condition, tuple) and any(map(_swallows, condition))
    match condition.name.removeprefix("tenacity."):
        case "|" | "retry_any":
            return any(map(_swallows, condition.args))
        case "&" | "retry_all":
            return bool(condition.args) and all(map(_swallows, condition.args))
        case "retry_if_exception_type":
            return any(map(_swallows, _given(condition)))
        case name if name in _ALL_BUT:
            return not any(map(_swallows, _given(condition)))
    return False


def _given(condition: Call) -> tuple[Any, ...]:
    return (*condition.args, *(value for _, value in condition.keywords))
