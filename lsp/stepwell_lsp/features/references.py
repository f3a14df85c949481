"""From a name to everything that uses it."""

from __future__ import annotations

from lsprotocol import types

from stepwell_lsp.features.definition import made
from stepwell_lsp.snapshot import Snapshot


def references(
    snapshot: Snapshot, file: str, position: types.Position, *, declaration: bool = True
) -> list[types.Location]:
    """Everything that reads, asks for or gives the name under the cursor, across modules.

    Args:
        declaration: whether to count the place where the name is made.
    """
    same = snapshot.same(snapshot.at(file, position))
    left_out = () if declaration else made(same)
    return [snapshot.location(place.span) for place in same if place not in left_out]
