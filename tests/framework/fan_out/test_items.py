"""What is asked of a source, and when; how many items are at work; what is the same for all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from stepwell import (
    Builder,
    Chunk,
    Collect,
    Collecting,
    Driver,
    Parallelizable,
    RequestError,
    Stream,
)
from stepwell.executors import AsyncioExecutor, Executor, InlineExecutor, ThreadsExecutor
from stepwell.executors.base import Batch, Done
from stepwell.read import runtime
from stepwell.testing import graph_of, module_of

EXECUTORS: list[Callable[[], Executor]] = [
    InlineExecutor,
    lambda: ThreadsExecutor(2),
    lambda: AsyncioExecutor(2),
]


def number(count: int) -> Parallelizable[int]:
    yield from range(count)


def double(number: int) -> int:
    return 2 * number


def report(double: Collect[int]) -> list[int]:
    return double


STEPS = module_of(number, double, report)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_any_number_of_items(executor: Callable[[], Executor], count: int) -> None:
    dr = Builder().with_modules(STEPS).with_executor(executor()).build()
    assert dr.execute(["report"], {"count": count}) == {"report": [*range(0, 2 * count, 2)]}


def test_a_hundred_thousand_items() -> None:
    results = Driver({}, STEPS).execute(["report"], {"count": 100_000})
    assert results["report"][-1] == 199_998


@pytest.mark.parametrize("executor", [InlineExecutor, lambda: AsyncioExecutor(2)])
def test_a_source_is_not_asked_far_ahead_of_what_is_done(executor: Callable[[], Executor]) -> None:
    taken, over, furthest = 0, 0, 0

    def number() -> Parallelizable[int]:
        nonlocal taken, furthest
        for each in range(200):
            taken += 1
            furthest = max(furthest, taken - over)
            yield each

    def done(number: int) -> int:
        nonlocal over
        over += 1
        return number

    def report(done: Collect[int]) -> int:
        return len(done)

    dr = Builder().with_modules(module_of(number, done, report)).with_executor(executor()).build()
    assert dr.execute(["report"]) == {"report": 200}
    assert furthest <= 8


def test_threads_take_so_many_items_ahead_of_the_first_result() -> None:
    class Doing:
        modules = ()

        def __call__(self, batch: Batch) -> Done:
            return Done(batch, batch.items, {})

        def name(self, number: int) -> str:
            return f"item[{number}]"

        def stop(self) -> None: ...
        def arrived(self) -> None: ...
        def news(self) -> None: ...
        def left(self) -> None: ...
        def take_news(self, news: object) -> None: ...

    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    batches = ThreadsExecutor(2).map(Doing(), items(), lambda: False)
    assert next(batches).results == [1]
    assert taken == 4
    batches.close()  # type: ignore[attr-defined]


async def test_so_many_items_at_once_and_no_more() -> None:
    at_work, most = 0, 0

    def number() -> Parallelizable[int]:
        return range(20)

    async def done(number: int) -> int:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0)
        at_work -= 1
        return number

    def report(done: Collect[int]) -> list[int]:
        return done

    builder = Builder().with_modules(module_of(number, done, report))
    dr = builder.with_executor(AsyncioExecutor(3)).build()
    assert await dr.aexecute(["report"]) == {"report": [*range(20)]}
    assert most == 3


def test_threads_do_items_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=10)

    def number() -> Parallelizable[int]:
        return range(3)

    def done(number: int) -> int:
        meeting.wait()
        return number

    def report(done: Collect[int]) -> list[int]:
        return done

    builder = Builder().with_modules(module_of(number, done, report))
    dr = builder.with_executor(ThreadsExecutor(3)).build()
    assert dr.execute(["report"]) == {"report": [0, 1, 2]}


def test_what_is_made_for_each_item_is_told_as_it_comes() -> None:
    events = [*Driver({}, STEPS).stream(["report"], {"count": 3})]
    assert [each for each in events if isinstance(each, Chunk)] == [
        Chunk("double", 0),
        Chunk("double", 2),
        Chunk("double", 4),
    ]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_stream_within_an_item_is_collected_whole(executor: Callable[[], Executor]) -> None:
    def number() -> Parallelizable[int]:
        return range(2)

    def text(number: int) -> Stream[str]:
        yield "a"
        yield str(number)

    def shouted(text: Stream[str]) -> Stream[str]:
        for chunk in text:
            yield chunk.upper()

    def report(text: Collect[str], shouted: Collect[str]) -> list[str]:
        return [*text, *shouted]

    module = module_of(number, text, shouted, report)
    dr = Builder().with_modules(module).with_executor(executor()).build()
    assert dr.execute(["report"]) == {"report": ["a0", "a1", "A0", "A1"]}


def test_items_may_be_given_in_the_place_of_a_source() -> None:
    dr = Driver({}, STEPS)
    assert dr.execute(["report"], overrides={"number": [5, 6]}) == {"report": [10, 12]}


def test_what_is_collected_may_be_given() -> None:
    dr = Driver({}, STEPS)
    assert dr.execute(["report"], overrides={"double": [7]}) == {"report": [7]}


@pytest.mark.parametrize("name", ["number", "double"])
def test_what_is_made_for_each_item_is_not_asked_for_by_itself(name: str) -> None:
    with pytest.raises(RequestError) as caught:
        Driver({}, STEPS).execute([name], {"count": 1})
    assert caught.value.args[0] == (
        f"`{name}` is made once for each item of `number` and can't be asked for by itself; "
        "ask for a step that takes it in a `Collect`"
    )


def test_only_what_the_targets_need_is_done() -> None:
    done: list[int] = []

    def number() -> Parallelizable[int]:
        return range(2)

    def dear(number: int) -> int:
        done.append(number)
        return number

    def cheap(number: int) -> int:
        return number

    def dears(dear: Collect[int]) -> list[int]:
        return dear

    def cheaps(cheap: Collect[int]) -> list[int]:
        return cheap

    dr = Driver({}, module_of(number, dear, cheap, dears, cheaps))
    assert dr.execute(["cheaps"]) == {"cheaps": [0, 1]}
    assert not done
    assert dr.execute(["cheaps", "dears"]) == {"cheaps": [0, 1], "dears": [0, 1]}
    assert done == [0, 1]


def test_a_source_is_asked_once_however_many_collect() -> None:
    asked = 0

    def number() -> Parallelizable[int]:
        nonlocal asked
        asked += 1
        return range(2)

    def double(number: int) -> int:
        return 2 * number

    def first(double: Collect[int]) -> int:
        return double[0]

    def both(first: int, double: Collect[int], number: Collect[int]) -> Any:
        return first, double, number

    assert Driver({}, module_of(number, double, first, both)).execute(["both"]) == {
        "both": (0, [0, 2], [0, 1])
    }
    assert asked == 1


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("threads", [0, 2])
def test_what_is_collected_may_be_read_while_it_is_made(
    executor: Callable[[], Executor], threads: int
) -> None:
    def number(count: int) -> Parallelizable[int]:
        yield from range(count)

    def double(number: int) -> int:
        return 2 * number

    def halves(double: Collecting[int]) -> list[float]:
        return [each / 4 for each in double]

    def report(halves: list[float], double: Collect[int]) -> Any:
        return halves, double

    module = module_of(number, double, halves, report)
    builder = Builder().with_modules(module).with_executor(executor()).with_threads(threads)
    dr = builder.build()
    expected = {"report": ([0.0, 0.5, 1.0], [0, 2, 4])}
    assert dr.execute(["report"], {"count": 3}) == expected
    assert asyncio.run(dr.aexecute(["report"], {"count": 3})) == expected
    assert [*dr.stream(["report"], {"count": 3})][-1].results == expected  # type: ignore[union-attr]
    assert dr.execute(["report"], overrides={"double": [4]}) == {"report": ([1.0], [4])}


def test_an_item_is_made_when_its_reader_asks_for_it() -> None:
    made: list[int] = []

    def number() -> Parallelizable[int]:
        return range(100)

    def double(number: int) -> int:
        made.append(number)
        return 2 * number

    def first(double: Collecting[int]) -> int:
        for each in double:
            return each
        return -1

    assert Driver({}, module_of(number, double, first)).execute(["first"]) == {"first": 0}
    assert made == [0]


TEXT = """
from stepwell import Collect, Collecting, Parallelizable

def page(pages: list[str]) -> Parallelizable[str]:
    yield from pages

async def words(page: str) -> list[str]:
    return page.split()

def report(words: Collect[list[str]], page: Collecting[str]) -> int:
    return len(words)
"""


def test_both_readers_see_the_same() -> None:
    names: dict[str, Any] = {"__name__": "steps"}
    exec(TEXT, names)
    module = ModuleType("steps")
    vars(module).update(names)
    live = runtime.graph([module])
    assert live.digest() == graph_of(TEXT).digest()
    assert live.nodes["page"].type.short == "Parallelizable[str]"
    assert [param.type.short for param in live.nodes["report"].params] == [
        "Collect[list[str]]",
        "Collecting[str]",
    ]
