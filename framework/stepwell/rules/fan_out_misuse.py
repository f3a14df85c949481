"""A fan-out that can't be run as it is written."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.blocks import ITEMS, ON_ERROR, POLICIES, Misuse, blocks, never_collected, policy
from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.rule import Rule


class FanOutMisuse(Rule):
    """
    ## What it does
    Checks that what is done for each item of a `Parallelizable` is collected, that
    `Collect` has items to collect, that no step takes items of two fan-outs that
    are not within each other, and that none needs all items while it does one.

    ## Why is this bad?
    There is no value that the step could be given, or none that anybody would get.

    ## Example
    ```python
    from stepwell import Collect, Parallelizable

    def page(urls: list[str]) -> Parallelizable[str]:
        yield from urls

    def words(page: str) -> int:
        return len(page.split())

    def report(words: int) -> str:
        return f"{words} words"
    ```

    Use instead:
    ```python
    from stepwell import Collect, Parallelizable

    def page(urls: list[str]) -> Parallelizable[str]:
        yield from urls

    def words(page: str) -> int:
        return len(page.split())

    def report(words: Collect[int]) -> str:
        return f"{sum(words)} words"
    ```
    """

    code = "SW401"
    name = "fan-out-misuse"
    message = "{why}"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        if not graph.fans_out or graph.cycle():
            return
        import networkx as nx

        nodes = graph.nodes
        found = blocks(
            (nodes[name] for name in nx.topological_sort(graph.digraph) if name in nodes), graph
        )
        misuses = [*found.misuses]
        if not graph.holes:
            misuses += never_collected(found, graph)
        for node in graph.nodes.values():
            if node.type.name == ITEMS and policy(node) not in ("", *POLICIES):
                known = ", ".join(f"`{name}`" for name in POLICIES)
                why = f"`{node.name}` is tagged `{ON_ERROR}={policy(node)!r}`, which is none of "
                misuses.append(Misuse(node, None, why + known))
        for node, param, why in misuses:
            if not node.stale and (graph.config is not None or not node.when):
                span = (param.span if param is not None else None) or node.span
                yield self.at(span, node=node.name, why=why)
