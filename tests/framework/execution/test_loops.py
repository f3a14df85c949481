"""Every loop gives what hand-written evaluation gives, for any graph."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell.driver import Builder, Driver
from stepwell.execution.inline import HOT
from stepwell.plan import plan
from stepwell.testing import module_of

Edges = list[list[int]]


@st.composite
def edges(draw: st.DrawFn) -> Edges:
    """For each of up to 12 nodes, the earlier nodes that it reads."""
    size = draw(st.integers(1, 12))
    return [
        draw(st.lists(st.integers(0, node - 1), unique=True, max_size=4)) if node else []
        for node in range(size)
    ]


def steps(graph: Edges, awaited: set[int] = frozenset()) -> list[Callable[..., Any]]:  # type: ignore[assignment]
    """A step for each node: a tuple of its number and what it reads."""
    lines = ["import asyncio"]
    for node, reads in enumerate(graph):
        params = ", ".join([*(f"n{read}: tuple" for read in reads), "x: int"])
        body = ", ".join([str(node), *(f"n{read}" for read in reads), "x"])
        start = "async def" if node in awaited else "def"
        wait = "\n    await asyncio.sleep(0)" if node in awaited else ""
        lines.append(f"{start} n{node}({params}) -> tuple:{wait}\n    return ({body})")
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    return [names[f"n{node}"] for node in range(len(graph))]


def by_hand(graph: Edges, x: int) -> dict[str, Any]:
    """What each node comes to."""
    values: list[Any] = []
    for node, reads in enumerate(graph):
        values.append((node, *(values[read] for read in reads), x))
    return {f"n{node}": value for node, value in enumerate(values)}


@given(edges(), st.data())
def test_a_plan_respects_every_edge(graph: Edges, data: st.DataObject) -> None:
    """What a line reads is made by an earlier line, and is dropped by none in between."""
    dr = Driver({}, module_of(*steps(graph)))
    wanted = data.draw(st.lists(st.sampled_from(range(len(graph))), min_size=1, unique=True))
    made = plan(dr.graph, [f"n{node}" for node in wanted], {"x"})
    alive = set(range(len(made.given)))
    for line in made.lines:
        assert set(line.slots()) <= alive
        alive.add(line.slot)
        alive.difference_update(line.frees)
    assert set(made.results) <= alive
    assert [made.lines[slot - 1].node.name for slot in made.results if isinstance(slot, int)] == [
        f"n{node}" for node in wanted
    ]


@settings(max_examples=60, deadline=None)
@given(edges(), st.data())
def test_all_loops_agree(graph: Edges, data: st.DataObject) -> None:
    """Inline, compiled, on threads and on asyncio: the results are those of hand-written Python."""
    everything = range(len(graph))
    wanted = data.draw(st.lists(st.sampled_from(everything), min_size=1, unique=True))
    awaited = data.draw(st.sets(st.sampled_from(everything)))
    targets = [f"n{node}" for node in wanted]
    hand = by_hand(graph, 3)
    expected = {name: hand[name] for name in targets}

    plain = module_of(*steps(graph))
    inline = Driver({}, plain)
    for _ in range(HOT + 1):
        assert inline.execute(targets, {"x": 3}) == expected
    threads = Builder().with_modules(plain).with_threads(3).build()
    assert threads.execute(targets, {"x": 3}) == expected
    assert asyncio.run(inline.aexecute(targets, {"x": 3})) == expected
    mixed = Driver({}, module_of(*steps(graph, awaited)))
    assert mixed.execute(targets, {"x": 3}) == expected
    *_, last = mixed.stream(targets, {"x": 3})
    assert last.results == expected


@settings(max_examples=40, deadline=None)
@given(edges(), st.data())
def test_an_override_stands_in_the_place_of_a_node(graph: Edges, data: st.DataObject) -> None:
    """Nothing above an overridden node runs, and everything below sees the given value."""
    node = data.draw(st.sampled_from(range(len(graph))))
    changed = [[] if number == node else reads for number, reads in enumerate(graph)]
    values: list[Any] = []
    for number, reads in enumerate(changed):
        values.append("given" if number == node else (number, *(values[read] for read in reads), 3))
    dr = Driver({}, module_of(*steps(graph)))
    targets = [f"n{number}" for number in range(len(graph))]
    found = dr.execute(targets, {"x": 3}, {f"n{node}": "given"})
    assert list(found.values()) == values


@pytest.mark.parametrize("runs", [1, HOT + 1])
def test_a_long_chain_never_meets_the_recursion_limit(runs: int) -> None:
    """10,000 steps in a row run, whether compiled or not."""
    size = 10_000 if runs == 1 else 2_000
    graph = [[node - 1] if node else [] for node in range(size)]
    lines = ["def n0(x: int) -> int:\n    return x"]
    lines += [f"def n{n}(n{n - 1}: int) -> int:\n    return n{n - 1} + 1" for n in range(1, size)]
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    dr = Driver({}, module_of(*(names[f"n{node}"] for node in range(len(graph)))))
    for _ in range(runs):
        assert dr.execute([f"n{size - 1}"], {"x": 1}) == {f"n{size - 1}": size}


@pytest.mark.parametrize("threads", [0, 2])
def test_a_chain_deeper_than_the_recursion_limit(threads: int) -> None:
    """Ten times as deep, in every loop: nothing in a driver calls itself."""
    size, limit = 3000, sys.getrecursionlimit()
    lines = ["def n0(x: int) -> int:\n    return x"]
    lines += [f"def n{n}(n{n - 1}: int) -> int:\n    return n{n - 1} + 1" for n in range(1, size)]
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    dr = Driver({}, module_of(*(names[f"n{n}"] for n in range(size))), threads=threads)
    target = f"n{size - 1}"
    sys.setrecursionlimit(300)
    try:
        assert dr.execute([target], {"x": 1}) == {target: size}
        assert asyncio.run(dr.aexecute([target], {"x": 1})) == {target: size}
        *_, last = dr.stream([target], {"x": 1})
    finally:
        sys.setrecursionlimit(limit)
    assert last.results == {target: size}
