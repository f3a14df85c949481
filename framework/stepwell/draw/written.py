"""A graph in the words of Mermaid and of Graphviz."""

from __future__ import annotations

import html as markup
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from stepwell.draw.parts import STYLES, Vertex, parts
from stepwell.graph import Graph
from stepwell.spec import NOTHING

Direction = Literal["TB", "LR"]


def mermaid(
    graph: Graph,
    *,
    targets: Iterable[str] = (),
    only: Collection[str] | None = None,
    wrong: Collection[str] = (),
    status: Mapping[str, str] = NOTHING,
    direction: Direction = "TB",
) -> str:
    """A Mermaid flowchart, as GitHub and many editors draw it.

    Args:
        targets: names to mark as asked for.
        only: the names to draw; all where it is `None`.
        wrong: names to mark as having an error.
        status: what to say of names, and the look they have: what changed, as `Change.how` is.
        direction: `TB` from top to bottom, `LR` from left to right.
    """
    vertices, arrows = parts(graph, targets, only, wrong, status)
    ids = _mermaid_ids(vertices)
    lines = [f"flowchart {direction}"]
    for name, vertex in vertices.items():
        opens, closes = ("([", "])") if vertex.kind == "input" else ("[", "]")
        small = [f"<i>{_mermaid_text(line)}</i>" for line in vertex.rows]
        label = "<br/>".join([_mermaid_text(name), *small])
        lines.append(f'    {ids[name]}{opens}"{label}"{closes}:::{vertex.look}')
    for arrow in arrows:
        line = "-.->" if arrow.optional else "-->"
        label = f'|"{_mermaid_text(arrow.label)}"|' if arrow.label else ""
        lines.append(f"    {ids[arrow.source]} {line}{label} {ids[arrow.target]}")
    for look in sorted({vertex.look for vertex in vertices.values()}):
        fill, stroke, color = STYLES[look]
        lines.append(f"    classDef {look} fill:{fill},stroke:{stroke},color:{color}")
    return "\n".join(lines) + "\n"


def dot(
    graph: Graph,
    *,
    targets: Iterable[str] = (),
    only: Collection[str] | None = None,
    wrong: Collection[str] = (),
    status: Mapping[str, str] = NOTHING,
    direction: Direction = "TB",
) -> str:
    """The graph in Graphviz's language; `picture` makes an image of it. Arguments as `mermaid`."""
    vertices, arrows = parts(graph, targets, only, wrong, status)
    lines = [
        "digraph pipeline {",
        f"  rankdir={direction}; bgcolor=transparent; nodesep=0.3; ranksep=0.45; pad=0.2;",
        '  node [fontname="Arial" fontsize=13 shape=box style="rounded,filled"'
        ' margin="0.2,0.08" height=0.42 penwidth=1.2];',
        '  edge [fontname="Arial" fontsize=10 color="#94a3b8"'
        ' fontcolor="#64748b" arrowsize=0.65 penwidth=1.2];',
    ]
    for number, (name, vertex) in enumerate(vertices.items()):
        lines.append(f"  {_quoted(name)} [{_dot_attributes(vertex, number)}];")
    for number, arrow in enumerate(arrows):
        options = [f'id="edge{number}"']
        if arrow.optional:
            options.append('style="dashed"')
        if arrow.label:
            options.append(f"label={_quoted(' ' + arrow.label + ' ')}")
        ends = f"{_quoted(arrow.source)} -> {_quoted(arrow.target)}"
        lines.append(f"  {ends} [{' '.join(options)}];")
    return "\n".join([*lines, "}"]) + "\n"


def _dot_attributes(vertex: Vertex, number: int) -> str:
    fill, line, color = STYLES[vertex.look]
    rows = [f'<font color="{color}"><b>{markup.escape(vertex.name)}</b></font>']
    rows += [
        f'<font color="#64748b" point-size="11">{markup.escape(row)}</font>' for row in vertex.rows
    ]
    attributes = [
        f'id="node{number}" class="{vertex.look}"',
        f"label=<{'<br/>'.join(rows)}>",
        f'fillcolor="{fill}" color="{line}"',
        f"tooltip={_quoted(vertex.doc or vertex.name)}",
    ]
    if vertex.kind == "input":
        attributes.append('style="rounded,filled,dashed"')
    if vertex.target or vertex.wrong:
        attributes.append("penwidth=2.2")
    return " ".join(attributes)


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


MERMAID_WORDS = re.compile(
    r"(end|graph|subgraph|flowchart|style|linkStyle|classDef|class|click|default|interpolate|call"
    r"|href|direction|acc|parent|title)",
    re.IGNORECASE,
)


def _mermaid_ids(vertices: Iterable[str]) -> dict[str, str]:
    """An id for every name: the name itself, unless Mermaid would read something else in it."""
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for number, name in enumerate(vertices):
        plain = name.isascii() and name.isidentifier() and not MERMAID_WORDS.match(name)
        wanted = name if plain else f"n{number}"
        while wanted in taken:
            wanted += "_"
        taken.add(wanted)
        ids[name] = wanted
    return ids


def _mermaid_text(line: str) -> str:
    """Text inside a quoted label, where Mermaid has its own escapes (`#lt;`)."""
    line = line.replace("&", "&amp;").replace("#", "#35;").replace("&amp;", "#amp;")
    for letter, escape in (("<", "#lt;"), (">", "#gt;"), ('"', "#quot;"), ("`", "#96;")):
        line = line.replace(letter, escape)
    return line.replace("\n", " ")
