"""`Hedge`: a step that takes unusually long is begun a second time, and the first result counts."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from threading import Lock
from time import perf_counter
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from stepwell.lifecycle.api import NodeExecutionMethod
from stepwell.lifecycle.filters import NodeFilter, Tags, selects

if TYPE_CHECKING:
    from asyncio import Task

SEEN = 200
"""So many of a node's latest times are remembered."""

ENOUGH = 20
"""Fewer times say too little of how long a node usually takes."""


class Hedge(NodeExecutionMethod):
    """Begins an async step a second time when it takes longer than it nearly always does.

    What succeeds first counts; the other is cancelled. Both are in the ledger, and both are paid:
    it is for steps that only read, and few. Steps with `@tag(read_only="true")` are hedged unless
    told otherwise. A plain step can't be cancelled and is left as it is; so is one that yields.

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
        **future_kwargs: Any,
    ) -> Any:
        result = node_callable(**node_kwargs)
        if type(result) is not CoroutineType:
            return result
        return self._either(node_name, result, lambda: node_callable(**node_kwargs))

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

        began = self._clock()
        tasks = [asyncio.ensure_future(first)]
        with self._lock:
            self._runs.setdefault(node, [0, 0])[0] += 1
        try:
            await asyncio.wait(tasks, timeout=self.delay(node))
            if not tasks[0].done() and self._may(node):
                tasks.append(asyncio.ensure_future(again()))
            result = await _first_success(tasks)
        finally:
            await _ended(tasks)
        with self._lock:
            self._times.setdefault(node, deque(maxlen=SEEN)).append(self._clock() - began)
        return result

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
