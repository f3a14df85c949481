"""A hook that raises or hangs, at each point there is: what it costs the run and other hooks."""

from __future__ import annotations

import asyncio
import logging
import pickle
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stepwell import Builder, Collect, Driver, HookError, Parallelizable
from stepwell.execution.events import RunFinished
from stepwell.execution.inline import HOT
from stepwell.lifecycle import (
    GraphConstructionHook,
    GraphExecutionHook,
    NodeExecutionHook,
    Observer,
    TaskExecutionHook,
    TaskGroupingHook,
    TaskReturnHook,
    TaskSubmissionHook,
)
from stepwell.testing import module_of

SHORT, LONG = 0.02, 60.0
CLASSES = (
    GraphConstructionHook,
    GraphExecutionHook,
    NodeExecutionHook,
    TaskExecutionHook,
    TaskGroupingHook,
    TaskReturnHook,
    TaskSubmissionHook,
)
POINTS = [name for cls in CLASSES for name in vars(cls) if name.startswith("run_")]
IN_RUNS = [point for point in POINTS if point != "run_after_graph_construction"]


def page(count: int) -> Parallelizable[int]:
    yield from range(count)


def read(page: int) -> int:
    return 2 * page


def report(read: Collect[int]) -> list[int]:
    return read


STEPS = module_of(page, read, report)
INPUTS = {"count": 2}
MADE = {"report": [0, 2]}


def adapter(does: Callable[[str], Any], *only: str, observes: bool = True) -> Any:
    """One that hears everything, or only some, and does something then."""

    def hook(point: str) -> Callable[..., None]:
        def told(self: object, **future_kwargs: Any) -> None:
            does(point)

        return told

    bases = (Observer, *CLASSES) if observes else CLASSES
    return type("Adapter", bases, {point: hook(point) for point in only or POINTS})()


def later(does: Callable[[str], Any], *only: str) -> Any:
    """The same by async hooks."""

    def hook(point: str) -> Callable[..., Any]:
        async def told(self: object, **future_kwargs: Any) -> None:
            await does(point)

        return told

    return type("Later", (Observer, *CLASSES), {point: hook(point) for point in only})()


def refuse(point: str) -> None:
    raise RuntimeError(f"no {point}")


def inline(dr: Driver) -> Any:
    return dr.execute(["report"], INPUTS)


def in_loop(dr: Driver) -> Any:
    return asyncio.run(dr.aexecute(["report"], INPUTS))


def streamed(dr: Driver) -> Any:
    *_, last = dr.stream(["report"], INPUTS)
    assert isinstance(last, RunFinished)
    return last.results


every_way = pytest.mark.parametrize("run", [inline, in_loop, streamed])


