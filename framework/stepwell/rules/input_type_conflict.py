"""An input that is asked for as two types which no value has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import TypeAlias

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.conditions import exclusive
from stepwell.rules.rule import Rule
from stepwell.spec import Node, Param
from stepwell.types import Type, fits

_APART = frozenset(
    (
        *("str", "bytes", "int", "float", "complex", "bool", "None", "typing.Literal"),
        *("list", "dict", "set", "frozenset", "tuple"),
    )
)
"""Types of which a value has one alone, but for numbers, which `fits` knows."""

_ABSTRACT = "collections.abc."

_Reader: TypeAlias = tuple[Node, Param]


class InputTypeConflict(Rule):
    """
    ## What it does
    Checks that all steps which read one input can be given the same value. Only
    built-in types and their abstract bases are judged: of other classes a value
    may be both.

    ## Why is this bad?
    Whatever is given, one of the steps gets what it does not expect.

    ## Example
    ```python
    def title(document: str) -> str:
        return document[:10]

    def pages(document: list[str]) -> int:
        return len(document)
    ```

    Use instead:
    ```python
    def title(document: list[str]) -> str:
        return document[0][:10]

    def pages(document: list[str]) -> int:
        return len(document)
    ```
    """

    code = "SW202"
    name = "input-type-conflict"
    message = (
        "the input `{name}` is `{type}` for `{node}` and `{other_type}` for `{other}`, "
        "and nothing is both"
    )

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        for name, readers in graph.inputs.items():
            # Of ten thousand annotations a few are other objects; to compare those is enough.
            if len(set({id(param.type): param.type for _, param in readers}.values())) == 1:
                continue
            by_type: dict[Type, list[_Reader]] = defaultdict(list)
            for node, param in readers if len(readers) > 1 else ():
                if not node.stale:
                    by_type[param.type].append((node, param))
            told: set[int] = set()
            for (one, first), (other, second) in combinations(by_type.items(), 2):
                if _meet(one, other):
                    continue
                for here in second:
                    there = next((each for each in first if _both(each, here, graph)), None)
                    if there is not None and id(here[1]) not in told:
                        told.add(id(here[1]))
                        yield self._found(name, here, there)

    def _found(self, name: str, here: tuple[Node, Param], there: tuple[Node, Param]) -> Diagnostic:
        (node, param), (other, second) = here, there
        place = second.span or other.span
        return self.at(
            param.span or node.span,
            node=node.name,
            name=name,
            type=param.type.short,
            other=other.name,
            other_type=second.type.short,
            related=[(place, f"`{second.type.short}` here")] if place else (),
        )


def _both(one: _Reader, other: _Reader, graph: Graph) -> bool:
    """Whether one value may have to serve both: they exist together, and need not be left out."""
    if not (one[1].required or other[1].required):
        return False
    return graph.config is not None or not exclusive(one[0], other[0])


def _meet(one: Type, other: Type) -> bool:
    """Whether some value may be of both types; true where that is not known."""
    return any(_overlap(a, b) for a in one.members for b in other.members)


def _overlap(one: Type, other: Type) -> bool:
    if fits(one, other) is not False or fits(other, one) is not False:
        return True
    if not (one.name in _APART or other.name in _APART):
        return True
    if not (_judged(one) and _judged(other)):
        return True
    if one.name != other.name or one.name == "typing.Literal" or len(one.args) != len(other.args):
        return False
    # An empty container aside, elements decide: whether `list[int]` may be `list[float]` is a
    # question of variance, and not of what a value is.
    return all(map(_meet, one.types, other.types))


def _judged(type: Type) -> bool:
    return type.name in _APART or type.name.startswith(_ABSTRACT)
