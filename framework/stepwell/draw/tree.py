"""A graph as a tree for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Unpack

from stepwell.draw.parts import Arrow, Options, Vertex, parts
from stepwell.graph import Graph


def text(graph: Graph, **options: Unpack[Options]) -> str:
    """A tree of the steps in an order in which they could run, then the inputs.

    A step stands under the last of the steps that it needs; what else it needs follows its arrow,
    with a question mark where it may be left out. Keywords as `mermaid`; a tree has no direction,
    frames or legend.
    """
    drawn = parts(graph, options)
    vertices, arrows = drawn.vertices, drawn.arrows
    needs: dict[str, list[Arrow]] = {name: [] for name in vertices}
    for arrow in arrows:
        needs[arrow.target].append(arrow)
    steps = {name: vertex for name, vertex in vertices.items() if vertex.kind != "input"}
    depth = _depths(steps, needs)
    under: dict[str, str | None] = {}
    for name in steps:
        # In a cycle there is no last; its steps stand by themselves.
        above = [arrow.source for arrow in needs[name] if depth.get(arrow.source, -1) >= 0]
        under[name] = max(above, key=depth.__getitem__) if above and depth[name] > 0 else None
    lines = [
        stem + _line(steps[name], [a for a in needs[name] if a.source != under[name]])
        for name, stem in _placed(under)
    ]
    inputs = [_typed(vertex) for vertex in vertices.values() if vertex.kind == "input"]
    if inputs:
        lines += ["", f"inputs: {', '.join(inputs)}"]
    return "\n".join([*lines, ""])


def _depths(steps: Iterable[str], needs: Mapping[str, list[Arrow]]) -> dict[str, int]:
    """How many steps must have run before each one, in the longest way; -1 in or under a cycle."""
    depth = dict.fromkeys(steps, -1)
    waiting = {name: sum(a.source in depth for a in needs[name]) for name in depth}
    readers: dict[str, list[str]] = {name: [] for name in depth}
    for name in depth:
        for arrow in needs[name]:
            if arrow.source in readers:
                readers[arrow.source].append(name)
    ready = [name for name, count in waiting.items() if not count]
    for name in ready:
        above = (depth[a.source] for a in needs[name] if a.source in depth)
        depth[name] = 1 + max(above, default=-1)
        for reader in readers[name]:
            waiting[reader] -= 1
            if not waiting[reader]:
                ready.append(reader)
    return depth


def _placed(under: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """Every name with the branches before it, parents first."""
    children: dict[str | None, list[str]] = {}
    for name, parent in under.items():
        children.setdefault(parent, []).append(name)
    waiting = [(name, "", "") for name in reversed(children.get(None, ()))]
    while waiting:
        name, stem, around = waiting.pop()
        yield name, stem
        below = children.get(name, ())
        for index, child in enumerate(reversed(below)):
            branch, on = ("└─ ", "   ") if not index else ("├─ ", "│  ")
            waiting.append((child, around + branch, around + on))


def _line(vertex: Vertex, needs: Iterable[Arrow]) -> str:
    words = [_typed(vertex)]
    if vertex.notes:
        words.append(f"({'; '.join(vertex.notes)})")
    others = [f"{arrow.source}{'?' * arrow.optional}" for arrow in needs]
    if others:
        words.append(f"← {', '.join(others)}")
    words += [f"[{vertex.status}]"] * bool(vertex.status)
    words += ["[asked for]"] * vertex.target + ["[wrong]"] * vertex.wrong
    return "  ".join(words)


def _typed(vertex: Vertex) -> str:
    return f"{vertex.name}: {vertex.type}" if vertex.type else vertex.name
