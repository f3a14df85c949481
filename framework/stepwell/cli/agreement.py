"""Whether the graph from text is the graph from live functions. This imports the modules."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.cli import modules
from stepwell.cli.explained import signature
from stepwell.graph import Graph
from stepwell.read.pipelines import Pipeline
from stepwell.spec import Node


def disagreements(pipeline: Pipeline) -> Iterator[str]:
    """A sentence for each node that the two readers see differently.

    Where a pipeline's text has holes, nodes that only the live functions have are no disagreement.

    Raises:
        UserError: if a module's own code raises while it is imported.
    """
    from stepwell.read import runtime

    live = [modules.load(module.file) for module in pipeline.modules]
    text, run = pipeline.graph, runtime.graph(live, config=pipeline.graph.config)
    if text.digest() == run.digest():
        return
    seen, made = _by_digest(text), _by_digest(run)
    for digest, node in seen.items():
        if digest not in made:
            other = run.nodes.get(node.name)
            live_says = f"live, it is {_whole(other)}" if other else "there is no live one"
            yield f"{node.place} reads as {_whole(node)}; {live_says}"
    for digest, node in made.items():
        if digest not in seen and node.name not in text.nodes and not text.holes:
            yield f"{node.place} is live, and is not read from text"


def _by_digest(graph: Graph) -> dict[str, Node]:
    return {Graph([node]).digest(): node for node in graph.written}


def _whole(node: Node) -> str:
    """All that a digest is made of, for a person."""
    more = [*(f"{key}={value!r}" for key, value in node.tags.items()), *map(repr, node.bound)]
    typed = ", ".join(f"{p.keyword}: {p.type.short}" for p in node.params)
    return f"`{signature(node)}` ({'; '.join([node.kind, typed, *more])})"
