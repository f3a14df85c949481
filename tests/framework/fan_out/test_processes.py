"""Items in processes of their own: what is sent, what comes home, what is refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest

from stepwell import Builder, Collect, Parallelizable, RequestError
from stepwell.executors import ProcessesExecutor
from stepwell.lifecycle import NodeExecutionHook
from stepwell.llm import TokenAccounting
from stepwell.testing import module_of

TEXT = """
import os
from stepwell import Collect, Parallelizable, otherwise, when
from stepwell.llm import Usage, record_usage

class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(one)

def page(numbers: list[object]) -> Parallelizable[object]:
    yield from numbers

def done(page: object, shared: object) -> object:
    record_usage(Usage(input_tokens=5, requests=1), operation="chat", model="m")
    if page == "raises":
        raise ValueError("no such page")
    if page == "raises oddly":
        raise Odd("one", "two")
    if page == "dies":
        os._exit(1)
    return (lambda: 0) if page == "makes a lambda" else page

def half(page: object) -> Parallelizable[int]:
    number = int(str(page))
    return [number // 2, number - number // 2]

def halves(half: Collect[int]) -> list[int]:
    return half

def all_halves(halves: Collect[list[int]]) -> list[list[int]]:
    return halves

def elsewhere(page: object) -> int:
    return os.getpid()

def report(done: Collect[object]) -> list[object]:
    return done

def is_even(page: object) -> bool:
    return page % 2 == 0

@when(is_even=True)
def word__even(page: object) -> str:
    return f"even {page}"

@otherwise
def word(page: object) -> str:
    return f"odd {page}"

@when(is_even=True)
def half_of_it(page: object) -> int:
    return page // 2

def words(word: Collect[str], half_of_it: Collect[int]) -> list[object]:
    return [*word, *half_of_it]

def pids(elsewhere: Collect[int]) -> set[int]:
    return {*elsewhere, -os.getpid()}
"""


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """A module that another process can import as well."""
    folder: Path = tmp_path_factory.mktemp("steps")
    (folder / "sent_steps.py").write_text(dedent(TEXT), "utf-8")
    sys.path.insert(0, str(folder))
    try:
        yield import_module("sent_steps")
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("sent_steps")


def run(steps: ModuleType, numbers: list[Any], *adapters: object, shared: object = None) -> Any:
    builder = Builder().with_modules(steps).with_adapters(*adapters)
    dr = builder.with_executor(ProcessesExecutor(2)).build()
    return dr.execute(["report"], {"numbers": numbers, "shared": shared})["report"]


def test_items_are_done_elsewhere_and_come_back_in_order(steps: ModuleType) -> None:
    dr = Builder().with_modules(steps).with_executor(ProcessesExecutor(2)).build()
    results = dr.execute(["report", "pids"], {"numbers": [*range(300)], "shared": None})
    assert results["report"] == [*range(300)]
    here = {-pid for pid in results["pids"] if pid < 0}
    assert here.isdisjoint(results["pids"])


def test_each_item_goes_its_own_way_there(steps: ModuleType) -> None:
    for adapters in ((), (TokenAccounting(),)):
        builder = Builder().with_modules(steps).with_adapters(*adapters)
        dr = builder.with_executor(ProcessesExecutor(2)).build()
        found = dr.execute(["words"], {"numbers": [1, 2, 4]})
        assert found == {"words": ["odd 1", "even 2", "even 4", 1, 2]}


def test_blocks_in_blocks_are_done_there_too(steps: ModuleType) -> None:
    target = ["all_halves"]
    for adapters in ((), (TokenAccounting(),)):
        builder = Builder().with_modules(steps).with_adapters(*adapters)
        assert builder.build().execute(target, {"numbers": [3]}) == {"all_halves": [[1, 2]]}
        dr = builder.with_executor(ProcessesExecutor(2)).build()
        results = dr.execute(target, {"numbers": [*range(50)]})
        assert results == {"all_halves": [[n // 2, n - n // 2] for n in range(50)]}


def test_what_is_accounted_for_there_comes_home(steps: ModuleType) -> None:
    accounting = TokenAccounting()
    run(steps, [1, 2, 3], accounting)
    assert accounting.total().input_tokens == 15
    assert {call.task_id for call in accounting.calls} == {"page[0]", "page[1]", "page[2]"}
    ended = {(step.node, step.task_id) for step in accounting.steps()}
    assert ended == {
        ("page", None),
        ("done", "page[0]"),
        ("done", "page[1]"),
        ("done", "page[2]"),
        ("report", None),
    }


def test_an_error_arrives_as_itself_with_what_happened_there(steps: ModuleType) -> None:
    with pytest.raises(ValueError, match="no such page") as caught:
        run(steps, [1, "raises"])
    where, trace = caught.value.__notes__
    assert where.startswith("in node `done` (")
    assert ", item `page[1]`, run " in where
    assert trace.startswith("In the worker process:\nTraceback")


def test_an_error_that_cannot_be_pickled_is_told_by_another(steps: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="Odd: one") as caught:
        run(steps, ["raises oddly"])
    assert "in node `done`" in caught.value.__notes__[0]


def test_a_worker_that_dies_is_told(steps: ModuleType) -> None:
    with pytest.raises(RuntimeError, match=r"a worker died while it did `page\[\d\]`"):
        run(steps, ["dies"])


@pytest.mark.parametrize(
    ("numbers", "shared", "told"),
    [
        ([lambda: 0], None, r"item `page\[0\]` is of type `function`, which can't be pickled"),
        (["makes a lambda"], None, r"what is made of item `page\[0\]` is of type `function`"),
        ([1], lambda: 0, r"`shared` is of type `function`"),
    ],
)
def test_what_cannot_be_sent_is_named(
    steps: ModuleType, numbers: list[Any], shared: Any, told: str
) -> None:
    with pytest.raises(TypeError, match=told):
        run(steps, numbers, shared=shared)


def number() -> Parallelizable[int]:
    return [1]


async def awaited(number: int) -> int:
    return number


def plain(number: int) -> int:
    return number


def report(plain: Collect[int], awaited: Collect[int]) -> Any:
    return plain, awaited


class Unsendable(NodeExecutionHook):
    def __init__(self) -> None:
        self.kept = lambda: 0

    def run_after_node_execution(self, **_: Any) -> Any:
        pass


def test_steps_and_adapters_that_cannot_be_sent_are_refused_before_anything_runs() -> None:
    builder = Builder().with_modules(module_of(number, awaited, plain, report))
    dr = builder.with_adapters(Unsendable()).with_executor(ProcessesExecutor(2)).build()
    with pytest.raises(RequestError) as caught:
        dr.execute(["report"])
    told = str(caught.value)
    assert "`plain` (" in told
    assert "can't be pickled and so not be sent to another process; define it" in told
    assert "`awaited` (" in told
    assert "is async, and items are done in processes; use `AsyncioExecutor`" in told
    assert "adapter `Unsendable` can't be pickled" in told


class Awaits(NodeExecutionHook):
    async def run_after_node_execution(self, **_: Any) -> None:
        pass


def test_async_hooks_are_refused_where_there_is_no_event_loop(steps: ModuleType) -> None:
    with pytest.raises(RequestError, match="fan-out `page` is async, or has async hooks around it"):
        run(steps, [1], Awaits())
