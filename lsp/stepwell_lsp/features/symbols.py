"""The outline of a file, its steps with the nodes that a modifier makes; and nodes by name."""

from __future__ import annotations

import re

from lsprotocol import types

from stepwell.spec import Node, Span
from stepwell.types import UNKNOWN
from stepwell_lsp.places import alike
from stepwell_lsp.positions import Text
from stepwell_lsp.snapshot import Snapshot

# What may stand in the first column without ending the step above it.
_CONTINUES = re.compile(r"[\s)\]}#]|$")


def document_symbols(snapshot: Snapshot, file: str) -> list[types.DocumentSymbol]:
    """A symbol for every step; where a step makes nodes of other names, each is one below it."""
    steps: dict[str, dict[str, Node]] = {}
    for place in snapshot.places(file):
        node = place.node
        # A part of another step's subdag stands where it is written as the step that it is.
        if place.role == "step" and node and not node.part_of:
            steps.setdefault(node.step or node.name, {}).setdefault(node.name, node)
    symbols = [_step(snapshot, name, list(nodes.values())) for name, nodes in steps.items()]
    return sorted(symbols, key=lambda symbol: symbol.selection_range.start.line)


def workspace_symbols(snapshot: Snapshot, query: str) -> list[types.WorkspaceSymbol]:
    """The nodes of every pipeline whose names are like what is looked for."""
    found = (node for made in snapshot.pipelines for node in made.graph.written)
    named = {
        (node.name, node.span): node for node in found if node.span and alike(query, node.name)
    }
    return [
        types.WorkspaceSymbol(
            name=node.name,
            kind=kind_of(node),
            location=snapshot.location(_span(node)),
            container_name=node.module or None,
        )
        for node in named.values()
    ]


def _step(snapshot: Snapshot, name: str, nodes: list[Node]) -> types.DocumentSymbol:
    whole = (node for node in nodes if node.kind != "field" and "." not in node.name)
    first = next(whole, nodes[0])
    span = _span(first)
    alone = len(nodes) == 1 and first.name == name
    return types.DocumentSymbol(
        name=name,
        detail=_detail(first) if alone else None,
        kind=types.SymbolKind.Function,
        range=snapshot.range(body(snapshot.text(span.file), span)),
        selection_range=snapshot.range(span),
        children=[] if alone else [_node(snapshot, node) for node in nodes],
    )


def _detail(node: Node) -> str:
    """What follows the name, on one line: an outline shows the name already."""
    reads = ", ".join(dict.fromkeys(param.reads for param in node.params))
    return f"({reads})" + ("" if node.type == UNKNOWN else f" -> {node.type.short}")


def _node(snapshot: Snapshot, node: Node) -> types.DocumentSymbol:
    place = snapshot.range(_span(node))
    detail = None if node.type == UNKNOWN else node.type.short
    return types.DocumentSymbol(
        name=node.name, detail=detail, kind=kind_of(node), range=place, selection_range=place
    )


def kind_of(node: Node) -> types.SymbolKind:
    """The symbol that an editor draws for a node."""
    if node.kind == "field":
        return types.SymbolKind.Field
    return types.SymbolKind.Function if node.step == node.name else types.SymbolKind.Variable


def _span(node: Node) -> Span:
    assert node.span, "only nodes that have a place are shown"
    return node.span


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
