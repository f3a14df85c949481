"""From a name to the class of what it holds."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from stepwell.read.source.chunks import Places
from stepwell.spec import Span
from stepwell.types import Type
from stepwell_lsp.places import Place
from stepwell_lsp.snapshot import Snapshot


def type_definition(
    snapshot: Snapshot, file: str, position: types.Position
) -> list[types.Location]:
    """The classes of the workspace that the type of the name under the cursor is made of."""
    names = {
        name: None
        for place in snapshot.at(file, position)
        for type in _types(place)
        for name in _dotted(type)
    }
    found = (_class(snapshot, *name.rpartition(".")[::2]) for name in names)
    return [snapshot.location(span) for span in found if span]


def _types(place: Place) -> Iterator[Type]:
    """What a parameter says that it takes, or else what is made under that name."""
    if place.param and place.param.type.name != "?":
        yield place.param.type
        return
    yield from (node.type for node in place.graph.variants(place.name))
    yield from (param.type for _, param in place.graph.inputs.get(place.name, ()))


def _dotted(type: Type) -> Iterator[str]:
    if "." in type.name.strip("."):
        yield type.name
    for inner in type.types:
        yield from _dotted(inner)


def _class(snapshot: Snapshot, home: str, name: str) -> Span | None:
    for module in snapshot.modules.values():
        if module.name == home and name in module.names.classes:
            for chunk in snapshot.chunks(module.file):
                for number, line in enumerate(chunk.text.split("\n"), start=1):
                    words = line.split("(")[0].split(":")[0].split("[")[0].split()
                    if words == ["class", name]:
                        column = line.index(name, line.index("class") + 5) + 1
                        return Places(module.file, chunk).at(number, column, len(name))
    return None
