"""Steps that need themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from itertools import islice, product
from typing import NamedTuple

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.conditions import together
from stepwell.rules.rule import Rule
from stepwell.spec import Node, Param

_STARTS = 50
"""From how many nodes of a knot the shortest cycle is looked for; a knot may be very large."""
_CHOICES = 64


class Edge(NamedTuple):
    """One step that reads another, and by which parameter."""

    reader: Node
    param: Param


class Cycle(Rule):
    """
    ## What it does
    Checks for steps that need themselves, by however long a way, and shows the
    shortest.

    ## Why is this bad?
    None of them can ever start.

    ## Example
    ```python
    def question(answer: str) -> str:
        return answer + "?"

    def answer(question: str) -> str:
        return question.upper()
    ```

    Use instead:
    ```python
    def answer(question: str) -> str:
        return question.upper()
    ```
    """

    code = "SW104"
    name = "cycle"
    message = "`{node}` needs {chain}"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        for knot in _knots(graph):
            edges = _edges(graph, _shortest(graph, knot))
            if not edges:
                continue
            first = edges[0].reader
            chain = ", which needs ".join(f"`{edge.param.reads}`" for edge in edges)
            if len(edges) == 1:
                chain = "itself"
            yield self.at(
                edges[0].param.span or first.span,
                node=first.name,
                chain=chain,
                related=[
                    (place, f"`{edge.reader.name}` needs `{edge.param.reads}` here")
                    for edge in edges
                    if (place := edge.param.span or edge.reader.span)
                ],
            )


def _knots(graph: Graph) -> list[list[str]]:
    """The groups of nodes that need each other, each in the order written, and those in order."""
    circular, needs = graph.wiring.circular, graph.wiring.needs
    if not circular:
        return []
    import networkx as nx

    order = {name: position for position, name in enumerate(graph.nodes)}
    digraph = nx.DiGraph((name, each) for name in circular for each in needs[name])
    groups = [
        sorted(group, key=order.__getitem__)
        for group in nx.strongly_connected_components(digraph.subgraph(circular))
    ]
    return sorted(groups, key=lambda group: order[group[0]])


def _shortest(graph: Graph, knot: Collection[str]) -> list[str]:
    """The names of a shortest cycle, each needing the next."""
    best: list[str] = []
    inside = frozenset(knot)
    for start in islice(knot, _STARTS):
        found = _back_to(graph, start, inside, len(best))
        if found and (not best or len(found) < len(best)):
            best = found
    return best


def _back_to(graph: Graph, start: str, inside: frozenset[str], limit: int) -> list[str]:
    needs = graph.wiring.needs
    came: dict[str, str] = {}
    waiting = deque([(start, 1)])
    while waiting:
        name, length = waiting.popleft()
        if limit and length >= limit:
            return []
        for needed in needs[name]:
            if needed == start:
                path = [name]
                while path[-1] != start:
                    path.append(came[path[-1]])
                return path[::-1]
            if needed in inside and needed not in came:
                came[needed] = name
                waiting.append((needed, length + 1))
    return []


def _edges(graph: Graph, names: list[str]) -> list[Edge]:
    """The edges of a cycle; empty where no configuration has all of its nodes at once."""
    following = names[1:] + names[:1]
    choices = [
        [
            Edge(node, param)
            for node in graph.variants(name)
            for param in node.params
            if param.reads == needed
        ]
        for name, needed in zip(names, following, strict=True)
    ]
    for chosen in islice(product(*choices), _CHOICES):
        if graph.config is not None or together(edge.reader for edge in chosen):
            return list(chosen)
    return []
