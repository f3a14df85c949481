"""The names that may stand at the cursor: in a step's parameters, and where names are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from lsprotocol import types

from stepwell.graph import Graph
from stepwell.spec import Node
from stepwell_lsp.features.hover import signature
from stepwell_lsp.positions import Text
from stepwell_lsp.snapshot import Snapshot

TRIGGERS = ["(", ",", '"', "'"]

_REACH = 60  # lines above the cursor in which the opening bracket is looked for
_HEADER = re.compile(r"(?:^|\n)[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*(?:\[[^\]]*\])?[ \t]*$")
_CALL = re.compile(
    r"\.(?:a?execute|a?stream|validate_execution|explain|visualize_execution"
    r"|what_is_(?:up|down)stream_of|what_is_the_path_between)\s*$"
)
_KEYWORD = re.compile(r"(?:^|[,(])\s*(inputs|overrides|targets|final_vars)\s*=\s*$")
_WORD = re.compile(r"\w*$")


class Spot(NamedTuple):
    """Where the cursor is: in the `parameters` of a step, or in a string among names asked for."""

    role: str
    step: str = ""
    written: frozenset[str] = frozenset()


def completion(snapshot: Snapshot, file: str, position: types.Position) -> types.CompletionList:
    """Nodes and inputs that fit here, those that would make the graph right first."""
    text = snapshot.text(file)
    line, column = text.place(position, snapshot.encoding)
    spot = spot_at(text, line, column)
    items: dict[str, types.CompletionItem] = {}
    if spot:
        start = column - len(_WORD.search(text.line(line)[: column - 1])[0])  # type: ignore[index]
        place = types.Range(text.position(line, start, snapshot.encoding), position)
        for graph in snapshot.graphs_of(file) or snapshot.graphs:
            for item in _items(graph, spot, place):
                items.setdefault(item.label, item)
    return types.CompletionList(is_incomplete=False, items=list(items.values()))


def _items(graph: Graph, spot: Spot, place: types.Range) -> Iterable[types.CompletionItem]:
    nodes = spot.role != "inputs"
    inputs = spot.role in ("parameters", "inputs")
    after = graph.downstream([spot.step]) if spot.role == "parameters" else set()
    if nodes:
        for node in graph.nodes.values():
            if node.name not in spot.written and node.name not in after:
                unread = next(graph.readers(node.name), None) is None
                yield _item(node.name, node.type.short, place, spot, node, "0" if unread else "1")
    if inputs:
        for name, readers in graph.inputs.items():
            others = [p for n, p in readers if n.step != spot.step and n.name != spot.step]
            if others and name not in spot.written:
                yield _item(name, others[0].type.short, place, spot, None, "2")


def _item(
    name: str, kind: str, place: types.Range, spot: Spot, node: Node | None, rank: str
) -> types.CompletionItem:
    typed = spot.role == "parameters" and kind and kind != "?"
    doc = (
        f"```python\n{signature(node)}\n```\n\n{node.doc}" if node else "An input of the pipeline."
    )
    return types.CompletionItem(
        label=name,
        label_details=types.CompletionItemLabelDetails(detail=f": {kind}" if typed else None),
        kind=types.CompletionItemKind.Function if node else types.CompletionItemKind.Variable,
        detail=kind,
        documentation=types.MarkupContent(types.MarkupKind.Markdown, doc),
        sort_text=rank + name,
        filter_text=name,
        text_edit=types.TextEdit(place, f"{name}: {kind}" if typed else name),
    )


def spot_at(text: Text, line: int, column: int) -> Spot | None:
    """What the cursor stands in, read from the text before it; `None` where no name is wanted."""
    first = max(1, line - _REACH)
    before = "\n".join([*(text.line(n) for n in range(first, line)), text.line(line)[: column - 1]])
    bracket = _open_bracket(before)
    if bracket is None:
        return None
    offset, quoted = bracket
    head, inside = before[:offset], before[offset + 1 :]
    if before[offset] == "(" and not quoted and (header := _HEADER.search(head)):
        return _in_header(header[1], inside)
    if before[offset] in "[{(" and quoted:
        return _in_call(before, offset)
    return None


def _in_header(step: str, inside: str) -> Spot | None:
    """A parameter's own name is wanted, not its type or its default."""
    parts = _split(inside)
    if not re.fullmatch(r"\s*\**\w*", parts[-1]):
        return None
    written = (re.match(r"\s*\**(\w+)", part) for part in parts[:-1])
    return Spot("parameters", step, frozenset(match[1] for match in written if match))


def _in_call(before: str, offset: int) -> Spot | None:
    """A string inside `execute([...])`, `inputs={...}` or `overrides={...}`."""
    if before[offset] == "{" and ":" in _split(before[offset + 1 :])[-1]:
        return None
    head = before[:offset]
    keyword = _KEYWORD.search(head)
    outer = offset if before[offset] == "(" else (_open_bracket(head) or (None,))[0]
    if outer is None or before[outer] != "(" or not _CALL.search(before[:outer]):
        return None
    role = keyword[1] if keyword else "targets"
    return Spot("inputs" if role == "inputs" else "targets")


def _split(inside: str) -> list[str]:
    """The parts of an argument list, cut at its own commas."""
    depth, start, parts = 0, 0, []
    for index, char in enumerate(inside):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append(inside[start:index])
            start = index + 1
    return [*parts, inside[start:]]


def _open_bracket(before: str) -> tuple[int, bool] | None:
    """The offset of the last bracket left open, and whether the text ends inside a string."""
    stack: list[int] = []
    quote = ""
    index = 0
    while index < len(before):
        char = before[index]
        if quote:
            if char == "\\":
                index += 1
            elif before.startswith(quote, index):
                index += len(quote) - 1
                quote = ""
            elif char == "\n" and len(quote) == 1:
                quote = ""
        elif char == "#":
            end = before.find("\n", index)
            index = len(before) if end < 0 else end
        elif char in "\"'":
            quote = char * 3 if before.startswith(char * 3, index) else char
            index += len(quote) - 1
        elif char in "([{":
            stack.append(index)
        elif char in ")]}" and stack:
            stack.pop()
        index += 1
    return (stack[-1], bool(quote)) if stack else None
