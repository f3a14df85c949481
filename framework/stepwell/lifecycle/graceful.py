"""Lets a run go on past steps that failed."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from stepwell.errors import told
from stepwell.lifecycle.api import NodeExecutionMethod
from stepwell.lifecycle.filters import Tags

ACCEPTS = "accept_error_sentinels"


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that failed: what stands in the place of its result, unless another value was asked.

    It is false in a condition, so `if document:` reads as one would think.
    """

    run_id: str
    node: str
    error: BaseException

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return f"`{self.node}` failed: {told(self.error)}"


class GracefulErrorAdapter(NodeExecutionMethod):
    """Catches what steps raise; what reads a failed step is skipped, and the run goes on.

    A failed step's value is a `Failure`, or `sentinel_value` if one is given, and so is that of
    every step that reads it, except for steps tagged `@tag(accept_error_sentinels="true")`, which
    are called with it. Every failure is also in `failures`, and logged as a warning, so that none
    goes unseen. A step that yields fails the run all the same: part of a stream is no result, and
    its first chunks may have been read already.

    Args:
        error_to_catch: the exceptions to catch; others fail the run. Never catches a
            `KeyboardInterrupt` or a cancellation, unless it is named.
        sentinel_value: what stands in the place of a failed step's result.
        keep: how many failures `failures` remembers, the latest.
    """

    takes_awaitables = True
    """A plain step may be given to it as one that is awaited."""

    def __init__(
        self,
        error_to_catch: type[BaseException] | tuple[type[BaseException], ...] = Exception,
        sentinel_value: Any = ...,
        *,
        keep: int = 1000,
    ) -> None:
        self.error_to_catch, self.sentinel_value = error_to_catch, sentinel_value
        self.failures: deque[Failure] = deque(maxlen=keep)

    def run_to_execute_node(
        self,
        *,
        node_name: str,
        node_tags: Tags,
        node_callable: Callable[..., Any],
        node_kwargs: dict[str, Any],
        run_id: str,
        **future_kwargs: Any,
    ) -> Any:
        if ACCEPTS not in node_tags:
            for value in node_kwargs.values():
                if self._is_sentinel(value):
                    return value
        try:
            result = node_callable(**node_kwargs)
        except self.error_to_catch as error:
            return self._failed(run_id, node_name, error)
        if hasattr(result, "__await__"):
            return self._awaited(result, run_id, node_name)
        return result

    async def _awaited(self, result: Awaitable[Any], run_id: str, node_name: str) -> Any:
        try:
            return await result
        except self.error_to_catch as error:
            return self._failed(run_id, node_name, error)

    def _is_sentinel(self, value: object) -> bool:
        return isinstance(value, Failure) or value is self.sentinel_value

    def _failed(self, run_id: str, node_name: str, error: BaseException) -> Any:
        from logging import getLogger

        failure = Failure(run_id, node_name, error)
        self.failures.append(failure)
        getLogger("stepwell").warning("%s; run %s goes on without it", failure, run_id)
        return failure if self.sentinel_value is ... else self.sentinel_value
