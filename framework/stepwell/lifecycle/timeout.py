"""`Timeout`: ends a step that takes too long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from stepwell.lifecycle.api import NodeExecutionMethod
from stepwell.lifecycle.current import deadline
from stepwell.lifecycle.filters import NodeFilter, Tags, selects

_END = object()


class Timeout(NodeExecutionMethod):
    """Ends a step after so many seconds, with a `TimeoutError`.

    An async step is cancelled. A plain one can't be: its requests are ended (those of a `metered`
    client, however slowly an answer drips), none begins after the time, and a wait for a turn or a
    retry is not begun that would end after it. What it returns all the same, late, is kept: it may
    have been paid for. A step that yields has so long from its first chunk's beginning to its end.

    Before `Retry` it is for all attempts together; after it, or as `Retry(timeout=…)`, for each.

    Args:
        seconds: how long.
        node_filter: the nodes it is for: a name, several, or a function of name and tags.
    """

    def __init__(self, seconds: float, *, node_filter: NodeFilter = None) -> None:
        self.seconds, self.node_filter = checked_seconds(seconds), node_filter

    def wants_node(self, *, node_name: str, node_tags: Tags) -> bool:
        return "timeout.seconds" not in node_tags and selects(
            self.node_filter, node_name, node_tags
        )

    def run_to_execute_node(
        self,
        *,
        node_name: str,
        node_callable: Callable[..., Any],
        node_kwargs: dict[str, Any],
        **future_kwargs: Any,
    ) -> Any:
        return within(self.seconds, node_name, partial(node_callable, **node_kwargs))


def checked_seconds(seconds: float) -> float:
    """The seconds, if they are a time.

    Raises:
        ValueError: if they are not more than 0.
    """
    if not seconds > 0:
        raise ValueError(f"`{seconds}` is no time to wait; give seconds, more than 0")
    return seconds


def within(seconds: float, node: str, call: Callable[[], Any]) -> Any:
    """What a step returns, if it comes in time.

    Args:
        seconds: how long it may take.
        node: the step's node, for the message.
        call: calls the step; may return something that is awaited or iterated over later.

    Raises:
        TimeoutError: if it does not.
    """
    limit = _Limit(seconds, node)
    with limit.set():
        result = call()
    kind = type(result)
    if kind is GeneratorType:
        return _stream(limit, result)
    if kind is AsyncGeneratorType:
        return _async_stream(limit, result)
    if kind is CoroutineType or hasattr(result, "__await__"):
        return _awaited(limit, result)
    return result


class _Limit:
    """The end of one attempt's time."""

    def __init__(self, seconds: float, node: str) -> None:
        self.seconds, self.node = seconds, node
        self._raised: TimeoutError | None = None
        outer = deadline.get()
        self.end = monotonic() + seconds if outer is None else min(monotonic() + seconds, outer)

    @contextmanager
    def set(self) -> Iterator[None]:
        """Within it, requests end at this end; what fails after it has failed by it.

        Raises:
            TimeoutError: in the place of an error that came after the end.
        """
        token = deadline.set(self.end)
        try:
            yield
        except Exception as error:
            if error is self._raised or monotonic() < self.end:
                raise
            raise self.error() from error
        finally:
            deadline.reset(token)

    def error(self) -> TimeoutError:
        """What says that it took too long."""
        self._raised = TimeoutError(f"`{self.node}` took longer than {self.seconds:g} s")
        return self._raised

    async def of(self, awaited: Awaitable[Any]) -> Any:
        """What is awaited, cancelled at the end."""
        from asyncio import get_running_loop, timeout_at

        with self.set():
            until = timeout_at(get_running_loop().time() + self.end - monotonic())
            try:
                async with until:
                    return await awaited
            except TimeoutError as error:
                if until.expired():
                    raise self.error() from error
                raise


async def _awaited(limit: _Limit, result: Awaitable[Any]) -> Any:
    return await limit.of(result)


def _stream(limit: _Limit, source: Any) -> Iterator[Any]:
    try:
        while True:
            with limit.set():
                if monotonic() >= limit.end:
                    raise limit.error()
                chunk = next(source, _END)
            if chunk is _END:
                return
            yield chunk
    finally:
        source.close()


async def _async_stream(limit: _Limit, source: Any) -> AsyncIterator[Any]:
    try:
        while (chunk := await limit.of(anext(source, _END))) is not _END:
            yield chunk
    finally:
        await source.aclose()
