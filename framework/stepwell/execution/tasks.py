"""The loop that runs a plan on an asyncio event loop: one task for each branch.

A task goes on into a line that its last one made ready, and starts another task only where several
became ready at once. A plain function must not keep the event loop from its other work: it runs in
a worker thread, until it has been seen to be quick.
"""

from __future__ import annotations

import asyncio
from asyncio import _set_running_loop as set_running_loop
from collections.abc import Callable, Coroutine, Sequence
from contextvars import copy_context
from functools import partial
from inspect import isawaitable
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

from stepwell.errors import HookError
from stepwell.execution.events import (
    Chunk,
    Event,
    StepFailed,
    StepFinished,
    StepSkipped,
    StepStarted,
    StreamReset,
)
from stepwell.execution.inline import do
from stepwell.execution.run import Run
from stepwell.execution.streams import Feed, close, counted, whole
from stepwell.execution.surround import drive_async
from stepwell.execution.work import At, Attribution, Work, note, wholes
from stepwell.lifecycle.current import stopping, threads_above
from stepwell.lifecycle.made import Restart
from stepwell.lifecycle.stop import Stop
from stepwell.routes import SKIPPED, Skipped

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

QUICK = 0.001
"""A plain function that took less than so many seconds is quick: it runs in the event loop."""

SLOW = 0.005
"""One that took longer there goes back to a thread; for good, if that happens again and again."""

ANOTHER_FAILED = "another item failed"
"""Says with a cancellation that what blocks may finish, as it does where steps are on threads; else
requests under way end."""

Emit = Callable[[Event], None]
Pool: TypeAlias = "Callable[[], ThreadPoolExecutor]"


async def run_tasks(
    run: Run,
    works: Sequence[Work],
    at: At,
    pool: Pool,
    emit: Emit | None = None,
) -> dict[str, Any]:
    """The results of a run.

    Args:
        run: the run.
        works: the work of each line.
        at: the run, and the task of it where this is part of one.
        pool: gives the worker threads.
        emit: is told each event, from the loop's thread or another.

    Raises:
        BaseException: the first error of a step, with a note that names the step; what else runs
            has been cancelled then, and has ended.
        HookError: if a hook raised that is no observer's.
    """
    branches = _Branches(run, works, at, pool, emit)
    try:
        await branches.run_to_the_end()
        if run.error is not None:
            raise run.error
        for slot in run.plan.live:
            if isinstance(run.values[slot], Feed):
                await run.values[slot].complete()
        return run.results()
    finally:
        run.close()
        run.error = None


