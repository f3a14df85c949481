"""The other places in the same file that mean the same name."""

from __future__ import annotations

from lsprotocol import types

from stepwell_lsp.snapshot import Snapshot


def highlight(
    snapshot: Snapshot, file: str, position: types.Position
) -> list[types.DocumentHighlight]:
    """Where this file writes the name under the cursor: what makes it, and what reads it."""
    kinds = {"step": types.DocumentHighlightKind.Write}
    return [
        types.DocumentHighlight(
            snapshot.range(place.span), kinds.get(place.role, types.DocumentHighlightKind.Read)
        )
        for place in snapshot.same(snapshot.at(file, position))
        if place.span.file == file
    ]
