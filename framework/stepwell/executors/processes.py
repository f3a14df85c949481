"""Items in processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from stepwell.executors.base import Batch, Do, Done, Executor

if TYPE_CHECKING:
    from stepwell.executors.batches import Handle
    from stepwell.executors.sending import Came, Order, Parcel


class ProcessesExecutor(Executor):
    """Does several items at the same time, each in a process of its own, on all cores.

    Steps, items, what is made of them, and adapters are pickled on their way; what can't be is
    refused by name. Adapters work there as copies; one that keeps a state and defines `send_home`
    and `take_home` (as `TokenAccounting` does) gets home what its copies came to know.

    Args:
        workers: so many processes.
    """

    pickler: ClassVar[str] = "pickle"

    def __init__(self, workers: int = 4) -> None:
        if workers < 1:
            raise ValueError(f"`workers={workers}` does no item; give 1 or more")
        self.workers = workers

    def __str__(self) -> str:
        return f"in {self.workers} processes"

    def map(self, do: Do, items: Iterator[Any], is_over: Callable[[], bool]) -> Iterator[Done]:
        from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
        from multiprocessing import get_context

        from stepwell.executors.batches import Lost, Pace, mapped
        from stepwell.executors.sending import opened, ordered, packed

        pool = ProcessPoolExecutor(
            self.workers,
            mp_context=get_context("spawn"),
            initializer=_begin,
            initargs=(ordered(do, self.pickler),),
        )

        def submit(batch: Batch) -> Handle:
            try:
                return pool.submit(_done, packed(batch, do, self.pickler))
            except BrokenExecutor as error:
                raise Lost(str(error)) from error

        def came(batch: Batch, handle: Came) -> tuple[Done, float]:
            return opened(do, batch, handle)

        return mapped(
            lambda batch: _Waiting(submit(batch), BrokenExecutor),
            items,
            is_over,
            came,
            lambda: pool.shutdown(wait=True, cancel_futures=True),
            pace=Pace(ahead=self.workers * 2, worth=0.02, largest=4096),
            name=do.name,
        )


class _Waiting:
    """A batch in the pool."""

    def __init__(self, future: Handle, broken: type[Exception]) -> None:
        self._future, self._broken = future, broken
        self.cancel = future.cancel

    def result(self) -> Any:
        from stepwell.executors.batches import Lost

        try:
            return self._future.result()
        except self._broken as error:
            raise Lost(str(error)) from error


_order: Order
"""In a worker process: what does the items."""


def _begin(order: Order) -> None:
    import signal

    global _order
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends this one
    _order = order


def _done(parcel: Parcel) -> Came:
    from stepwell.executors.sending import worked

    return worked(_order, parcel)
