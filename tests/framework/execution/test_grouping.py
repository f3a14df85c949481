"""Steps that are put together into tasks, and branches that have an executor of their own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from threading import Barrier
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell import Builder, Collect, Driver, Parallelizable, RequestError, Stream, tag
from stepwell.executors import AsyncioExecutor, Executor, ProcessesExecutor, ThreadsExecutor
from stepwell.lifecycle import (
    NodeExecutionHook,
    TaskExecutionHook,
    TaskGroupingHook,
    TaskReturnHook,
    TaskSubmissionHook,
)
from stepwell.llm import TokenAccounting
from stepwell.testing import module_of


def first(x: int) -> int:
    return x + 1


@tag(size="large")
def left(first: int) -> int:
    return first * 2


@tag(size="large")
def lefter(left: int) -> int:
    return left + 1


def right(first: int) -> int:
    return first * 3


def item(lefter: int, right: int) -> Parallelizable[int]:
    return [lefter, right]


def square(item: int) -> int:
    return item * item


def total(square: Collect[int], first: int) -> int:
    return sum(square) + first


STEPS = module_of(first, left, lefter, right, item, square, total)
EXPECTED = (7**2 + 9**2) + 3


class Says(
    TaskGroupingHook, TaskSubmissionHook, TaskExecutionHook, TaskReturnHook, NodeExecutionHook
):
    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []

    def run_after_task_grouping(self, *, task_ids: Any, **_: Any) -> Any:
        self.said.append(("grouped", *task_ids))

    def run_before_task_submission(
        self, *, task_id: str, purpose: Any, inputs: Any, **_: Any
    ) -> Any:
        self.said.append(("submitted", task_id, purpose, *inputs))

    def run_before_task_execution(self, *, task_id: str, nodes: Any, **_: Any) -> Any:
        self.said.append(("before", task_id, *(node.name for node in nodes)))

    def run_after_task_execution(self, *, task_id: str, success: bool, **_: Any) -> Any:
        self.said.append(("after", task_id, success))

    def run_after_task_return(self, *, task_id: str, result: Any, **_: Any) -> Any:
        self.said.append(("returned", task_id, result))

    def run_before_node_execution(self, *, node_name: str, task_id: str | None, **_: Any) -> Any:
        self.said.append((node_name, task_id))


@pytest.mark.parametrize(
    ("grouping", "tasks"),
    [
        ("block", {"item": None, "first": None, "left": None, "square": "item[0]"}),
        ("step", {"first": "first", "left": "left", "square": "item[0]", "total": "total"}),
        ("level", {"first": "level[0]", "left": "level[1]", "right": "level[1]"}),
        ("all", {"first": "all", "item": "all", "square": "all.item[0]", "total": "all"}),
    ],
)
def test_what_a_task_is(grouping: Any, tasks: dict[str, str | None]) -> None:
    says = Says()
    dr = Builder().with_modules(STEPS).with_grouping(grouping).with_adapters(says).build()
    assert dr.execute(["total", "right"], {"x": 2}) == {"total": EXPECTED, "right": 9}
    found = {said[0]: said[1] for said in reversed(says.said) if len(said) == 2}
    assert found.items() >= tasks.items()


def test_all_is_told_of_tasks_in_order() -> None:
    says = Says()
    builder = Builder().with_modules(module_of(first, left, right)).with_adapters(says)
    builder.with_grouping("level").build().execute(["left", "right"], {"x": 2})
    assert says.said == [
        ("grouped", "level[0]", "level[1]"),
        ("submitted", "level[0]", "level", "x"),
        ("before", "level[0]", "first"),
        ("first", "level[0]"),
        ("after", "level[0]", True),
        ("returned", "level[0]", 3),
        ("submitted", "level[1]", "level", "first"),
        ("before", "level[1]", "left", "right"),
        ("left", "level[1]"),
        ("right", "level[1]"),
        ("after", "level[1]", True),
        ("returned", "level[1]", (6, 9)),
    ]


async def awaited(first: int) -> int:
    await asyncio.sleep(0)
    return first * 5


@pytest.mark.parametrize("grouping", ["step", "level", "all"])
def test_every_loop_does_tasks(grouping: Any) -> None:
    modules = [STEPS, module_of(awaited)]
    target = ["total", "awaited"]
    expected = {"total": EXPECTED, "awaited": 15}
    for threads in (0, 3):
        says = Says()
        builder = Builder().with_modules(*modules).with_adapters(says).with_threads(threads)
        dr = builder.with_grouping(grouping).build()
        for _ in range(2):
            assert dr.execute(target, {"x": 2}) == expected
        assert asyncio.run(dr.aexecute(target, {"x": 2})) == expected
        assert [*dr.stream(target, {"x": 2})][-1].results == expected  # type: ignore[union-attr]
        ids = {said[1] for said in says.said if said[0] == "awaited"}
        assert ids == {{"step": "awaited", "level": "level[1]", "all": "all"}[grouping]}


def share(first: int) -> float:
    return 12 / (3 - first)


def test_an_error_says_in_which_task_it_was() -> None:
    dr = Builder().with_modules(module_of(first, share)).with_grouping("level").build()
    with pytest.raises(ZeroDivisionError) as caught:
        dr.execute(["share"], {"x": 2})
    (note,) = caught.value.__notes__
    assert note.startswith("in node `share` (")
    assert ", item `level[1]`, run " in note


def words(first: int) -> Stream[str]:
    yield from ["a", "b"]


def shown(words: Stream[str]) -> int:
    return sum(1 for _ in words)


@pytest.mark.parametrize("grouping", ["step", "level", "all"])
def test_what_is_read_chunk_by_chunk_stays_so(grouping: Any) -> None:
    dr = Builder().with_modules(module_of(first, words, shown)).with_grouping(grouping).build()
    assert dr.execute(["shown", "words"], {"x": 2}) == {"shown": 2, "words": "ab"}


TEXT = """
import os
from stepwell import Collect, Parallelizable, tag
from stepwell.llm import Usage, record_usage

