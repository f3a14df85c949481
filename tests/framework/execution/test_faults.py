"""Pipelines of odd shapes and steps that misbehave: the rows of `docs/testing.md` about them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest
from openai import OpenAI

from stepwell import Builder, Collect, Driver, Parallelizable
from stepwell.errors import BudgetExceeded
from stepwell.executors import ThreadsExecutor
from stepwell.llm import Budget, TokenAccounting, metered
from stepwell.testing import FakeModel, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]

mine: ContextVar[Any] = ContextVar("mine", default=None)


def steps(lines: list[str]) -> Any:
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    del names["__builtins__"]
    return module_of(*names.values())


def chain(size: int) -> tuple[Any, int]:
    lines = ["def n0(x: int) -> int: return x"]
    lines += [f"def n{n}(n{n - 1}: int) -> int: return n{n - 1} + 1" for n in range(1, size)]
    lines += [f"def last(n{size - 1}: int) -> int: return n{size - 1}"]
    return steps(lines), size


def star(size: int) -> tuple[Any, int]:
    lines = [f"def n{n}(x: int) -> int: return x" for n in range(size)]
    params = ", ".join(f"n{n}: int" for n in range(size))
    lines += [f"def last({params}) -> int: return {'+'.join(['n0', f'n{size - 1}'])}"]
    return steps(lines), 2


def layers(size: int) -> tuple[Any, int]:
    wide = 10
    high = size // wide
    lines = [f"def n0_{n}(x: int) -> int: return x" for n in range(wide)]
    for high_up in range(1, high):
        params = ", ".join(f"n{high_up - 1}_{n}: int" for n in range(wide))
        lines += [
            f"def n{high_up}_{n}({params}) -> int: return n{high_up - 1}_{n} + 1"
            for n in range(wide)
        ]
    lines += [f"def last(n{high - 1}_0: int) -> int: return n{high - 1}_0"]
    return steps(lines), high


@pytest.mark.parametrize("shape", [chain, star, layers])
def test_fault_n5_large_graphs_under_a_small_recursion_limit(
    shape: Callable[[int], tuple[Any, int]],
) -> None:
    """Built, run and awaited: nothing in a driver calls itself."""
    module, expected = shape(3000)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(150)
    try:
        dr = Driver({}, module)
        assert dr.execute(["last"], {"x": 1}) == {"last": expected}
        assert asyncio.run(dr.aexecute(["last"], {"x": 1})) == {"last": expected}
        *_, last = dr.stream(["last"], {"x": 1})
    finally:
        sys.setrecursionlimit(limit)
    assert last.results == {"last": expected}  # type: ignore[union-attr]


async def test_fault_n8_context_variables_are_copied_in_and_never_leak() -> None:
    """A thousand runs over few threads: each step finds its run's value, and leaves none behind."""

    def plain(x: int) -> tuple[int, int]:
        found = mine.get()
        mine.set(("left behind", x))
        return x, found

    async def awaited(x: int, plain: tuple[int, int]) -> tuple[int, int]:
        found = mine.get()
        mine.set(("left behind", x))
        await asyncio.sleep(0)
        return x, found

    def nobody(x: int) -> Any:
        return mine.get()

    dr = Driver({}, module_of(plain, awaited, nobody))

    async def one(number: int) -> None:
        mine.set(number)
        made = await dr.aexecute(["plain", "awaited"], {"x": number})
        assert made == {"plain": (number, number), "awaited": (number, number)}
        assert mine.get() == number

    await asyncio.gather(*(one(number) for number in range(1000)))
    assert await dr.aexecute(["nobody"], {"x": 0}) == {"nobody": None}


@pytest.mark.parametrize("threads", [0, 3])
def test_fault_n8_items_and_branches_on_threads(threads: int) -> None:
    """Each finds its run's values; what one leaves is gone with its run."""

    def item(count: int, run: int) -> Parallelizable[int]:
        yield from range(count)

    def seen(item: int, run: int) -> bool:
        found: bool = mine.get() in (run, ("left behind", run))
        mine.set(("left behind", run))
        return found

    def all_seen(seen: Collect[bool]) -> bool:
        return all(seen)

    def beside(count: int, run: int) -> bool:
        found: bool = mine.get() == run
        mine.set(("left behind", run))
        return found

    builder = Builder().with_modules(module_of(item, seen, all_seen, beside))
    dr = builder.with_threads(threads).with_executor(ThreadsExecutor(2)).build()
    for run in range(20):
        mine.set(run)
        made = dr.execute(["all_seen", "beside"], {"count": 50, "run": run})
        assert made == {"all_seen": True, "beside": True}


def test_fault_n11_a_loop_without_an_end_is_stopped_by_its_budget() -> None:
    """A step that asks and then begins the same run again: so many requests leave, and no more."""
    with (
        FakeModel() as model,
        metered(OpenAI(base_url=model.url, api_key="k", max_retries=0)) as client,
    ):

        def answer(depth: int) -> int:
            client.chat.completions.create(model="m", max_tokens=5, messages=MESSAGES)
            return dr.execute(["answer"], {"depth": depth + 1})["answer"]  # type: ignore[no-any-return]

        ledger = TokenAccounting()
        dr = Driver({}, module_of(answer), adapter=[ledger, Budget(requests=7, per="all")])
        with pytest.raises(BudgetExceeded, match="requests"):
            dr.execute(["answer"], {"depth": 0})
        assert len(model.requests) == 7
    assert len(ledger.calls) == 7
