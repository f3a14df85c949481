"""The names that may stand at the cursor: in a step's parameters, and where names are asked for."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Mapping
from heapq import nsmallest
from typing import NamedTuple

from lsprotocol import types

from stepwell.graph import Graph
from stepwell.spec import Node, Param
from stepwell.types import UNKNOWN, Type
from stepwell_lsp import cursor
from stepwell_lsp.cursor import Bracket, open_brackets
from stepwell_lsp.features import arguments
from stepwell_lsp.features.hover import signature
from stepwell_lsp.places import alike, all_alike
from stepwell_lsp.positions import Text
from stepwell_lsp.snapshot import Snapshot

TRIGGERS = ["(", ",", '"', "'", "{"]

_MOST = 100  # names in one answer
_HEADER = re.compile(r"(?:^|\n)[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*(?:\[[^\]]*\])?[ \t]*$")
_CALL = re.compile(
    r"\.(?:a?execute|a?stream|validate_execution|explain|visualize_execution"
    r"|what_is_(?:up|down)stream_of|what_is_the_path_between)\s*$"
)
_KEYWORD = re.compile(r"(?:^|[,(])\s*(inputs|overrides|targets|final_vars)\s*=\s*$")
_WRITABLE = {*vars(builtins), "|"}
_WORD = re.compile(r"\w*$")


class Spot(NamedTuple):
    """Where the cursor is: in the `parameters` of a step, or in a string among names asked for."""

    role: str
    step: str = ""
    written: frozenset[str] = frozenset()


class Candidate(NamedTuple):
    """A name that may stand there. `rank`: 0 nobody reads it yet, 1 another node, 2 an input.

    `written` is what is put there, where that is more than the name.
    """

    rank: int
    name: str
    type: Type
    node: Node | None = None
    written: str = ""


def completion(snapshot: Snapshot, file: str, position: types.Position) -> types.CompletionList:
    """Nodes and inputs that fit here, those that would make the graph right first.

    Of very many, those that are alike what is typed already; the client asks again as it goes on.
    """
    text = snapshot.text(file)
    line, column = text.place(position, snapshot.encoding)
    typed = _WORD.findall(text.line(line)[: column - 1])[0]
    graphs = _graphs(snapshot, file)
    spot = spot_at(text, line, column)
    words = None if spot else arguments.words(snapshot, file, graphs, line, column)
    if words:
        spot = Spot("arguments")
        found = {w.name: w.rank for w in reversed(words) if alike(typed, w.name)}
        by_name = {w.name: w for w in reversed(words)}
        best = [_of_word(by_name[name]) for name in _first(found)]
    elif spot:
        found = {}
        for graph in reversed(graphs):
            found |= _ranks(graph, spot, typed)
        best = [_candidate(name, found[name], spot, graphs) for name in _first(found)]
    else:
        return types.CompletionList(is_incomplete=False, items=[])
    start = text.position(line, column - len(typed), snapshot.encoding)
    place = types.Range(start, position)
    items = [_item(candidate, spot, place) for candidate in best]
    return types.CompletionList(is_incomplete=len(found) > _MOST, items=items)


def _graphs(snapshot: Snapshot, file: str) -> list[Graph]:
    """The pipelines of this file; of a file in none yet, every one."""
    return list(snapshot.graphs_of(file)) or [made.graph for made in snapshot.pipelines]


def _first(ranks: Mapping[str, int]) -> list[str]:
    """The names to give, the lowest ranks first, then by the alphabet. There may be very many."""
    best: list[str] = []
    for rank in sorted({*ranks.values()}):
        names = [name for name, its in ranks.items() if its == rank]
        best += nsmallest(_MOST - len(best), names)
    return best


def _ranks(graph: Graph, spot: Spot, typed: str) -> dict[str, int]:
    """The names of one pipeline that may stand there, with their ranks."""
    found: dict[str, int] = {}
    if spot.role != "targets":
        for name in all_alike(typed, graph.inputs):
            if name not in spot.written and _other_reader(graph, name, spot) is not None:
                found[name] = 2
    if spot.role != "inputs":
        after = graph.downstream([spot.step]) if spot.role == "parameters" else set()
        about = graph.about
        for name in all_alike(typed, graph.nodes):
            if name in spot.written or name in after:
                continue
            if spot.role == "parameters" and "." in name:  # no parameter can be called so
                continue
            found[name] = int(_is_read(name, about[name]))
    return found


def _is_read(name: str, about: Iterable[Node]) -> bool:
    for node in about:  # `any` takes twice as long, and this is asked of every name
        for param in node.params:
            if param.reads == name:
                return True
    return False


def _other_reader(graph: Graph, name: str, spot: Spot) -> Param | None:
    """The parameter of another step that reads this input."""
    readers = graph.inputs[name]
    return next((p for n, p in readers if spot.step not in (n.step, n.name)), None)


def _candidate(name: str, rank: int, spot: Spot, graphs: Iterable[Graph]) -> Candidate:
    if rank < 2:
        node = next(graph.nodes[name] for graph in graphs if name in graph.nodes)
        return Candidate(rank, name, node.type, node)
    params = (_other_reader(graph, name, spot) for graph in graphs if name in graph.inputs)
    return Candidate(rank, name, next(param.type for param in params if param is not None))


def _of_word(word: arguments.Word) -> Candidate:
    return Candidate(word.rank, word.name, word.type or UNKNOWN, word.node, word.written)


def _item(found: Candidate, spot: Spot, place: types.Range) -> types.CompletionItem:
    kind = "" if found.type == UNKNOWN else found.type.short
    parameter = spot.role == "parameters" and kind
    doc = "An input of the pipeline." if spot.role != "arguments" else ""
    if found.node:
        doc = f"```python\n{signature(found.node)}\n```\n\n{found.node.doc}"
    return types.CompletionItem(
        label=found.name,
        label_details=types.CompletionItemLabelDetails(detail=f": {kind}") if parameter else None,
        kind=types.CompletionItemKind.Function if found.node else types.CompletionItemKind.Variable,
        detail=kind or None,
        documentation=types.MarkupContent(types.MarkupKind.Markdown, doc) if doc else None,
        sort_text=f"{found.rank}{found.name}",
        filter_text=found.name,
        text_edit=types.TextEdit(
            place,
            f"{found.name}: {kind}"
            if parameter and writable(found.type)
            else found.written or found.name,
        ),
    )


def writable(type: Type) -> bool:
    """Whether a type can be written in any file without an import."""
    inner = (arg for arg in type.args if isinstance(arg, Type))
    return type.name in _WRITABLE and all(map(writable, inner))


def spot_at(text: Text, line: int, column: int) -> Spot | None:
    """What the cursor stands in, read from the text before it; `None` where no name is wanted."""
    before = cursor.before(text, line, column)
    brackets, quoted = open_brackets(before)
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


def _in_call(before: str, brackets: list[Bracket]) -> Spot | None:
    """A string inside `execute([...])`, `inputs={...}` or `overrides={...}`."""
    last = brackets[-1]
    if before[last.offset] == "{" and ":" in last.parts(before)[-1]:
        return None
    keyword = _KEYWORD.search(before[: last.offset])
    call = last if before[last.offset] == "(" else brackets[-2] if len(brackets) > 1 else None
    if call is None or before[call.offset] != "(" or not _CALL.search(before[: call.offset]):
        return None
    return Spot("inputs" if keyword and keyword[1] == "inputs" else "targets")
