"""A parameter that names a private function."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.rule import Rule


class PrivateStepUsed(Rule):
    """
    ## What it does
    Checks for a parameter that names a function which starts with `_`, where
    nothing else gives that name.

    ## Why is this bad?
    A private function is a helper and never a step. The parameter is taken for an
    input, and the run stops for want of it.

    ## Example
    ```python
    def _title(document: str) -> str:
        return document[:10]

    def report(_title: str) -> str:
        return _title.upper()
    ```

    Use instead:
    ```python
    def title(document: str) -> str:
        return document[:10]

    def report(title: str) -> str:
        return title.upper()
    ```
    """

    code = "SW109"
    name = "private-step-used"
    message = (
        "`{node}` reads `{name}`, which is private and so no step; call the function `{public}`"
    )

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        private = {node.step: node for node in graph.private}
        if not private or graph.holes:
            return
        given = {mention.name for mention in graph.mentions if mention.role != "target"}
        given |= {*(graph.known_inputs or ()), *(graph.config or ())}
        for name, readers in graph.inputs.items():
            function = private.get(name)
            if function is None or name in given:
                continue
            related = [(function.span, f"`{name}` is written here")] if function.span else []
            for node, param in readers:
                if param.required and not node.stale:
                    place, public = param.span or node.span, name.lstrip("_") or "result"
                    yield self.at(place, node=node.name, name=name, public=public, related=related)
