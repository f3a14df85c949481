"""One run, by each of the loops, with what adapters do around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

from stepwell.errors import RequestError
from stepwell.execution.events import Event, RunFinished
from stepwell.execution.surround import drive, drive_async, enter, finish, outcome, surround
from stepwell.execution.work import At, new_run_id

if TYPE_CHECKING:
    from stepwell.driver.driver import Driver
    from stepwell.driver.prepared import Prepared

Given = Mapping[str, Any]
Emit = Callable[[Event], None]


def here(driver: Driver, prepared: Prepared, inputs: Given, overrides: Given) -> Any:
    """A run in this thread, and in others if the driver has several."""
    run_id = new_run_id()

    def thing() -> Any:
        threads = max(driver.threads, prepared.branches)  # branches don't wait for each other
        if threads > 1:
            from stepwell.execution.threads import run_threads

            run = prepared.run(inputs, overrides)
            hands = threads - 1
            results = run_threads(run, prepared.works, At(run_id), driver.pool(), hands)
        else:
            results = prepared.inline(inputs, overrides, run_id)
        return results if prepared.build is None else prepared.build.call(outputs=results)

    return drive(surround(prepared.around, prepared.words(run_id, inputs, overrides)), thing)


def on_own_loop(driver: Driver, prepared: Prepared, inputs: Given, overrides: Given) -> Any:
    """A run on an event loop that lives as long as the run.

    Raises:
        RequestError: if a loop runs already in this thread.
    """
    import asyncio

    _refuse_loop("await dr.aexecute(…)")
    return asyncio.run(on_this_loop(driver, prepared, inputs, overrides))


async def on_this_loop(
    driver: Driver,
    prepared: Prepared,
    inputs: Given,
    overrides: Given,
    emit: Emit | None = None,
    run_id: str = "",
) -> Any:
    """A run on the event loop that runs now."""
    from stepwell.execution.tasks import run_tasks

    run_id = run_id or new_run_id()
    run = prepared.run(inputs, overrides)
    if prepared.bare:
        return await run_tasks(run, prepared.works, At(run_id), driver.pool, emit)

    async def thing() -> Any:
        results = await run_tasks(run, prepared.works, At(run_id), driver.pool, emit)
        if prepared.build is None:
            return results
        made = prepared.build.call(outputs=results)
        return await made if prepared.build.is_async else made

    words = prepared.words(run_id, inputs, overrides)
    return await drive_async(surround(prepared.around, words), thing)


def stream_here(prepared: Prepared, inputs: Given, overrides: Given) -> Iterator[Event]:
    """The events of a run in this thread, which goes on as they are read."""
    from stepwell.execution.stepping import stepping

    run_id, began = new_run_id(), perf_counter()
    asked = surround(prepared.around, prepared.words(run_id, inputs, overrides))
    enter(asked)
    try:
        values = prepared.values(inputs, overrides)
        results: Any = yield from stepping(prepared.plan, prepared.works, values, At(run_id))
        if prepared.build is not None:
            results = prepared.build.call(outputs=results)
    except BaseException as error:
        finish(*outcome(asked, None, error))
        raise
    results = finish(*outcome(asked, results, None))
    yield RunFinished(run_id, results, perf_counter() - began)


async def stream_on_this_loop(
    driver: Driver, prepared: Prepared, inputs: Given, overrides: Given
) -> AsyncIterator[Event]:
    """The events of a run on the event loop that runs now."""
    import asyncio
    from collections import deque
    from threading import get_ident

    loop, here = asyncio.get_running_loop(), get_ident()
    run_id, began = new_run_id(), perf_counter()
    events: deque[Event] = deque()
    news = asyncio.Event()

    def emit(event: Event) -> None:
        events.append(event)
        if get_ident() == here:
            news.set()
        else:
            loop.call_soon_threadsafe(news.set)

    async def guarded() -> tuple[Any, BaseException | None]:
        # Raised in a task, these two would stop the loop instead of reaching the reader.
        try:
            return await on_this_loop(driver, prepared, inputs, overrides, emit, run_id), None
        except (KeyboardInterrupt, SystemExit) as error:
            return None, error

    task = loop.create_task(guarded())
    task.add_done_callback(lambda _: news.set())
    try:
        while not task.done() or events:
            while events:
                yield events.popleft()
            if not task.done():
                news.clear()
                if not events:
                    await news.wait()
        results, stopped = await task
        if stopped is not None:
            raise stopped
        yield RunFinished(run_id, results, perf_counter() - began)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
        elif not task.cancelled():
            task.exception()


def stream_on_own_loop(
    driver: Driver, prepared: Prepared, inputs: Given, overrides: Given
) -> Iterator[Event]:
    """The events of a run on an event loop that goes on as they are read.

    Raises:
        RequestError: if a loop runs already in this thread.
    """
    import asyncio

    _refuse_loop("async for event in dr.astream(…)")
    with asyncio.Runner() as runner:
        events = stream_on_this_loop(driver, prepared, inputs, overrides)
        try:
            while True:
                try:
                    event = runner.run(_next(events))
                except StopAsyncIteration:
                    return
                yield event
        finally:
            runner.run(_close(events))


async def _next(events: AsyncIterator[Event]) -> Event:
    return await anext(events)


async def _close(events: Any) -> None:
    await events.aclose()


def _refuse_loop(instead: str) -> None:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RequestError(
        [f"an event loop runs already in this thread, and this run needs its own: use `{instead}`"]
    )
