"""The outline of a file: its steps, and the nodes that a modifier makes of one."""

from __future__ import annotations

import re

from lsprotocol import types

from stepwell.spec import Node, Span
from stepwell_lsp.features.hover import signature
from stepwell_lsp.positions import Text
from stepwell_lsp.snapshot import Snapshot

# What may stand in the first column without ending the step above it.
_CONTINUES = re.compile(r"[\s)\]}#]|$")


def document_symbols(snapshot: Snapshot, file: str) -> list[types.DocumentSymbol]:
    """A symbol for every step; where a step makes nodes of other names, each is one below it."""
    steps: dict[Span, list[Node]] = {}
    for place in snapshot.places(file):
        if place.role == "step" and place.node:
            nodes = steps.setdefault(place.span, [])
            if all(node.name != place.name for node in nodes):
                nodes.append(place.node)
    return [_step(snapshot, span, nodes) for span, nodes in sorted(steps.items())]


def _step(snapshot: Snapshot, span: Span, nodes: list[Node]) -> types.DocumentSymbol:
    whole = snapshot.range(body(snapshot.text(span.file), span))
    name = nodes[0].step or nodes[0].name
    alone = len(nodes) == 1 and nodes[0].name == name
    return types.DocumentSymbol(
        name=name,
        detail=signature(nodes[0]).split(" ", 1)[1] if alone else None,
        kind=types.SymbolKind.Function,
        range=whole,
        selection_range=snapshot.range(span),
        children=[] if alone else [_node(snapshot, span, node) for node in nodes],
    )


def _node(snapshot: Snapshot, span: Span, node: Node) -> types.DocumentSymbol:
    place = snapshot.range(span)
    kind = types.SymbolKind.Field if node.kind == "field" else types.SymbolKind.Variable
    return types.DocumentSymbol(
        name=node.name, detail=node.type.short, kind=kind, range=place, selection_range=place
    )


def body(text: Text, span: Span) -> Span:
    """From the line that names a step to the last line that is still part of it."""
    last = span.line
    for number in range(span.line + 1, len(text.lines) + 1):
        line = text.line(number)
        if not _CONTINUES.match(line):
            break
        if line and line[0] not in "#":
            last = number if line.strip() else last
    return Span(span.file, span.line, 1, last, len(text.line(last)) + 1)
