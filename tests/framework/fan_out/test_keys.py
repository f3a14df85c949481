"""What an item is called, where its source says so: errors and `ItemFailed` tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from stepwell import Builder, Collect, Driver, ItemFailed, Parallelizable, tag
from stepwell.executors import AsyncioExecutor, Executor, InlineExecutor, ThreadsExecutor
from stepwell.lifecycle import Retry
from stepwell.testing import module_of


@dataclass
class Page:
    path: str
    number: int


@tag(item_key="path")
def page(count: int) -> Parallelizable[Page]:
    return [Page(f"{n}.txt", n) for n in range(count)]


@tag(item_key="name")
def word(page: Page) -> Parallelizable[dict[str, Any]]:
    return [{"name": f"w{n}", "number": page.number - n} for n in range(2)]


def share(word: dict[str, Any]) -> float:
    return 12 / (3 - word["number"])


def shares(share: Collect[float]) -> list[float]:
    return share


def report(shares: Collect[list[float]]) -> list[Any]:
    return shares


NESTED = module_of(page, word, share, shares, report)


def inverse(page: Page) -> float:
    return 12 / (3 - page.number)


def inverses(inverse: Collect[float]) -> list[Any]:
    return inverse


FLAT = module_of(page, inverse, inverses)

EXECUTORS: list[Callable[[], Executor]] = [
    InlineExecutor,
    lambda: ThreadsExecutor(2),
    lambda: AsyncioExecutor(2),
]
RUNS: list[Callable[[Driver, str, int], Any]] = [
    lambda dr, target, count: dr.execute([target], {"count": count}),
    lambda dr, target, count: asyncio.run(dr.aexecute([target], {"count": count})),
]


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("adapters", [(), (Retry(),)], ids=["bare", "hooked"])
def test_errors_tell_the_keys(
    executor: Callable[[], Executor], run: Callable[[Driver, str, int], Any], adapters: Any
) -> None:
    builder = Builder().with_adapters(*adapters).with_executor(executor())
    for module, target, told in (
        (FLAT, "inverses", "item `page[3]` ('3.txt'), run "),
        (NESTED, "report", "item `page[3].word[0]` ('3.txt', 'w0'), run "),
    ):
        dr = builder.copy().with_modules(module).build()
        with pytest.raises(ZeroDivisionError) as caught:
            run(dr, target, 4)
        assert told in caught.value.__notes__[0]


def test_a_hot_plan_tells_them_too() -> None:
    dr = Driver({}, FLAT)
    for _ in range(150):
        dr.execute(["inverses"], {"count": 3})
    with pytest.raises(ZeroDivisionError) as caught:
        dr.execute(["inverses"], {"count": 5})
    assert "item `page[3]` ('3.txt'), run " in caught.value.__notes__[0]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_what_stands_for_a_failed_item_has_its_key(executor: Callable[[], Executor]) -> None:
    builder = Builder().with_modules(FLAT).with_executor(executor(), on_error="collect")
    results = builder.build().execute(["inverses"], {"count": 5})["inverses"]
    (failed,) = (each for each in results if isinstance(each, ItemFailed))
    assert (failed.number, failed.key) == (3, "'3.txt'")


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"id": "x" * 100}, "('" + "x" * 56 + "…)"),
        ({"id": "sk-abcdefghijklmnopqrst"}, "('***********************')"),
        ({"other": 1}, "item `page[0]`, run "),
    ],
    ids=["long", "a key of a provider", "none"],
)
def test_a_key_is_short_and_no_secret(item: Any, told: str) -> None:
    @tag(item_key="id")
    def page() -> Parallelizable[dict[str, str]]:
        return [item]

    def failed(page: dict[str, str]) -> None:
        raise LookupError

    def report(failed: Collect[None]) -> list[None]:
        return failed

    with pytest.raises(LookupError) as caught:
        Driver({}, module_of(page, failed, report)).execute(["report"])
    assert told in caught.value.__notes__[0]
