"""Items in batches on workers: one by one where they take time, many where they don't."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple, Protocol

from stepwell.executors.base import Batch, Cancelled, Done, undone


class Handle(Protocol):
    """A batch that was given to a worker."""

    def result(self) -> Any:
        """What came of it, waited for."""

    def cancel(self) -> bool:
        """Whether it will never be done: it was not begun."""


class Lost(Exception):
    """A worker died; the message says what is known of it."""


class Pace(NamedTuple):
    """How items are put into batches.

    Args:
        ahead: so many batches at most are taken and not yet given back.
        worth: batches grow until one takes so many seconds.
        largest: no batch has more items.
        growth: none has more than so many times as many as the one before it.
    """

    ahead: int
    worth: float
    largest: int
    growth: int = 8

    def next_size(self, size: int, seconds: float) -> int:
        """How many items to take next, where so many took so many seconds."""
        if seconds < self.worth / 2:
            fitting = int(size * self.worth / max(seconds, 1e-9))
            return min(fitting, size * self.growth, self.largest)
        return max(size // 2, 1) if seconds > self.worth else size


def mapped(
    submit: Callable[[Batch], Handle],
    items: Iterator[Any],
    is_over: Callable[[], bool],
    opened: Callable[[Batch, Any], tuple[Done, float]],
    leave: Callable[[], None],
    *,
    pace: Pace,
    name: Callable[[int], str],
    stop: Callable[[], None] = lambda: None,
) -> Iterator[Done]:
    """What the items come to, in order.

    Args:
        submit: gives a batch to a worker.
        items: is taken from as needed.
        is_over: whether to begin nothing more.
        opened: what the batch came to and its seconds, of what the worker gives back.
        leave: is called at the end, when nothing is at work.
        pace: how items are put into batches.
        name: what messages call the item of a number.
        stop: tells those at work that nobody needs what they do.
    """
    pending: deque[tuple[Handle, Batch]] = deque()
    size, taken, stopped = 1, 0, False
    ahead = max(pace.ahead // 2, 1)  # until it is known how long an item takes
    try:
        while True:
            while len(pending) < ahead and not is_over():
                some = list(islice(items, size))
                if not some:
                    break
                batch = Batch(taken, some)
                pending.append((_begun(submit, batch), batch))
                taken += len(some)
            if not pending:
                return
            handle, batch = pending[0]
            if is_over():
                if not stopped:
                    stop()
                    stopped = True
                if handle.cancel():
                    pending.popleft()
                    yield undone(batch, Cancelled())
                    continue
            try:
                done, seconds = opened(batch, handle.result())
            except Lost as error:
                done, seconds = undone(batch, _told(batch, error, name)), pace.worth
            pending.popleft()
            ahead = pace.ahead
            if len(batch.items) == size or seconds > pace.worth:
                size = pace.next_size(len(batch.items), seconds)
            yield done
    finally:
        if pending and not stopped:
            stop()
        for handle, batch in reversed(pending):
            if not handle.cancel():
                # What was told of it on the way is taken home all the same.
                with suppress(Exception):
                    opened(batch, handle.result())
        leave()


class _Failed:
    """A batch that could not even be given to a worker."""

    def __init__(self, error: Lost) -> None:
        self._error = error

    def result(self) -> Any:
        raise self._error

    def cancel(self) -> bool:
        return True


def _begun(submit: Callable[[Batch], Handle], batch: Batch) -> Handle:
    try:
        return submit(batch)
    except Lost as error:
        return _Failed(error)


def _told(batch: Batch, error: Lost, name: Callable[[int], str]) -> RuntimeError:
    ids = f"`{name(batch.first)}`"
    if len(batch.items) > 1:
        ids += f" to `{name(batch.numbers[-1])}`"
    return RuntimeError(f"a worker died while it did {ids}, or before: {error}")
