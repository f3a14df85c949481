"""`node`: a name for what a step makes, other than the function's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from stepwell.modifiers.arguments import checked_name, place
from stepwell.modifiers.modifier import Modifier
from stepwell.spec import Node


@dataclass(frozen=True)
class Named(Modifier):
    """Names the node."""

    name: str

    stage: ClassVar[int] = 20

    def expand(self, node: Node) -> Iterable[Node]:
        name = checked_name(self.name, argument="name")
        return (replace(node, name=str(name), span=place(name, node.span)),)


def node(*, name: str) -> Named:
    """The step's node is called `name`, whatever the function is called.

    >>> @node(name="answer")
    ... def answer_from_model(prompt: str) -> str: ...
    """
    return Named(name)
