"""Which step is at work, as code deep inside a step can ask, in every loop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwell import Stream
from stepwell.driver import Driver
from stepwell.execution.inline import HOT
from stepwell.lifecycle.current import current
from stepwell.testing import module_of


class Asking:
    """An adapter that hears nothing and asks for the context variable."""

    needs_context = True


def at_work() -> str:
    now = current.get()
    return now.node if now else "nobody"


def plain(x: int) -> str:
    return at_work()


async def awaited(plain: str) -> str:
    await asyncio.sleep(0)
    return f"{plain} {at_work()}"


def chunks(plain: str) -> Stream[str]:
    for _ in range(2):
        yield at_work() + " "


async def async_chunks(plain: str) -> Stream[str]:
    for _ in range(2):
        await asyncio.sleep(0)
        yield at_work() + " "


def reader(chunks: Stream[str]) -> Stream[str]:
    for chunk in chunks:
        yield f"{chunk}{at_work()} "


SYNC = {"plain": "plain", "chunks": "chunks chunks ", "reader": "chunks reader chunks reader "}
ALL = {**SYNC, "awaited": "plain awaited", "async_chunks": "async_chunks async_chunks "}


def execute(dr: Driver, targets: list[str]) -> Any:
    return dr.execute(targets, {"x": 1})


def aexecute(dr: Driver, targets: list[str]) -> Any:
    return asyncio.run(dr.aexecute(targets, {"x": 1}))


def stream(dr: Driver, targets: list[str]) -> Any:
    return [*dr.stream(targets, {"x": 1})][-1].results  # type: ignore[union-attr]


@pytest.mark.parametrize("run", [execute, aexecute, stream])
@pytest.mark.parametrize("threads", [0, 3])
@pytest.mark.parametrize("expected", [SYNC, ALL], ids=["sync", "mixed"])
def test_a_step_is_named_while_it_is_at_work(run: Any, threads: int, expected: Any) -> None:
    """Also between two chunks, where its reader is at work; and nobody when the run is over."""
    steps = [globals()[name] for name in expected]
    dr = Driver({}, module_of(*steps), adapter=Asking(), threads=threads)
    for _ in range(3):
        assert run(dr, [*expected]) == expected
    assert at_work() == "nobody"


def test_it_costs_nothing_where_nobody_asks() -> None:
    dr = Driver({}, module_of(plain))
    assert dr.execute(["plain"], {"x": 1}) == {"plain": "nobody"}


def test_a_plan_that_ran_often_says_it_too() -> None:
    dr = Driver({}, module_of(plain), adapter=Asking())
    for _ in range(HOT + 2):
        assert dr.execute(["plain"], {"x": 1}) == {"plain": "plain"}
