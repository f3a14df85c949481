"""`unpack_fields`: a node for each element of the tuple that a step returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import checked_name, of_wholes
from stepwell.modifiers.extracted import entry
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.spec import Node
from stepwell.types import ANY, REST, Type


@dataclass(frozen=True)
class Unpacked(Modifier):
    """Adds the elements' nodes beside the node itself."""

    names: tuple[Any, ...]

    stage: ClassVar[int] = 50

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        return of_wholes(nodes, self.expand)

    def expand(self, node: Node) -> Iterable[Node]:
        if not self.names:
            raise ModifierError("`unpack_fields` needs the name of at least one element")
        types = self._types(node)
        made = [node]
        for index, name in enumerate(self.names):
            checked_name(name, argument=str(name), what="a field")
            made.append(entry(node, str(name), types[index], itemgetter(index), span_of=name))
        return made

    def _types(self, node: Node) -> tuple[Type, ...]:
        """The type of each element, as far as the tuple's says."""
        whole, count = node.type, len(self.names)
        types = whole.types if whole.name == "tuple" else ()
        if len(types) == 2 and types[1] == REST:
            return (types[0],) * count
        if types and len(types) != count:
            raise ModifierError(
                f"`unpack_fields` names {count} elements, and `{node.step or node.name}` returns "
                f"`{whole.short}`, which has {len(types)}"
            )
        return types or (ANY,) * count


def unpack_fields(*names: str) -> Unpacked:
    """A node for each element of the tuple that the step returns, in order.

    >>> @unpack_fields("train", "test")
    ... def split(rows: list[str]) -> tuple[list[str], list[str]]: ...
    """
    return Unpacked(names)
