"""Two steps of one name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.conditions import exclusive, on_one_route
from stepwell.rules.routes import alternatives
from stepwell.rules.rule import Rule
from stepwell.spec import Node


class DuplicateNode(Rule):
    """
    ## What it does
    Checks for two steps that make a node of the same name in one pipeline, unless
    the conditions of `config.when` keep them apart. Of alternatives that `when`
    chooses between in the run, it warns where one run could take two.

    ## Why is this bad?
    A name stands for one value; which of the two was meant can't be told.

    ## Example
    ```python
    def title(document: str) -> str:
        return document[:10]

    def title(page: str) -> str:
        return page[:10]
    ```

    Use instead:
    ```python
    def title(document: str) -> str:
        return document[:10]

    def page_title(page: str) -> str:
        return page[:10]
    ```
    """

    code = "SW103"
    name = "duplicate-node"
    message = "`{node}` is made twice, here and {other}; rename one"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        if len(graph.nodes) == len(graph.written):
            return
        if graph.has_routes:
            yield from self._alternatives(graph)
        by_name: dict[str, list[Node]] = defaultdict(list)
        for node in graph.written:
            by_name[node.name].append(node)
        for name, nodes in by_name.items():
            for index, node in enumerate(nodes):
                first = next((each for each in nodes[:index] if _clash(each, node, graph)), None)
                if first is not None:
                    related = [(first.span, f"`{name}` is first made here")] if first.span else []
                    yield self.at(node.span, node=name, other=_place(first), related=related)

    def _alternatives(self, graph: Graph) -> Iterator[Diagnostic]:
        """Alternatives of one join that a single run could take both of."""
        told = set()
        for join, steps in alternatives(graph):
            for one, other in combinations(steps, 2):
                pair = (one.name, other.name)
                if pair in told or exclusive(one, other) or not on_one_route(one, other):
                    continue
                told.add(pair)
                if not (one.stale or other.stale):
                    related = [(one.span, f"`{join.name}` is first made here")] if one.span else []
                    yield self.at(
                        other.span,
                        node=join.name,
                        other=_place(one),
                        related=related,
                        severity="warning",
                        message="`{node}` may be made twice in one run, here and {other}, and the "
                        "first counts; have what they ask for exclude each other",
                    )


def _clash(one: Node, other: Node, graph: Graph) -> bool:
    if one.kind == other.kind == "join":
        return False
    if one.stale or other.stale or (one.span is not None and one.span == other.span):
        return False
    return graph.config is not None or not exclusive(one, other)


def _place(node: Node) -> str:
    return f"at {node.span}" if node.span else f"in `{node.module}`"
