"""However items are done, what comes out is what a hand-written loop makes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell import Builder, Collect, Driver, Parallelizable, RunFinished
from stepwell.execution.inline import HOT
from stepwell.executors import AsyncioExecutor, Executor, InlineExecutor, ThreadsExecutor
from stepwell.lifecycle import NodeExecutionHook
from stepwell.testing import module_of


def page(pages: list[list[int]], lowest: int) -> Parallelizable[list[int]]:
    yield from (page for page in pages if len(page) >= lowest)


def bias(lowest: int) -> int:
    return lowest * 10


def number(page: list[int]) -> Parallelizable[int]:
    return page


def square(number: int, bias: int) -> int:
    return number * number + bias


def length(page: list[int]) -> int:
    return len(page)


def total(square: Collect[int], number: Collect[int], length: int) -> list[int]:
    return [length, sum(square), *number]


def question(total: Collect[list[int]]) -> Parallelizable[int]:
    return range(len(total))


def answer(question: int, total: Collect[list[int]], bias: int) -> list[int]:
    return [*total[question], question, bias]


def report(answer: Collect[list[int]], length: Collect[int]) -> Any:
    return answer, length


async def square_async(number: int, bias: int) -> int:
    await asyncio.sleep(0)
    return number * number + bias


async def number_async(page: list[int]) -> AsyncIterator[int]:
    for each in page:
        yield each


square_async.__name__ = "square"
number_async.__name__ = "number"
number_async.__annotations__["return"] = Parallelizable[int]

PLAIN = module_of(page, bias, number, square, length, total, question, answer, report)
MIXED = module_of(page, bias, number_async, square_async, length, total, question, answer, report)


def by_hand(pages: list[list[int]], lowest: int) -> Any:
    kept = [page for page in pages if len(page) >= lowest]
    totals = [[len(p), sum(n * n + lowest * 10 for n in p), *p] for p in kept]
    answers = [[*total, place, lowest * 10] for place, total in enumerate(totals)]
    return answers, [len(page) for page in kept]


class Watches(NodeExecutionHook):
    def run_before_node_execution(self, *, node_name: str, **_: Any) -> Any:
        pass


def streamed(events: Iterator[Any]) -> Any:
    *_, last = events
    assert isinstance(last, RunFinished)
    return last.results


async def astreamed(events: AsyncIterator[Any]) -> Any:
    *_, last = [event async for event in events]
    assert isinstance(last, RunFinished)
    return last.results


def hot(dr: Driver, inputs: Any) -> Any:
    for _ in range(HOT):
        dr.execute(["report"], inputs)
    return dr.execute(["report"], inputs)


WAYS: dict[str, Callable[[Driver, Any], Any]] = {
    "execute": lambda dr, inputs: dr.execute(["report"], inputs),
    "aexecute": lambda dr, inputs: asyncio.run(dr.aexecute(["report"], inputs)),
    "stream": lambda dr, inputs: streamed(dr.stream(["report"], inputs)),
    "astream": lambda dr, inputs: asyncio.run(astreamed(dr.astream(["report"], inputs))),
    "hot": hot,
}
EXECUTORS: dict[str, Callable[[], Executor]] = {
    "inline": InlineExecutor,
    "threads": lambda: ThreadsExecutor(3),
    "asyncio": lambda: AsyncioExecutor(2),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("module", [PLAIN, MIXED], ids=["plain", "mixed"])
@pytest.mark.parametrize("adapters", [(), (Watches(),)], ids=["bare", "hooks"])
@pytest.mark.parametrize("threads", [0, 2])
def test_every_way_makes_what_a_loop_makes(
    way: str, executor: str, module: Any, adapters: Any, threads: int
) -> None:
    builder = Builder().with_modules(module).with_adapters(*adapters).with_threads(threads)
    dr = builder.with_executor(EXECUTORS[executor]()).build()
    pages = [[1, 2, 3], [], [4], [5, 6]]
    inputs = {"pages": pages, "lowest": 1}
    assert WAYS[way](dr, inputs) == {"report": by_hand(pages, 1)}


drivers = {
    (name, kind): Builder().with_modules(module).with_executor(make()).build()
    for name, make in EXECUTORS.items()
    for kind, module in (("plain", PLAIN), ("mixed", MIXED))
}


@settings(max_examples=40, deadline=None)
@given(
    pages=st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=6),
    lowest=st.integers(0, 3),
    how=st.sampled_from(sorted(drivers)),
)
def test_any_items_come_to_what_a_loop_makes(
    pages: list[list[int]], lowest: int, how: tuple[str, str]
) -> None:
    results = drivers[how].execute(["report"], {"pages": pages, "lowest": lowest})
    assert results == {"report": by_hand(pages, lowest)}


def test_explain_prints_loops_and_a_hot_plan_runs_them() -> None:
    dr = Driver({}, PLAIN)
    text = dr.explain(["report"])
    assert "for page in page_items:\n" in text
    assert "        for number in number_items:\n" in text
    assert "            every_square_and_number.append((square, number))\n" in text