def start(x: int) -> int:
    return x

@tag(gpu="yes")
def trained(start: int) -> tuple[int, int]:
    record_usage(Usage(input_tokens=7, requests=1), operation="chat", model="m")
    return start + 1, os.getpid()

@tag(gpu="yes")
def tested(trained: tuple[int, int]) -> tuple[int, int]:
    if trained[0] == 100:
        raise ValueError("too many")
    return trained[0] + 1, os.getpid()

def here(start: int) -> int:
    return os.getpid()

@tag(gpu="yes")
def part(start: int) -> Parallelizable[int]:
    return range(3)

def where(part: int) -> int:
    return os.getpid()

def all_of_it(
    trained: tuple[int, int], tested: tuple[int, int], here: int, where: Collect[int]
) -> tuple[int, set[int], set[int], int]:
    return tested[0], {trained[1], tested[1]}, {*where}, here
"""


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """A module that another process can import as well."""
    folder: Path = tmp_path_factory.mktemp("steps")
    (folder / "branch_steps.py").write_text(TEXT, "utf-8")
    sys.path.insert(0, str(folder))
    try:
        yield import_module("branch_steps")
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("branch_steps")


def branched(module: ModuleType, *adapters: object, **which: list[str]) -> Driver:
    builder = Builder().with_modules(module).with_adapters(*adapters)
    return builder.with_executor_for(ProcessesExecutor(1), **which).build()


@pytest.mark.parametrize(
    "which",
    [{"tags": ["gpu"]}, {"tags": ["gpu=yes"]}, {"steps": ["trained", "tested", "where"]}],
)
def test_a_branch_is_one_task_elsewhere(steps: ModuleType, which: dict[str, list[str]]) -> None:
    accounting = TokenAccounting()
    dr = branched(steps, accounting, **which)
    made, branch, items, here = dr.execute(["all_of_it"], {"x": 1})["all_of_it"]
    assert (made, here) == (3, os.getpid())
    assert len(branch) == 1
    assert {*branch, *items}.isdisjoint({os.getpid()})
    (call,) = accounting.calls
    assert (call.node, call.task_id) == ("trained", "trained, tested")
    assert accounting.total().input_tokens == 7
    assert "# task `trained, tested`, in 1 processes" in dr.explain(["all_of_it"])


def test_an_error_of_a_branch_arrives_as_itself(steps: ModuleType) -> None:
    with pytest.raises(ValueError, match="too many") as caught:
        branched(steps, tags=["gpu"]).execute(["all_of_it"], {"x": 99})
    where, trace = caught.value.__notes__
    assert where.startswith("in node `tested` (")
    assert trace.startswith("In the worker process:\nTraceback")


def test_branches_that_do_not_need_each_other_are_done_at_the_same_time() -> None:
    meeting = Barrier(2, timeout=10)

    def one(x: int) -> int:
        meeting.wait()
        return x

    def other(x: int) -> int:
        meeting.wait()
        return x

    def both(one: int, other: int) -> int:
        return one + other

    builder = Builder().with_modules(module_of(one, other, both))
    dr = builder.with_executor_for(ThreadsExecutor(1), steps=["one", "other"]).build()
    assert dr.execute(["both"], {"x": 2}) == {"both": 4}


def test_an_unknown_step_or_tag_is_refused() -> None:
    builder = Builder().with_modules(STEPS)
    builder.with_executor_for(ThreadsExecutor(2), steps=["lefft"], tags=["cpu"])
    with pytest.raises(RequestError) as caught:
        builder.build()
    assert caught.value.problems == (
        "`lefft` is to be done on 2 threads, and is no step; did you mean `left`?",
        "steps tagged `cpu` are to be done on 2 threads, and no step is",
    )


def test_an_unknown_grouping_is_refused() -> None:
    with pytest.raises(ValueError, match="`grouping='rows'` is none of `block`, `step`, `level`"):
        Builder().with_grouping("rows")  # type: ignore[arg-type]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[str, int]:
    """The text of some steps, each of which reads some of those before it; how many there are."""
    count = draw(st.integers(1, 9))
    lines = ["from stepwell import tag"]
    for number in range(count):
        reads = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        names = [f"s{each}" for each in sorted(reads)] or ["x"]
        branch = draw(st.sampled_from(["", "@tag(at='a')", "@tag(at='b')"]))
        lines.append(f"{branch}\ndef s{number}({', '.join(f'{n}: int' for n in names)}) -> int:")
        lines.append(f"    return {' + '.join(names)} + {number}")
    return "\n".join(lines), count


EXECUTORS: list[Executor] = [ThreadsExecutor(1), AsyncioExecutor(2)]


@given(
    graphs(),
    st.sampled_from(["block", "step", "level", "all"]),
    st.booleans(),
    st.sampled_from(EXECUTORS),
    st.data(),
)
def test_however_it_is_grouped_it_comes_to_the_same(
    graph: tuple[str, int], grouping: Any, has_branches: bool, executor: Executor, data: Any
) -> None:
    text, count = graph
    names: dict[str, Any] = {}
    exec(text, names)
    module = module_of(*(names[f"s{number}"] for number in range(count)))
    numbers = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    targets = [f"s{number}" for number in sorted(numbers)]
    builder = Builder().with_modules(module).with_grouping(grouping)
    expected = Driver({}, module).execute(targets, {"x": 1})
    if has_branches and "@tag(at='a')" in text:
        builder.with_executor_for(executor, tags=["at=a"])
    assert builder.build().execute(targets, {"x": 1}) == expected
