"""Waiting before a request leaves, in a thread or on an event loop, until something changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from threading import Event

from stepwell.lifecycle.current import stopping


class Waiter:
    """Waits for some time, or until it is woken; a request's pause before it leaves.

    Args:
        sleep: what waits in threads in its place, where the time is known.
        async_sleep: the same on an event loop.
    """

    def __init__(
        self,
        sleep: Callable[[float], object] | None = None,
        async_sleep: Callable[[float], Awaitable[object]] | None = None,
    ) -> None:
        self._sleep, self._async_sleep = sleep, async_sleep
        self._woken = Event()
        self._tell: Callable[[], object] | None = None
        self.seconds: float | None = None
        """How long; `None` until it is woken."""

    def sleep_again(self) -> None:
        """What woke it is past."""
        self._woken.clear()

    def wake(self) -> None:
        """Ends its wait, from any thread."""
        self._woken.set()
        if self._tell is not None:
            with suppress(RuntimeError):  # its loop is closed: nobody waits
                self._tell()

    def block(self) -> None:
        """Waits in a thread.

        Raises:
            CancelledError: if the run has failed elsewhere or been cancelled.
        """
        if self._sleep is not None and self.seconds is not None:
            self._sleep(self.seconds)
            return
        stopped = stopping.get()
        if stopped is None:
            self._woken.wait(self.seconds)
            return
        with stopped.wakes(self._woken.set):
            self._woken.wait(self.seconds)
        if stopped.is_set():
            from asyncio import CancelledError

            raise CancelledError

    async def later(self) -> None:
        """Waits on an event loop."""
        if self._async_sleep is not None and self.seconds is not None:
            await self._async_sleep(self.seconds)
            return
        from asyncio import Event as AsyncEvent
        from asyncio import get_running_loop, timeout

        event, loop = AsyncEvent(), get_running_loop()
        self._tell = lambda: loop.call_soon_threadsafe(event.set)
        if self._woken.is_set():  # before there was a way to tell
            return
        with suppress(TimeoutError):
            async with timeout(self.seconds):
                await event.wait()