@every_way
@pytest.mark.parametrize("point", POINTS)
def test_fault_n2_an_observer_that_raises_changes_nothing(
    point: str, run: Callable[[Driver], Any], caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged once and counted, and those before and after it hear all that they would."""
    before, after, alone = Counter[str](), Counter[str](), Counter[str]()
    hears = adapter(lambda point: alone.update([point]))
    assert run(Driver({}, STEPS, adapter=hears)) == MADE
    adapters = [
        adapter(lambda point: before.update([point])),
        adapter(refuse, point),
        adapter(lambda point: after.update([point])),
    ]
    dr = Driver({}, STEPS, adapter=adapters)
    assert run(dr) == MADE
    assert before == after == alone
    assert set(alone) == set(POINTS)
    assert dr.failed_hooks == {f"Adapter.{point}": alone[point]}
    (record,) = [record for record in caplog.records if "only observes" in record.getMessage()]
    assert f"`Adapter.{point}`" in record.getMessage()


def test_fault_n2_also_where_the_plan_is_compiled(caplog: pytest.LogCaptureFixture) -> None:
    """Each time is counted."""

    def answer(x: int) -> int:
        return x

    dr = Driver({}, module_of(answer), adapter=adapter(refuse, "run_after_node_execution"))
    for _ in range(HOT + 5):
        assert dr.execute(["answer"], {"x": 1}) == {"answer": 1}
    assert dr.failed_hooks == {"Adapter.run_after_node_execution": HOT + 5}
    assert caplog.text.count("only observes") == 1


@every_way
@pytest.mark.parametrize("point", IN_RUNS)
def test_fault_n2_strict_an_observer_fails_the_run_as_any_other(
    point: str, run: Callable[[Driver], Any]
) -> None:
    """The error names the hook, and what was opened before it is closed after it."""
    heard = Counter[str]()
    adapters = [adapter(lambda point: heard.update([point])), adapter(refuse, point)]
    builder = Builder().with_modules(STEPS).with_adapters(*adapters).with_hooks(strict=True)
    for dr in (builder.build(), builder.copy().build()):
        heard.clear()
        with pytest.raises(HookError, match=rf"hook `Adapter\.{point}` raised"):
            run(dr)
        for opened, closed in (
            ("run_before_graph_execution", "run_after_graph_execution"),
            ("run_before_node_execution", "run_after_node_execution"),
            ("run_before_task_execution", "run_after_task_execution"),
        ):
            assert heard[opened] == heard[closed]


def test_fault_n2_strict_when_a_driver_is_built() -> None:
    builder = Builder().with_modules(STEPS).with_hooks(strict=True)
    builder.with_adapters(adapter(refuse, "run_after_graph_construction"))
    with pytest.raises(HookError, match="run_after_graph_construction"):
        builder.build()


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """What hooks hang on; afterwards none does."""
    event = threading.Event()
    yield event
    event.set()
    for thread in threading.enumerate():
        if thread.name.startswith("stepwell Adapter."):
            thread.join(LONG)


@every_way
@pytest.mark.parametrize("point", POINTS)
def test_fault_n3_an_observer_that_hangs_is_left_behind(
    point: str,
    run: Callable[[Driver], Any],
    held: threading.Event,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The run goes on, and it is not called again; so many others are called as ever."""
    heard, hung = Counter[str](), Counter[str]()

    def hangs(point: str) -> None:
        hung.update([point])
        held.wait(LONG)

    builder = Builder().with_modules(STEPS).with_hooks(seconds=SHORT)
    builder.with_adapters(adapter(hangs, point), adapter(lambda point: heard.update([point])))
    dr = builder.build()
    assert run(dr) == MADE
    assert hung == {point: 1}
    assert set(heard) == set(POINTS)
    assert dr.failed_hooks == {f"Adapter.{point}": 1}
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "it took longer than 0.02 s and is not called any more" in str(record.exc_info)


@pytest.mark.parametrize("point", ["run_before_node_execution", "run_after_graph_execution"])
def test_fault_n3_an_async_hook_is_cancelled(point: str) -> None:
    cancelled: list[str] = []

    async def hangs(point: str) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(point)
            raise

    builder = Builder().with_modules(STEPS).with_hooks(seconds=SHORT)
    dr = builder.with_adapters(later(hangs, point)).build()
    assert in_loop(dr) == MADE
    assert cancelled == [point]


def test_fault_n3_a_guard_that_hangs_fails_the_run(held: threading.Event) -> None:
    """Whether it would have let the step pass nobody knows."""
    guard = adapter(lambda _: held.wait(LONG), "run_before_node_execution", observes=False)
    builder = Builder().with_modules(STEPS).with_hooks(seconds=SHORT)
    dr = builder.with_adapters(guard).build()
    with pytest.raises(
        HookError, match=r"raised at node .*TimeoutError: it took longer than 0\.02"
    ):
        inline(dr)


def test_what_comes_in_time_is_as_without_a_limit() -> None:
    """An error of a hook's own, a `TimeoutError` too; a compiled plan; a driver that travels."""

    def answer(x: int) -> int:
        return x

    heard: list[str] = []
    builder = Builder().with_modules(module_of(answer)).with_hooks(seconds=LONG)
    dr = builder.with_adapters(adapter(heard.append, "run_after_node_execution")).build()
    for _ in range(HOT + 5):
        dr.execute(["answer"], {"x": 1})
    assert len(heard) == HOT + 5

    async def slow(point: str) -> None:
        raise TimeoutError("its own")

    failing = Driver({}, STEPS, adapter=later(slow, "run_before_graph_execution"))
    assert in_loop(failing) == MADE
    assert failing.failed_hooks == {"Later.run_before_graph_execution": 1}


def test_the_rules_travel_with_the_adapters() -> None:
    """To the process where items are done, whose hooks are held to them as well."""
    dr = Builder().with_modules(STEPS).with_hooks(strict=True, seconds=2.0).build()
    assert pickle.loads(pickle.dumps(dr.lifecycle)).rules == (True, 2.0)


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
def test_no_time_for_a_hook(seconds: float) -> None:
    with pytest.raises(ValueError, match="is no time for a hook"):
        Builder().with_hooks(seconds=seconds)
