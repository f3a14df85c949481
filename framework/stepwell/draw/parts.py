"""What a picture of a graph shows: boxes and arrows, before any language is chosen for them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypedDict

from stepwell.errors import did_you_mean
from stepwell.graph import Graph
from stepwell.spec import NOTHING, Condition, Node, guarded

LONGEST = 40

Direction = Literal["TB", "LR", "BT", "RL"]


class Looks(TypedDict, total=False):
    """How a picture looks; every function that draws takes these as keywords.

    Args:
        status: what to say of names: what changed, as `Change.how` is, or how they ended in a run:
            `done`, `failed`, `skipped`, or any other word, which has no look of its own.
        direction: `TB` from top to bottom, `LR` from left to right, or the other way round.
        types: whether the types of what is made are written; they are where nothing is said.
        with_inputs: whether inputs are drawn; they are where nothing is said.
        legend: whether the looks are explained beside the picture.
        groups: a tag; steps with the same value of it stand in one frame. `module` frames those of
            one module, where no step has a tag of that name.
    """

    status: Mapping[str, str]
    direction: Direction
    types: bool
    with_inputs: bool
    legend: bool
    groups: str


class Options(Looks, total=False):
    """What a picture shows of a graph, and how it looks.

    Args:
        targets: names to mark as asked for.
        only: the names to draw; all where it is `None`.
        wrong: names to mark as having an error.
    """

    targets: Iterable[str]
    only: Collection[str] | None
    wrong: Collection[str]


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
        if self.status in STYLES:
            return self.status
        return "target" if self.target else self.kind


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
    "done": ("#dcfce7", "#16a34a", "#052e16"),
    "failed": ("#fee2e2", "#dc2626", "#450a0a"),
    "skipped": ("#f1f5f9", "#94a3b8", "#64748b"),
}
"""Fill, line and text colour of every look; each is readable on light and on dark ground."""


LEGEND = {
    "input": "given from outside",
    "step": "step",
    "field": "part of a result",
    "choice": "by configuration or route",
    "target": "asked for",
    "wrong": "has an error",
}
"""What the looks mean that do not say so themselves, in the order of a legend."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What is drawn.

    Args:
        vertices: the boxes by name, inputs first where they are first read.
        arrows: what goes from one to another.
        groups: the names in each frame, by what it is called.
        legend: the looks to explain, with their meaning; nothing where no legend is asked for.
        direction: which way the arrows go.
    """

    vertices: dict[str, Vertex]
    arrows: list[Arrow]
    groups: dict[str, list[str]]
    legend: dict[str, str]
    direction: Direction


def parts(graph: Graph, options: Options) -> Parts:
    """The boxes and the arrows between them, and what stands around and beside them.

    Raises:
        TypeError: if there is an option of another name.
    """
    for name in options.keys() - Options.__annotations__.keys():
        near = did_you_mean(name, Options.__annotations__)
        raise TypeError(f"a drawing has no option `{name}`{near}")
    vertices, arrows = _drawn(graph, options)
    if not options.get("types", True):
        vertices = {name: replace(vertex, type="") for name, vertex in vertices.items()}
    if not options.get("with_inputs", True):
        vertices = {name: vertex for name, vertex in vertices.items() if vertex.kind != "input"}
        arrows = [arrow for arrow in arrows if arrow.source in vertices]
    groups: dict[str, list[str]] = {}
    for name, group in _grouped(graph, options.get("groups", "")).items():
        if name in vertices:
            groups.setdefault(group, []).append(name)
    legend: dict[str, str] = {}
    if options.get("legend"):
        seen = {vertex.look for vertex in vertices.values()}
        legend = {look: says for look, says in LEGEND.items() if look in seen}
    return Parts(vertices, arrows, groups, legend, options.get("direction", "TB"))


def _grouped(graph: Graph, tag: str) -> dict[str, str]:
    """For each step that stands in a frame, what that is called."""
    if not tag:
        return {}
    found = {
        node.name: ", ".join(value) if isinstance(value, tuple) else value
        for node in graph.written
        if (value := node.tags.get(tag)) is not None
    }
    if tag == "module" and not found:
        found = {node.name: node.module for node in graph.written if node.module}
    return found


def _drawn(graph: Graph, options: Options) -> tuple[dict[str, Vertex], list[Arrow]]:
    asked, wrong = set(options.get("targets", ())), options.get("wrong", ())
    only, status = options.get("only"), options.get("status", NOTHING)
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
                if param.guard is None:
                    edge.append((param.keyword, not param.required))
                else:
                    edge.append((guarded(param.guard), True))
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
        if written[target][0].kind in ("field", "join"):
            renamed = {}
        optional = all(optional for _, optional in ways)
        arrows.append(Arrow(source, target, ", ".join(renamed), optional))
    return vertices, arrows


def _vertex(nodes: list[Node], target: bool, wrong: bool, status: str) -> Vertex:
    first = nodes[0]
    chosen = any(node.when or node.kind == "join" for node in nodes)
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
