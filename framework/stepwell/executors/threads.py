"""Items on threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from time import perf_counter
from typing import Any

from stepwell.executors.base import Batch, Do, Done, Executor, concurrency, told_limits


class ThreadsExecutor(Executor):
    """Does several items at the same time, each in a thread of its own.

    Args:
        workers: so many threads. Or how many steps by tag, in all runs of the driver together:
            `{"*": 16, "disk": 2}`; `"*"` is the threads.
    """

    def __init__(self, workers: int | Mapping[str, int] = 8) -> None:
        self.workers, self.limits = concurrency(workers, 8, "workers")

    def __str__(self) -> str:
        return f"on {self.workers} threads{told_limits(self.limits)}"

    def map(self, do: Do, items: Iterator[Any], is_over: Callable[[], bool]) -> Iterator[Done]:
        from concurrent.futures import ThreadPoolExecutor
        from contextvars import copy_context

        from stepwell.executors.batches import Pace, mapped
        from stepwell.lifecycle.current import stopping
        from stepwell.lifecycle.stop import Stop

        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="stepwell-items")
        context, stopped = copy_context(), Stop(stopping.get())
        context.run(stopping.set, stopped)
        return mapped(
            lambda batch: pool.submit(context.copy().run, _timed, do, batch),
            items,
            is_over,
            lambda _, came: came,
            pool.shutdown,
            pace=Pace(ahead=self.workers * 4, worth=0.002, largest=1024),
            name=do.name,
            stop=stopped.set,
        )


def _timed(do: Do, batch: Batch) -> tuple[Done, float]:
    began = perf_counter()
    done = do(batch)
    return done, perf_counter() - began
