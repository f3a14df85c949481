"""`Hedge`: a step that takes unusually long is begun a second time, and the first result counts."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from threading import Event, Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any

from stepwell.lifecycle.api import NodeExecutionMethod
from stepwell.lifecycle.filters import NodeFilter, Tags, selects
from stepwell.lifecycle.made import in_a_loop, yields

if TYPE_CHECKING:
    from asyncio import Task

    from stepwell.lifecycle.aside import Aside
    from stepwell.types import Type

SEEN = 200
"""So many of a node's latest times are remembered."""

ENOUGH = 20
"""Fewer times say too little of how long a node usually takes."""


class Hedge(NodeExecutionMethod):
    """Begins a step a second time when it takes longer than it nearly always does.

    What succeeds first counts; the other is cancelled. Both are in the ledger, and both are paid:
    it is for steps that only read, and few. Steps with `@tag(read_only="true")` are hedged unless
    told otherwise. A plain step runs in a thread of its own from the time that it is known how long
    to wait; of the slower call the waits end and the requests (of a `metered` client), and what
    goes on all the same is left behind with a warning. A step that yields is left as it is.

    Args:
        after: seconds until the second begins; unless given, the time that `quantile` of the node's
            runs so far took less than, once there are enough to say.
        quantile: the share of runs that are quick enough.
        share: at most this share of a node's runs is begun twice, so that a provider that has
            become slow gets little more to do.
        node_filter: the nodes it is for: a name, several, or a function of name and tags.
        clock: gives the time in seconds.
    """

    def __init__(
        self,
        *,
        after: float | None = None,
        quantile: float = 0.95,
        share: float = 0.1,
        node_filter: NodeFilter = None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        if not 0 < quantile < 1 or not 0 < share <= 1:
            raise ValueError(f"`quantile={quantile}`, `share={share}`: give shares of 1")
        self.after, self.quantile, self.share = after, quantile, share
        self.node_filter, self.hedged = node_filter, 0
        self._clock, self._lock = clock, Lock()
        self._times: dict[str, deque[float]] = {}
        self._runs: dict[str, list[int]] = {}

    def __getstate__(self) -> dict[str, Any]:
        kept = ("after", "quantile", "share", "node_filter")
        return {**{name: getattr(self, name) for name in kept}, "clock": self._clock}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def wants_node(self, *, node_name: str, node_tags: Tags) -> bool:
        if self.node_filter is None:
            return node_tags.get("read_only") == "true"
        return selects(self.node_filter, node_name, node_tags)

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
        if yields(node_return_type):
            return call()
        if in_a_loop():  # where only steps are called that are awaited
            made = call()
            return self._either(node_name, made, call) if hasattr(made, "__await__") else made
        return self._either_aside(node_name, call)

    def delay(self, node: str) -> float | None:
        """Seconds after which that node is begun again; `None` if it isn't known yet."""
        if self.after is not None:
            return self.after
        with self._lock:
            times = sorted(self._times.get(node, ()))
        if len(times) < ENOUGH:
            return None
        return times[min(int(len(times) * self.quantile), len(times) - 1)]

    async def _either(
        self, node: str, first: Awaitable[Any], again: Callable[[], Awaitable[Any]]
    ) -> Any:
        import asyncio

        began = self._began(node)
        tasks = [asyncio.ensure_future(first)]
        try:
            await asyncio.wait(tasks, timeout=self.delay(node))
            if not tasks[0].done() and self._may(node):
                tasks.append(asyncio.ensure_future(again()))
            result = await _first_success(tasks)
        finally:
            await _ended(tasks)
        self._took(node, self._clock() - began)
        return result

    def _either_aside(self, node: str, call: Callable[[], Any]) -> Any:
        began, delay = self._began(node), self.delay(node)
        result = call() if delay is None else self._first_aside(node, call, delay)
        self._took(node, self._clock() - began)
        return result

    def _first_aside(self, node: str, call: Callable[[], Any], delay: float) -> Any:
        from stepwell.lifecycle.aside import Aside

        one_is_over = Event()
        asides = [Aside(call, node, one_is_over.set)]
        try:
            if not asides[0].wait(delay) and self._may(node):
                asides.append(Aside(call, node, one_is_over.set))
            return _first_success_aside(asides, one_is_over)
        finally:
            _leave(asides, node)

    def _began(self, node: str) -> float:
        with self._lock:
            self._runs.setdefault(node, [0, 0])[0] += 1
        return self._clock()

    def _took(self, node: str, seconds: float) -> None:
        with self._lock:
            self._times.setdefault(node, deque(maxlen=SEEN)).append(seconds)

    def _may(self, node: str) -> bool:
        with self._lock:
            runs = self._runs[node]
            if runs[1] >= max(runs[0] * self.share, 1):
                return False
            runs[1] += 1
            self.hedged += 1
        return True


async def _first_success(tasks: list[Task[Any]]) -> Any:
    """The result that comes first; where none comes, the first one's error."""
    from asyncio import FIRST_COMPLETED, wait

    waiting = set(tasks)
    while waiting:
        done, waiting = await wait(waiting, return_when=FIRST_COMPLETED)
        for task in done:
            if not task.cancelled() and task.exception() is None:
                return task.result()
    return tasks[0].result()


def _first_success_aside(asides: list[Aside], one_is_over: Event) -> Any:
    """The same for calls in threads."""
    while True:
        one_is_over.clear()
        over = [aside for aside in asides if aside.is_over()]
        for aside in over:
            if aside.error is None:
                return aside.result()
        if len(over) == len(asides):
            return asides[0].result()
        one_is_over.wait()


def _leave(asides: list[Aside], node: str) -> None:
    """Ends what can be ended of what still runs."""
    for aside in asides:
        if not aside.wait(0) and (place := aside.leave()):
            from logging import getLogger

            getLogger("stepwell").warning(
                "the slower call of `%s` can't be ended and is left at work, at %s", node, place
            )


async def _ended(tasks: list[Task[Any]]) -> None:
    """Cancels what still runs, and waits for its end."""
    from asyncio import wait

    running = [task for task in tasks if not task.done()]
    for task in running:
        task.cancel()
    if running:
        await wait(running)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # it is known now, and need not be reported
