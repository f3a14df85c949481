"""`parameterize_values`: several nodes out of one step, which differ in one literal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Value, short
from stepwell.modifiers.modifier import Modifier
from stepwell.modifiers.parameterized import made
from stepwell.spec import Node


@dataclass(frozen=True)
class ParameterizedValues(Modifier):
    """Makes one node for each name."""

    parameter: Any
    values: Any

    stage: ClassVar[int] = 40

    def expand(self, node: Node) -> Iterable[Node]:
        if not isinstance(self.parameter, str):
            raise ModifierError(
                f"`parameterize_values` takes the name of a parameter first; got "
                f"`{short(self.parameter)}`",
                argument="parameter",
            )
        if not isinstance(self.values, Mapping) or not self.values:
            raise ModifierError(
                "`parameterize_values` takes a dict of a value for each name; got "
                f"`{short(self.values)}`",
                argument="values",
            )
        found = []
        for key, value in self.values.items():
            wiring = {self.parameter: Value(value)}
            if isinstance(key, tuple) and len(key) == 2:
                found.append(made(node, key[0], (wiring, key[1])))
            else:
                found.append(made(node, key, wiring))
        return found


def parameterize_values(
    parameter: str, values: Mapping[str | tuple[str, str], Any]
) -> ParameterizedValues:
    """One node for each name, with one parameter bound to the literal of that name.

    A key may be a name, or a name and a docstring.

    >>> @parameterize_values("top", {"few": 3, ("many", "The best {top}."): 30})
    ... def passages(question: str, top: int) -> list[str]: ...
    """
    return ParameterizedValues(parameter, values)
