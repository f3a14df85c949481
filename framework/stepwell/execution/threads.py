"""The loop that runs lines which don't need each other on several threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from threading import Condition
from typing import TYPE_CHECKING, Any

from stepwell.execution.inline import do
from stepwell.execution.run import Run
from stepwell.execution.streams import Feed, close, whole
from stepwell.execution.surround import drive
from stepwell.execution.work import At, Attribution, Work, note
from stepwell.lifecycle.current import stopping, threads_above
from stepwell.lifecycle.stop import Stop
from stepwell.routes import SKIPPED, Skipped

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


def run_threads(
    run: Run, works: Sequence[Work], at: At, pool: ThreadPoolExecutor, hands: int
) -> dict[str, Any]:
    """The results of a run, its lines done by the caller and at most `hands` threads of the pool.

    The caller does lines as the others do, so that a run inside a step finishes even where all
    threads are busy. What runs when a line fails is waited for.

    Raises:
        BaseException: the first error of a step, with a note that names the step.
        HookError: if a hook raised that is no observer's.
    """
    crew = _Crew(run, works, at, pool, hands)
    crew.work_to_the_end()
    try:
        if run.error is not None:
            raise run.error
        return run.results()
    finally:
        run.close()
        run.error = None


class _Crew:
    """Those who do the lines of one run; what is ready lies in one place."""

    def __init__(
        self,
        run: Run,
        works: Sequence[Work],
        at: At,
        pool: ThreadPoolExecutor,
        hands: int,
    ) -> None:
        self._run, self._works, self._at = run, works, at
        self._pool, self._free = pool, hands
        self._ready = deque(run.ready())
        self._busy = 0
        self._changed = Condition()
        self._stopping = Stop(stopping.get())
        self._context = copy_context()
        self._context.run(stopping.set, self._stopping)
        self._context.run(threads_above.set, threads_above.get() + 1)

    def work_to_the_end(self) -> None:
        """Does lines until the run is over and nobody is at work any more."""
        try:
            while (position := self._next(wait=True)) is not None:
                self._do(position)
        except BaseException as error:
            # Ctrl-C while waiting: nothing more starts, and what runs is waited for.
            with self._changed:
                self._stop(error)
                while self._busy:
                    self._changed.wait()

    def _help(self) -> None:
        while (position := self._next(wait=False)) is not None:
            self._do(position)

    def _next(self, *, wait: bool) -> int | None:
        """A line to do, once there is one; `None` where there will be none, or none now."""
        with self._changed:
            while not self._ready:
                if not wait:
                    self._free += 1
                    return None
                if not self._busy:
                    return None
                self._changed.wait()
            self._busy += 1
            position = self._ready.popleft()
            called = self._called()
        self._call(called)
        return position

    def _called(self) -> int:
        """How many helpers to call: one for each line that nobody here will take next."""
        called = min(len(self._ready), self._free)
        self._free -= called
        return called

    def _call(self, helpers: int) -> None:
        for _ in range(helpers):
            context: Context = self._context.copy()
            try:
                self._pool.submit(context.run, self._help)
            except RuntimeError:  # the interpreter shuts down: whoever is at work does the rest
                with self._changed:
                    self._free += 1

    def _do(self, position: int) -> None:
        work = self._works[position]
        try:
            value = self._context.copy().run(self._value, work, position)
        except BaseException as error:
            with self._changed:
                self._busy -= 1
                self._stop(error)
        else:
            with self._changed:
                self._busy -= 1
                self._finished(position, value, fed=work.feeds)

    def _value(self, work: Work, position: int) -> Any:
        if not work.feeds:
            return do(work, self._run.values, self._at)
        if work.is_skipped(self._run.values):
            return self._started(position, SKIPPED)
        feed = Feed(work.node.type)
        return fill(feed, work, self._run.values, self._at, lambda: self._started(position, feed))

    def _started(self, position: int, feed: Feed | Skipped) -> None:
        """A stream's readers need not wait for its end, or for one that is not made."""
        with self._changed:
            self._finished(position, feed, fed=False)
            called = self._called()
        self._call(called)

    def _finished(self, position: int, value: Any, *, fed: bool) -> None:
        if not fed:
            self._ready += self._run.done(position, value)
        self._changed.notify_all()

    def _stop(self, error: BaseException) -> None:
        self._run.failed(error)
        self._stopping.set()
        self._ready.clear()
        self._run.close()
        self._changed.notify_all()


def fill(feed: Feed, work: Work, values: list[Any], at: At, started: Callable[[], None]) -> None:
    """Does the work of a stream that others read: its chunks go to the feed as they come.

    Raises:
        BaseException: what the step raises, with a note that names the step.
        HookError: if a hook raised that is no observer's.
    """
    words = work.words(values, at) if work.hooks else {}

    def filled() -> Any:
        try:
            source = work.nested(words) if work.methods else work.call(values, at)
            started()
            chunks = []
            for chunk in source:
                chunks.append(chunk)
                if not feed.put(chunk):
                    break
            close(source)
            return whole(chunks, work.node.type)
        except BaseException as error:
            note(error, work.node, at)
            raise

    def attributed() -> Any:
        with Attribution(at, work.node.name):
            return filled()

    try:
        drive(work.asked(words), attributed if work.needs_context else filled)
    except BaseException as error:
        feed.end(error)
        raise
    feed.end()
