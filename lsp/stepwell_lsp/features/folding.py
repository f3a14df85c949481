"""What can be folded away: the steps that are done for each item of a fan-out."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import networkx as nx
from lsprotocol import types

from stepwell.blocks import ITEMS, blocks
from stepwell.graph import Graph
from stepwell.spec import Span
from stepwell_lsp.features.symbols import body
from stepwell_lsp.snapshot import Snapshot

_Folded: TypeAlias = (
    ast.FunctionDef
    | ast.AsyncFunctionDef
    | ast.ClassDef
    | ast.If
    | ast.For
    | ast.AsyncFor
    | ast.While
    | ast.With
    | ast.AsyncWith
    | ast.Try
    | ast.TryStar
    | ast.Match
)


def folding_ranges(snapshot: Snapshot, file: str) -> list[types.FoldingRange]:
    """A range from where a fan-out begins to where its items are collected.

    Only steps that stand together fold together. An editor that is given ranges stops to fold by
    indentation, so a file that has a fan-out is given those ranges, too; any other none at all.
    """
    found: dict[int, types.FoldingRange] = {}
    for graph in snapshot.graphs_of(file):
        for source, members in _fan_outs(graph):
            for together in _together(graph, file, members):
                first, last = together[0], body(snapshot.text(file), together[-1][1])
                names = ", ".join(name for name, _ in together)
                fold = types.FoldingRange(
                    first[1].line - 1,
                    last.end_line - 1,
                    kind=types.FoldingRangeKind.Region,
                    collapsed_text=f"for each of `{source}`: {names}",
                )
                found.setdefault(fold.start_line, fold)
    for start, end in _statements(snapshot, file) if found else ():
        found.setdefault(start - 1, types.FoldingRange(start - 1, end - 1))
    return [found[line] for line in sorted(found)]


def _fan_outs(graph: Graph) -> Iterator[tuple[str, set[str]]]:
    """Each source with all that is done for its items, and who collects them."""
    nodes = graph.nodes
    if not graph.fans_out or graph.cycle():
        return
    order = (nodes[name] for name in nx.topological_sort(graph.digraph) if name in nodes)
    made = blocks(order, graph)
    for source, node in nodes.items():
        if node.type.name == ITEMS:
            members = {name for name, nest in made.nests.items() if source in nest}
            members |= {
                reader.name
                for name in (source, *members)
                for reader, param in graph.readers(name)
                if made.gathers(param) and made.values[name][-1] == source
            }
            yield source, {source, *members}


def _together(graph: Graph, file: str, members: set[str]) -> Iterator[list[tuple[str, Span]]]:
    """The runs of steps of this file, two or more, between which no other step stands."""
    written = {node.span: node for node in graph.by_file.get(file, ()) if node.span}
    run: list[tuple[str, Span]] = []
    for span in sorted(written):
        name = written[span].name
        if name in members:
            run.append((name, span))
            continue
        if len(run) > 1:
            yield run
        run = []
    if len(run) > 1:
        yield run


def _statements(snapshot: Snapshot, file: str) -> Iterator[tuple[int, int]]:
    """The first and last line of each statement that holds others."""
    for chunk in snapshot.chunks(file):
        for statement in _all(chunk.body or ()):
            end = statement.end_lineno or statement.lineno
            if end > statement.lineno:
                yield statement.lineno + chunk.line - 1, end + chunk.line - 1


def _all(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in statements:
        yield from (each for each in ast.walk(statement) if isinstance(each, _Folded))
