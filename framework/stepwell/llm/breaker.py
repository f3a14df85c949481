"""`CircuitBreaker`: a provider that fails again and again is left alone for a while."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from threading import Lock
from time import monotonic
from typing import Any

from stepwell.errors import Unavailable
from stepwell.lifecycle.api import GraphExecutionHook
from stepwell.lifecycle.listening import listen, unlisten
from stepwell.llm.gates import Asking, Pause
from stepwell.usage import Call, Failed

NEUTRAL = frozenset(("CancelledError", "GeneratorExit", "KeyboardInterrupt", "PoolTimeout", "cut"))
"""Errors of a request that say nothing of the provider."""

DOUBLED = 10
"""No pause is longer than so many times the first."""


class Circuit:
    """Whether one provider is asked. Knows no requests and has no clock.

    It is closed at first. After so many failures in a row it opens: nobody asks. When the pause is
    over one request may try; by what becomes of it the circuit closes, or opens for twice as long.

    >>> circuit = Circuit(failures=2, pause=30.0)
    >>> circuit.failed(now=0.0), circuit.failed(now=1.0)
    (None, None)
    >>> circuit.enter(now=2.0), circuit.enter(now=31.0), circuit.enter(now=31.0)
    (29.0, None, 30.0)
    """

    __slots__ = ("_failures", "_in_a_row", "_opened", "_pause", "_pauses", "_trying")

    def __init__(self, *, failures: int, pause: float) -> None:
        self._failures, self._pause = failures, pause
        self._in_a_row = 0
        self._pauses = 1
        self._opened: float | None = None
        self._trying = False

    @property
    def state(self) -> str:
        """`closed`, `open`, or `trying`."""
        if self._trying:
            return "trying"
        return "closed" if self._opened is None else "open"

    def enter(self, *, now: float) -> float | None:
        """`None` if a request may go; else the seconds until one may."""
        if self._opened is None:
            return None
        left = self._opened + self._pause * self._pauses - now
        if left > 0:
            return left
        if self._trying:
            return self._pause
        self._trying = True
        return None

    def failed(self, *, now: float) -> None:
        """Takes a failure."""
        self._in_a_row += 1
        if self._trying:
            self._pauses = min(self._pauses * 2, DOUBLED)
            self._opened, self._trying = now, False
        elif self._opened is None and self._in_a_row >= self._failures:
            self._opened = now

    def answered(self) -> None:
        """Takes an answer: the provider is well. One that comes late closes the circuit too."""
        self._in_a_row, self._pauses = 0, 1
        self._opened, self._trying = None, False

    def unclear(self) -> None:
        """Takes a request of which nothing is to be learned: another may try."""
        self._trying = False


class CircuitBreaker(GraphExecutionHook):
    """Lets no request go to a provider that has failed so many times in a row, for a while.

    A failure is a status of 500 or more, a timeout, or a connection that can't be had or is lost. A
    refusal (4xx) is none, and too many requests neither: that is for `RateLimit`. There is one
    circuit for an address, an API key and a model, for all runs of the process; what it refuses
    raises `Unavailable` at once, which `Retry` does not repeat and `Fallback` takes up.

    Args:
        failures: how many in a row open the circuit.
        pause: seconds until a first request tries again; twice as long after each that fails.
        clock: gives the time in seconds.
    """

    needs_context = True

    def __init__(
        self,
        *,
        failures: int = 5,
        pause: float = 30.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        if failures < 1 or not pause > 0:
            raise ValueError(f"`failures={failures}`, `pause={pause}`: give numbers more than 0")
        self.failures, self.pause, self.clock = failures, pause, clock

    def run_before_graph_execution(self, *, run_id: str, **future_kwargs: Any) -> None:
        listen(run_id, self)

    def run_after_graph_execution(self, *, run_id: str, **future_kwargs: Any) -> None:
        unlisten(run_id, self)

    def admit(self, asking: Asking) -> Passing:
        """Lets a request go, if its provider is asked.

        Raises:
            Unavailable: if it isn't.
        """
        key = (self.clock, self.failures, self.pause, *asking.key, asking.asked.model)
        with _lock:
            circuit = _circuits.setdefault(key, Circuit(failures=self.failures, pause=self.pause))
            wait = circuit.enter(now=self.clock())
            tries = circuit.state == "trying"
        if wait is not None:
            raise Unavailable(
                f"`{asking.node}` asks `{asking.key[0]}`, which has failed too often in a row and"
                f" is left alone for {wait:.0f} s more; ask later, or another provider",
                server=asking.key[0],
                wait=wait,
            )
        return Passing(circuit, self.clock, tries=tries)

    def call_made(self, call: Call) -> None:
        """Nothing: the circuit has heard of it."""

    def attempt_failed(self, failed: Failed) -> None:
        """Nothing."""


_lock = Lock()
_circuits: dict[Hashable, Circuit] = {}


class Passing:
    """A request that has been let go."""

    __slots__ = ("_circuit", "_clock", "_tries")

    def __init__(self, circuit: Circuit, clock: Callable[[], float], *, tries: bool) -> None:
        self._circuit, self._clock, self._tries = circuit, clock, tries

    def pauses(self) -> Iterator[Pause]:
        """None."""
        return iter(())

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Nothing: an answer may break off."""

    def over(self, call: Call | None) -> None:
        """Tells the circuit."""
        with _lock:
            if call is None or call.status == 429 or (call.error or "") in NEUTRAL:
                if self._tries:
                    self._circuit.unclear()
            elif _well(call):
                self._circuit.answered()
            else:
                self._circuit.failed(now=self._clock())


def _well(call: Call) -> bool:
    """Whether the provider has answered as one that is well does: to the end, or with a refusal."""
    if call.status is None or call.status >= 500 or call.status == 408:
        return False
    return call.status >= 400 or call.error is None
