"""A parameter that nothing provides."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.errors import nearest
from stepwell.graph import Graph
from stepwell.rules.rule import Rule, rename


class MissingInput(Rule):
    """
    ## What it does
    Checks for a parameter that no step makes and that is not among the inputs of
    the pipeline, where these are known: from `inputs` in `pyproject.toml`, or
    from where the pipeline is run.

    ## Why is this bad?
    A run that needs it can't start.

    ## Example
    ```toml
    [tool.stepwell.pipelines.answers]
    modules = ["steps"]
    inputs = ["question"]
    ```

    ```python
    def answer(question: str, passages: list[str]) -> str:
        return passages[0] if question else ""
    ```

    Use instead:
    ```python
    def passages(question: str) -> list[str]:
        return question.split()

    def answer(question: str, passages: list[str]) -> str:
        return passages[0] if question else ""
    ```
    """

    code = "SW101"
    name = "missing-input"
    message = "`{node}` needs `{name}`, which no step makes and no input gives{cure}"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        if graph.known_inputs is None or graph.holes:
            return
        given = {*graph.known_inputs, *(graph.config or ())}
        for name, readers in graph.inputs.items():
            if name in given:
                continue
            near = nearest(name, [graph.spellings.nearest(name), *given])
            cure = f"; did you mean `{near}`?" if near else f"; add a step `{name}` or an input"
            for node, param in readers:
                if param.required and not node.stale and near != node.name:
                    fix = rename(param, near)
                    place = param.span or node.span
                    yield self.at(place, fix, node=node.name, name=name, cure=cure)
