"""An input that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.errors import nearest
from stepwell.graph import Graph
from stepwell.rules.rule import Rule, rename


class UnusedInput(Rule):
    """
    ## What it does
    Checks for an input, given where a pipeline is run, that no step reads.

    ## Why is this bad?
    It has no effect. Most likely its name is not quite that of a parameter, which
    then goes without, or takes its default.

    ## Example
    ```python
    def title(document: str, length: int = 10) -> str:
        return document[:length]
    ```

    ```python
    import steps
    from stepwell import driver

    driver.Driver({}, steps).execute(["title"], inputs={"document": "…", "lenght": 5})
    ```

    Use instead:
    ```python
    def title(document: str, length: int = 10) -> str:
        return document[:length]
    ```

    ```python
    import steps
    from stepwell import driver

    driver.Driver({}, steps).execute(["title"], inputs={"document": "…", "length": 5})
    ```
    """

    code = "SW107"
    name = "unused-input"
    severity = "warning"
    message = "`{name}` is given, and no step reads it{cure}"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        if graph.holes:
            return
        given = {mention.name for mention in graph.mentions if mention.role == "input"}
        for mention in graph.mentions:
            name = mention.name
            if mention.role != "input" or name in graph.inputs or name in graph.nodes:
                continue
            near = nearest(name, set(graph.inputs) - given)
            cure = f"; did you mean `{near}`?" if near else ""
            yield self.at(mention.span, rename(mention, near), name=name, cure=cure)
