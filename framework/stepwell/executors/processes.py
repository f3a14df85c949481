"""Items in processes of their own."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, ClassVar

from stepwell.executors.base import Do, Executor, Outcome, Task


class ProcessesExecutor(Executor):
    """Does several items at the same time, each in a process of its own, on all cores.

    Steps, items, what is made of them, and adapters are pickled on their way; what can't be is
    refused by name. Adapters work there as copies; one that keeps a state and defines `send_home`
    and `take_home` (as `TokenAccounting` does) gets home what its copies came to know.

    Args:
        workers: so many processes.
    """

    sends: ClassVar[bool] = True

    def __init__(self, workers: int = 4) -> None:
        if workers < 1:
            raise ValueError(f"`workers={workers}` does no item; give 1 or more")
        self.workers = workers

    def __str__(self) -> str:
        return f"in {self.workers} processes"

    def map(self, do: Do, tasks: Iterator[Task], is_over: Callable[[], bool]) -> Iterator[Outcome]:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        from stepwell.executors.chunks import mapped

        pool = ProcessPoolExecutor(
            self.workers,
            mp_context=get_context("spawn"),
            initializer=_begin,
            initargs=(pickle.dumps(do),),
        )

        return mapped(
            pool,
            lambda chunk: pool.submit(_done, _packed(chunk)),
            tasks,
            is_over,
            lambda: None,
            lambda chunk, came: _opened(do, chunk, came),
            ahead=self.workers * 2,
            worth=0.02,
            largest=1024,
        )


_do: Do
"""In a worker process: what does a task."""


def _begin(do: bytes) -> None:
    import signal

    global _do
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends this one
    _do = pickle.loads(do)
    _do.arrived()


def _packed(chunk: list[Task]) -> list[bytes | Task]:
    """Each task pickled; one that can't be goes without its item."""
    packed: list[bytes | Task] = []
    for task in chunk:
        try:
            packed.append(pickle.dumps(task))
        except Exception:
            packed.append(task._replace(item=type(task.item).__name__))
    return packed


Came = tuple[list[tuple[bytes | None, bytes | None]], Any, float]


def _done(packed: list[bytes | Task]) -> Came:
    """In a worker process: what the tasks came to, the news, and the seconds it took."""
    began = perf_counter()
    came: list[tuple[bytes | None, bytes | None]] = []
    for each in packed:
        if isinstance(each, Task):
            came.append((None, _error_packed(unsendable(f"item `{each.id}`", each.item))))
            continue
        outcome = _do(pickle.loads(each))
        if outcome.error is not None:
            came.append((None, _error_packed(outcome.error)))
            continue
        try:
            came.append((pickle.dumps(outcome.result), None))
        except Exception:
            kind = type(outcome.result).__name__
            what = f"what is made of item `{outcome.task.id}`"
            came.append((None, _error_packed(unsendable(what, kind))))
    return came, _do.news(), perf_counter() - began


def _error_packed(error: BaseException) -> bytes:
    """An error pickled, with its traceback as a note; one that can't be is told by another."""
    from traceback import format_exception

    text = "".join(format_exception(error)).rstrip()
    try:
        error.add_note(f"In the worker process:\n{text}")
        packed = pickle.dumps(error)
        pickle.loads(packed)
    except Exception:
        told = RuntimeError(f"{type(error).__name__}: {error}")
        told.add_note(f"In the worker process:\n{text}")
        return pickle.dumps(told)
    return packed


def _opened(do: Do, chunk: list[Task], came: Came) -> tuple[list[Outcome], float]:
    results, news, seconds = came
    do.take_news(news)
    outcomes = [
        Outcome(task, None, pickle.loads(error))
        if error is not None
        else Outcome(task, pickle.loads(result or b""), None)
        for task, (result, error) in zip(chunk, results, strict=True)
    ]
    return outcomes, seconds


def unsendable(what: str, kind: str) -> TypeError:
    """The error that says what can't be sent to another process."""
    return TypeError(
        f"{what} is of type `{kind}`, which can't be pickled and so not be sent to or from "
        "another process; make it of plain data, or use `ThreadsExecutor`"
    )
