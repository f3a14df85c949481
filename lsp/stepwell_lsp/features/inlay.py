"""What comes in along an edge, shown where the text does not say it."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from stepwell.spec import Node, Param, Span
from stepwell.types import UNKNOWN, known
from stepwell_lsp.features.completion import writable
from stepwell_lsp.features.hover import signature
from stepwell_lsp.places import Place
from stepwell_lsp.snapshot import Snapshot

_MISMATCH = "SW201"


def inlay_hints(snapshot: Snapshot, file: str, shown: types.Range) -> list[types.InlayHint]:
    """The type that comes in, behind each parameter that has none or can't take it.

    Where it can't be taken, and is made in another module, that module is named.

    A double click writes the type of a parameter that has none, where that needs no import.
    """
    wrong = {found.span for found in snapshot.findings.get(file, ()) if found.code == _MISMATCH}
    first, last = shown.start.line + 1, shown.end.line + 1
    hints: dict[tuple[Span, str], types.InlayHint] = {}
    for place in snapshot.between(file, first, last):
        if place.role == "param" and place.param and first <= place.span.line <= last:
            for hint in _hints(snapshot, place, place.param, wrong):
                hints.setdefault((place.span, str(hint.label)), hint)
    return sorted(hints.values(), key=lambda hint: hint.position)


def _hints(
    snapshot: Snapshot, place: Place, param: Param, wrong: set[Span | None]
) -> Iterator[types.InlayHint]:
    maker = place.graph.nodes.get(place.name)
    # A name in a string has no room for a type behind it, and its parameter is elsewhere.
    if maker is None or not known(maker.type) or param.keyword != param.reads:
        return
    kind = maker.type.short
    end = snapshot.range(place.span).end
    tooltip = types.MarkupContent(
        types.MarkupKind.Markdown, f"```python\n{signature(maker)}\n```\n\n{maker.doc}".strip()
    )
    if param.type == UNKNOWN and place.node and place.node.kind != "field":
        edits = [types.TextEdit(types.Range(end, end), f": {kind}")]
        yield types.InlayHint(
            end,
            f": {kind}",
            kind=types.InlayHintKind.Type,
            text_edits=edits if writable(maker.type) else None,
            tooltip=tooltip,
        )
    elif place.span in wrong:
        yield types.InlayHint(
            end,
            f"← {kind}{_from(place, maker)}",
            kind=types.InlayHintKind.Type,
            tooltip=tooltip,
            padding_left=True,
        )


def _from(place: Place, maker: Node) -> str:
    other = place.node and maker.module and maker.module != place.node.module
    return f" from {maker.module}" if other else ""
