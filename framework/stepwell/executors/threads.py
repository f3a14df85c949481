"""Items on threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stepwell.executors.base import Do, Executor, Outcome, Task


class ThreadsExecutor(Executor):
    """Does several items at the same time, each in a thread of its own.

    Args:
        workers: so many threads.
    """

    def __init__(self, workers: int = 8) -> None:
        if workers < 1:
            raise ValueError(f"`workers={workers}` does no item; give 1 or more")
        self.workers = workers

    def __str__(self) -> str:
        return f"on {self.workers} threads"

    def map(self, do: Do, tasks: Iterator[Task], is_over: Callable[[], bool]) -> Iterator[Outcome]:
        from concurrent.futures import ThreadPoolExecutor
        from contextvars import copy_context

        from stepwell.executors.chunks import done, mapped
        from stepwell.lifecycle.current import stopping
        from stepwell.lifecycle.stop import Stop

        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="stepwell-items")
        context, stopped = copy_context(), Stop(stopping.get())
        context.run(stopping.set, stopped)
        return mapped(
            pool,
            lambda chunk: pool.submit(context.copy().run, done, do, chunk),
            tasks,
            is_over,
            stopped.set,
            lambda _, came: came,
            ahead=self.workers * 4,
            worth=0.002,
            largest=256,
        )
