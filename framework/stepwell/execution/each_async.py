"""What is done for each item of a fan-out, on an event loop: a task for each, so many at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import nullcontext
from time import perf_counter
from typing import TYPE_CHECKING, Any

from stepwell.execution.item import EachItem, Outcome, Task, collected, ended
from stepwell.execution.run import Run
from stepwell.execution.streams import close
from stepwell.execution.surround import drive_async, surround
from stepwell.execution.tasks import ANOTHER_FAILED, QUICK, SLOW, in_thread, run_tasks
from stepwell.execution.work import At, Attribution, note
from stepwell.executors.base import Batch, Cancelled, Done
from stepwell.executors.tasks import AT_ONCE
from stepwell.lifecycle.current import stopping
from stepwell.lifecycle.stop import Stop

if TYPE_CHECKING:
    from stepwell.execution.each import BlockWork
    from stepwell.execution.tasks import Pool

AHEAD = 4
"""So many times as many items as may be at work are taken from the source before the first of them
is done: one slow item does not keep the others waiting."""


async def each_async(
    work: BlockWork, items: Any, shared: Sequence[Any], at: At, pool: Pool
) -> AsyncIterator[Any]:
    """What is made for each item, in their order, as it is made.

    Raises:
        BaseException: that of the first item to fail, in their order; no other is at work then.
    """
    block = _Items(work, shared, at, pool)
    source = block.drawn(items)
    try:
        while await block.next_is_there(source):
            for result in block.made.take(_alone(await block.outcome())):
                yield result
        block.made.end()
    except GeneratorExit:
        raise
    finally:
        await block.leave()
        await source.aclose()


class _Items:
    """The items of one block that are at work, in their order."""

    def __init__(self, work: BlockWork, shared: Sequence[Any], at: At, pool: Pool) -> None:
        self._work, self._shared, self._at, self._pool = work, shared, at, pool
        self._one = EachItem(work, shared, at)
        self.made = self._one.made
        at_once = getattr(work.executor, "max_concurrency", 0) or getattr(
            work.executor, "workers", AT_ONCE
        )
        self._at_once, self._ahead = at_once, at_once * AHEAD
        self._pending: deque[tuple[Task, asyncio.Task[Outcome]]] = deque()
        self._busy, self._number = 0, 0
        self._changed = asyncio.Event()
        self._exhausted = self._source_is_quick = False
        self._stopping = Stop(stopping.get())

    async def next_is_there(self, source: AsyncIterator[Any]) -> bool:
        """Starts as many items as may be; whether there is one to wait for."""
        while not self._exhausted and not self.made.is_over() and self._has_room():
            if self._busy < self._at_once:
                await self._start_next(source)
            else:
                self._changed.clear()
                await self._changed.wait()
        return bool(self._pending)

    def _has_room(self) -> bool:
        """Whether to take one more item before giving on what is done already."""
        pending = self._pending
        return len(pending) < self._ahead and not (pending and pending[0][1].done())

    async def _start_next(self, source: AsyncIterator[Any]) -> None:
        try:
            item = await anext(source)
        except StopAsyncIteration:
            self._exhausted = True
            return
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self.made.error = self.made.error or error
            return
        task = self._one.task(self._number, item)
        self._number += 1
        if hooks := (*self._work.tasks.expanded, *self._work.tasks.submitted):
            await drive_async(surround(hooks, self._one.words(task)), _nothing)
        self._busy += 1
        doing = asyncio.get_running_loop().create_task(self._do(task))
        doing.add_done_callback(self._over)
        self._pending.append((task, doing))

    def _over(self, _: object) -> None:
        self._busy -= 1
        self._changed.set()

    async def outcome(self) -> Outcome:
        """What the first of those at work comes to."""
        task, doing = self._pending[0]
        if self.made.is_over():
            doing.cancel(ANOTHER_FAILED)
        try:
            outcome = await doing
        except asyncio.CancelledError:
            if not doing.cancelled():
                raise
            outcome = Outcome(task, None, Cancelled())
        self._pending.popleft()
        await self._returned(outcome)
        return outcome

    async def leave(self) -> None:
        """Ends what is still at work."""
        self._stopping.set()
        for _, doing in self._pending:
            doing.cancel(ANOTHER_FAILED if self.made.is_over() else None)
        while self._pending:
            task, doing = self._pending.popleft()
            await asyncio.wait([doing])
            cancelled = doing.cancelled()
            await self._returned(Outcome(task, None, Cancelled()) if cancelled else doing.result())

    async def _returned(self, outcome: Outcome) -> None:
        hooks = self._work.tasks.returned
        if hooks:
            words = self._one.words(outcome.task) | ended(outcome)
            await drive_async(surround(hooks, words), _nothing)

    async def _do(self, task: Task) -> Outcome:
        around = self._work.tasks.around
        try:
            if around:
                asked = surround(around, self._one.words(task))
                results = await drive_async(asked, lambda: self._results(task))
            else:
                results = await self._results(task)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            return self.made.heard(Outcome(task, None, error))
        return Outcome(task, collected(results), None)

    def _results(self, task: Task) -> Any:
        work = self._work
        run = Run(work.block.plan, [task.item, *self._shared])
        return run_tasks(run, work.works, task.at, self._pool)

    async def _after(self, items: Iterator[Any]) -> Any:
        """The next item. What makes it may block, as any plain step may: until it has been seen to
        be quick it is asked in a thread."""
        if self._source_is_quick:
            began = perf_counter()
            item = next(items, _END)
            self._source_is_quick = perf_counter() - began < SLOW
            return item

        def timed() -> Any:
            began = perf_counter()
            item = next(items, _END)
            self._source_is_quick = perf_counter() - began < QUICK
            return item

        return await in_thread(self._pool, timed, self._stopping)

    async def drawn(self, items: Any) -> Any:
        """The items as the source gives them; what it raises is its own."""
        node = self._work.block.source
        within: Any = nullcontext()
        if self._work.draws_in_context:
            within = Attribution(self._at, node.name)
        try:
            if hasattr(items, "__aiter__"):
                source = aiter(items)
                try:
                    while True:
                        with within:
                            try:
                                item = await anext(source)
                            except StopAsyncIteration:
                                return
                        yield item
                finally:
                    end = getattr(source, "aclose", None)
                    if end is not None:
                        await end()
            elif isinstance(items, (list, tuple, range)):
                for item in items:
                    yield item
            else:
                drawn = self._work.drawn(items, self._at)
                try:
                    while (item := await self._after(drawn)) is not _END:
                        yield item
                finally:
                    close(drawn)
        except GeneratorExit:
            raise
        except BaseException as error:
            note(error, node, self._at)
            raise


_END = object()


def _alone(outcome: Outcome) -> Done:
    """The outcome of one task as a batch of one."""
    number, _, item = outcome.task
    errors = {} if outcome.error is None else {number: outcome.error}
    return Done(Batch(number, [item]), [outcome.result], errors)


async def _nothing() -> None:
    pass
