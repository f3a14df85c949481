"""Upstream and downstream as an editor's call hierarchy shows them.

A step is «called» by those that read it (incoming: downstream), and «calls» what it reads
(outgoing: upstream).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lsprotocol import types

from stepwell.graph import Graph
from stepwell.spec import Node, Span
from stepwell_lsp.features.symbols import body, kind_of
from stepwell_lsp.places import of_name
from stepwell_lsp.snapshot import Snapshot

_GIVEN = ("input", "config")


def prepare(
    snapshot: Snapshot, file: str, position: types.Position
) -> list[types.CallHierarchyItem]:
    """The step or input under the cursor, once for each pipeline that it is part of."""
    found: dict[tuple[str, str], types.CallHierarchyItem] = {}
    pipelines = {id(made.graph): made.name for made in snapshot.pipelines}
    for place in snapshot.at(file, position):
        pipeline = pipelines[id(place.graph)]
        item = _item(snapshot, pipeline, place.graph, place.name)
        if item:
            found.setdefault((pipeline, place.name), item)
    return list(found.values())


def incoming(
    snapshot: Snapshot, item: types.CallHierarchyItem
) -> list[types.CallHierarchyIncomingCall]:
    """The steps that read it, with the parameters that do."""
    pipeline, graph, name = _of(snapshot, item)
    if graph is None:
        return []
    spans: dict[str, list[Span]] = {}
    for node, param in graph.readers(name):
        spans.setdefault(node.name, []).extend([param.span] if param.span else [])
    return [
        types.CallHierarchyIncomingCall(found, [snapshot.range(span) for span in where])
        for reader, where in spans.items()
        if (found := _item(snapshot, pipeline, graph, reader))
    ]


def outgoing(
    snapshot: Snapshot, item: types.CallHierarchyItem
) -> list[types.CallHierarchyOutgoingCall]:
    """What it reads: steps and inputs, with its parameters."""
    pipeline, graph, name = _of(snapshot, item)
    if graph is None:
        return []
    spans: dict[str, list[Span]] = {}
    for node in graph.variants(name):
        for param in node.params:
            spans.setdefault(param.reads, []).extend([param.span] if param.span else [])
    return [
        types.CallHierarchyOutgoingCall(found, [snapshot.range(span) for span in where])
        for read, where in spans.items()
        if (found := _item(snapshot, pipeline, graph, read))
    ]


def _of(snapshot: Snapshot, item: types.CallHierarchyItem) -> tuple[str, Graph | None, str]:
    """The pipeline and name that an item stands for, as far as they are there still."""
    data: Any = item.data
    pipeline = data.get("pipeline") if isinstance(data, dict) else None
    graphs = (made.graph for made in snapshot.pipelines if made.name == pipeline)
    return str(pipeline), next(graphs, None), item.name


def _item(
    snapshot: Snapshot, pipeline: str, graph: Graph, name: str
) -> types.CallHierarchyItem | None:
    node = graph.nodes.get(name)
    span = node.span if node else next(_spans(graph, name), None)
    if span is None:
        return None
    whole = body(snapshot.text(span.file), span) if _is_step(node) else span
    return types.CallHierarchyItem(
        name=name,
        kind=kind_of(node) if node else types.SymbolKind.Variable,
        uri=snapshot.uri(span.file),
        range=snapshot.range(whole),
        selection_range=snapshot.range(span),
        detail=(node.module if node else "an input") or None,
        data={"pipeline": pipeline},
    )


def _is_step(node: Node | None) -> bool:
    return node is not None and node.name == node.step


def _spans(graph: Graph, name: str) -> Iterator[Span]:
    """Where an input is given, or else where it is read."""
    yield from (m.span for m in graph.mentions if m.span and m.name == name and m.role in _GIVEN)
    yield from (place.span for place in of_name(graph, name))
