"""An item that fails: the run ends with its error, or goes on without it, as was asked for."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from stepwell import Builder, Collect, Driver, ItemFailed, Parallelizable, tag
from stepwell.executors import AsyncioExecutor, Executor, InlineExecutor, ThreadsExecutor
from stepwell.lifecycle import NodeExecutionHook
from stepwell.testing import module_of

Run = Callable[[Driver, Any], Any]

WAYS: dict[str, tuple[Callable[[], Executor], Run]] = {
    "inline": (InlineExecutor, lambda dr, inputs: dr.execute(["report"], inputs)),
    "threads": (
        lambda: ThreadsExecutor(2),
        lambda dr, inputs: dr.execute(["report"], inputs),
    ),
    "asyncio": (
        lambda: AsyncioExecutor(2),
        lambda dr, inputs: dr.execute(["report"], inputs),
    ),
    "beside a loop": (
        InlineExecutor,
        lambda dr, inputs: asyncio.run(dr.aexecute(["report"], inputs)),
    ),
    "streamed": (
        InlineExecutor,
        lambda dr, inputs: [*dr.stream(["report"], inputs)][-1].results,  # type: ignore[union-attr]
    ),
}
every_way = pytest.mark.parametrize(("executor", "run"), WAYS.values(), ids=WAYS)


def page(numbers: list[int]) -> Parallelizable[int]:
    yield from numbers


def word(page: int) -> Parallelizable[int]:
    return range(page)


def share(word: int, page: int) -> int:
    return 12 // (2 - word)


def shares(share: Collect[int]) -> list[int]:
    return share


def report(shares: Collect[list[int]]) -> list[Any]:
    return shares


STEPS = module_of(page, word, share, shares, report)


class Watches(NodeExecutionHook):
    def run_after_node_execution(self, **_: Any) -> Any:
        pass


@every_way
@pytest.mark.parametrize("adapters", [(), (Watches(),)], ids=["bare", "hooks"])
def test_an_error_arrives_as_itself_and_says_of_which_item(
    executor: Callable[[], Executor], run: Run, adapters: Any
) -> None:
    dr = Builder().with_modules(STEPS).with_adapters(*adapters).with_executor(executor()).build()
    with pytest.raises(ZeroDivisionError) as caught:
        run(dr, {"numbers": [1, 2, 3]})
    (note,) = caught.value.__notes__
    assert note.startswith("in node `share` (")
    assert ", item `page[2].word[2]`, run " in note


def test_in_a_compiled_plan_too() -> None:
    dr = Driver({}, STEPS)
    for _ in range(150):
        dr.execute(["report"], {"numbers": [1]})
    with pytest.raises(ZeroDivisionError) as caught:
        dr.execute(["report"], {"numbers": [1, 2, 3]})
    (note,) = caught.value.__notes__
    assert note.startswith("in node `share` (")
    assert ", item `page[2].word[2]`, run " in note


@every_way
def test_the_run_goes_on_without_what_failed(
    executor: Callable[[], Executor], run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    dr = Builder().with_modules(STEPS).with_executor(executor(), on_error="skip").build()
    with caplog.at_level(logging.WARNING, "stepwell"):
        assert run(dr, {"numbers": [1, 3, 2]}) == {"report": [[6], [6, 12], [6, 12]]}
    assert [record.getMessage() for record in caplog.records] == [
        "1 of 3 items of `word` failed and were left out"
    ]


@every_way
def test_errors_are_collected_in_the_place_of_results(
    executor: Callable[[], Executor], run: Run
) -> None:
    dr = Builder().with_modules(STEPS).with_executor(executor(), on_error="collect").build()
    ((*_, failed), _) = run(dr, {"numbers": [3, 1]})["report"]
    assert isinstance(failed, ItemFailed)
    assert failed.number == 2
    assert isinstance(failed.error, ZeroDivisionError)


def test_a_source_says_by_its_tag_what_failures_of_its_items_mean() -> None:
    @tag(on_error="skip")
    def number(numbers: list[int]) -> Parallelizable[int]:
        return numbers

    def inverse(number: int) -> float:
        return 1 / number

    def report(inverse: Collect[float]) -> list[float]:
        return inverse

    dr = Driver({}, module_of(number, inverse, report))
    assert dr.execute(["report"], {"numbers": [1, 0, 2]}) == {"report": [1.0, 0.5]}


def test_parts_of_what_is_collected_hold_the_failures_too() -> None:
    def number(numbers: list[int]) -> Parallelizable[int]:
        return numbers

    def inverse(number: int) -> float:
        return 1 / number

    def report(inverse: Collect[float], number: Collect[int]) -> list[bool]:
        return [isinstance(each, ItemFailed) for each in (*inverse, *number)]

    builder = Builder().with_modules(module_of(number, inverse, report))
    dr = builder.with_executor(InlineExecutor(), on_error="collect").build()
    assert dr.execute(["report"], {"numbers": [1, 0]})["report"] == [False, True, False, True]


@every_way
def test_a_source_that_fails_is_named_itself(executor: Callable[[], Executor], run: Run) -> None:
    def number(numbers: list[int]) -> Parallelizable[int]:
        yield from numbers
        raise LookupError("no more")

    def report(number: Collect[int]) -> list[int]:
        return number

    dr = Builder().with_modules(module_of(number, report)).with_executor(executor()).build()
    with pytest.raises(LookupError) as caught:
        run(dr, {"numbers": [1, 2]})
    (note,) = caught.value.__notes__
    assert note.startswith("in node `number` (")


@every_way
def test_what_is_no_iterable_is_told_so(executor: Callable[[], Executor], run: Run) -> None:
    def number(numbers: list[int]) -> Parallelizable[int]:
        return len(numbers)

    def report(number: Collect[int]) -> list[int]:
        return number

    dr = Builder().with_modules(module_of(number, report)).with_executor(executor()).build()
    with pytest.raises(TypeError, match="not iterable") as caught:
        run(dr, {"numbers": [1, 2]})
    assert "in node `number`" in caught.value.__notes__[0]


@pytest.mark.parametrize("executor", [InlineExecutor, lambda: ThreadsExecutor(2)])
def test_nothing_new_begins_once_an_item_has_failed(executor: Callable[[], Executor]) -> None:
    """In threads those at work end, and no more are taken from a source that never ends."""
    taken: list[int] = []
    began: list[int] = []
    failed = threading.Event()

    def number() -> Parallelizable[int]:
        while True:
            taken.append(len(taken))
            yield len(taken) - 1

    def done(number: int) -> int:
        began.append(number)
        if number == 3:
            failed.set()
            raise ValueError(number)
        if number > 3:
            failed.wait(10)
        return number

    def report(done: Collect[int]) -> int:
        return len(done)

    builder = Builder().with_modules(module_of(number, done, report))
    dr = builder.with_executor(executor()).build()
    with pytest.raises(ValueError, match="3"):
        dr.execute(["report"])
    assert len(began) < 40
    assert len(taken) < 100


async def test_beside_a_loop_what_is_at_work_is_cancelled() -> None:
    cancelled: list[int] = []

    def number() -> Parallelizable[int]:
        return range(8)

    async def done(number: int) -> int:
        if number == 2:
            raise ValueError(number)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(number)
            raise
        return number

    def report(done: Collect[int]) -> int:
        return len(done)

    builder = Builder().with_modules(module_of(number, done, report))
    dr = builder.with_executor(AsyncioExecutor(4)).build()
    with pytest.raises(ValueError, match="2"):
        await dr.aexecute(["report"])
    assert sorted(cancelled) == [0, 1, 3]


async def test_a_run_that_is_cancelled_leaves_no_item_at_work() -> None:
    at_work: set[int] = set()
    ready = asyncio.Event()

    def number() -> Parallelizable[int]:
        return range(8)

    async def done(number: int) -> int:
        at_work.add(number)
        if len(at_work) == 4:
            ready.set()
        try:
            await asyncio.Event().wait()
        finally:
            at_work.discard(number)
        return number

    def report(done: Collect[int]) -> int:
        return len(done)

    builder = Builder().with_modules(module_of(number, done, report))
    dr = builder.with_executor(AsyncioExecutor(4)).build()
    task = asyncio.create_task(dr.aexecute(["report"]))
    await ready.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not at_work
