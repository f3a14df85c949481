"""`dataloader` and `datasaver`: steps of one's own that load and save, as the graph knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import fresh, of_wholes
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.modifiers.stored import LOADER, METADATA, SAVER
from stepwell.spec import Node, Param
from stepwell.types import ANY, Type


@dataclass(frozen=True)
class DataLoader(Modifier):
    """Splits what a step returns into the data and what is known of it."""

    stage: ClassVar[int] = 49

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        return of_wholes(nodes, lambda node: _split(node, nodes))


@dataclass(frozen=True)
class DataSaver(Modifier):
    """Marks a step as one that saves."""

    stage: ClassVar[int] = 49

    def expand(self, node: Node) -> Iterable[Node]:
        if node.type.name not in _DICTS:
            raise ModifierError(
                f"a `datasaver` returns a dict of what is known of it; `{node.step or node.name}` "
                f"returns `{node.type.short}`"
            )
        return (replace(node, tags=MappingProxyType({**node.tags, SAVER: node.name})),)


def dataloader() -> DataLoader:
    """The step returns data and a dict of what is known of it; its node is the data alone.

    What the function returns is `name.loaded`, the dict `name.metadata`.

    >>> @dataloader()
    ... def books(path: str) -> tuple[list[str], dict[str, object]]: ...
    """
    return DataLoader()


def datasaver() -> DataSaver:
    """The step saves what it reads, and returns a dict of what is known of it.

    >>> @datasaver()
    ... def saved_books(books: list[str], path: str) -> dict[str, object]: ...
    """
    return DataSaver()


_DICTS = ("dict", "collections.abc.Mapping", "?", "typing.Any")


def first(loaded: Any) -> Any:
    """The data."""
    return loaded[0]


def second(loaded: Any) -> Any:
    """What is known of it."""
    return loaded[1]


def _split(node: Node, nodes: Sequence[Node]) -> list[Node]:
    types = node.type.types
    known = node.type.name in ("?", "typing.Any") or (node.type.name == "tuple" and not types)
    if not known and not (node.type.name == "tuple" and len(types) == 2):
        raise ModifierError(
            "a `dataloader` returns the data and a dict, `tuple[…, dict]`; "
            f"`{node.step or node.name}` returns `{node.type.short}`"
        )
    tags = MappingProxyType({**node.tags, LOADER: node.name})
    raw = replace(node, name=fresh(f"{node.name}.loaded", nodes), tags=tags)

    def part(name: str, type: Type, take: Any) -> Node:
        return replace(
            node,
            name=name,
            type=type,
            kind="function",
            module=__name__,
            params=(Param("loaded", raw.name, node.type),),
            bound=(),
            prompts=(),
            body=None,
            callable=take if node.callable is not None else None,
        )

    told = fresh(f"{node.name}.metadata", nodes)
    return [
        raw,
        replace(part(told, METADATA, second), doc=""),
        part(node.name, types[0] if types else ANY, first),
    ]
