"""What a picture of a graph shows: boxes and arrows, before any language is chosen for them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from stepwell.graph import Graph
from stepwell.spec import NOTHING, Condition, Node

LONGEST = 40


@dataclass(frozen=True, slots=True)
class Vertex:
    """One box: what it is called, what it is, and what is written in it."""

    name: str
    kind: Literal["step", "field", "input", "choice"]
    type: str
    notes: tuple[str, ...]
    doc: str
    place: str
    target: bool
    wrong: bool
    status: str = ""

    @property
    def rows(self) -> list[str]:
        """What is written under its name."""
        return [row for row in (self.type, *self.notes, self.status) if row]

    @property
    def look(self) -> str:
        """The name of its style: what is most worth knowing about it."""
        if self.wrong:
            return "wrong"
        return self.status or ("target" if self.target else self.kind)


@dataclass(frozen=True, slots=True)
class Arrow:
    """One edge; `label` is the keyword where that is not the name read."""

    source: str
    target: str
    label: str
    optional: bool


STYLES = {
    "step": ("#ffffff", "#475569", "#0f172a"),
    "field": ("#f1f5f9", "#94a3b8", "#0f172a"),
    "input": ("#eef2ff", "#6366f1", "#312e81"),
    "choice": ("#fffbeb", "#d97706", "#451a03"),
    "target": ("#ecfdf5", "#059669", "#022c22"),
    "wrong": ("#fef2f2", "#dc2626", "#450a0a"),
    "added": ("#dcfce7", "#16a34a", "#052e16"),
    "removed": ("#fee2e2", "#ef4444", "#7f1d1d"),
    "rewired": ("#fef9c3", "#ca8a04", "#422006"),
    "edited": ("#dbeafe", "#2563eb", "#172554"),
}
"""Fill, line and text colour of every look; each is readable on light and on dark ground."""


def parts(
    graph: Graph,
    targets: Iterable[str],
    only: Collection[str] | None,
    wrong: Collection[str],
    status: Mapping[str, str] = NOTHING,
) -> tuple[dict[str, Vertex], list[Arrow]]:
    """The boxes, inputs first where they are first read, and the arrows between them."""
    asked = set(targets)
    written: dict[str, list[Node]] = {}
    for node in graph.written:
        written.setdefault(node.name, []).append(node)
    vertices: dict[str, Vertex] = {}
    found: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for name, nodes in written.items():
        for node in nodes:
            for param in node.params:
                if only is not None and not (name in only and param.reads in only):
                    continue
                edge = found.setdefault((param.reads, name), [])
                edge.append((param.keyword, not param.required))
                if param.reads not in written and param.reads not in vertices:
                    kind = param.type.short.removeprefix("?")
                    bad = param.reads in wrong
                    vertices[param.reads] = Vertex(
                        param.reads, "input", _cut(kind), (), "", "", param.reads in asked, bad
                    )
        if only is None or name in only:
            vertices[name] = _vertex(nodes, name in asked, name in wrong, status.get(name, ""))
    arrows = []
    for (source, target), ways in found.items():
        renamed = dict.fromkeys(keyword for keyword, _ in ways if keyword != source)
        if written[target][0].kind == "field":
            renamed = {}
        optional = all(optional for _, optional in ways)
        arrows.append(Arrow(source, target, ", ".join(renamed), optional))
    return vertices, arrows


def _vertex(nodes: list[Node], target: bool, wrong: bool, status: str) -> Vertex:
    first = nodes[0]
    chosen = any(node.when for node in nodes)
    types = dict.fromkeys(node.type.short.removeprefix("?") for node in nodes)
    notes = [" and ".join(map(_condition, node.when)) for node in nodes if node.when]
    if len(nodes) == 1:
        notes += [f"{bound.keyword} = {bound.value!r}" for bound in first.bound]
    kind: Literal["step", "field", "choice"] = (
        "choice" if chosen else "field" if first.kind == "field" else "step"
    )
    shown = tuple(_cut(note) for note in dict.fromkeys(notes))
    place = "\n".join(str(node.span) for node in nodes if node.span)
    joined = " or ".join(filter(None, types))
    return Vertex(first.name, kind, _cut(joined), shown, first.doc, place, target, wrong, status)


def _condition(condition: Condition) -> str:
    """As one would say it: `when model = 'small'`."""
    values = " or ".join(map(repr, condition.values))
    match condition.operator:
        case "is" | "in":
            return f"when {condition.key} = {values}"
        case "is_not" | "not_in":
            return f"unless {condition.key} = {values}"
        case _:
            return "by default"


def _cut(line: str) -> str:
    line = re.sub(r"\s+", " ", line)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
