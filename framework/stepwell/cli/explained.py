"""A graph as a list: what was read, what comes from outside, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stepwell.cli.report import shown_path
from stepwell.graph import Graph
from stepwell.spec import Node, Span


def explained(graph: Graph) -> str:
    """What was read of the modules, and what could not be."""
    modules = ", ".join(f"`{module}`" for module in graph.modules)
    parts = [
        (f"Nodes of {modules}", map(_node, graph.written)),
        ("Inputs, which come from outside", _inputs(graph)),
        (
            "Holes: what can't be read, so that more names may come from there",
            (f"{hole.reason}{_place(hole.span)}" for hole in graph.holes),
        ),
        ("Found wrong in reading", (found.concise() for found in graph.problems)),
    ]
    sections = (_section(heading, lines) for heading, lines in parts)
    return "\n".join(section for section in sections if section)


def _section(heading: str, lines: Iterable[str]) -> str:
    found = "".join(f"  {line}\n" for line in lines)
    return f"{heading}:\n{found}" if found else ""


def signature(node: Node) -> str:
    """What a node reads and makes, as `name(read, read) -> type`."""
    params = ", ".join(dict.fromkeys(param.reads for param in node.params))
    typed = "" if node.type.short == "?" else f" -> {node.type.short}"
    return f"{node.name}({params}){typed}"


def _node(node: Node) -> str:
    stale = "  (its text is broken now; this is what was last known)" if node.stale else ""
    return f"{signature(node)}{_place(node.span)}{stale}"


def _inputs(graph: Graph) -> Iterator[str]:
    for name, readers in graph.inputs.items():
        types = sorted({param.type.short for _, param in readers} - {"?"})
        typed = f": {' and '.join(types)}" if types else ""
        optional = "" if any(param.required for _, param in readers) else ", optional"
        by = ", ".join(dict.fromkeys(f"`{node.name}`" for node, _ in readers))
        yield f"{name}{typed}{optional}, read by {by}"


def _place(span: Span | None) -> str:
    return f"  {shown_path(span.file)}:{span.line}" if span else ""
