"""A decorator as data: how one step becomes one or more nodes, for both readers alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeVar

from stepwell.spec import Node

F = TypeVar("F", bound=Callable[..., Any])

ATTRIBUTE = "__stepwell_modifiers__"


class Modifier:
    """A change to a step, made by a decorator and carried on the function.

    A subclass keeps its arguments as given, and says in `expand` what it makes of one node. Both
    readers call `expand`: the runtime reader with the object that the decorator hung on the
    function, the source reader with an equal object that it made from the decorator's text. So
    `expand` asks the node, never the function.
    """

    stage: ClassVar[int] = 50
    """Modifiers apply in the order of their stages; those of one stage from the function up."""

    def expand(self, node: Node) -> Iterable[Node]:
        """The nodes that take the place of `node`.

        Raises:
            ModifierError: if an argument does not suit this node.
        """
        return (node,)

    def __call__(self, step: F) -> F:
        """Hangs this modifier on a step and gives the very same function back."""
        carried = (*vars(step).get(ATTRIBUTE, ()), self)
        setattr(step, ATTRIBUTE, carried)
        return step


def modifiers_of(step: Callable[..., Any]) -> tuple[Modifier, ...]:
    """The modifiers hung on a function, in the order in which they apply."""
    carried: tuple[Modifier, ...] = getattr(step, ATTRIBUTE, ())
    return tuple(sorted(carried, key=lambda modifier: modifier.stage)) if carried else ()
