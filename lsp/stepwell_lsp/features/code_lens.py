"""Lines above each step: who reads it, and what it did when it ran last."""

from __future__ import annotations

from lsprotocol import types

from stepwell.graph import Graph
from stepwell.spec import Node, Span
from stepwell_lsp.features.last_run import OPEN, summary
from stepwell_lsp.snapshot import Snapshot

SHOW = "stepwell.showReferences"
"""The client's command that lists places: its URI, its position, and the locations."""


def code_lenses(
    snapshot: Snapshot, file: str, *, commands: frozenset[str] = frozenset()
) -> list[types.CodeLens]:
    """For every node made in this file, how many steps read it and whether it is asked for.

    And what it did when it ran last, where a run store says so.

    Args:
        snapshot: the workspace.
        file: the file that is shown.
        commands: the commands that the client has; without `SHOW`, a lens only tells.
    """
    found: dict[Span, dict[str, tuple[Graph, Node]]] = {}
    for place in snapshot.places(file):
        if place.role == "step" and place.node:
            found.setdefault(place.span, {}).setdefault(place.name, (place.graph, place.node))
    graphs = list(
        {id(graph): graph for nodes in found.values() for graph, _ in nodes.values()}.values()
    )
    readers = {name: _readers(graphs, name) for nodes in found.values() for name in nodes}
    asked = {m.name for graph in graphs for m in graph.mentions if m.role == "target"}
    lenses = []
    for span, nodes in found.items():
        for name in nodes:
            title = _title(len(readers[name]), name in asked)
            title = title if len(nodes) == 1 else f"{name}: {title}"
            command = types.Command(title, "")
            if SHOW in commands and readers[name]:
                spans = dict.fromkeys(readers[name].values())
                places = [snapshot.location(where) for where in spans if where]
                start = snapshot.range(span).start
                command = types.Command(title, SHOW, arguments=[snapshot.uri(file), start, places])
            lenses.append(types.CodeLens(snapshot.range(span), command))
            if did := summary(snapshot, nodes[name][1]):
                title = f"last run: {did}" if len(nodes) == 1 else f"{name}, last run: {did}"
                opens = OPEN if OPEN in commands else ""
                shown = types.Command(title, opens, arguments=[snapshot.uri(file)])
                lenses.append(types.CodeLens(snapshot.range(span), shown))
    return sorted(lenses, key=lambda lens: lens.range.start)


def _readers(graphs: list[Graph], name: str) -> dict[str, Span | None]:
    """The steps that read a name in any of these pipelines, with the place."""
    return {node.name: param.span for graph in graphs for node, param in graph.readers(name)}


def _title(readers: int, asked: bool) -> str:
    if not readers:
        return "asked for" if asked else "no step reads this"
    count = "1 step" if readers == 1 else f"{readers} steps"
    return f"read by {count}" + (" · asked for" if asked else "")
