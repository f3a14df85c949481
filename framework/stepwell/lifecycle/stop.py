"""Tells what runs in other threads to give up: what waits there, and what hangs on a socket.

A thread can't be ended from outside. What can be had: a wait of ours ends at once, and so does a
request of a `metered` client, whose connection is shut down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Event, Lock
from typing import TypeAlias
from weakref import WeakSet

Calls: TypeAlias = dict[int, Callable[[], object]]


class Stop:
    """Says that what goes on in some threads is no longer wanted; it has two degrees.

    `set` ends what waits before it would do more: the pause of a retry, the wait for a turn.
    `cut` also ends requests under way, which may be paid for all the same.

    Args:
        outer: one of which this is part: where that is set or cut, this is too.
    """

    def __init__(self, outer: Stop | None = None) -> None:
        self._set, self._lock = Event(), Lock()
        self._inner: WeakSet[Stop] = WeakSet()
        self._ends: Calls = {}
        self._wakes: Calls = {}
        self._number = 0
        self.is_cut = False
        if outer is not None:
            outer._take_in(self)

    def set(self) -> None:
        """Ends what waits."""
        with self._lock:
            self._set.set()
            inner, wakes = [*self._inner], [*self._wakes.values()]
        for stop in inner:
            stop.set()
        for wake in wakes:
            wake()

    def cut(self) -> None:
        """Ends what waits, and the requests under way."""
        with self._lock:
            self.is_cut = True
            self._set.set()
            inner, ends = [*self._inner], [*self._wakes.values(), *self._ends.values()]
        for stop in inner:
            stop.cut()
        for end in ends:
            end()

    def is_set(self) -> bool:
        """Whether what waits is to give up."""
        return self._set.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits so long, or until it is set; whether it is."""
        return self._set.wait(seconds)

    def refuse_cut(self) -> None:
        """Does nothing unless it is cut.

        Raises:
            CancelledError: if it is.
        """
        if self.is_cut:
            from asyncio import CancelledError

            raise CancelledError

    def ends(self, end: Callable[[], object]) -> AbstractContextManager[None]:
        """Within it, `cut` calls `end`, from whichever thread; at once if it is cut already."""
        return self._during(self._ends, end, lambda: self.is_cut)

    def wakes(self, wake: Callable[[], object]) -> AbstractContextManager[None]:
        """Within it, `set` and `cut` call `wake`, from whichever thread; at once if it is set."""
        return self._during(self._wakes, wake, self._set.is_set)

    @contextmanager
    def _during(
        self, calls: Calls, call: Callable[[], object], late: Callable[[], bool]
    ) -> Iterator[None]:
        with self._lock:
            self._number += 1
            number = self._number
            calls[number] = call
            is_late = late()
        try:
            if is_late:
                call()
            yield
        finally:
            with self._lock:
                del calls[number]

    def _take_in(self, inner: Stop) -> None:
        with self._lock:
            self._inner.add(inner)
            was_set, was_cut = self._set.is_set(), self.is_cut
        if was_cut:
            inner.cut()
        elif was_set:
            inner.set()
