"""Whatever the adapters do, every way to run says the same and comes to the same."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell import driver
from stepwell.execution.events import RunFinished
from stepwell.execution.inline import HOT
from stepwell.lifecycle import (
    GraphExecutionHook,
    NodeExecutionHook,
    NodeExecutionMethod,
    Observer,
)
from stepwell.testing import module_of


def first(start: int) -> int:
    return start + 1


def second(first: int, start: int) -> int:
    if first == 0:
        raise ValueError("nothing to divide by")
    return start // first


def third(second: int) -> int:
    return second + 1


STEPS = module_of(first, second, third)

PLACES = ["start", "before first", "before second", "after first", "after second", "end"]


class Says(NodeExecutionHook, GraphExecutionHook, NodeExecutionMethod):
    def __init__(self, name: str, fails: str | None, said: list[str]) -> None:
        self.name, self.fails, self.said = name, fails, said

    def tell(self, place: str, told: str = "") -> None:
        if place == self.fails:
            self.said.append(f"{self.name} fails {place}{told}")
            raise RuntimeError(self.name)
        self.said.append(f"{self.name} {place}{told}")

    def run_before_graph_execution(self, **_: Any) -> Any:
        self.tell("start")

    def run_after_graph_execution(self, *, error: BaseException | None, **_: Any) -> Any:
        self.tell("end", f" {type(error).__name__}")

    def run_before_node_execution(self, *, node_name: str, **_: Any) -> Any:
        self.tell(f"before {node_name}")

    def run_after_node_execution(
        self, *, node_name: str, error: BaseException | None, result: Any, **_: Any
    ) -> Any:
        self.tell(f"after {node_name}", f" {result} {type(error).__name__}")

    def run_to_execute_node(
        self, *, node_name: str, node_callable: Any, node_kwargs: Any, **_: Any
    ) -> Any:
        self.said.append(f"{self.name} runs {node_name}")
        return node_callable(**node_kwargs)


class Watches(Observer, Says):
    pass


def hot(dr: driver.Driver, inputs: Any, said: list[str]) -> Any:
    for _ in range(HOT):
        with contextlib.suppress(Exception):
            dr.execute(["third"], inputs=inputs)
    said.clear()
    return dr.execute(["third"], inputs=inputs)


def streamed(dr: driver.Driver, inputs: Any, _: Any) -> Any:
    *_, last = dr.stream(["third"], inputs=inputs)
    assert isinstance(last, RunFinished)
    return last.results


WAYS: dict[str, tuple[int, Callable[[driver.Driver, Any, list[str]], Any]]] = {
    "inline": (0, lambda dr, inputs, _: dr.execute(["third"], inputs=inputs)),
    "threads": (2, lambda dr, inputs, _: dr.execute(["third"], inputs=inputs)),
    "loop": (0, lambda dr, inputs, _: asyncio.run(dr.aexecute(["third"], inputs=inputs))),
    "stream": (0, streamed),
    "hot": (0, hot),
}


def outcome(way: str, kinds: list[tuple[type[Says], str | None]], start: int) -> Any:
    said: list[str] = []
    adapters = [kind(f"{n}", fails, said) for n, (kind, fails) in enumerate(kinds)]
    threads, run = WAYS[way]
    dr = driver.Driver({}, STEPS, adapter=adapters, threads=threads)
    try:
        came_to: Any = run(dr, {"start": start}, said)
    except Exception as error:
        came_to = (type(error), str(error), repr(error.__cause__))
    return came_to, said


adapters = st.lists(
    st.tuples(st.sampled_from([Says, Watches]), st.none() | st.sampled_from(PLACES)), max_size=3
)


@settings(max_examples=40, deadline=None)
@given(kinds=adapters, start=st.sampled_from([-1, 1, 4]))
def test_every_way_says_the_same(kinds: list[tuple[type[Says], str | None]], start: int) -> None:
    outcomes = {way: outcome(way, kinds, start) for way in WAYS}
    for way, came_to in outcomes.items():
        assert (way, came_to) == (way, outcomes["inline"])


@settings(max_examples=60, deadline=None)
@given(kinds=adapters, start=st.sampled_from([-1, 1]), way=st.sampled_from([*WAYS]))
def test_what_was_entered_is_left(
    kinds: list[tuple[type[Says], str | None]], start: int, way: str
) -> None:
    """As brackets: every before-hook that returned has its after-hook, innermost first."""
    _, said = outcome(way, kinds, start)
    opened: list[tuple[str, str]] = []
    for line in said:
        name, *words = line.split()
        failed = words[0] == "fails"
        what, *rest = words[1:] if failed else words
        subject = rest[0] if what in ("before", "after") else "run"
        if what in ("start", "before") and (not failed or kinds[int(name)][0] is Watches):
            opened.append((name, subject))
        elif what in ("end", "after"):
            assert opened.pop() == (name, subject)
    assert opened == []
