"""`Retry`: makes a failed step again, if time may help."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from random import Random
from time import monotonic, sleep, time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from stepwell.errors import require
from stepwell.lifecycle.api import NodeExecutionMethod
from stepwell.lifecycle.current import current, left, stopping
from stepwell.lifecycle.filters import NodeFilter, Tags, selects
from stepwell.lifecycle.listening import tell_failed
from stepwell.lifecycle.made import (
    END,
    Restart,
    as_made,
    begun,
    begun_async,
    is_result,
    streams,
    yields,
)
from stepwell.lifecycle.retrying import Retrying, retrying
from stepwell.lifecycle.timeout import checked_seconds, within
from stepwell.lifecycle.transient import retry_after, transient
from stepwell.usage import Failed

if TYPE_CHECKING:
    from stepwell.types import Type

Question: TypeAlias = "Callable[[Exception], bool] | type[Exception] | tuple[type[Exception], ...]"


class _At(NamedTuple):
    """What is being made: where, since when it fails, and how it is made again.

    `before` is how many attempts were made before the one that has failed; `numbers` are those of
    the attempts made again.
    """

    run_id: str
    node: str
    task_id: str | None
    failed: float | None
    call: Callable[[], Any]
    numbers: list[int]
    before: int = 0


class Retry(NodeExecutionMethod):
    """Makes a step again when it fails with an error that may pass, a bounded number of times.

    Before attempt `n + 1` it waits a random time between 0 and `wait * 2 ** (n - 1)` seconds, at
    most `longest`; to that comes what the provider asks for (`Retry-After` in all its forms). It
    gives up if that would pass the deadline. A step that yields is made again only before its first
    chunk, unless `restart` says otherwise. A `KeyboardInterrupt` or a cancellation is never
    retried. The error of the last attempt is raised as it is, with a note.

    Args:
        attempts: how often a step is called at most, the first time included.
        wait: the first wait's upper bound, in seconds.
        longest: no wait of its own is longer, in seconds.
        deadline: no new attempt begins later than so many seconds after the first has failed.
        on: which errors to retry: a question, or classes of exceptions. Unless told otherwise
            those that pass by themselves: 408, 409, 429, 5xx, lost connections, timeouts.
        restart: a `Stream` is made again after its first chunk too, from its beginning. Who reads
            events is told by a `StreamReset`; who gets the whole, gets the last attempt's. One
            that another step reads while it is made is left alone.
        timeout: each attempt ends after so many seconds, as `Timeout` says.
        node_filter: the nodes it is for: a name, several, or a function of name and tags. A step
            that has its own `@retry` goes by that.
        sleep: what waits in plain steps.
        async_sleep: what waits in async steps.
        clock: gives the time in seconds, for the deadline.
        seed: makes the waits the same again.
    """

    def __init__(
        self,
        attempts: int = 3,
        *,
        wait: float = 0.5,
        longest: float = 60.0,
        deadline: float = 300.0,
        on: Question = transient,
        restart: bool = False,
        timeout: float | None = None,
        node_filter: NodeFilter = None,
        sleep: Callable[[float], None] | None = None,
        async_sleep: Callable[[float], Awaitable[None]] | None = None,
        clock: Callable[[], float] = monotonic,
        seed: int | None = None,
    ) -> None:
        if attempts < 1:
            raise ValueError(f"`attempts={attempts}` makes no attempt; give 1 or more")
        self.attempts, self.wait, self.longest, self.deadline = attempts, wait, longest, deadline
        self.on, self.node_filter, self.restarts = on, node_filter, restart
        self.timeout = None if timeout is None else checked_seconds(timeout)
        self._sleep, self._async_sleep, self._clock = sleep, async_sleep, clock
        self._random = Random(seed)

    takes_awaitables = True
    """A plain step may be given to it as one that is awaited."""

    @property
    def waits(self) -> bool:
        """Whether it is rather called where it can await than in a thread."""
        own_sleep = self._sleep is not None and self._async_sleep is None
        return self.timeout is None and not own_sleep

    def wants_node(self, *, node_name: str, node_tags: Tags) -> bool:
        return "retry.attempts" not in node_tags and selects(self.node_filter, node_name, node_tags)

    @property
    def recovers(self) -> bool:
        """Whether a step's first attempt may be made without it, as there is nothing around it."""
        return self.timeout is None

    def run_to_execute_node(
        self,
        *,
        node_name: str,
        node_callable: Callable[..., Any],
        node_kwargs: dict[str, Any],
        node_return_type: Type,
        is_read_live: bool,
        run_id: str,
        task_id: str | None,
        **future_kwargs: Any,
    ) -> Any:
        call = partial(node_callable, **node_kwargs)
        if self.timeout is not None:
            call = partial(within, self.timeout, node_name, call, lazy=yields(node_return_type))
        at = _At(run_id, node_name, task_id, None, call, [])
        try:
            result = at.call()
        except Exception as error:
            return self._again(at, error)
        if is_result(result):
            return result
        if self.restarts and streams(node_return_type) and not is_read_live:
            return as_made(
                result,
                awaited=partial(self._awaited, at),
                stream=partial(self._restarting, at),
                async_stream=partial(self._restarting_async, at),
            )
        return as_made(
            result,
            awaited=partial(self._awaited, at),
            stream=lambda source: begun(source, partial(self._begun_again, at)),
            async_stream=lambda source: begun_async(source, partial(self._begun_again_async, at)),
        )

    def recover(
        self,
        *,
        node_name: str,
        node_callable: Callable[..., Any],
        node_kwargs: dict[str, Any],
        run_id: str,
        task_id: str | None,
        error: Exception,
    ) -> Any:
        """What `run_to_execute_node` does once a plain step has failed for the first time.

        A plan that runs often calls the step itself and comes here with its error alone.
        """
        again = partial(node_callable, **node_kwargs)
        return self._again(_At(run_id, node_name, task_id, None, again, []), error)

    def retries(self, error: BaseException) -> bool:
        """Whether an error is one to retry."""
        if not isinstance(error, Exception):
            return False
        if isinstance(self.on, (type, tuple)):
            return isinstance(error, self.on)
        return bool(self.on(error))

    def _again(self, at: _At, first: Exception) -> Any:
        if not self.retries(first):
            raise first
        at = self._since(at)
        tenacity = require("tenacity", extra="llm", what="`Retry`")
        extra = {"sleep": self._sleep if self._sleep is not None else pause}
        for attempt in tenacity.Retrying(**self._policy(tenacity, at), **extra):
            with attempt:
                number = attempt.retry_state.attempt_number
                if number == 1:  # it has been made, outside of tenacity, which costs more
                    raise first
                with self._marked(at, number):
                    return at.call()
        raise AssertionError("tenacity ends with a result or an error")

    async def _awaited(self, at: _At, result: Awaitable[Any]) -> Any:
        try:
            return await result
        except Exception as error:
            return await self._again_async(at, error)

    async def _again_async(self, at: _At, first: Exception) -> Any:
        if not self.retries(first):
            raise first
        at = self._since(at)
        tenacity = require("tenacity", extra="llm", what="`Retry`")
        extra = {"sleep": self._async_sleep} if self._async_sleep is not None else {}
        async for attempt in tenacity.AsyncRetrying(**self._policy(tenacity, at), **extra):
            with attempt:
                number = attempt.retry_state.attempt_number
                if number == 1:
                    raise first
                with self._marked(at, number):
                    return await at.call()
        raise AssertionError("tenacity ends with a result or an error")

    def _begun_again(self, at: _At, error: Exception) -> tuple[Any, Any]:
        def anew() -> tuple[Any, Any]:
            source = at.call()
            return source, next(source, END)

        return self._again(at._replace(call=anew), error)  # type: ignore[no-any-return]

    async def _begun_again_async(self, at: _At, error: Exception) -> tuple[Any, Any]:
        async def anew() -> tuple[Any, Any]:
            source = at.call()
            return source, await anext(source, END)

        return await self._again_async(at._replace(call=anew), error)  # type: ignore[no-any-return]

    def _restarting(self, at: _At, source: Any) -> Iterator[Any]:
        begun = False
        try:
            while True:
                try:
                    for chunk in source:
                        begun = True
                        yield chunk
                    return
                except Exception as error:
                    failure = error
                at = self._since(at)
                source, chunk = self._begun_again(at, failure)
                at = at._replace(before=at.numbers[-1] - 1)
                if begun:
                    yield Restart()
                if chunk is END:
                    return
                begun = True
                yield chunk
        finally:
            source.close()

    async def _restarting_async(self, at: _At, source: Any) -> AsyncIterator[Any]:
        begun = False
        try:
            while True:
                try:
                    async for chunk in source:
                        begun = True
                        yield chunk
                    return
                except Exception as error:
                    failure = error
                at = self._since(at)
                source, chunk = await self._begun_again_async(at, failure)
                at = at._replace(before=at.numbers[-1] - 1)
                if begun:
                    yield Restart()
                if chunk is END:
                    return
                begun = True
                yield chunk
        finally:
            await source.aclose()

    def _since(self, at: _At) -> _At:
        """The same, failing since now if it did not fail before."""
        return at if at.failed is not None else at._replace(failed=self._clock())

    def _policy(self, tenacity: Any, at: _At) -> dict[str, Any]:
        return {
            "stop": partial(self._stops, at),
            "wait": partial(self._waits, at),
            "retry": tenacity.retry_if_exception(self.retries),
            "before_sleep": partial(self._tell, at),
            "reraise": True,
        }

    def _waits(self, at: _At, state: Any) -> float:
        bound = min(self.longest, self.wait * 2 ** (at.before + state.attempt_number - 1))
        return (retry_after(state.outcome.exception()) or 0.0) + self._random.uniform(0, bound)

    def _stops(self, at: _At, state: Any) -> bool:
        """Whether to give up on an error that may pass; if so, the error is told why."""
        error, number = state.outcome.exception(), at.before + state.attempt_number
        if number >= self.attempts:
            error.add_note(f"attempt {number} of {self.attempts} at `{at.node}`")
            return True
        time_left, end = left(), f"the deadline of {self.deadline:g} s"
        assert at.failed is not None
        if self._clock() - at.failed + state.upcoming_sleep <= self.deadline:
            if time_left is None or state.upcoming_sleep < time_left:
                return False
            end = f"the end of its time, {time_left:.1f} s from now"
        asked = retry_after(error)
        why = f", as the provider asks for {asked:g} s" if asked else ""
        error.add_note(
            f"attempt {number} of {self.attempts} at `{at.node}`; the next would come after"
            f" {state.upcoming_sleep:.1f} s{why}, past {end}"
        )
        return True

    def _tell(self, at: _At, state: Any) -> None:
        from logging import getLogger

        error, wait = state.outcome.exception(), state.upcoming_sleep
        getLogger("stepwell").info(
            "attempt %d of %d at `%s` failed with %s; again in %.1f s",
            at.before + state.attempt_number,
            self.attempts,
            at.node,
            type(error).__name__,
            wait,
        )
        tell_failed(
            Failed(
                run_id=at.run_id,
                node=at.node,
                task_id=at.task_id,
                attempt=at.before + state.attempt_number,
                error=str(error).partition("\n")[0],
                error_type=type(error).__name__,
                wait=wait,
                at=time(),
            )
        )

    @contextmanager
    def _marked(self, at: _At, number: int) -> Iterator[None]:
        """Within it, requests belong to that attempt."""
        number += at.before
        at.numbers.append(number)
        again = retrying.set(Retrying(at.node, number, self.attempts))
        now = current.get()
        marked = current.set(replace(now, attempt=number)) if now is not None else None
        try:
            yield
        finally:
            retrying.reset(again)
            if marked is not None:
                current.reset(marked)


def pause(seconds: float) -> None:
    """Sleeps, in a worker thread only as long as its run goes on.

    Raises:
        CancelledError: if the run has failed elsewhere or been cancelled.
    """
    stopped = stopping.get()
    if stopped is None:
        sleep(seconds)
    elif stopped.wait(seconds):
        from asyncio import CancelledError

        raise CancelledError
