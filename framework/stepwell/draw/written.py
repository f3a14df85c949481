"""A graph in the words of Mermaid and of Graphviz."""

from __future__ import annotations

import html as markup
import re
from collections.abc import Iterable
from typing import Unpack

from stepwell.draw.parts import STYLES, Options, Vertex, parts
from stepwell.graph import Graph


def mermaid(graph: Graph, **options: Unpack[Options]) -> str:
    """A Mermaid flowchart, as GitHub and many editors draw it; see `Options` for the keywords."""
    drawn = parts(graph, options)
    ids = _mermaid_ids(drawn.vertices)
    boxes = {name: _mermaid_box(ids[name], vertex) for name, vertex in drawn.vertices.items()}
    lines = [f"flowchart {drawn.direction}"]
    for number, (group, names) in enumerate(drawn.groups.items()):
        lines.append(f'    subgraph group{number}["{_mermaid_text(group)}"]')
        lines += [f"        {boxes.pop(name)}" for name in names]
        lines.append("    end")
    lines += [f"    {box}" for box in boxes.values()]
    for arrow in drawn.arrows:
        line = "-.->" if arrow.optional else "-->"
        label = f'|"{_mermaid_text(arrow.label)}"|' if arrow.label else ""
        lines.append(f"    {ids[arrow.source]} {line}{label} {ids[arrow.target]}")
    if drawn.legend:
        lines.append('    subgraph legend["legend"]')
        lines += [
            f'        legend_{look}["{says}"]:::{look}' for look, says in drawn.legend.items()
        ]
        lines.append("    end")
    for look in sorted({*(vertex.look for vertex in drawn.vertices.values()), *drawn.legend}):
        fill, stroke, color = STYLES[look]
        lines.append(f"    classDef {look} fill:{fill},stroke:{stroke},color:{color}")
    return "\n".join(lines) + "\n"


def _mermaid_box(id: str, vertex: Vertex) -> str:
    opens, closes = ("([", "])") if vertex.kind == "input" else ("[", "]")
    small = [f"<i>{_mermaid_text(line)}</i>" for line in vertex.rows]
    label = "<br/>".join([_mermaid_text(vertex.name), *small])
    return f'{id}{opens}"{label}"{closes}:::{vertex.look}'


def dot(graph: Graph, **options: Unpack[Options]) -> str:
    """The graph in Graphviz's language, which `picture` draws; keywords as `mermaid`."""
    drawn = parts(graph, options)
    lines = [
        "digraph pipeline {",
        f"  rankdir={drawn.direction}; bgcolor=transparent; nodesep=0.3; ranksep=0.45; pad=0.2;",
        '  fontname="Arial"; fontsize=12; fontcolor="#64748b";',
        '  node [fontname="Arial" fontsize=13 shape=box style="rounded,filled"'
        ' margin="0.2,0.08" height=0.42 penwidth=1.2];',
        '  edge [fontname="Arial" fontsize=10 color="#94a3b8"'
        ' fontcolor="#64748b" arrowsize=0.65 penwidth=1.2];',
    ]
    for number, (name, vertex) in enumerate(drawn.vertices.items()):
        lines.append(f"  {_quoted(name)} [{_dot_attributes(vertex, number)}];")
    for number, (group, names) in enumerate(drawn.groups.items()):
        lines += _cluster(f"group{number}", group, map(_quoted, names))
    for number, arrow in enumerate(drawn.arrows):
        attributes = [f'id="edge{number}"']
        if arrow.optional:
            attributes.append('style="dashed"')
        if arrow.label:
            attributes.append(f"label={_quoted(' ' + arrow.label + ' ')}")
        ends = f"{_quoted(arrow.source)} -> {_quoted(arrow.target)}"
        lines.append(f"  {ends} [{' '.join(attributes)}];")
    if drawn.legend:
        lines += _cluster("legend", "legend", map(_dot_legend, drawn.legend.items()))
    return "\n".join([*lines, "}"]) + "\n"


def _cluster(id: str, label: str, members: Iterable[str]) -> list[str]:
    """A frame around some nodes."""
    return [
        f"  subgraph {_quoted('cluster_' + id)} {{",
        f'    label={_quoted(label)}; style="rounded,dashed"; color="#94a3b8"; margin=12;',
        *(f"    {member};" for member in members),
        "  }",
    ]


def _dot_legend(entry: tuple[str, str]) -> str:
    look, says = entry
    fill, line, color = STYLES[look]
    dashed = ' style="rounded,filled,dashed"' if look == "input" else ""
    return (
        f'{_quoted("legend " + look)} [id="legend_{look}" class="{look}" label=<'
        f'<font color="{color}">{says}</font>> fillcolor="{fill}" color="{line}"{dashed}]'
    )


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
