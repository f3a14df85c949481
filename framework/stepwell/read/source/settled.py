"""Which of several definitions of one step counts, where some of them stand under a condition."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from stepwell.read.source.chunks import Chunk
from stepwell.spec import Node

_COMPOUND = ast.If | ast.Try | ast.TryStar | ast.With


def settled(nodes: Sequence[Node], found: Iterable[Chunk]) -> Sequence[Node]:
    """The nodes, without those of definitions that only another one may take the place of.

    A module may define a step, and define it anew where the platform or a library asks for it.
    Which of them is there at run time is not known from text; that both are is not possible. The
    one that is under no condition counts, or else the first. Two that are under none stay: one is
    a mistake.
    """
    ranges = [
        (chunk.line + each.lineno - 1, chunk.line + (each.end_lineno or each.lineno) - 1)
        for chunk in found
        for each in chunk.body or ()
        if isinstance(each, _COMPOUND)
    ]
    if not ranges or len({node.step for node in nodes}) == len(nodes):
        return nodes
    where = [_range(node, ranges) for node in nodes]
    counts: dict[str, tuple[int, int] | None] = {}
    for node, place in zip(nodes, where, strict=True):
        if node.step not in counts or place is None:
            counts[node.step] = place
    return [node for node, place in zip(nodes, where, strict=True) if place == counts[node.step]]


def _range(node: Node, ranges: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """The conditional statement that a node is defined in, if it is in one."""
    line = node.span.line if node.span else 0
    return next((each for each in ranges if each[0] <= line <= each[1]), None)
