"""From a name to where it is made."""

from __future__ import annotations

from lsprotocol import types

from stepwell_lsp.places import Place
from stepwell_lsp.snapshot import Snapshot


def definition(snapshot: Snapshot, file: str, position: types.Position) -> list[types.Location]:
    """Where the name under the cursor is made.

    A parameter leads to its step, in whatever module that is; so does a name in `execute([...])`.
    An input that no step makes leads to where it is given, or else to the first step that reads it.
    """
    same = snapshot.same(snapshot.at(file, position))
    return [snapshot.location(place.span) for place in made(same)]


def made(same: list[Place]) -> list[Place]:
    """Of the places of one name, those that say where its value comes from."""
    steps = [place for place in same if place.role == "step"]
    given = [place for place in same if place.role in ("input", "config")]
    return steps or given or [place for place in same if place.role == "param"][:1]