class _Branches:
    """The tasks of one run."""

    def __init__(
        self,
        run: Run,
        works: Sequence[Work],
        at: At,
        pool: Pool,
        emit: Emit | None,
    ) -> None:
        self._run, self._works, self._at = run, works, at
        self._pool, self._emit = pool, emit
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._stopping: Stop | None = None

    async def run_to_the_end(self) -> None:
        """Returns when nothing runs any more; the run knows how it ended."""
        ready = self._run.ready()
        if not ready:
            return
        for position in ready:
            self._start(position)
        try:
            await self._over
        except asyncio.CancelledError as error:
            if self._stopping is not None and error.args != (ANOTHER_FAILED,):
                self._stopping.cut()
            self._run.failed(error)
        if self._run.error is not None:
            if self._stopping is not None:
                self._stopping.set()
            self._run.close()
            for task in self._tasks:
                task.cancel()
            while self._tasks:
                await asyncio.wait(self._tasks)

    def _start(self, position: int) -> None:
        task = self._loop.create_task(self._branch(position))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if (not self._tasks or self._run.error is not None) and not self._over.done():
            self._over.set_result(None)

    async def _branch(self, position: int) -> None:
        """Does a line, then one that became ready by it, and so on."""
        run, works = self._run, self._works
        values, done, direct = run.values, run.done, self._emit is None
        waiting = [position]
        before = perf_counter()
        hidden = False  # the loop, from plain steps: one may begin its own, as in a thread
        try:
            while waiting and run.error is None:
                position = waiting.pop()
                work = works[position]
                plain = direct and work.direct and work.pace > 0
                if plain is not hidden:
                    set_running_loop(None if plain else self._loop)
                    hidden = plain
                if plain:
                    value = work.call(values, self._at, self._pool)
                    now = perf_counter()
                    if now - before > SLOW:
                        work.was_slow()
                    before = now
                elif direct and work.direct and work.awaits:
                    value = await work.call(values, self._at, self._pool)
                    before = perf_counter()
                elif work.is_skipped(values):
                    value = self._skipped(work)
                elif work.feeds:
                    await self._told(work, self._feed(position, work))
                    continue
                else:
                    value = await self._told(work, self._do(work))
                    before = perf_counter()
                ready = done(position, value)
                if ready:
                    waiting += ready
                    if len(waiting) > 1:
                        self._share(waiting)
        except BaseException as error:
            if not isinstance(error, HookError):
                note(error, works[position].node, self._at)
            run.failed(error)
        finally:
            if hidden:
                set_running_loop(self._loop)

    def _skipped(self, work: Work) -> Skipped:
        if self._emit is not None:
            self._emit(StepSkipped(work.node.name))
        return SKIPPED

    async def _told(self, work: Work, doing: Coroutine[Any, Any, Any]) -> Any:
        """Does a line, telling its beginning and its end to who listens."""
        emit, name = self._emit, work.node.name
        if emit is None:
            return await doing
        began = perf_counter()
        emit(StepStarted(name))
        try:
            value = await doing
        except BaseException as error:
            emit(StepFailed(name, error, perf_counter() - began))
            raise
        emit(StepFinished(name, value, perf_counter() - began))
        return value

    def _share(self, waiting: list[int]) -> None:
        """Starts a task for each line that takes time, but for one: that goes last, here."""
        quick: list[int] = []
        slow: list[int] = []
        for position in waiting:
            work = self._works[position]
            (quick if work.direct and work.pace > 0 else slow).append(position)
        for position in slow[1:]:
            self._start(position)
        waiting[:] = [*slow[:1], *quick]

    async def _do(self, work: Work) -> Any:
        """Does a line that has hooks, is a stream, or may block."""
        values, at = self._run.values, self._at
        await self._complete(work)
        if not work.is_async and not work.waits_in_loop:
            return await self._blocking(work, lambda: self._sync(work, values, at))
        if not work.hooks:
            return await self._value(work, values, None)
        words = work.words(values, at)

        def here() -> Coroutine[Any, Any, Any]:
            return drive_async(work.asked(words), lambda: self._value(work, values, words))

        if work.remote is None:
            return await here()
        value = work.elsewhere(words, here)
        return await value if isawaitable(value) else value

    def _sync(self, work: Work, values: list[Any], at: At) -> Any:
        """In a thread: a line no part of which is to be awaited."""
        if not work.is_stream:
            return do(work, values, at)
        return do(work, values, at, lambda chunk: self._seen(work, chunk))

    def _seen(self, work: Work, chunk: Any) -> None:
        """Shows a chunk to who listens. Where the run is over, the step is to make no more.

        Raises:
            CancelledError: if the run has failed or was cancelled.
        """
        if self._run.error is not None:
            raise asyncio.CancelledError
        if self._emit is not None:
            name = work.node.name
            self._emit(StreamReset(name) if chunk.__class__ is Restart else Chunk(name, chunk))

    async def _value(self, work: Work, values: list[Any], words: dict[str, Any] | None) -> Any:
        """What the step gives, awaited; its context variable says so while it is at work."""
        if work.needs_context:
            with Attribution(self._at, work.node.name):
                return await self._raw(work, values, words)
        return await self._raw(work, values, words)

    async def _raw(
        self,
        work: Work,
        values: list[Any],
        words: dict[str, Any] | None,
        feed: Feed | None = None,
        started: Callable[[], None] | None = None,
    ) -> Any:
        try:
            if (work.methods or work.remote) and words is not None:
                call = self._nested(work, words)
            elif work.in_loop:
                call = work.call(values, self._at, self._pool)
            else:
                call = await self._in_thread(lambda: work.call(values, self._at, self._pool))
            value = await call if isawaitable(call) else call
            if not work.is_stream:
                return value
            if started is not None:
                started()
            return await self._drain(work, value, feed)
        except BaseException as error:
            note(error, work.node, self._at)
            raise

    def _nested(self, work: Work, words: dict[str, Any]) -> Any:
        """Calls the methods around a step; gives their result or what is to be awaited for it."""

        def below_async(inner: Callable[..., Any], awaitable: bool) -> Callable[..., Any]:
            async def awaited(**kwargs: Any) -> Any:
                if awaitable:
                    value = inner(**kwargs)
                else:
                    value = await self._in_thread(lambda: inner(**kwargs))
                return await value if isawaitable(value) else value

            return awaited

        if work.waits_in_loop:
            return work.nested(
                words, step=lambda **kw: self._in_thread(partial(work.by_keyword, **kw))
            )
        if work.in_loop or any(method.is_async for method in work.methods):
            return work.nested(words, below_async)
        return self._in_thread(lambda: work.nested(words))

    async def _drain(self, work: Work, source: Any, feed: Feed | None) -> Any:
        """All chunks of a stream, each shown to who listens as it comes."""
        chunks: list[Any] = []

        def take(chunk: Any) -> bool:
            chunks.append(chunk)
            self._seen(work, chunk)
            return feed is None or feed.put(chunk)

        if hasattr(source, "__aiter__"):
            try:
                async for chunk in source:
                    if not take(chunk):
                        break
            finally:
                end = getattr(source, "aclose", None)
                if end is not None:
                    await end()
        else:
            await self._in_thread(lambda: _take_all(source, take))
        return whole(counted(chunks) if work.restarts else chunks, work.node.type)

    async def _feed(self, position: int, work: Work) -> Any:
        """Does a stream whose readers start when it starts."""
        feed = Feed(work.node.type, self._loop)
        run, values = self._run, self._run.values
        await self._complete(work)
        words = work.words(values, self._at) if work.hooks else {}

        def started() -> None:
            for ready in run.done(position, feed):
                self._start(ready)

        async def filled() -> Any:
            if work.needs_context:
                with Attribution(self._at, work.node.name):
                    return await self._raw(work, values, words, feed, started)
            return await self._raw(work, values, words, feed, started)

        try:
            value = await drive_async(work.asked(words), filled)
        except BaseException as error:
            feed.end(error)
            raise
        feed.end()
        return value

    async def _complete(self, work: Work) -> None:
        """Waits for those streams of which the line needs the whole."""
        if self._run.plan.live:
            for slot in wholes(work.line):
                if self._run.values[slot] is not SKIPPED:
                    await self._run.values[slot].complete()

    async def _blocking(self, work: Work, thing: Callable[[], Any]) -> Any:
        """Does what may block in a thread, and learns whether it does."""
        if work.pace > 0:
            return self._paced(work, thing)
        began = perf_counter()
        took = began

        def timed() -> Any:
            nonlocal began, took
            began = perf_counter()
            value = thing()
            took = perf_counter()
            return value

        value = await self._in_thread(timed)
        # a method may wait, or do a quick step again and again
        if work.pace == 0 and not work.methods and took - began < QUICK:
            work.pace = 1
        return value

    def _paced(self, work: Work, thing: Callable[[], Any]) -> Any:
        began = perf_counter()
        set_running_loop(None)
        try:
            value = thing()
        finally:
            set_running_loop(self._loop)
        if perf_counter() - began > SLOW:
            work.was_slow()
        return value

    async def _in_thread(self, thing: Callable[[], Any]) -> Any:
        """Calls something in a worker thread. Cancelled, it waits all the same: nothing leaks."""
        if self._stopping is None:
            self._stopping = Stop(stopping.get())
        return await in_thread(self._pool, thing, self._stopping)


async def in_thread(pool: Pool, thing: Callable[[], Any], stopped: Stop) -> Any:
    """Calls something in a worker thread. Cancelled, it waits all the same: nothing leaks.

    Args:
        pool: gives the worker threads.
        thing: what to call.
        stopped: is set when what waits there is to give up.
    """
    context = copy_context()
    context.run(stopping.set, stopped)
    context.run(threads_above.set, threads_above.get() + 1)
    future = pool().submit(context.run, _raisable, thing)
    wrapped = asyncio.wrap_future(future)
    try:
        return await asyncio.shield(wrapped)
    except asyncio.CancelledError:
        if not future.cancel():
            await asyncio.wait([wrapped])
            if not wrapped.cancelled():
                wrapped.exception()  # it is known now, and need not be reported
        raise


def _raisable(thing: Callable[[], Any]) -> Any:
    """Calls it. A future can't hold a `StopIteration`, only what a coroutine would make of it."""
    try:
        return thing()
    except StopIteration as error:
        raise RuntimeError("StopIteration raised in a run on an event loop") from error


def _take_all(source: Any, take: Callable[[Any], bool]) -> None:
    try:
        for chunk in source:
            if not take(chunk):
                break
    finally:
        close(source)
