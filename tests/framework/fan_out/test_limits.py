"""So many steps of a tag at the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import pytest

from stepwell import Builder, Collect, Driver, Parallelizable, RequestError, tag
from stepwell.executors import AsyncioExecutor, Executor, ThreadsExecutor
from stepwell.testing import module_of


class Most:
    """Counts how many are at work, and how many were at most."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = Lock()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            yield
        finally:
            with self._lock:
                self.now -= 1


def number() -> Parallelizable[int]:
    return range(12)


def pipeline(most: Most, others: Most) -> Any:
    @tag(model="large")
    async def asked(number: int) -> int:
        with most.at_work():
            await asyncio.sleep(0.005)
        return number

    @tag(model="large")
    def looked_up(number: int) -> int:
        with most.at_work():
            time.sleep(0.005)
        return number

    @tag(model="small")
    async def other(number: int) -> int:
        with others.at_work():
            await asyncio.sleep(0.005)
        return number

    def report(
        asked: Collect[int], looked_up: Collect[int], other: Collect[int]
    ) -> list[list[int]]:
        return [asked, looked_up, other]

    return module_of(number, asked, looked_up, other, report)


Run = Callable[[Driver], Any]


@pytest.mark.parametrize(
    "run",
    [
        lambda dr: dr.execute(["report"]),
        lambda dr: asyncio.run(dr.aexecute(["report"])),
    ],
    ids=["execute", "aexecute"],
)
@pytest.mark.parametrize("tag_of", ["model=large", "model"])
def test_so_many_of_a_tag_and_no_more(run: Run, tag_of: str) -> None:
    most, others = Most(), Most()
    executor = AsyncioExecutor({"*": 8, tag_of: 2})
    dr = Builder().with_modules(pipeline(most, others)).with_executor(executor).build()
    assert run(dr) == {"report": [[*range(12)]] * 3}
    assert (most.now, most.most) == (0, 2)
    assert others.most > 2 if tag_of == "model=large" else others.most <= 2


async def test_runs_of_a_driver_share_the_places() -> None:
    most = Most()
    executor = AsyncioExecutor({"model=large": 3})
    dr = Builder().with_modules(pipeline(most, Most())).with_executor(executor).build()
    await asyncio.gather(*(dr.aexecute(["report"]) for _ in range(3)))
    assert (most.now, most.most) == (0, 3)


async def test_a_run_that_is_cancelled_gives_its_places_back() -> None:
    most = Most()
    executor = AsyncioExecutor({"model=large": 1})
    dr = Builder().with_modules(pipeline(most, Most())).with_executor(executor).build()
    for _ in range(5):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(dr.aexecute(["report"]), 0.012)
    assert await dr.aexecute(["report"]) == {"report": [[*range(12)]] * 3}
    assert (most.now, most.most) == (0, 1)


@pytest.mark.parametrize("executor", [AsyncioExecutor({"disk": 2}), ThreadsExecutor({"disk": 2})])
def test_steps_outside_of_fan_outs_are_counted_too(executor: Executor) -> None:
    most = Most()

    def step(name: str) -> Any:
        def work(x: int) -> int:
            with most.at_work():
                time.sleep(0.005)
            return x

        work.__name__ = name
        return tag(disk="slow")(work)

    names = [f"s{n}" for n in range(6)]
    builder = Builder().with_modules(module_of(*map(step, names))).with_threads(6)
    dr = builder.with_executor(executor).build()
    assert dr.execute(names, {"x": 1}) == dict.fromkeys(names, 1)
    assert (most.now, most.most) == (0, 2)


def test_wrong_limits_are_refused() -> None:
    with pytest.raises(ValueError, match="`max_concurrency=0` of `model` does no item"):
        AsyncioExecutor({"model": 0})
    modules = pipeline(Most(), Most())
    builder = Builder().with_modules(modules).with_executor(AsyncioExecutor({"gpu": 2}))
    with pytest.raises(RequestError, match="at most 2 steps tagged `gpu` are to be at work"):
        builder.build()
