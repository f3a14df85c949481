"""Routes within a fan-out: each item goes its own way, and what was made is collected."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwell import SKIPPED, Builder, Collect, Collecting, Parallelizable, otherwise, when
from stepwell.execution.inline import HOT
from stepwell.executors import Executor, InlineExecutor, ThreadsExecutor
from stepwell.lifecycle import NodeExecutionHook
from stepwell.testing import module_of


def mode(question: str) -> str:
    return question


def page(pages: list[int]) -> Parallelizable[int]:
    yield from pages


def kind(page: int) -> str:
    return "odd" if page % 2 else "even"


def heavy(page: int) -> int:
    return page * 100


def style(question: str) -> str:
    return question.upper()


@when(kind="odd")
def text__odd(heavy: int, style: str) -> str:
    return f"{heavy} {style}"


@otherwise
def text(page: int) -> str:
    return f"even {page}"


@when(kind="odd")
def note(page: int) -> str:
    return f"note {page}"


def report(text: Collect[str], note: Collect[str]) -> list[str]:
    return [*text, *note]


def notes(note: Collecting[str]) -> list[str]:
    return [*note]


STEPS = module_of(mode, page, kind, heavy, style, text__odd, text, note, report, notes)
EXPECTED = {
    "report": ["100 Q", "even 2", "300 Q", "note 1", "note 3"],
    "notes": ["note 1", "note 3"],
}


@pytest.mark.parametrize("executor", [InlineExecutor(), ThreadsExecutor(3)])
@pytest.mark.parametrize("target", ["report", "notes"])
def test_each_item_goes_its_own_way(executor: Executor, target: str) -> None:
    dr = Builder().with_modules(STEPS).with_executor(executor).build()
    inputs = {"pages": [1, 2, 3], "question": "q"}
    assert dr.execute(target, inputs) == {target: EXPECTED[target]}
    assert asyncio.run(dr.aexecute(target, inputs)) == {target: EXPECTED[target]}
    *_, last = dr.stream(target, inputs)
    assert last.results == {target: EXPECTED[target]}


def test_a_hot_plan_goes_the_same_ways() -> None:
    dr = Builder().with_modules(STEPS).build()
    for _ in range(HOT + 1):
        found = dr.execute("report", {"pages": [1, 2, 3], "question": "q"})
        assert found == {"report": EXPECTED["report"]}


class Heard(NodeExecutionHook):
    def __init__(self) -> None:
        self.nodes: list[str] = []

    def run_before_node_execution(self, *, node_name: str, **future_kwargs: Any) -> None:
        self.nodes.append(node_name)


@pytest.mark.parametrize("runs", [1, HOT + 1])
def test_only_what_an_item_needs_is_made_for_it(runs: int) -> None:
    heard = Heard()
    dr = Builder().with_modules(STEPS).with_adapters(heard).build()
    for _ in range(runs):
        heard.nodes.clear()
        dr.execute("report", {"pages": [1, 2, 3], "question": "q"})
    made = {name: heard.nodes.count(name) for name in heard.nodes}
    assert made == {
        "page": 1,
        "style": 1,
        "kind": 3,
        "heavy": 2,
        "report": 1,
        "text.odd": 2,
        "text.otherwise": 1,
        "note": 2,
    }


def test_a_fan_out_that_is_not_taken() -> None:
    """Nothing is done for any item, and who collects is skipped, or does without."""

    @when(mode="all")
    def item(pages: list[int]) -> Parallelizable[int]:
        return pages

    def double(item: int) -> int:
        return 2 * item

    def third(item: int) -> int:
        return 3 * item

    def total(double: Collect[int]) -> int:
        return sum(double)

    def either(double: Collect[int] = (), third: Collect[int] = ()) -> int:  # type: ignore[assignment]
        return len(double) + len(third)

    dr = Builder().with_modules(module_of(mode, item, double, third, total, either)).build()
    for _ in range(HOT + 1):
        found = dr.execute(["total", "either"], {"question": "all", "pages": [1, 2]})
        assert found == {"total": 6, "either": 4}
        found = dr.execute(["total", "either"], {"question": "none", "pages": [1, 2]})
        assert found == {"total": SKIPPED, "either": 0}


def test_what_decides_may_be_made_once_for_all_items() -> None:
    @when(mode="short")
    def line__short(page: int) -> str:
        return str(page)

    @otherwise
    def line(page: int, style: str) -> str:
        return f"{page} {style}"

    def lines(line: Collect[str]) -> list[str]:
        return [*line]

    dr = Builder().with_modules(module_of(mode, page, style, line__short, line, lines)).build()
    for question, made in (("short", ["1", "2"]), ("q", ["1 Q", "2 Q"])):
        inputs = {"question": question, "pages": [1, 2]}
        assert dr.execute("lines", inputs) == {"lines": made}
        assert asyncio.run(dr.aexecute("lines", inputs)) == {"lines": made}
