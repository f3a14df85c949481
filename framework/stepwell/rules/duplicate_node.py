"""Two steps of one name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.conditions import exclusive
from stepwell.rules.rule import Rule
from stepwell.spec import Node


class DuplicateNode(Rule):
    """
    ## What it does
    Checks for two steps that make a node of the same name in one pipeline, unless
    the conditions of `config.when` keep them apart.

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
        by_name: dict[str, list[Node]] = defaultdict(list)
        for node in graph.written:
            by_name[node.name].append(node)
        for name, nodes in by_name.items():
            for index, node in enumerate(nodes):
                first = next((each for each in nodes[:index] if _clash(each, node, graph)), None)
                if first is not None:
                    related = [(first.span, f"`{name}` is first made here")] if first.span else []
                    yield self.at(node.span, node=name, other=_place(first), related=related)


def _clash(one: Node, other: Node, graph: Graph) -> bool:
    if one.stale or other.stale or (one.span is not None and one.span == other.span):
        return False
    return graph.config is not None or not exclusive(one, other)


def _place(node: Node) -> str:
    return f"at {node.span}" if node.span else f"in `{node.module}`"
