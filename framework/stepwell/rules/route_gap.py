"""A value that no route is there for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.routes import alternatives, lets_pass, values_of
from stepwell.rules.rule import Rule
from stepwell.spec import Node


class RouteGap(Rule):
    """
    ## What it does
    Checks that the alternatives of one name cover every value of the step that
    decides between them, where its return type says which there are: a `Literal`,
    `bool` or `None`.

    ## Why is this bad?
    With one of the others nothing is made, and all that needs it is skipped.

    ## Example
    ```python
    from typing import Literal
    from stepwell import when

    def kind(question: str) -> Literal["fact", "chat", "date"]:
        return "fact" if question.endswith("?") else "chat"

    @when(kind="fact")
    def answer__found(question: str) -> str:
        return question.upper()

    @when(kind="chat")
    def answer__chat(question: str) -> str:
        return question
    ```

    Use instead:
    ```python
    from typing import Literal
    from stepwell import otherwise, when

    def kind(question: str) -> Literal["fact", "chat", "date"]:
        return "fact" if question.endswith("?") else "chat"

    @when(kind="fact")
    def answer__found(question: str) -> str:
        return question.upper()

    @otherwise
    def answer__chat(question: str) -> str:
        return question
    ```
    """

    code = "SW307"
    name = "route-gap"
    severity = "warning"
    message = (
        "nothing makes `{node}` where `{source}` is {left}; add a step for that, "
        "or one `@otherwise`"
    )

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        if graph.holes:
            return
        told = set()
        for join, steps in alternatives(graph):
            source = _decides(steps)
            if not source or any(step.stale or step.when for step in steps):
                continue
            if join.span in told or not _is_needed(graph, join.name):
                continue
            left = [v for v in values_of(graph, source) or () if not _covered(steps, v)]
            if left:
                told.add(join.span)
                yield self.at(
                    join.span,
                    node=join.name,
                    source=source,
                    left=" or ".join(f"`{value!r}`" for value in left),
                )


def _decides(steps: Sequence[Node]) -> str:
    """The one name that all guards ask; nothing where there are several, or none."""
    asked = {param.reads for step in steps for param in step.guards}
    return next(iter(asked)) if len(asked) == 1 and all(step.guards for step in steps) else ""


def _is_needed(graph: Graph, name: str) -> bool:
    """Whether somebody can't do without it: a reader, or who asks for it."""
    readers = [param.required for _, param in graph.readers(name) if param.guard is None]
    return any(readers) or not readers


def _covered(steps: Sequence[Node], value: Any) -> bool:
    return any(
        all(param.guard and lets_pass(param.guard, value) is not False for param in step.guards)
        for step in steps
    )
