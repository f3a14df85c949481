"""Under which configurations nodes exist, and whether two of them ever do together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations, product
from typing import Any

from stepwell.spec import Condition, Guard, Node

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


def on_one_route(one: Node, other: Node) -> bool:
    """Whether some run may take both of two alternatives; false also where that can't be known.

    >>> from stepwell.spec import Param
    >>> fact = Node("answer.a", step="a", params=(Param("", "k", guard=Guard("is", ("fact",))),))
    >>> chat = Node("answer.b", step="b", params=(Param("", "k", guard=Guard("is", ("chat",))),))
    >>> on_one_route(fact, chat), on_one_route(fact, Node("answer.c", step="c"))
    (False, True)
    """
    if one.module == other.module and one.step == other.step:
        return False  # two nodes that one function makes
    for a, b in product(one.guards, other.guards):
        if a.guard and b.guard and a.reads == b.reads and _contradict(a.guard, b.guard):
            return False
    return _for_rest(one) == _for_rest(other)


def _for_rest(node: Node) -> bool:
    """Whether it is taken where no other alternative is."""
    return any(p.guard is not None and p.guard.operator in ("skipped", "rest") for p in node.params)


def together(nodes: Iterable[Node]) -> bool:
    """Whether some configuration may have all of these nodes."""
    conditional = [node for node in nodes if node.when]
    return not any(exclusive(one, other) for one, other in combinations(conditional, 2))


def _last(node: Node) -> bool:
    return any(condition.operator == "default" for condition in node.when)


def _contradict(a: Condition | Guard, b: Condition | Guard) -> bool:
    if not (_readable(a) and _readable(b)):
        return True
    positive = [c for c in (a, b) if c.operator in ("is", "in")]
    if len(positive) == 2:
        return not any(value in b.values for value in a.values)
    if len(positive) == 1:
        negative = a if positive[0] is b else b
        return all(value in negative.values for value in positive[0].values)
    return False


def apart(one: Node, other: Node) -> bool:
    """Whether it is certain that no configuration has both.

    >>> local = Node("model", when=(Condition("mode", "is", ("local",)),))
    >>> apart(local, Node("answer", when=(Condition("mode", "is", ("remote",)),)))
    True
    >>> apart(local, Node("answer", when=(Condition("mode", "is", (object(),)),)))
    False
    """
    return any(
        _readable(a) and _readable(b) and _contradict(a, b)
        for a, b in product(one.when, other.when)
        if a.key == b.key and a.key
    )


def met(condition: Condition, config: Mapping[str, Any]) -> bool | None:
    """Whether a configuration fulfils a condition; `None` where that is not known.

    >>> local = Condition("mode", "is", ("local",))
    >>> met(local, {"mode": "local"}), met(local, {}), met(local, {"mode": object()})
    (True, False, None)
    """
    if condition.operator == "default":
        return True
    here = condition.key in config
    if not _readable(condition) or (here and not isinstance(config[condition.key], _READABLE)):
        return None
    found = here and config[condition.key] in condition.values
    return found if condition.operator in ("is", "in") else not found


def shown(conditions: Iterable[Condition]) -> str:
    """Conditions in words.

    >>> shown([Condition("mode", "is", ("local",)), Condition("size", "not_in", (1, 2))])
    "`mode` is `'local'` and `size` is not `1` or `2`"
    """
    return " and ".join(
        f"`{each.key}` {'is' if each.operator in ('is', 'in') else 'is not'} "
        + " or ".join(f"`{value!r}`" for value in each.values)
        for each in conditions
        if each.operator != "default"
    )


def _readable(condition: Condition | Guard) -> bool:
    return all(isinstance(value, _READABLE) for value in condition.values)
