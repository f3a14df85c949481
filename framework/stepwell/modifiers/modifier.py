"""A decorator as data: how one step becomes one or more nodes, for both readers alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

from stepwell.errors import ModifierError
from stepwell.spec import Node

F = TypeVar("F", bound=Callable[..., Any])

ATTRIBUTE = "__stepwell_modifiers__"


class Reading(Protocol):
    """The functions and modules that a modifier's arguments name, read as the reader at work can.

    At run time an argument is the function itself; from text it is its name. A modifier asks here,
    and never looks at the argument.

    Both raise a `ModifierError` if what is named is no function of Python. Where it is not to be
    seen from text, the source reader makes a hole of the whole modifier.
    """

    def step(self, given: Any) -> Node:
        """The node of a function by itself: also of a private one, its modifiers left aside."""
        ...

    def steps(self, given: Any) -> list[Node]:
        """The nodes of a function, or of all steps of a module, with their modifiers applied."""
        ...


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

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        """What takes the place of all nodes that the step makes so far.

        For a modifier that has to see more than one of them, or functions that its arguments name;
        any other says in `expand` what becomes of each.

        Raises:
            ModifierError: if an argument does not suit these nodes.
        """
        return [made for node in nodes for made in self.expand(node)]

    def finish(self, nodes: Sequence[Node]) -> Iterable[Node]:
        """What becomes of all that the step makes when every modifier has been applied: of names.

        Raises:
            ModifierError: if an argument does not suit these nodes.
        """
        return nodes

    def __call__(self, step: F) -> F:
        """Hangs this modifier on a step and gives the very same function back.

        Raises:
            ModifierError: if `step` is no function.
        """
        if isinstance(step, type) or not hasattr(step, "__dict__"):
            kind = "a class" if isinstance(step, type) else type(step).__name__
            raise ModifierError(f"a modifier goes on a function; `{step!r}` is {kind}")
        carried = (*vars(step).get(ATTRIBUTE, ()), self)
        setattr(step, ATTRIBUTE, carried)
        return step


def modifiers_of(step: Callable[..., Any]) -> tuple[Modifier, ...]:
    """The modifiers hung on a function, in the order in which they apply."""
    carried: tuple[Modifier, ...] = getattr(step, ATTRIBUTE, ())
    return tuple(sorted(carried, key=lambda modifier: modifier.stage)) if carried else ()


def expanded(node: Node, modifiers: Iterable[Modifier], reading: Reading) -> list[Node]:
    """What becomes of a node when these modifiers are applied to it one after another.

    Raises:
        ModifierError: if an argument of a modifier does not suit the node.
    """
    nodes = [node]
    modifiers = [*modifiers]
    for modifier in modifiers:
        nodes = [*modifier.apply(nodes, reading)]
    for modifier in modifiers:
        nodes = [*modifier.finish(nodes)]
    return nodes
