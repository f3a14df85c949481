"""When a step fails, or is made to stop: what arrives, and what runs no more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from stepwell.driver import Builder, Driver
from stepwell.execution.inline import HOT
from stepwell.lifecycle import NodeExecutionHook
from stepwell.testing import module_of

Run = Callable[..., Any]


def inline(module: Any, targets: list[str], inputs: dict[str, Any], adapter: Any = ()) -> Any:
    return Driver({}, module, adapter=adapter).execute(targets, inputs)


def hot(module: Any, targets: list[str], inputs: dict[str, Any], adapter: Any = ()) -> Any:
    dr = Driver({}, module, adapter=adapter)
    for _ in range(HOT):
        dr.execute(targets, {**inputs, "fail": False})
    return dr.execute(targets, inputs)


def threads(module: Any, targets: list[str], inputs: dict[str, Any], adapter: Any = ()) -> Any:
    return Driver({}, module, adapter=adapter, threads=3).execute(targets, inputs)


def tasks(module: Any, targets: list[str], inputs: dict[str, Any], adapter: Any = ()) -> Any:
    return asyncio.run(Driver({}, module, adapter=adapter).aexecute(targets, inputs))


def events(module: Any, targets: list[str], inputs: dict[str, Any], adapter: Any = ()) -> Any:
    return [*Driver({}, module, adapter=adapter).stream(targets, inputs)][-1]


LOOPS = pytest.mark.parametrize("run", [inline, hot, threads, tasks, events])


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Odd(BaseException):
    """Not an `Exception`."""


def first(fail: bool) -> str:
    return "x"


def broken(first: str, fail: bool, error: Any = None) -> str:
    if fail:
        raise error
    return first


def after(broken: str) -> str:
    return broken


@LOOPS
@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ValueError("no"), id="an error"),
        pytest.param(Odd("no"), id="no exception"),
        pytest.param(Unprintable(), id="unprintable"),
        pytest.param(KeyError("k"), id="key"),
    ],
)
def test_an_error_arrives_as_itself_with_one_note(run: Run, error: BaseException) -> None:
    """The very object; the note names the step, where it is, the run and the attempt."""
    with pytest.raises(type(error)) as caught:
        run(module_of(first, broken, after), ["after"], {"fail": True, "error": error})
    assert caught.value is error
    (note,) = error.__notes__
    assert note.startswith(f"in node `broken` ({__file__}:")
    assert ", run " in note
    assert note.endswith(", attempt 1, given `first`, `fail`, `error`")
    del error.__notes__


@pytest.mark.parametrize("run", [inline, hot, threads, events])
def test_a_stop_iteration_is_an_error_as_any_other(run: Run) -> None:
    """It ends no generator of ours by mistake."""
    error = StopIteration("x")
    expected = RuntimeError if run is events else StopIteration
    with pytest.raises(expected):
        run(module_of(first, broken, after), ["after"], {"fail": True, "error": error})


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@LOOPS
def test_ctrl_c_is_a_failure_for_every_hook(run: Run, kind: type[BaseException]) -> None:
    told: list[Any] = []

    class Hook(NodeExecutionHook):
        def run_after_node_execution(self, *, success: bool, error: Any, **future: Any) -> None:
            told.append((success, type(error)))

    def stopped(fail: bool) -> int:
        if fail:
            raise kind
        return 1

    with pytest.raises(kind):
        run(module_of(stopped), ["stopped"], {"fail": True}, Hook())
    assert told[-1] == (False, kind)


def test_on_threads_what_runs_is_waited_for_and_nothing_more_starts() -> None:
    """The error leaves `execute` when no step is at work any more."""
    failing, ended, started = threading.Event(), [], []

    def slow(x: int) -> int:
        assert failing.wait(10)
        ended.append("slow")
        return x

    def failed(x: int) -> int:
        failing.set()
        raise ValueError("no")

    def later(slow: int) -> int:
        started.append("later")
        return slow

    dr = Builder().with_modules(module_of(slow, failed, later)).with_threads(2).build()
    with pytest.raises(ValueError, match="no"):
        dr.execute(["later", "failed"], {"x": 1})
    assert ended == ["slow"]
    assert started == []


async def test_on_asyncio_what_runs_is_cancelled_and_has_ended() -> None:
    ended: list[str] = []

    async def slow(x: int) -> int:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            ended.append("slow")
        return x

    async def failed(x: int) -> int:
        await asyncio.sleep(0)
        raise ValueError("no")

    async def later(slow: int) -> int:
        ended.append("later")
        return slow

    dr = Driver({}, module_of(slow, failed, later))
    with pytest.raises(ValueError, match="no") as caught:
        await dr.aexecute(["later", "failed"], {"x": 1})
    assert ended == ["slow"]
    assert len(caught.value.__notes__) == 1
    assert len(asyncio.all_tasks()) == 1


async def test_a_cancelled_run_cancels_its_steps_and_waits_for_them() -> None:
    """Hooks are told of a failure; the caller gets its cancellation; no task is left."""
    told: list[Any] = []

    class Hook(NodeExecutionHook):
        async def run_after_node_execution(
            self, *, node_name: str, success: bool, error: Any, **future_kwargs: Any
        ) -> None:
            told.append((node_name, success, type(error)))

    async def left(x: int) -> int:
        await asyncio.sleep(3600)
        return x

    async def right(x: int) -> int:
        await asyncio.sleep(3600)
        return x

    dr = Driver({}, module_of(left, right), adapter=Hook())
    task = asyncio.create_task(dr.aexecute(["left", "right"], {"x": 1}))
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(told) == [
        ("left", False, asyncio.CancelledError),
        ("right", False, asyncio.CancelledError),
    ]
    assert len(asyncio.all_tasks()) == 1


async def test_a_blocking_step_blocks_nobody() -> None:
    """The other branch goes on, and it is what lets the blocking one end."""
    gate = threading.Event()

    def blocking(x: int) -> bool:
        return gate.wait(10)

    async def other(x: int) -> int:
        await asyncio.sleep(0)
        gate.set()
        return x

    dr = Driver({}, module_of(blocking, other))
    assert await dr.aexecute(["blocking", "other"], {"x": 1}) == {"blocking": True, "other": 1}


async def test_concurrent_runs_never_mix() -> None:
    """A thousand at once, each with an input and a context variable of its own."""
    from contextvars import ContextVar

    mine: ContextVar[int] = ContextVar("mine")

    async def seen(x: int) -> int:
        await asyncio.sleep(0)
        return mine.get()

    def plain(x: int, seen: int) -> tuple[int, int, int]:
        return (x, seen, mine.get())

    dr = Driver({}, module_of(seen, plain))

    async def one(number: int) -> None:
        mine.set(number)
        result = await dr.aexecute(["plain"], {"x": number})
        assert result == {"plain": (number, number, number)}

    await asyncio.gather(*(one(number) for number in range(1000)))


def test_one_driver_serves_many_threads() -> None:
    dr = Builder().with_modules(module_of(first, broken, after)).with_threads(2).build()
    found: list[Any] = []

    def use() -> None:
        found.extend(dr.execute(["after"], {"fail": False}) for _ in range(20))

    users = [threading.Thread(target=use) for _ in range(8)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert found == [{"after": "x"}] * 160


@pytest.mark.parametrize("size", [2, 3])
def test_a_run_inside_a_step_finishes_in_a_full_pool(size: int) -> None:
    """Three deep, each level with more to do than there are threads."""

    def level(depth: int, left: int, right: int) -> int:
        return left + right

    def left(depth: int) -> int:
        return inner(depth)

    def right(depth: int) -> int:
        return inner(depth)

    def inner(depth: int) -> int:
        return dr.execute(["level"], {"depth": depth - 1})["level"] if depth else 1

    dr = Builder().with_modules(module_of(level, left, right)).with_threads(size).build()
    assert dr.execute(["level"], {"depth": 3}) == {"level": 16}


def test_execute_awaits_async_steps_on_a_loop_of_its_own() -> None:
    async def fetched(x: int) -> int:
        await asyncio.sleep(0)
        return x

    def doubled(fetched: int) -> int:
        return 2 * fetched

    assert Driver({}, module_of(fetched, doubled)).execute(["doubled"], {"x": 2}) == {"doubled": 4}


def test_fault_n1_of_many_that_a_step_reads_the_first_are_named() -> None:
    """The rest is counted."""
    params = ", ".join(f"x{number}: int" for number in range(12))
    names: dict[str, Any] = {}
    exec(f"def total({params}) -> int:\n    raise KeyError", names)
    inputs = {f"x{number}": number for number in range(12)}
    with pytest.raises(KeyError) as caught:
        Driver({}, module_of(names["total"])).execute(["total"], inputs)
    (note,) = caught.value.__notes__
    assert note.endswith(", given `x0`, `x1`, `x2`, `x3`, `x4`, `x5`, `x6`, `x7`, 4 more")
