"""Steps that exist under some configuration only, and the choice among them.

Used as `config.when(mode="local")`. The part of a function's name from `__` on is then not part of
the node's name, so that alternatives can stand side by side: `answer__local`, `answer__remote`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Unread
from stepwell.modifiers.modifier import Modifier
from stepwell.spec import Condition, Node


@dataclass(frozen=True)
class Conditional(Modifier):
    """Sets conditions on a node."""

    conditions: tuple[Condition, ...]

    stage: ClassVar[int] = 10

    def expand(self, node: Node) -> Iterable[Node]:
        if not self.conditions:
            raise ModifierError("`config` conditions need a key: `config.when(mode=…)`")
        checked(self.conditions)
        name = node.name.partition("__")[0] or node.name
        return (replace(node, name=name, when=(*node.when, *self.conditions)),)


def when(**values: Any) -> Conditional:
    """The step exists where config has every one of these values.

    >>> @when(mode="local")
    ... def answer__local(prompt: str) -> str: ...
    """
    return Conditional(tuple(Condition(k, "is", (v,)) for k, v in values.items()))


def when_not(**values: Any) -> Conditional:
    """The step exists where config has none of these values; a key that is not set counts too."""
    return Conditional(tuple(Condition(k, "is_not", (v,)) for k, v in values.items()))


def when_in(**choices: Iterable[Any]) -> Conditional:
    """The step exists where config has one of these values for every key."""
    return Conditional(tuple(Condition(k, "in", _tuple(v)) for k, v in choices.items()))


def when_not_in(**choices: Iterable[Any]) -> Conditional:
    """The step exists where config has none of these values for any key."""
    return Conditional(tuple(Condition(k, "not_in", _tuple(v)) for k, v in choices.items()))


default = Conditional((Condition("", "default"),))
"""The step exists where no other of its node's name does; used bare, as `@config.default`."""


def choose(nodes: Iterable[Node], config: Mapping[str, Any]) -> list[Node]:
    """The nodes that exist under `config`, in the order given.

    >>> local = Node("answer", when=(Condition("mode", "is", ("local",)),))
    >>> other = Node("answer", when=(Condition("", "default"),))
    >>> choose([local, other], {"mode": "local"}) == [local]
    True
    >>> choose([local, other], {}) == [other]
    True
    """
    nodes = list(nodes)
    if not any(node.when for node in nodes):
        return nodes
    chosen = [all(_holds(condition, config) for condition in node.when) for node in nodes]
    taken = {
        node.name for node, holds in zip(nodes, chosen, strict=True) if holds and not _last(node)
    }
    return [
        node
        for node, holds in zip(nodes, chosen, strict=True)
        if holds and not (_last(node) and node.name in taken)
    ]


def checked(conditions: Iterable[Condition]) -> None:
    """Refuses conditions that could never be answered.

    Raises:
        ModifierError: if one value was given where a list of values is asked for.
    """
    for condition in conditions:
        if condition.operator in ("in", "not_in"):
            _check_choices(condition)


def decided(nodes: Iterable[Node], config: Mapping[str, Any]) -> list[Node]:
    """The nodes that may exist where `config` is a part of the configuration.

    What it decides is no condition any more; what other keys decide is left open.
    """
    open: list[Node] = []
    for node in nodes:
        known = [each for each in node.when if each.operator != "default" and each.key in config]
        if all(_holds(condition, config) for condition in known):
            left = tuple(each for each in node.when if each not in known)
            open.append(replace(node, when=left))
    sure = {node.name for node in open if not node.when}
    return [node for node in open if not (_last(node) and node.name in sure)]


def _last(node: Node) -> bool:
    return any(condition.operator == "default" for condition in node.when)


def _holds(condition: Condition, config: Mapping[str, Any]) -> bool:
    if condition.operator == "default":
        return True
    present = condition.key in config
    found = present and any(config[condition.key] == value for value in condition.values)
    return found if condition.operator in ("is", "in") else not found


def _tuple(choices: Any) -> tuple[Any, ...]:
    if isinstance(choices, list | tuple | set | frozenset):
        return tuple(choices)
    return (_Single(choices),)


@dataclass(frozen=True)
class _Single:
    """What was given where several values were expected; told when the step is read."""

    value: Any


def _check_choices(condition: Condition) -> None:
    for given in condition.values:
        if isinstance(given, _Single) and not isinstance(given.value, Unread):
            raise ModifierError(
                f"`config.when_{condition.operator}` takes a list of values for "
                f"`{condition.key}`; got `{given.value!r}`",
                argument=condition.key,
            )
