"""What hooks are given, at both levels, in every way to run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stepwell import driver
from stepwell.execution.events import RunFinished
from stepwell.lifecycle import GraphExecutionHook, NodeExecutionHook, NodeExecutionMethod, base
from stepwell.testing import module_of


def first(start: int) -> int:
    return start + 1


def second(first: int) -> int:
    return first * 2


async def first_later(start: int) -> int:
    await asyncio.sleep(0)
    return start + 1


async def second_later(first: int) -> int:
    await asyncio.sleep(0)
    return first * 2


first_later.__name__, second_later.__name__ = "first", "second"

PLAIN = module_of(first, second, name="plain")
ASYNC = module_of(first_later, second_later, name="async_")


def execute(dr: driver.Driver, inputs: Any, overrides: Any) -> Any:
    return dr.execute(["second"], inputs=inputs, overrides=overrides)


def in_loop(dr: driver.Driver, inputs: Any, overrides: Any) -> Any:
    return asyncio.run(dr.aexecute(["second"], inputs=inputs, overrides=overrides))


def streamed(dr: driver.Driver, inputs: Any, overrides: Any) -> Any:
    *_, last = dr.stream(["second"], inputs=inputs, overrides=overrides)
    assert isinstance(last, RunFinished)
    return last.results


Way = Callable[..., Any]


@pytest.fixture(params=[PLAIN, ASYNC], ids=["plain", "async"])
def steps(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(
    params=[(0, execute), (2, execute), (0, in_loop), (0, streamed)],
    ids=["inline", "threads", "loop", "stream"],
)
def way(request: pytest.FixtureRequest, steps: Any) -> Way:
    """Runs `second`, with an adapter, from 1 or with what is given in its place."""
    threads, run = request.param

    def runs(adapter: object, **overrides: int) -> Any:
        dr = driver.Driver({}, steps, adapter=adapter, threads=threads)
        return run(dr, {} if overrides else {"start": 1}, overrides)

    return runs


def test_only_what_is_defined_is_called(way: Way) -> None:
    """An adapter of two classes that defines one function of each."""
    said: list[str] = []
    say = said.append

    class Debugger(NodeExecutionHook, NodeExecutionMethod):
        def run_to_execute_node(self, *, node_callable: Any, node_kwargs: Any, **_: Any) -> Any:
            say("runs")
            return node_callable(**node_kwargs)

        def run_after_node_execution(self, *, node_name: str, result: Any, **_: Any) -> None:
            say(f"{node_name} made {result}")

    way(Debugger())
    assert said == ["runs", "first made 2", "runs", "second made 4"]


def test_everything_a_hook_may_ask_for(way: Way) -> None:
    told: dict[str, dict[str, Any]] = {}

    class Asks(NodeExecutionHook, GraphExecutionHook):
        def run_before_graph_execution(self, **everything: Any) -> None:
            told["start"] = everything

        def run_after_graph_execution(self, **everything: Any) -> None:
            told["end"] = everything

        def run_before_node_execution(self, **everything: Any) -> None:
            told["before"] = everything

        def run_after_node_execution(self, **everything: Any) -> None:
            told["after"] = everything

    way(Asks(), first=2)
    run_ids = {heard.pop("run_id") for heard in told.values()}
    assert len(run_ids) == 1
    assert all(run_ids)
    graphs = [told[when].pop("graph") for when in ("start", "end")]
    assert [set(graph.nodes) for graph in graphs] == [{"first", "second"}] * 2
    for when in ("before", "after"):
        assert str(told[when].pop("node_return_type")) == "int"
        types = told[when].pop("node_input_types")
        assert {name: str(type_) for name, type_ in types.items()} == {"first": "int"}
        assert dict(told[when].pop("node_tags")) == {}
    path = told["start"].pop("execution_path")
    assert [*path] == ["second"]
    assert [*told["start"].pop("final_vars")] == ["second"]
    node = {"node_name": "second", "node_kwargs": {"first": 2}, "task_id": None}
    assert told == {
        "start": {"inputs": {}, "overrides": {"first": 2}},
        "before": node,
        "after": {**node, "result": 4, "error": None, "success": True},
        "end": {"success": True, "error": None, "results": {"second": 4}},
    }


def test_the_internal_level_is_told_nodes(way: Way) -> None:
    told: list[Any] = []

    class Asks(base.PreNodeExecute, base.PostNodeExecute):
        def pre_node_execute(self, **everything: Any) -> None:
            told.append(everything)

        def post_node_execute(self, **everything: Any) -> None:
            told.append(everything)

    way(Asks(), first=2)
    told = told[-2:]
    for heard in told:
        assert heard.pop("node_").name == "second"
        assert heard.pop("run_id")
    given = {"kwargs": {"first": 2}, "task_id": None}
    assert told == [given, {**given, "success": True, "error": None, "result": 4}]


@pytest.mark.parametrize(
    "run_twice",
    [
        lambda dr: [dr.execute(["second"], inputs={"start": n}) for n in (1, 2)],
        lambda dr: asyncio.run(_both(dr)),
    ],
    ids=["one after another", "at once"],
)
def test_each_run_has_its_own_id(run_twice: Callable[[driver.Driver], Any]) -> None:
    heard: dict[str, list[str]] = {}

    class Ids(NodeExecutionHook):
        def run_after_node_execution(self, *, node_name: str, run_id: str, **_: Any) -> None:
            heard.setdefault(run_id, []).append(node_name)

    assert run_twice(driver.Driver({}, ASYNC, adapter=Ids())) == [{"second": 4}, {"second": 6}]
    assert [*heard.values()] == [["first", "second"]] * 2


async def _both(dr: driver.Driver) -> Any:
    runs: list[Awaitable[Any]] = [dr.aexecute(["second"], inputs={"start": n}) for n in (1, 2)]
    return await asyncio.gather(*runs)
