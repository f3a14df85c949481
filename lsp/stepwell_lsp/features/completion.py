"""The names that may stand at the cursor: in a step's parameters, and where names are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from lsprotocol import types

from stepwell.graph import Graph
from stepwell.spec import Node
from stepwell.types import UNKNOWN, Type
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
        for graph in _graphs(snapshot, file):
            for item in _items(graph, spot, place):
                items.setdefault(item.label, item)
    return types.CompletionList(is_incomplete=False, items=list(items.values()))


def _graphs(snapshot: Snapshot, file: str) -> list[Graph]:
    """The pipelines of this file; of a file in none yet, every one."""
    return list(snapshot.graphs_of(file)) or [made.graph for made in snapshot.pipelines]


def _items(graph: Graph, spot: Spot, place: types.Range) -> Iterable[types.CompletionItem]:
    nodes = spot.role != "inputs"
    inputs = spot.role in ("parameters", "inputs")
    after = graph.downstream([spot.step]) if spot.role == "parameters" else set()
    if nodes:
        for node in graph.nodes.values():
            if node.name not in spot.written and node.name not in after:
                unread = next(graph.readers(node.name), None) is None
                yield _item(node.name, _shown(node.type), place, spot, node, "0" if unread else "1")
    if inputs:
        for name, readers in graph.inputs.items():
            others = [p for n, p in readers if n.step != spot.step and n.name != spot.step]
            if others and name not in spot.written:
                yield _item(name, _shown(others[0].type), place, spot, None, "2")


def _shown(type: Type) -> str:
    return "" if type == UNKNOWN else type.short


def _item(
    name: str, kind: str, place: types.Range, spot: Spot, node: Node | None, rank: str
) -> types.CompletionItem:
    typed = spot.role == "parameters" and kind
    doc = (
        f"```python\n{signature(node)}\n```\n\n{node.doc}" if node else "An input of the pipeline."
    )
    return types.CompletionItem(
        label=name,
        label_details=types.CompletionItemLabelDetails(detail=f": {kind}" if typed else None),
        kind=types.CompletionItemKind.Function if node else types.CompletionItemKind.Variable,
        detail=kind or None,
        documentation=types.MarkupContent(types.MarkupKind.Markdown, doc),
        sort_text=rank + name,
        filter_text=name,
        text_edit=types.TextEdit(place, f"{name}: {kind}" if typed else name),
    )


def spot_at(text: Text, line: int, column: int) -> Spot | None:
    """What the cursor stands in, read from the text before it; `None` where no name is wanted."""
    first = max(1, line - _REACH)
    before = "\n".join([*(text.line(n) for n in range(first, line)), text.line(line)[: column - 1]])
    brackets, quoted = _open_brackets(before)
    if not brackets:
        return None
    last = brackets[-1]
    if quoted:
        return _in_call(before, brackets)
    if before[last.offset] == "(" and (header := _HEADER.search(before[: last.offset])):
        return _in_header(header[1], last.parts(before))
    return None


def _in_header(step: str, parts: list[str]) -> Spot | None:
    """A parameter's own name is wanted, not its type or its default."""
    if not re.fullmatch(r"\s*\**\w*", parts[-1]):
        return None
    written = (re.match(r"\s*\**(\w+)", part) for part in parts[:-1])
    return Spot("parameters", step, frozenset(match[1] for match in written if match))


def _in_call(before: str, brackets: list[_Bracket]) -> Spot | None:
    """A string inside `execute([...])`, `inputs={...}` or `overrides={...}`."""
    last = brackets[-1]
    if before[last.offset] == "{" and ":" in last.parts(before)[-1]:
        return None
    keyword = _KEYWORD.search(before[: last.offset])
    call = last if before[last.offset] == "(" else brackets[-2] if len(brackets) > 1 else None
    if call is None or before[call.offset] != "(" or not _CALL.search(before[: call.offset]):
        return None
    return Spot("inputs" if keyword and keyword[1] == "inputs" else "targets")


class _Bracket:
    """A bracket that is still open, and the commas of its own in it."""

    def __init__(self, offset: int) -> None:
        self.offset, self.commas = offset, [offset]

    def parts(self, before: str) -> list[str]:
        """What stands between its commas."""
        ends = [*self.commas[1:], len(before)]
        return [before[a + 1 : b] for a, b in zip(self.commas, ends, strict=True)]


def _open_brackets(before: str) -> tuple[list[_Bracket], bool]:
    """The brackets left open, outermost first, and whether the text ends inside a string."""
    stack: list[_Bracket] = []
    index = 0
    while index < len(before):
        char = before[index]
        if char in "\"'":
            index = _string_end(before, index)
            if index < 0:
                return stack, True
        elif char == "#":
            index = before.find("\n", index)
            if index < 0:
                return [], False
        elif char in "([{":
            stack.append(_Bracket(index))
        elif char in ")]}" and stack:
            stack.pop()
        elif char == "," and stack:
            stack[-1].commas.append(index)
        index += 1
    return stack, False


def _string_end(text: str, start: int) -> int:
    """The offset of the last character of the string that starts there; -1 where it has no end."""
    quote = text[start]
    if text.startswith(quote * 3, start):
        end = text.find(quote * 3, start + 3)
        return end + 2 if end >= 0 else -1
    index = start + 1
    while index < len(text):
        if text[index] == "\\":
            index += 1
        elif text[index] in (quote, "\n"):
            return index
        index += 1
    return -1
