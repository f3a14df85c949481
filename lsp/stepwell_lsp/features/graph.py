"""A pipeline for an editor to draw: the answer to the request `stepwell/graph`.

The protocol has no such request; the page on the editor describes it. Everything in the answer is
text for a reader: the editor must never take any of it for markup.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, TypedDict

from lsprotocol import types

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.read.pipelines import Pipeline
from stepwell.spec import Condition, Node, Param, Span, guarded
from stepwell.store.past import PastRun
from stepwell_lsp.features.last_run import Figure, LastRun, Page, figure, last_run, page, told
from stepwell_lsp.features.symbols import body
from stepwell_lsp.places import files
from stepwell_lsp.snapshot import Snapshot

METHOD = "stepwell/graph"
CHANGED = "stepwell/graphChanged"
"""Sent when findings are published, to a client that has asked for a graph before."""

LIMIT = 2_000
"""Vertices beyond which only those nearest to the cursor are told: nobody looks at more."""


class Problem(TypedDict):
    """What a rule found."""

    code: str
    message: str
    severity: str


class Written(TypedDict):
    """Where a vertex is written: its name, and all that belongs to it."""

    uri: str
    name: types.Range
    body: types.Range | None


class Vertex(TypedDict):
    """One box. `kind` is `step`, `field`, `input` or `choice` (several steps, one by config)."""

    name: str
    kind: str
    type: str
    doc: str
    notes: list[str]
    target: bool
    stale: bool
    places: list[Written]
    problems: list[Problem]
    last: Figure | None


class Edge(TypedDict):
    """One arrow; `label` is the keyword where that is not the name read."""

    source: str
    target: str
    label: str
    optional: bool
    wrong: bool


class Run(TypedDict):
    """What it takes to run the pipeline: its files, what is asked of it, what it is configured by.

    `config` is `None` where it is not known from text.
    """

    files: list[str]
    targets: list[str]
    config: dict[str, Any] | None


class View(TypedDict):
    """One pipeline, and the names of all that the file is part of.

    `total` counts the vertices that there are, told or not; `problems` are those that belong to no
    vertex; `holes` say what could not be read.
    """

    pipeline: str
    pipelines: list[str]
    total: int
    nodes: list[Vertex]
    edges: list[Edge]
    problems: list[Problem]
    holes: list[str]
    run: Run
    last: LastRun | None


def graph_view(
    snapshot: Snapshot,
    file: str,
    pipeline: str | None = None,
    position: types.Position | None = None,
    *,
    limit: int = LIMIT,
) -> View | None:
    """The pipeline of a file, or `None` if the file is in none.

    Args:
        snapshot: the workspace.
        file: the file that the person looks at.
        pipeline: which of the file's pipelines, if it has several; the first if it has none of
            that name.
        position: where the cursor is: what is near to it is told if not all can be.
        limit: how many vertices are told at most.
    """
    found = {name: made for name, made in _named(snapshot) if _has(made, file)}
    if not found:
        return None
    name = pipeline if pipeline in found else next(iter(found))
    made = found[name]
    graph = made.graph
    total = len(graph.nodes) + len(graph.inputs)
    kept = None if total <= limit else _near(snapshot, graph, file, position, limit)
    problems = list(_problems(snapshot, made))
    attached, loose = _attached(snapshot, graph, problems)
    last = last_run(snapshot, made)
    return View(
        pipeline=name,
        pipelines=list(found),
        total=total,
        nodes=_vertices(snapshot, graph, attached, kept, last),
        edges=_edges(graph, problems, kept),
        problems=[_problem(one) for one in loose],
        holes=list(dict.fromkeys(hole.reason for hole in graph.holes)),
        run=_run(made),
        last=told(last) if last else None,
    )


def last_run_page(snapshot: Snapshot, file: str, pipeline: str | None = None) -> Page | None:
    """The last run of a pipeline of a file as a page; `None` where none is remembered.

    Args:
        snapshot: the workspace.
        file: the file that the person looks at.
        pipeline: which of the file's pipelines; without one, that which ran last.
    """
    found = {name: made for name, made in _named(snapshot) if _has(made, file)}
    chosen = [found[pipeline]] if pipeline in found else found.values()
    runs = ((last_run(snapshot, made), made) for made in chosen)
    latest = max(((run.began, made) for run, made in runs if run), key=lambda p: p[0], default=None)
    return latest and page(snapshot, latest[1])


def _near(
    snapshot: Snapshot, graph: Graph, file: str, position: types.Position | None, limit: int
) -> set[str]:
    """The names that are the fewest arrows away from what is under the cursor, or asked for."""
    line = position.line + 1 if position else 0
    here = _by_line(snapshot, graph).get((file, line), ())
    asked = [m.name for m in graph.mentions if m.role == "target" and m.name in graph.nodes]
    waiting = deque([*here, *asked][:1] or list(graph.nodes)[:1])
    found = set(waiting)
    joined = graph.digraph
    while waiting:
        at = waiting.popleft()
        for name in (*joined.pred[at], *joined.succ[at]):
            if len(found) == limit:
                return found
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def _by_line(snapshot: Snapshot, graph: Graph) -> dict[tuple[str, int], list[str]]:
    """The names of the nodes whose bodies are on each line of each file."""
    found: dict[tuple[str, int], list[str]] = {}
    for node in graph.written:
        if node.span:
            around = body(snapshot.text(node.span.file), node.span)
            for line in range(around.line, around.end_line + 1):
                names = found.setdefault((around.file, line), [])
                if node.name not in names:
                    names.append(node.name)
    return found


def _named(snapshot: Snapshot) -> Iterator[tuple[str, Pipeline]]:
    """Every pipeline by a name that no other has, and that is short enough for a title."""
    seen: dict[str, int] = {}
    for made in snapshot.pipelines:
        name = f"{_short(made.span.file)}:{made.span.line}" if made.span else made.name
        count = seen[name] = seen.get(name, 0) + 1
        yield (f"{name} ({count})" if count > 1 else name), made


def _short(file: str) -> str:
    return os.path.join(*file.replace("\\", "/").split("/")[-2:])


def _has(made: Pipeline, file: str) -> bool:
    driver = made.span is not None and made.span.file == file
    return driver or file in files(made.graph) or any(m.file == file for m in made.modules)


def _problems(snapshot: Snapshot, made: Pipeline) -> Iterator[Diagnostic]:
    known = {module.file for module in made.modules} | files(made.graph)
    if made.span:
        known.add(made.span.file)
    for file in sorted(known):
        for one in snapshot.findings.get(file, ()):
            if one.severity != "hint":
                yield one


def _attached(
    snapshot: Snapshot, graph: Graph, problems: Iterable[Diagnostic]
) -> tuple[dict[str, list[Problem]], list[Diagnostic]]:
    """Each finding with the vertices that it is about, and those about none of them.

    Those are the nodes that it names in its own file, or else what stands on its line.
    """
    attached: dict[str, list[Problem]] = {}
    loose = []
    named: dict[str, list[Node]] = {}
    for node in graph.written:
        for name in dict.fromkeys((node.name, node.step)):
            named.setdefault(name, []).append(node)
    by_line: dict[tuple[str, int], list[str]] | None = None
    for one in problems:
        file = one.span.file if one.span else ""
        known = named.get(one.node, ()) if one.node else ()
        names = [node.name for node in known if node.span is None or node.span.file == file]
        if not names and one.span:
            by_line = _by_line(snapshot, graph) if by_line is None else by_line
            names = by_line.get((file, one.span.line), [])
        for name in dict.fromkeys(names):
            attached.setdefault(name, []).append(_problem(one))
        if not names:
            loose.append(one)
    return attached, loose


def _problem(one: Diagnostic) -> Problem:
    return Problem(code=one.code, message=one.message, severity=one.severity)


def _vertices(
    snapshot: Snapshot,
    graph: Graph,
    problems: Mapping[str, list[Problem]],
    kept: Container[str] | None,
    last: PastRun | None,
) -> list[Vertex]:
    asked = {mention.name for mention in graph.mentions if mention.role == "target"}
    written: dict[str, list[Node]] = {}
    for node in graph.written:
        if kept is None or node.name in kept:
            written.setdefault(node.name, []).append(node)
    inputs = [
        Vertex(
            name=name,
            kind="input",
            type=_joined(param.type.short for _, param in readers),
            doc="",
            notes=[],
            target=name in asked,
            stale=False,
            places=_input_places(snapshot, graph, name, [param for _, param in readers]),
            problems=[],
            last=None,
        )
        for name, readers in graph.inputs.items()
        if kept is None or name in kept
    ]
    return inputs + [
        Vertex(
            name=name,
            kind=_kind(nodes),
            type=_joined(node.type.short for node in nodes),
            doc=nodes[0].doc.partition("\n\n")[0],
            notes=_notes(nodes),
            target=name in asked,
            stale=any(node.stale for node in nodes),
            places=[_written(snapshot, node.span, whole=True) for node in nodes if node.span],
            problems=problems.get(name, []),
            last=next(filter(None, (figure(snapshot, node, last) for node in nodes)), None),
        )
        for name, nodes in written.items()
    ]


def _kind(nodes: list[Node]) -> str:
    if any(node.when or node.kind == "join" for node in nodes):
        return "choice"
    return "field" if nodes[0].kind == "field" else "step"


def _notes(nodes: list[Node]) -> list[str]:
    """What chooses between steps of one name, and the literals that a modifier gave."""
    notes = [" and ".join(map(_condition, node.when)) for node in nodes if node.when]
    if len(nodes) == 1:
        notes += [f"{bound.keyword} = {bound.value!r}" for bound in nodes[0].bound]
    return list(dict.fromkeys(notes))


def _condition(condition: Condition) -> str:
    values = " or ".join(map(repr, condition.values))
    if condition.operator == "default":
        return "by default"
    word = "when" if condition.operator in ("is", "in") else "unless"
    return f"{word} {condition.key} = {values}"


def _joined(kinds: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(kind for kind in kinds if kind != "?"))


def _input_places(
    snapshot: Snapshot, graph: Graph, name: str, params: list[Param]
) -> list[Written]:
    """Where an input is given; else where it is first read."""
    given = [m.span for m in graph.mentions if m.name == name and m.role in ("input", "config")]
    spans = [span for span in [*given, *(param.span for param in params)] if span]
    return [_written(snapshot, span, whole=False) for span in spans[:1]]


def _written(snapshot: Snapshot, span: Span, *, whole: bool) -> Written:
    around = snapshot.range(body(snapshot.text(span.file), span)) if whole else None
    return Written(uri=snapshot.uri(span.file), name=snapshot.range(span), body=around)


def _edges(graph: Graph, problems: Iterable[Diagnostic], kept: Container[str] | None) -> list[Edge]:
    wrong = {one.span for one in problems if one.severity == "error" and one.span}
    found: dict[tuple[str, str], list[tuple[Node, Param]]] = {}
    for node in graph.written:
        for param in node.params:
            if kept is None or (node.name in kept and param.reads in kept):
                found.setdefault((param.reads, node.name), []).append((node, param))
    return [
        Edge(
            source=source,
            target=target,
            label=_label(source, ways),
            optional=all(not p.required or p.guard is not None for _, p in ways),
            wrong=any(param.span in wrong for _, param in ways if param.span),
        )
        for (source, target), ways in found.items()
    ]


def _label(source: str, ways: list[tuple[Node, Param]]) -> str:
    renamed = (
        p.keyword if p.guard is None else guarded(p.guard)
        for node, p in ways
        if node.kind not in ("field", "join") and p.keyword != source
    )
    return ", ".join(dict.fromkeys(renamed))


def _run(made: Pipeline) -> Run:
    graph = made.graph
    asked = [m.name for m in graph.mentions if m.role == "target" and m.name in graph.nodes]
    read = {param.reads for node in graph.written for param in node.params}
    leaves = [name for name in graph.nodes if name not in read]
    return Run(
        files=[module.file for module in made.modules],
        targets=list(dict.fromkeys(asked)) or leaves,
        config=None if graph.config is None else _plain(graph.config),
    )


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """The choices that can be written on a command line."""
    simple = str | int | float | bool | None
    return {key: value for key, value in config.items() if isinstance(value, simple)}
