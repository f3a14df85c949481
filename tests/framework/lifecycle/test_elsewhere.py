"""`do_remote_execute`: an adapter does nodes elsewhere, their hooks included."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import get_ident
from typing import Any

import pytest

from stepwell import AdapterError, Builder, Collect, Driver, Parallelizable
from stepwell.lifecycle import NodeExecutionHook, Retry
from stepwell.lifecycle.base import DoRemoteExecute
from stepwell.spec import Node
from stepwell.testing import module_of


class OnAThread(DoRemoteExecute):
    """Does nodes on a thread of its own; what it gives back stands for the result."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool
        self.nodes: list[str] = []

    def do_remote_execute(
        self,
        *,
        node: Node,
        kwargs: dict[str, Any],
        execute_lifecycle_for_node: Callable[..., Any],
    ) -> Any:
        self.nodes.append(node.name)
        return self.pool.submit(execute_lifecycle_for_node, **kwargs).result()


class Hears(NodeExecutionHook):
    def __init__(self) -> None:
        self.heard: list[tuple[str, Any, int]] = []

    def run_after_node_execution(self, *, node_name: str, result: Any, **_: Any) -> Any:
        self.heard.append((node_name, result, get_ident()))


def one(x: int) -> int:
    return x + 1


def item(one: int) -> Parallelizable[int]:
    return range(one)


def twice(item: int) -> int:
    return item * 2


def all_of_it(twice: Collect[int]) -> list[int]:
    return twice


async def awaited(one: int) -> int:
    await asyncio.sleep(0)
    return one * 5


RUNS: list[Callable[[Driver, list[str]], Any]] = [
    lambda dr, targets: dr.execute(targets, {"x": 2}),
    lambda dr, targets: asyncio.run(dr.aexecute(targets, {"x": 2})),
    lambda dr, targets: [*dr.stream(targets, {"x": 2})][-1].results,  # type: ignore[union-attr]
]


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("threads", [0, 2])
def test_every_node_is_done_there_with_its_hooks(
    run: Callable[[Driver, list[str]], Any], threads: int
) -> None:
    hears = Hears()
    with ThreadPoolExecutor(1) as pool:
        there = pool.submit(get_ident).result()
        elsewhere = OnAThread(pool)
        builder = Builder().with_modules(module_of(one, item, twice, all_of_it))
        dr = builder.with_adapters(elsewhere, hears, Retry()).with_threads(threads).build()
        for _ in range(2):
            assert run(dr, ["all_of_it"]) == {"all_of_it": [0, 2, 4]}
    assert elsewhere.nodes[:6] == ["one", "item", "twice", "twice", "twice", "all_of_it"]
    assert {where for _, _, where in hears.heard} == {there}
    assert [(name, result) for name, result, _ in hears.heard if name != "item"][:5] == [
        ("one", 3),
        ("twice", 0),
        ("twice", 2),
        ("twice", 4),
        ("all_of_it", [0, 2, 4]),
    ]


@pytest.mark.parametrize("run", RUNS)
def test_what_it_does_of_an_async_step_is_awaited(
    run: Callable[[Driver, list[str]], Any],
) -> None:
    class Here(DoRemoteExecute):
        def do_remote_execute(
            self, *, node: Any, kwargs: Any, execute_lifecycle_for_node: Any
        ) -> Any:
            return execute_lifecycle_for_node(**{name: value + 1 for name, value in kwargs.items()})

    dr = Builder().with_modules(module_of(one, awaited)).with_adapters(Here(), Hears()).build()
    assert run(dr, ["awaited"]) == {"awaited": 25}


def test_a_hot_plan_does_it_too() -> None:
    with ThreadPoolExecutor(1) as pool:
        elsewhere = OnAThread(pool)
        dr = Driver({}, module_of(one), adapter=elsewhere)
        for _ in range(150):
            assert dr.execute(["one"], {"x": 2}) == {"one": 3}
    assert len(elsewhere.nodes) == 150


def test_two_that_do_it_are_refused() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(AdapterError, match="do_remote_execute"):
        Driver({}, module_of(one), adapter=[OnAThread(pool), OnAThread(pool)])
