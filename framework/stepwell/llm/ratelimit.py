"""`RateLimit`: one gate for each provider, through which all runs go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping
from threading import Lock
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from stepwell.errors import Unavailable
from stepwell.lifecycle.api import GraphExecutionHook
from stepwell.lifecycle.current import left
from stepwell.lifecycle.listening import listen, unlisten
from stepwell.lifecycle.transient import asked_wait
from stepwell.llm.bounds import output_of
from stepwell.llm.gates import Asking, Pause, after_the_fact
from stepwell.llm.pace import Pace, Turn
from stepwell.llm.reading import about_tokens
from stepwell.llm.waiting import Waiter
from stepwell.usage import Call, Failed

if TYPE_CHECKING:
    from stepwell.store import RunStore


class RateLimit(GraphExecutionHook):
    """Lets requests go no faster than their provider takes them.

    There is one gate for an address, an API key and a model, and all runs of the process that have
    this adapter go through it, in turn. It learns from the provider: from `x-ratelimit-…` headers,
    from 429 and from `Retry-After`, after which nobody goes before the time, and then one after
    another. So it needs no numbers, but may be given some.

    Args:
        requests: the most requests in any minute.
        tokens: the most tokens in any minute; what a request may use is guessed, and corrected
            when it is known.
        longest: a request that would wait longer, in seconds, fails at once with `Unavailable`.
        store: with it, the gate is one for all processes that use that run store. In each the runs
            take turns, and the processes' first go as the time comes.
        clock: gives the time in seconds.
        sleep: what waits in plain steps.
        async_sleep: what waits in async steps.
        seed: makes the random part of waits the same again.
    """

    needs_context = True

    def __init__(
        self,
        *,
        requests: float | None = None,
        tokens: float | None = None,
        longest: float = 300.0,
        store: RunStore | None = None,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], object] | None = None,
        async_sleep: Callable[[float], Awaitable[object]] | None = None,
        seed: int | None = None,
    ) -> None:
        for name, cap in (("requests", requests), ("tokens", tokens)):
            if cap is not None and cap <= 0:
                raise ValueError(f"`{name}={cap}` lets nothing go; give what is more than 0")
        self.requests, self.tokens, self.longest, self.store = requests, tokens, longest, store
        self.clock, self.sleep, self.async_sleep, self.seed = clock, sleep, async_sleep, seed

    def run_before_graph_execution(self, *, run_id: str, **future_kwargs: Any) -> None:
        if self.store is not None:
            self.store.shared.hold()
        listen(run_id, self)

    def run_after_graph_execution(self, *, run_id: str, **future_kwargs: Any) -> None:
        unlisten(run_id, self)
        if self.store is not None:
            with after_the_fact():
                self.store.shared.release()

    def arrived(self, *, run_id: str) -> None:
        """In a worker process: the gate is this one too, if it is that of a store."""
        if self.store is not None:
            self.run_before_graph_execution(run_id=run_id)

    def left(self, *, run_id: str) -> None:
        """In a worker process: hears no more of that run."""
        if self.store is not None:
            self.run_after_graph_execution(run_id=run_id)

    def admit(self, asking: Asking) -> InLine:
        """A place in the line."""
        line = _line(self, (*asking.key, asking.asked.model))
        tokens = about_tokens(asking.size) + (output_of(asking.asked) or 0)
        return InLine(line, self, asking, Turn(asking.run_id or "", tokens))

    def call_made(self, call: Call) -> None:
        """Nothing: the gate has heard of it."""

    def attempt_failed(self, failed: Failed) -> None:
        """Nothing."""


class _Line:
    """The line before one provider, with the lock around it, and who waits."""

    def __init__(self, pace: Pace) -> None:
        self.pace, self.lock = pace, Lock()
        self.waiting: dict[Turn, Waiter] = {}

    def wake_first(self) -> None:
        """Wakes who has come to be the first."""
        with self.lock:
            first = self.pace.first()
            waiter = self.waiting.get(first) if first is not None else None
        if waiter is not None:
            waiter.wake()


_lock = Lock()
_lines: dict[Hashable, _Line] = {}


def _line(limit: RateLimit, key: tuple[Hashable, ...]) -> _Line:
    with _lock:
        store = limit.store.path if limit.store is not None else None
        name = limit.clock, store, *key
        if (line := _lines.get(name)) is None:
            line = _lines[name] = _Line(_pace(limit, key))
    with line.lock:
        line.pace.limit(requests=limit.requests, tokens=limit.tokens, now=limit.clock())
    return line


def _pace(limit: RateLimit, key: tuple[Hashable, ...]) -> Pace:
    if limit.store is None:
        return Pace(seed=limit.seed)
    from stepwell.llm.shared import SharedPace, shared_name

    return SharedPace(limit.store.shared, shared_name("pace", *key), seed=limit.seed)


class InLine:
    """A request on its way through the gate."""

    def __init__(self, line: _Line, limit: RateLimit, asking: Asking, turn: Turn) -> None:
        self._line, self._limit, self._asking, self._turn = line, limit, asking, turn

    def pauses(self) -> Iterator[Pause]:
        """The waits until its turn has come.

        Raises:
            Unavailable: if that would be too late.
        """
        line, turn = self._line, self._turn
        waiter = Waiter(self._limit.sleep, self._limit.async_sleep)
        with line.lock:
            line.pace.join(turn)
            line.waiting[turn] = waiter
        while (wait := self._asks(waiter)) != 0.0:
            waiter.seconds = wait
            yield waiter
        line.wake_first()

    def _asks(self, waiter: Waiter) -> float | None:
        """Seconds to wait, `None` until woken, 0 once it has gone."""
        line, turn = self._line, self._turn
        with line.lock:
            waiter.sleep_again()
            if line.pace.first() is not turn:
                return None
            now = self._limit.clock()
            wait = line.pace.ask(now)
            if wait == 0.0:
                del line.waiting[turn]
                return 0.0
        if (until_end := left()) is not None and wait > until_end:
            raise TimeoutError(
                f"`{self._asking.node}` would have to wait {wait:.1f} s for its turn, and has"
                f" {until_end:.1f} s left"
            )
        if wait > self._limit.longest:
            raise Unavailable(
                f"`{self._asking.node}` would have to wait {wait:.0f} s for"
                f" `{self._asking.asked.model}` of `{self._asking.key[0]}`, longer than the"
                f" {self._limit.longest:g} s of `RateLimit`; ask later, or another provider",
                server=self._asking.key[0],
                wait=wait,
            )
        return wait

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Tells the line what the provider says."""
        today = time()
        asked = asked_wait(headers, now=today)
        with self._line.lock, after_the_fact():
            self._line.pace.answered(
                self._turn,
                status,
                headers,
                now=self._limit.clock(),
                asked=asked,
                today=today,
            )

    def over(self, call: Call | None) -> None:
        """Leaves, and lets the next one know."""
        usage = call.usage if call is not None else None
        known = usage is not None and not usage.unmeasured
        with self._line.lock:
            self._line.waiting.pop(self._turn, None)
            if self._turn.granted is None:
                self._line.pace.leave(self._turn)
            else:
                used = usage.total_tokens if usage is not None and known else None
                with after_the_fact():
                    self._line.pace.over(self._turn, used, self._limit.clock())
        self._line.wake_first()
