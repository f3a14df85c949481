"""`Timeout`: ends a step that takes too long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from stepwell.lifecycle.api import NodeExecutionMethod
from stepwell.lifecycle.current import deadline
from stepwell.lifecycle.filters import NodeFilter, Tags, selects
from stepwell.lifecycle.made import END, as_made, in_a_loop, yields

if TYPE_CHECKING:
    from stepwell.lifecycle.aside import Aside
    from stepwell.types import Type


class Timeout(NodeExecutionMethod):
    """Ends a step after so many seconds, with a `TimeoutError`.

    An async step is cancelled. A plain one runs in a thread of its own, which can't be ended: its
    requests are (those of a `metered` client, however slowly an answer drips), none begins after
    the time, and a wait for a turn or a retry is not begun that would end after it. What it returns
    within half a second after all the same is kept: it may have been paid for. Then the run goes on
    without it; a note on the error says where in the code the thread still is, a warning when it
    ends. It keeps no process alive. A step that yields has so long from its first chunk's beginning
    to its end; a plain one is ended between chunks, and its requests are.

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
        node_return_type: Type,
        **future_kwargs: Any,
    ) -> Any:
        call = partial(node_callable, **node_kwargs)
        return within(self.seconds, node_name, call, lazy=yields(node_return_type))


def checked_seconds(seconds: float) -> float:
    """The seconds, if they are a time.

    Raises:
        ValueError: if they are not more than 0.
    """
    if not seconds > 0:
        raise ValueError(f"`{seconds}` is no time to wait; give seconds, more than 0")
    return seconds


def within(seconds: float, node: str, call: Callable[[], Any], *, lazy: bool) -> Any:
    """What a step returns, if it comes in time.

    Args:
        seconds: how long it may take.
        node: the step's node, for the message.
        call: calls the step; may return something that is awaited or iterated over later.
        lazy: it returns such a thing, at once.

    Raises:
        TimeoutError: if it does not.
    """
    limit = _Limit(seconds, node)
    if not lazy and not in_a_loop():  # in a loop only steps are called that are awaited
        return limit.aside(call)
    with limit.set():
        made = call()
    return as_made(
        made,
        awaited=limit.of,
        stream=partial(_stream, limit),
        async_stream=partial(_async_stream, limit),
    )


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

    def aside(self, call: Callable[[], Any]) -> Any:
        """What a plain step returns, called in a thread of its own.

        Raises:
            TimeoutError: if it goes on after its requests and waits have been ended.
        """
        from stepwell.lifecycle.aside import GRACE, Aside

        def bounded() -> Any:
            with self.set():
                return call()

        aside = Aside(bounded, self.node)
        # its requests end by themselves at the end, and it has a moment to tell of that
        if aside.wait(max(self.end - monotonic(), 0.0)) or aside.wait(GRACE):
            return aside.result()
        return self._left_behind(aside)

    def _left_behind(self, aside: Aside) -> Any:
        place = aside.leave()
        if not place and aside.error is None:
            return aside.result()
        error = self.error()
        if place:
            error.add_note(
                f"the thread of `{self.node}` can't be ended and is left at work, at {place};"
                " what it makes is dropped"
            )
        raise error

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


def _stream(limit: _Limit, source: Any) -> Iterator[Any]:
    try:
        while True:
            with limit.set():
                if monotonic() >= limit.end:
                    raise limit.error()
                chunk = next(source, END)
            if chunk is END:
                return
            yield chunk
    finally:
        source.close()


async def _async_stream(limit: _Limit, source: Any) -> AsyncIterator[Any]:
    try:
        while (chunk := await limit.of(anext(source, END))) is not END:
            yield chunk
    finally:
        await source.aclose()
