"""Branches taken in the run: the value of what was not made, and joins of alternatives.

Knows nodes alone; what is taken is worked out by the plan.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, final

from stepwell.spec import Guard, Node, Param
from stepwell.types.type import union


@final
class Skipped:
    """The class of `SKIPPED`, of which there is one object alone, in every process."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "SKIPPED"

    def __reduce__(self) -> str:
        return "SKIPPED"


SKIPPED: Final = Skipped()
"""In the place of a result: the node was not made, as no route led there. It is false.

>>> bool(SKIPPED), SKIPPED
(False, SKIPPED)
"""


def first_made(*alternatives: Any) -> Any:
    """The first of these that was made; `SKIPPED` where none was.

    >>> first_made(SKIPPED, "found")
    'found'
    """
    return next((each for each in alternatives if each is not SKIPPED), SKIPPED)


def passes(guard: Guard, value: Any) -> bool:
    """Whether a value is what a guard asks for; one that was not made is so only if that is asked.

    >>> passes(Guard("in", ("fact", "date")), "fact"), passes(Guard("is_not", ("fact",)), SKIPPED)
    (True, False)
    """
    operator, values = guard
    if operator == "skipped":
        return value is SKIPPED
    if value is SKIPPED:
        return False
    found = any(value == each for each in values)
    return found if operator in ("is", "in") else not found


def joined(written: Sequence[Node]) -> tuple[tuple[Node, ...], dict[str, Node]]:
    """The nodes, and those by name: alternatives that were written apart make one join.

    A step that is there for the rest is told what the others are.
    """
    nodes: dict[str, Node] = {}
    for node in written:
        known = nodes.setdefault(node.name, node)
        if known is not node and known.kind == node.kind == "join":
            nodes[node.name] = _merged(known, node)
    rest = [param for node in written for param in node.params if _for_rest(param)]
    if not rest:
        return tuple(written), nodes
    own = {name for param in rest if param.guard for name in param.guard.values}
    told = tuple(_told(node, nodes, own) for node in written)
    return told, {**nodes, **{n.name: n for n in reversed(told) if n.kind != "join"}}


def _merged(one: Node, other: Node) -> Node:
    known = {param.reads for param in one.params}
    return replace(
        one,
        type=union((one.type, other.type)),
        params=(*one.params, *(param for param in other.params if param.reads not in known)),
        when=tuple(condition for condition in one.when if condition in other.when),
        stale=one.stale or other.stale,
    )


def _for_rest(param: Param) -> bool:
    return param.guard is not None and param.guard.operator == "rest"


def _told(node: Node, nodes: Mapping[str, Node], rest: Container[str]) -> Node:
    """The node; one for the rest waits for every other alternative, and is taken after none."""
    params: list[Param] = []
    for param in node.params:
        if not _for_rest(param):
            params.append(param)
            continue
        join = nodes.get(param.reads)
        others = join.params if join is not None and join.kind == "join" else ()
        params += [
            param._replace(reads=other.reads, guard=Guard("skipped"))
            for other in others
            if other.reads not in rest
        ]
    return node if params == [*node.params] else replace(node, params=tuple(params))
