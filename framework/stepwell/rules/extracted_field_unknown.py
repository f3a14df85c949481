"""A field that the step's dict does not have."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from stepwell.diagnostic import Diagnostic, Edit, Fix
from stepwell.errors import nearest
from stepwell.graph import Graph
from stepwell.rules.bodies import plain
from stepwell.rules.rule import Rule
from stepwell.spec import Node


class ExtractedFieldUnknown(Rule):
    """
    ## What it does
    Checks that each field which `extract_fields` names is in every dict that the
    step returns, where these are written out in its `return`s.

    ## Why is this bad?
    The field can't be taken out: a `KeyError` at run time.

    ## Example
    ```python
    from stepwell import extract_fields

    @extract_fields("titel", "body")
    def parts(document: str) -> dict[str, str]:
        return {"title": document[:10], "body": document[10:]}
    ```

    Use instead:
    ```python
    from stepwell import extract_fields

    @extract_fields("title", "body")
    def parts(document: str) -> dict[str, str]:
        return {"title": document[:10], "body": document[10:]}
    ```
    """

    code = "SW305"
    name = "extracted-field-unknown"
    message = "`{field}` is no field of what `{node}` returns{cure}"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        fields = [node for node in graph.written if node.kind == "field"]
        if not fields:
            return
        makers = {(node.module, node.step, node.name): node for node in graph.written if node.body}
        told = set()
        for node in fields:
            if node.stale or not node.params:
                continue
            maker = makers.get((node.module, node.step, node.params[0].reads))
            # Several nodes of one function may have the same fields.
            if maker is not None and not maker.stale and (node.span, node.name) not in told:
                told.add((node.span, node.name))
                yield from self._field(node, maker)

    def _field(self, node: Node, maker: Node) -> Iterator[Diagnostic]:
        body, key = maker.body, _key(node)
        if body is None or body.dicts is None or key is None or not plain(body):
            return
        lacking = next((keys for keys in body.dicts if key not in keys), None)
        if lacking is None:
            return
        near = nearest(key, lacking)
        known = ", ".join(f"`{key}`" for key in lacking)
        cure = f"; did you mean `{near}`?" if near else f"; it has {known}" if known else ""
        fix = None
        if near and key == node.name and node.span and node.span != maker.span:
            fix = Fix(f"Rename to `{near}`", (Edit(node.span, near),))
        yield self.at(node.span, fix, node=maker.step or maker.name, field=key, cure=cure)


def _key(node: Node) -> str | None:
    """The key that a field is taken out by, if it is one."""
    if not isinstance(node.callable, itemgetter):
        return None
    reduced: Any = node.callable.__reduce__()  # the one way to ask it
    keys = reduced[1]
    return keys[0] if len(keys) == 1 and isinstance(keys[0], str) else None
