"""Where the names of a pipeline are written, and which of them is under the cursor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from stepwell.graph import Graph
from stepwell.spec import Node, Param, Role, Span

Written = Role | Literal["step", "param", "placeholder"]


class Place(NamedTuple):
    """One name, written at one place.

    Args:
        span: where.
        name: the node or input that is meant; for a parameter what it reads, for a step its node.
        written: the name as it stands there; it differs from `name` only by a modifier.
        role: what the name does there.
        graph: the pipeline in which it means that.
        node: the step it belongs to, if it belongs to one.
        param: the parameter, if it is one.
    """

    span: Span
    name: str
    written: str
    role: Written
    graph: Graph
    node: Node | None = None
    param: Param | None = None


def in_file(graph: Graph, file: str) -> Iterator[Place]:
    """Every place of one file at which a name of this pipeline is written, in no order."""
    for node in graph.by_file.get(file, ()):
        yield from _of_node(graph, node)
    for place in _mentions(graph):
        if place.span.file == file:
            yield place


def on_lines(graph: Graph, file: str, first: int, last: int) -> Iterator[Place]:
    """Those of them that touch the lines from the `first` to the `last`."""
    for node in graph.by_file.get(file, ()):
        # Asked at every move of a cursor, of all steps of a file: most are told by their lines.
        spans = [node.span, *[param.span for param in node.params]]
        if node.prompts or any(s and s[1] <= last and first <= (s[3] or s[1]) for s in spans):
            for place in _of_node(graph, node):
                if place.span.line <= last and first <= max(place.span.end_line, place.span.line):
                    yield place
    for place in _mentions(graph):
        span = place.span
        if span.file == file and span.line <= last and first <= max(span.end_line, span.line):
            yield place


def of_name(graph: Graph, name: str) -> Iterator[Place]:
    """Every place at which this pipeline writes that node or input."""
    for node in graph.about.get(name, ()):
        for place in _of_node(graph, node):
            if place.name == name:
                yield place
    for place in _mentions(graph):
        if place.name == name:
            yield place


def files(graph: Graph) -> set[str]:
    """The files that something of this pipeline is written in."""
    return {*graph.by_file, *(span.file for _, _, span in graph.mentions if span)}


def _mentions(graph: Graph) -> Iterator[Place]:
    for name, role, span in graph.mentions:
        if span:
            yield Place(span, name, name, role, graph)


def _of_node(graph: Graph, node: Node) -> Iterator[Place]:
    if node.span:
        yield Place(node.span, node.name, node.step or node.name, "step", graph, node)
    for param in node.params:
        if param.span:
            yield Place(
                param.span, param.reads, param.keyword or param.reads, "param", graph, node, param
            )
    if node.prompts:
        reads = {param.keyword: param.reads for param in node.params}
        for prompt in node.prompts:
            for written, span in prompt.placeholders:
                if name := reads.get(written):
                    yield Place(span, name, written, "placeholder", graph, node)


def covers(span: Span, line: int, column: int) -> bool:
    """Whether a cursor at this place touches the span; just after its last character counts."""
    if not span.line <= line <= max(span.end_line, span.line):
        return False
    if line == span.line and column < span.column:
        return False
    return not (span.end_column and line == span.end_line and column > span.end_column)


def once(found: Iterable[Place]) -> list[Place]:
    """The places without those that repeat a span, in the order of files and lines."""
    first = {place.span: place for place in reversed(list(found))}
    return sorted(first.values(), key=lambda place: place.span)


def alike(typed: str, name: str) -> bool:
    """Whether the letters typed are in the name, in their order.

    >>> alike("qv", "question_vector"), alike("vq", "question_vector")
    (True, False)
    """
    return name in all_alike(typed, [name])


def all_alike(typed: str, names: Iterable[str]) -> list[str]:
    """Those of many names that have the letters typed in them, in their order."""
    letters = map(re.escape, typed.lower())
    found = re.compile("".join(f"[^{each}]*{each}" for each in letters)).match
    return [name for name in names if found(name.lower())]
