"""A default that is not of the parameter's type."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic, Edit, Fix
from stepwell.graph import Graph
from stepwell.rules.rule import FunctionRule
from stepwell.spec import Body, Default, Node
from stepwell.types import Type
from stepwell.types.value import holds


class DefaultDoesNotFit(FunctionRule):
    """
    ## What it does
    Checks that a parameter's default, where it is a literal, is of the type that
    the parameter is annotated with.

    ## Why is this bad?
    What may come in is not what the step says; steps that make it are checked
    against the wrong type.

    ## Example
    ```python
    def title(document: str, length: int = None) -> str:
        return document[: length or 10]
    ```

    Use instead:
    ```python
    def title(document: str, length: int | None = None) -> str:
        return document[: length or 10]
    ```
    """

    code = "SW204"
    name = "default-does-not-fit"
    severity = "warning"
    message = "`{param}: {type}` of `{node}` defaults to `{default}`"

    def of_body(self, node: Node, body: Body, graph: Graph) -> Iterator[Diagnostic]:
        for default in body.defaults:
            type = _type(node, default.keyword)
            if type is not None and holds(type, default.value) is False:
                yield self.at(
                    body.at(default),
                    _optional(body, default),
                    node=node.step or node.name,
                    param=default.keyword,
                    type=type.short,
                    default=_short(default.value),
                )


def _type(node: Node, keyword: str) -> Type | None:
    for param in node.params:
        if param.keyword == keyword and param.key is None:
            return param.type
    return None  # bound by a modifier


def _optional(body: Body, default: Default) -> Fix | None:
    if default.value is not None or default.annotation is None:
        return None
    span = body.at(default.annotation)
    end = span._replace(line=span.end_line, column=span.end_column)
    return Fix("Allow `None`", (Edit(end, " | None"),))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
