"""A run within a step of another: it finishes, however many threads the ones above it hold."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from stepwell.driver import Builder, Driver
from stepwell.driver.driver import WORKERS
from stepwell.testing import module_of

LONG = 60.0
"""Seconds after which what does not finish fails, instead of holding up all tests."""


def of(driver: Callable[[], Driver], depth: int) -> int:
    """What a run at that depth comes to, awaited on a loop of its own."""
    run = asyncio.wait_for(driver().aexecute(["both"], {"depth": depth}), LONG)
    return asyncio.run(run)["both"]  # type: ignore[no-any-return]


def test_fault_n7_every_worker_thread_waits_for_a_run_of_its_own() -> None:
    """All of them are held by steps that begin a run, which needs a thread as well."""
    held = threading.Barrier(WORKERS)

    def outer(number: int) -> int:
        held.wait(LONG)
        run = asyncio.wait_for(dr.aexecute(["inner"], {"x": number}), LONG)
        return asyncio.run(run)["inner"]  # type: ignore[no-any-return]

    def inner(x: int) -> int:
        return 2 * x

    dr = Driver({}, module_of(outer, inner))

    async def all_at_once() -> list[Any]:
        runs = (dr.aexecute(["outer"], {"number": number}) for number in range(WORKERS))
        return await asyncio.gather(*runs)

    found = asyncio.run(all_at_once())
    assert found == [{"outer": 2 * number} for number in range(WORKERS)]


@pytest.mark.parametrize("threads", [0, 2])
def test_fault_n7_runs_ten_deep(threads: int) -> None:
    """Each awaited within a plain step, which holds its thread meanwhile."""

    def both(left: int, right: int) -> int:
        return left + right

    def left(depth: int) -> int:
        return of(lambda: dr, depth - 1) if depth else 1

    def right(depth: int) -> int:
        return 0

    dr = Builder().with_modules(module_of(both, left, right)).with_threads(threads).build()
    assert of(lambda: dr, 10) == 1


def test_fault_n7_two_drivers_in_turn() -> None:
    """A run of one within a run of the other, within one of the first."""

    def both(depth: int) -> int:
        other = {even: odd, odd: even}[even if depth % 2 == 0 else odd]
        return of(lambda: other, depth - 1) + 1 if depth else 0

    even, odd = Driver({}, module_of(both)), Driver({}, module_of(both))
    assert of(lambda: even, 6) == 6


def test_threads_and_loops_in_turn() -> None:
    """Runs on threads begin runs on loops, and these the next on threads."""

    def both(left: int, right: int) -> int:
        return left + right

    def left(depth: int) -> int:
        return below(depth)

    def right(depth: int) -> int:
        return below(depth)

    def below(depth: int) -> int:
        if not depth:
            return 1
        if depth % 2:
            return of(lambda: dr, depth - 1)
        return dr.execute(["both"], {"depth": depth - 1})["both"]  # type: ignore[no-any-return]

    dr = Builder().with_modules(module_of(both, left, right)).with_threads(2).build()
    assert dr.execute(["both"], {"depth": 4}) == {"both": 32}


async def test_a_quick_step_may_run_a_loop_of_its_own() -> None:
    """Each time, also once it has been seen to be quick and runs where the event loop runs."""

    async def awaited(x: int) -> int:
        await asyncio.sleep(0)
        return 2 * x

    def doubled(x: int) -> int:
        return asyncio.run(awaited(x)) if x else 0

    async def after(doubled: int) -> int:
        await asyncio.sleep(0)
        return doubled

    dr = Driver({}, module_of(doubled, after))
    for x in (0, 0, 1, 2, 3):
        assert await dr.aexecute(["after"], {"x": x}) == {"after": 2 * x}
