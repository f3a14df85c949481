"""Whether two nodes can ever exist under one configuration."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, product

from stepwell.spec import Condition, Node

_READABLE = (str, int, float, bytes, bool, type(None))


def exclusive(one: Node, other: Node) -> bool:
    """Whether no configuration has both; true also where that can't be known.

    >>> local = Node("answer", when=(Condition("mode", "is", ("local",)),))
    >>> remote = Node("answer", when=(Condition("mode", "is_not", ("local",)),))
    >>> exclusive(local, remote), exclusive(local, Node("answer"))
    (True, False)
    """
    if one.name == other.name and _last(one) != _last(other):
        return True
    return any(
        _contradict(a, b) for a, b in product(one.when, other.when) if a.key == b.key and a.key
    )


def together(nodes: Iterable[Node]) -> bool:
    """Whether some configuration may have all of these nodes."""
    conditional = [node for node in nodes if node.when]
    return not any(exclusive(one, other) for one, other in combinations(conditional, 2))


def _last(node: Node) -> bool:
    return any(condition.operator == "default" for condition in node.when)


def _contradict(a: Condition, b: Condition) -> bool:
    if any(type(value) not in _READABLE for value in (*a.values, *b.values)):
        return True
    positive = [c for c in (a, b) if c.operator in ("is", "in")]
    if len(positive) == 2:
        return not any(value in b.values for value in a.values)
    if len(positive) == 1:
        negative = a if positive[0] is b else b
        return all(value in negative.values for value in positive[0].values)
    return False
