"""Tasks in chunks on a pool of workers: one by one where they take time, many where they don't."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future
from concurrent.futures import Executor as Pool
from itertools import islice
from time import perf_counter
from typing import Any

from stepwell.executors.base import Cancelled, Do, Outcome, Task


def done(do: Do, tasks: list[Task]) -> tuple[list[Outcome], float]:
    """What the tasks of a chunk come to, up to the first that fails, and the seconds it took."""
    began = perf_counter()
    outcomes = [do(task) for task in tasks]
    return outcomes, perf_counter() - began


def mapped(
    pool: Pool,
    submit: Callable[[list[Task]], Future[Any]],
    tasks: Iterator[Task],
    is_over: Callable[[], bool],
    stop: Callable[[], None],
    opened: Callable[[list[Task], Any], tuple[list[Outcome], float]],
    *,
    ahead: int,
    worth: float,
    largest: int,
) -> Iterator[Outcome]:
    """What each task comes to, in order.

    Args:
        pool: is shut down at the end.
        submit: gives a chunk to the pool.
        tasks: is taken from as needed.
        is_over: whether to begin nothing more.
        stop: tells those at work that nobody needs what they do.
        opened: what the chunk's tasks came to and its seconds, of what the pool gives back.
        ahead: so many chunks at most are taken and not yet given back.
        worth: chunks grow until one takes so many seconds.
        largest: no chunk has more tasks.
    """
    pending: deque[tuple[Future[Any], list[Task]]] = deque()
    size = 1
    try:
        while True:
            while len(pending) < ahead and (chunk := list(islice(tasks, size))):
                pending.append((_begun(submit, chunk), chunk))
            if not pending:
                return
            future, chunk = pending[0]
            if is_over():
                stop()
            if is_over() and future.cancel():
                pending.popleft()
                yield from (Outcome(task, None, Cancelled()) for task in chunk)
                continue
            try:
                outcomes, seconds = opened(chunk, future.result())
            except BrokenExecutor as error:
                outcomes, seconds = _lost(chunk, error), worth
            pending.popleft()
            if seconds < worth / 2 and len(chunk) == size:
                size = min(size * 2, largest)
            elif seconds > worth and size > 1:
                size //= 2
            yield from outcomes
    finally:
        stop()
        for future, _ in pending:
            future.cancel()
        pool.shutdown(wait=True, cancel_futures=True)


def _begun(submit: Callable[[list[Task]], Future[Any]], chunk: list[Task]) -> Future[Any]:
    try:
        return submit(chunk)
    except BrokenExecutor as error:
        future: Future[Any] = Future()
        future.set_exception(error)
        return future


def _lost(chunk: list[Task], error: BrokenExecutor) -> list[Outcome]:
    ids = f"`{chunk[0].id}`" + (f" to `{chunk[-1].id}`" if len(chunk) > 1 else "")
    died = RuntimeError(f"a worker died while it did {ids}, or before: {error}")
    return [Outcome(task, None, died) for task in chunk]
