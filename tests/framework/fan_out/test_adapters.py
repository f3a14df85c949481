"""What adapters are told of items, and that what they promise holds within them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from stepwell import Builder, Collect, Driver, HookError, Parallelizable
from stepwell.executors import AsyncioExecutor, Executor, InlineExecutor, ThreadsExecutor
from stepwell.lifecycle import (
    NodeExecutionHook,
    Retry,
    TaskExecutionHook,
    TaskGroupingHook,
    TaskReturnHook,
    TaskSubmissionHook,
)
from stepwell.lifecycle.current import current
from stepwell.llm import TokenAccounting, Usage, record_usage
from stepwell.testing import module_of

Run = Callable[[Driver, Any], Any]
WAYS: dict[str, tuple[Callable[[], Executor], Run]] = {
    "inline": (InlineExecutor, lambda dr, inputs: dr.execute(["report"], inputs)),
    "threads": (lambda: ThreadsExecutor(2), lambda dr, inputs: dr.execute(["report"], inputs)),
    "asyncio": (lambda: AsyncioExecutor(2), lambda dr, inputs: dr.execute(["report"], inputs)),
    "beside a loop": (
        InlineExecutor,
        lambda dr, inputs: asyncio.run(dr.aexecute(["report"], inputs)),
    ),
    "streamed": (
        InlineExecutor,
        lambda dr, inputs: [*dr.stream(["report"], inputs)][-1].results,  # type: ignore[union-attr]
    ),
}
every_way = pytest.mark.parametrize(("executor", "run"), WAYS.values(), ids=WAYS)


def page(numbers: list[int]) -> Parallelizable[int]:
    yield from numbers


def word(page: int) -> Parallelizable[int]:
    return range(page)


def share(word: int) -> int:
    return 12 // (2 - word)


def shares(share: Collect[int]) -> list[int]:
    return share


def report(shares: Collect[list[int]]) -> list[Any]:
    return shares


STEPS = module_of(page, word, share, shares, report)


class Says(
    TaskGroupingHook, TaskSubmissionHook, TaskExecutionHook, TaskReturnHook, NodeExecutionHook
):
    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []

    def run_after_task_grouping(self, *, task_ids: Any, **_: Any) -> Any:
        self.said.append(("grouped", *task_ids))

    def run_after_task_expansion(self, *, task_id: str, parameters: Any, **_: Any) -> Any:
        self.said.append(("expanded", task_id, *parameters.items()))

    def run_before_task_submission(
        self, *, task_id: str, spawning_task_id: str | None, inputs: Any, **_: Any
    ) -> Any:
        self.said.append(("submitted", task_id, spawning_task_id, *inputs))

    def run_before_task_execution(self, *, task_id: str, nodes: Any, **_: Any) -> Any:
        self.said.append(("before", task_id, *(node.name for node in nodes)))

    def run_after_task_execution(
        self, *, task_id: str, success: bool, results: Any, **_: Any
    ) -> Any:
        self.said.append(("after", task_id, success, results))

    def run_after_task_return(self, *, task_id: str, success: bool, result: Any, **_: Any) -> Any:
        self.said.append(("returned", task_id, success, result))

    def run_before_node_execution(self, *, node_name: str, task_id: str | None, **_: Any) -> Any:
        self.said.append(("node", node_name, task_id))


def test_all_is_told_in_order() -> None:
    says = Says()
    dr = Driver({}, STEPS, adapter=says)
    dr.execute(["report"], {"numbers": [1]})
    assert says.said == [
        ("grouped", "page"),
        ("node", "page", None),
        ("expanded", "page[0]", ("page", 1)),
        ("submitted", "page[0]", None, "page"),
        ("before", "page[0]", "word", "share", "shares"),
        ("node", "word", "page[0]"),
        ("expanded", "page[0].word[0]", ("word", 0)),
        ("submitted", "page[0].word[0]", "page[0]", "word"),
        ("before", "page[0].word[0]", "share"),
        ("node", "share", "page[0].word[0]"),
        ("after", "page[0].word[0]", True, {"share": 6}),
        ("returned", "page[0].word[0]", True, 6),
        ("node", "shares", "page[0]"),
        ("after", "page[0]", True, {"shares": [6]}),
        ("returned", "page[0]", True, [6]),
        ("node", "report", None),
    ]


@every_way
def test_every_way_tells_the_same(executor: Callable[[], Executor], run: Run) -> None:
    alone, says = Says(), Says()
    Driver({}, STEPS, adapter=alone).execute(["report"], {"numbers": [2, 1, 0, 2]})
    builder = Builder().with_modules(STEPS).with_adapters(says).with_executor(executor())
    run(builder.build(), {"numbers": [2, 1, 0, 2]})
    assert Counter(map(repr, says.said)) == Counter(map(repr, alone.said))


@every_way
def test_every_task_that_was_submitted_returns(executor: Callable[[], Executor], run: Run) -> None:
    says = Says()
    builder = Builder().with_modules(STEPS).with_adapters(says).with_executor(executor())
    with pytest.raises(ZeroDivisionError):
        run(builder.build(), {"numbers": [1, 2, 3, 1, 1, 1, 1, 1]})
    told = {what: [s[1] for s in says.said if s[0] == what] for what in ("submitted", "returned")}
    assert sorted(told["submitted"]) == sorted(told["returned"])
    assert [s[2] for s in says.said if s[:2] == ("returned", "page[2].word[2]")] == [False]


class Guards(TaskExecutionHook):
    def run_before_task_execution(self, *, task_id: str, **_: Any) -> Any:
        if task_id == "page[1]":
            raise LookupError("no more")


@every_way
def test_a_hook_that_raises_fails_the_run_whatever_items_may(
    executor: Callable[[], Executor], run: Run
) -> None:
    builder = Builder().with_modules(STEPS).with_adapters(Guards())
    dr = builder.with_executor(executor(), on_error="skip").build()
    with pytest.raises(HookError, match=r"`Guards.run_before_task_execution` raised"):
        run(dr, {"numbers": [1, 1, 1]})


class Asking:
    """An adapter that hears nothing and asks for the context variable."""

    needs_context = True


@every_way
def test_what_is_deep_inside_a_step_knows_its_item(
    executor: Callable[[], Executor], run: Run
) -> None:
    def at_work() -> str:
        now = current.get()
        return f"{now.node} {now.task_id}" if now else "nobody"

    def number(count: int) -> Parallelizable[str]:
        for _ in range(count):
            yield at_work()

    def said(number: str) -> str:
        return f"{number}, {at_work()}"

    def report(said: Collect[str]) -> list[str]:
        return [*said, at_work()]

    module = module_of(number, said, report)
    dr = Builder().with_modules(module).with_adapters(Asking()).with_executor(executor()).build()
    assert run(dr, {"count": 2})["report"] == [
        "number None, said number[0]",
        "number None, said number[1]",
        "report None",
    ]


class Flaky(Exception):
    """An error that passes."""


@every_way
def test_retries_and_accounting_hold_for_each_item(
    executor: Callable[[], Executor], run: Run
) -> None:
    """What failed attempts used counts as well, each in its item's place."""
    seen: set[int] = set()

    def number(count: int) -> Parallelizable[int]:
        yield from range(count)

    def asked(number: int) -> int:
        record_usage(Usage(input_tokens=10 + number, requests=1), operation="chat", model="m")
        if number not in seen:
            seen.add(number)
            raise Flaky(number)
        return number

    def report(asked: Collect[int]) -> list[int]:
        return asked

    accounting = TokenAccounting()
    builder = Builder().with_modules(module_of(number, asked, report))
    builder.with_adapters(accounting, Retry(on=Flaky, wait=0)).with_executor(executor())
    assert run(builder.build(), {"count": 3})["report"] == [0, 1, 2]
    assert accounting.total().input_tokens == 2 * (10 + 11 + 12)
    assert Counter((call.task_id, call.attempt) for call in accounting.calls) == Counter(
        (f"number[{item}]", attempt) for item in range(3) for attempt in (1, 2)
    )
    steps = {(step.task_id, step.attempts) for step in accounting.steps() if step.node == "asked"}
    assert steps == {(f"number[{item}]", 2) for item in range(3)}


def test_of_what_is_done_for_each_item_an_estimate_knows_what_was() -> None:
    def number(count: int) -> Parallelizable[int]:
        yield from range(count)

    def asked(number: int) -> int:
        record_usage(Usage(input_tokens=10, requests=1), operation="chat", model="m")
        return number

    def first(asked: Collect[int], number: Collect[int]) -> int:
        return asked[0] + number[0]

    accounting = TokenAccounting()
    dr = Driver({}, module_of(number, asked, first), adapter=accounting)
    unknown = {step.node: step.basis for step in dr.estimate(["first"], {"count": 2}).steps}
    assert unknown == {"number": "nothing", "asked": "unknown", "first": "unknown"}
    dr.execute(["first"], {"count": 2})
    estimate = dr.estimate(["first"], {"count": 2}, history=accounting)
    known = {step.node: step for step in estimate.steps}
    assert known["asked"].basis == "history"
    assert known["asked"].input == (20, 20)
