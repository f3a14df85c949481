"""So many steps of a tag at the same time, whatever does them: threads, an event loop, both."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, nullcontext
from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from stepwell.lifecycle.base import DoNodeExecute
from stepwell.lifecycle.current import stopping
from stepwell.lifecycle.filters import is_tagged
from stepwell.lifecycle.made import as_made

if TYPE_CHECKING:
    from stepwell.spec import Node

LAZY = ("coroutine", "async_generator")
"""The kinds of steps whose call returns before any work is done."""


class Slots:
    """Places that are taken and given back; who comes when all are taken waits for his turn.

    Args:
        count: so many places.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._lock = Lock()
        self._waiting: deque[Callable[[], None]] = deque()

    def take_or_wait(self, wake: Callable[[], None]) -> bool:
        """Whether a place was free, which is taken now; else `wake` is called when one is, which
        is taken then."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            self._waiting.append(wake)
            return False

    def give_back(self) -> None:
        """Gives a place to whoever has waited longest."""
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            wake = self._waiting.popleft()
        wake()

    def give_up(self, wake: Callable[[], None]) -> None:
        """Waits no more; a place that has been given meanwhile is given back."""
        with self._lock:
            if wake in self._waiting:
                self._waiting.remove(wake)
                return
        self.give_back()

    def take(self) -> None:
        """Takes a place, in a thread that waits for it.

        Raises:
            RuntimeError: if the run ends before there is one.
        """
        turn, over = Event(), stopping.get()
        wake = turn.set
        if self.take_or_wait(wake):
            return
        try:
            with nullcontext() if over is None else over.wakes(turn.set):
                turn.wait()
            if over is not None and over.is_set():
                raise RuntimeError("the run is over; the step is not begun any more")
        except BaseException:
            self.give_up(wake)
            raise

    async def take_async(self) -> None:
        """Takes a place, on an event loop."""
        import asyncio

        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()

        def given() -> None:
            if turn.done():
                self.give_back()
            else:
                turn.set_result(None)

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(given)
            except RuntimeError:  # its loop is closed
                self.give_back()

        if self.take_or_wait(wake):
            return
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give_back()
            else:
                with self._lock:
                    if wake in self._waiting:
                        self._waiting.remove(wake)
            raise


class SlotsOfTags(DoNodeExecute):
    """Lets so many steps of a tag be at work at the same time, in all runs of a driver together.

    Args:
        limits: how many, by tag: `model`, or `model=large` for those whose tag has that value.
    """

    def __init__(self, limits: Mapping[str, int]) -> None:
        self.limits = dict(limits)
        self._slots = {tag: Slots(count) for tag, count in sorted(limits.items())}

    def __reduce__(self) -> tuple[Any, ...]:
        return SlotsOfTags, (self.limits,)

    def wants_node(self, *, node_name: str, node_tags: Mapping[str, Any]) -> bool:
        """Steps with one of the tags."""
        return any(is_tagged(node_tags, tag) for tag in self.limits)

    def do_node_execute(
        self, *, run_id: str, node_: Node, kwargs: dict[str, Any], task_id: str | None
    ) -> Any:
        # In one order for all steps, so that no two wait for each other.
        slots = [slots for tag, slots in self._slots.items() if is_tagged(node_.tags, tag)]
        call: Callable[..., Any] = node_.callable  # type: ignore[assignment]
        if node_.kind in LAZY or node_.kind == "generator":
            made = call(**kwargs)
        else:
            with _taken(slots):
                made = call(**kwargs)
        return as_made(
            made,
            awaited=partial(_awaited, slots),
            stream=partial(_stream, slots),
            async_stream=partial(_async_stream, slots),
        )


def _taken(slots: list[Slots]) -> ExitStack:
    with ExitStack() as stack:
        for each in slots:
            each.take()
            stack.callback(each.give_back)
        return stack.pop_all()


async def _taken_async(slots: list[Slots]) -> ExitStack:
    with ExitStack() as stack:
        for each in slots:
            await each.take_async()
            stack.callback(each.give_back)
        return stack.pop_all()


async def _awaited(slots: list[Slots], made: Awaitable[Any]) -> Any:
    try:
        taken = await _taken_async(slots)
    except BaseException:
        close = getattr(made, "close", None)
        if close is not None:
            close()
        raise
    with taken:
        return await made


def _stream(slots: list[Slots], made: Any) -> Iterator[Any]:
    with _taken(slots):
        yield from made


async def _async_stream(slots: list[Slots], made: Any) -> AsyncIterator[Any]:
    with await _taken_async(slots):
        async for chunk in made:
            yield chunk
