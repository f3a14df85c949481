"""An input of a step's name."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.rule import Rule


class ShadowedInput(Rule):
    """
    ## What it does
    Checks for an input, given where a pipeline is run, that has the name of a step. A
    driver also refuses a key of its config that has.

    ## Why is this bad?
    The run is refused, since it is not said which of the two counts. To put a
    value in the place of a step, give it in `overrides`.

    ## Example
    ```python
    def title(document: str) -> str:
        return document[:10]

    def report(title: str) -> str:
        return title.upper()
    ```

    ```python
    import steps
    from stepwell import driver

    driver.Driver({}, steps).execute(["report"], inputs={"title": "Steps"})
    ```

    Use instead:
    ```python
    def title(document: str) -> str:
        return document[:10]

    def report(title: str) -> str:
        return title.upper()
    ```

    ```python
    import steps
    from stepwell import driver

    driver.Driver({}, steps).execute(["report"], overrides={"title": "Steps"})
    ```
    """

    code = "SW110"
    name = "shadowed-input"
    message = "`{node}` is given in `inputs` and is a step; give it in `overrides`"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        for mention in graph.mentions:
            node = graph.nodes.get(mention.name)
            if mention.role != "input" or node is None:
                continue
            # Without a configuration it is not known whether a step that has conditions exists.
            if graph.config is not None or any(not n.when for n in graph.variants(node.name)):
                related = [(node.span, f"`{node.name}` is made here")] if node.span else []
                yield self.at(mention.span, node=node.name, related=related)
