"""A name asked for that no step makes."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.rule import Rule, rename


class UnknownTarget(Rule):
    """
    ## What it does
    Checks for a name in `execute([…])`, in `overrides`, or in `outputs` of
    `pyproject.toml` that no step makes.

    ## Why is this bad?
    The run is refused.

    ## Example
    ```toml
    [tool.stepwell.pipelines.titles]
    modules = ["steps"]
    outputs = ["titel"]
    ```

    ```python
    def title(document: str) -> str:
        return document[:10]
    ```

    Use instead:
    ```toml
    [tool.stepwell.pipelines.titles]
    modules = ["steps"]
    outputs = ["title"]
    ```

    ```python
    def title(document: str) -> str:
        return document[:10]
    ```
    """

    code = "SW105"
    name = "unknown-target"
    message = "`{name}` is {asked}, and no step makes it{cure}"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        if graph.holes:
            return
        given = {*graph.inputs, *(graph.known_inputs or ()), *(graph.config or ())}
        for mention in graph.mentions:
            name, role = mention.name, mention.role
            if role not in ("target", "override") or name in graph.nodes:
                continue
            if name in given:
                if role == "target":  # fine where it is given; what is asked for comes back
                    continue
                cure, near = "; it is an input, give it in `inputs`", ""
            else:
                near = graph.spellings.nearest(name)
                cure = f"; did you mean `{near}`?" if near else ""
            asked = "asked for" if role == "target" else "overridden"
            yield self.at(mention.span, rename(mention, near), name=name, asked=asked, cure=cure)
