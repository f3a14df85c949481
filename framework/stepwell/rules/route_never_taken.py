"""A route that no value leads to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.routes import READABLE, guarded_steps, lets_pass, values_of
from stepwell.rules.rule import Rule
from stepwell.spec import Guard
from stepwell.spelling import is_slip


class RouteNeverTaken(Rule):
    """
    ## What it does
    Checks for `@when` and its like that ask for a value which the step they ask
    can't give, by its return type: a `Literal`, `bool` or `None`.

    ## Why is this bad?
    The step is never taken; a value that it was meant for leads nowhere.

    ## Example
    ```python
    from typing import Literal
    from stepwell import otherwise, when

    def kind(question: str) -> Literal["fact", "chat"]:
        return "fact" if question.endswith("?") else "chat"

    @when(kind="facts")
    def answer__found(question: str) -> str:
        return question.upper()

    @otherwise
    def answer(question: str) -> str:
        return question
    ```

    Use instead:
    ```python
    from typing import Literal
    from stepwell import otherwise, when

    def kind(question: str) -> Literal["fact", "chat"]:
        return "fact" if question.endswith("?") else "chat"

    @when(kind="fact")
    def answer__found(question: str) -> str:
        return question.upper()

    @otherwise
    def answer(question: str) -> str:
        return question
    ```
    """

    code = "SW306"
    name = "route-never-taken"
    severity = "warning"
    message = "`{node}` asks for {asked}, and `{source}` is one of {known}{cure}"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        for node in guarded_steps(graph).values() if graph.has_routes else ():
            for param in node.guards:
                assert param.guard is not None
                known = values_of(graph, param.reads)
                if node.stale or not known:
                    continue
                strange = [each for each in _asked(param.guard) if not _among(each, known)]
                near = next((v for each in strange for v in known if _alike(each, v)), None)
                if strange or not any(lets_pass(param.guard, v) in (True, None) for v in known):
                    asked = " or ".join(f"`{param.reads}` `{each!r}`" for each in strange)
                    yield self.at(
                        param.span or node.span,
                        node=node.step or node.name,
                        asked=asked or f"no value that `{param.reads}` has",
                        source=param.reads,
                        known=", ".join(f"`{each!r}`" for each in known),
                        cure=f"; did you mean `{near!r}`?" if near is not None else "",
                    )


def _asked(guard: Guard) -> list[Any]:
    if guard.operator in ("skipped", "rest"):
        return []
    return [each for each in guard.values if isinstance(each, READABLE)]


def _among(value: object, known: list[Any]) -> bool:
    return any(value == each for each in known)


def _alike(value: object, known: object) -> bool:
    return isinstance(value, str) and isinstance(known, str) and is_slip(value, known)
