"""Tells what runs in other threads to give up: what waits there, and what hangs on a socket.

A thread can't be ended from outside. What can be had: a wait of ours ends at once, and so does a
request of a `metered` client, whose connection is shut down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock
from weakref import WeakSet


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
        self._ends: dict[int, Callable[[], object]] = {}
        self._number = 0
        self.is_cut = False
        if outer is not None:
            outer._take_in(self)

    def set(self) -> None:
        """Ends what waits."""
        self._set.set()
        with self._lock:
            inner = [*self._inner]
        for stop in inner:
            stop.set()

    def cut(self) -> None:
        """Ends what waits, and the requests under way."""
        self._set.set()
        with self._lock:
            self.is_cut = True
            inner, ends = [*self._inner], [*self._ends.values()]
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

    @contextmanager
    def ends(self, end: Callable[[], object]) -> Iterator[None]:
        """Within it, `cut` calls `end`, from whichever thread; at once if it is cut already."""
        with self._lock:
            self._number += 1
            number = self._number
            self._ends[number] = end
            cut = self.is_cut
        try:
            if cut:
                end()
            yield
        finally:
            with self._lock:
                del self._ends[number]

    def _take_in(self, inner: Stop) -> None:
        with self._lock:
            self._inner.add(inner)
            was_set, was_cut = self._set.is_set(), self.is_cut
        if was_cut:
            inner.cut()
        elif was_set:
            inner.set()
