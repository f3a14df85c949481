"""A step that reads one which never exists together with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.conditions import apart, shown
from stepwell.rules.rule import Rule
from stepwell.spec import Node


class ConfigGap(Rule):
    """
    ## What it does
    Checks for a step that exists under one configuration and reads a node that
    exists only under others, and that no input gives.

    ## Why is this bad?
    Whatever the configuration, what it reads is not there.

    ## Example
    ```python
    from stepwell import config

    @config.when(mode="local")
    def model(path: str) -> str:
        return path

    @config.when(mode="remote")
    def answer(model: str, question: str) -> str:
        return model + question
    ```

    Use instead:
    ```python
    from stepwell import config

    @config.when(mode="local")
    def model(path: str) -> str:
        return path

    @config.when(mode="local")
    def answer(model: str, question: str) -> str:
        return model + question
    ```
    """

    code = "SW304"
    name = "config-gap"
    severity = "warning"
    message = "`{node}` exists where {here}, and `{name}` only where {there}"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        if graph.holes or not (graph.wiring.conditional or graph.absent):
            return
        everything = (*graph.written, *graph.absent)
        by_name: dict[str, list[Node]] = defaultdict(list)
        for node in everything:
            by_name[node.name].append(node)
        given = {mention.name for mention in graph.mentions if mention.role in ("input", "config")}
        given |= {*(graph.known_inputs or ()), *(graph.config or ())}
        for node in everything:
            for param in node.params if node.when and not node.stale else ():
                makers = by_name.get(param.reads, [])
                if not makers or not param.required or param.reads in given:
                    continue
                if all(apart(maker, node) for maker in makers):
                    maker = makers[0]
                    related = [(maker.span, f"`{maker.name}` is made here")] if maker.span else []
                    yield self.at(
                        param.span or node.span,
                        node=node.name,
                        here=shown(node.when),
                        name=maker.name,
                        there=shown(maker.when),
                        related=related,
                    )
