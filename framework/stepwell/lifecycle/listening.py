"""Who is told of each call to a provider and of each retry, while a run goes on.

An adapter that wants to know listens from before the run until after it. Where nobody listens,
nothing is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from itertools import count
from threading import Lock
from typing import Protocol

from stepwell.usage import Call, Failed, Said


class Listener(Protocol):
    """What an adapter has that hears of calls and retries. Both are called from any thread.

    With an attribute `wants_said` that is true, `call_made` is given `said` too.
    """

    def call_made(self, call: Call) -> None:
        """Called when a request is over, in the context that it was made in."""

    def attempt_failed(self, failed: Failed) -> None:
        """Called when an attempt at a node has failed and will be made again."""


class Ears:
    """The listeners of a run, and the numbers of its calls."""

    __slots__ = ("_lock", "_numbers", "_sent", "listeners")

    def __init__(self, listeners: tuple[Listener, ...]) -> None:
        self.listeners = listeners
        self._numbers: dict[tuple[str | None, str | None], count[int]] = {}
        self._sent: dict[tuple[Hashable, ...], int] = {}
        self._lock = Lock()

    def ordinal(self, *what: Hashable, again: bool) -> int:
        """Which request this is of those that are alike, from 1.

        Args:
            what: whose request it is, and what it says.
            again: whether it is the last of them, sent again by the client itself.
        """
        with self._lock:
            self._sent[what] = number = max(self._sent.get(what, 0) + (not again), 1)
            return number

    def number(self, node: str | None, task_id: str | None) -> int:
        """The number of the node's next call, from 1."""
        with self._lock:
            return next(self._numbers.setdefault((node, task_id), count(1)))

    @property
    def want_said(self) -> bool:
        """Whether one of them wants to know what is said."""
        return any(map(_wants_said, self.listeners))

    def call_made(self, call: Call, said: Said | None = None) -> None:
        """Tells all listeners."""
        for listener in self.listeners:
            tell: Callable[..., None] = listener.call_made
            if said is not None and _wants_said(listener):
                tell(call, said=said)
            else:
                tell(call)


_lock = Lock()
_runs: dict[str, Ears] = {}


def listen(run_id: str, listener: Listener) -> None:
    """Tells `listener` of the run's calls from now on, and of those that belong to no run."""
    with _lock:
        ears = _runs.setdefault(run_id, Ears(()))
        ears.listeners = (*ears.listeners, listener)


def unlisten(run_id: str, listener: Listener) -> None:
    """Ends that. A call that has begun by now is still told."""
    with _lock:
        ears = _runs.get(run_id)
        if ears is None:
            return
        ears.listeners = tuple(other for other in ears.listeners if other is not listener)
        if not ears.listeners:
            del _runs[run_id]


def ears_of(run_id: str | None) -> Ears | None:
    """Who hears of that run's calls; `None` if nobody does.

    Of a call that belongs to no run, everyone hears who listens at the time.
    """
    if run_id is not None:
        return _runs.get(run_id)
    with _lock:
        everyone = _unique(listener for ears in _runs.values() for listener in ears.listeners)
    return Ears(everyone) if everyone else None


def tell_failed(failed: Failed) -> None:
    """Tells the run's listeners of an attempt that failed."""
    ears = _runs.get(failed.run_id) if failed.run_id is not None else None
    for listener in ears.listeners if ears else ():
        listener.attempt_failed(failed)


def _wants_said(listener: Listener) -> bool:
    return bool(getattr(listener, "wants_said", False))


def _unique(listeners: Iterable[Listener]) -> tuple[Listener, ...]:
    return tuple({id(listener): listener for listener in listeners}.values())
