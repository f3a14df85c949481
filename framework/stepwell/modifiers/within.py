"""`subdag`: other steps within a step, under names of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, ClassVar

from stepwell.errors import ModifierError, did_you_mean, nearest
from stepwell.modifiers.arguments import (
    Dependency,
    Group,
    Source,
    Value,
    checked_name,
    of_wholes,
    short,
    wires,
)
from stepwell.modifiers.config import decided
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.spec import NOTHING, Bound, Node, Param

Part = Callable[..., Any] | ModuleType


@dataclass(frozen=True)
class Subdag(Modifier):
    """Puts other steps' nodes before a node."""

    parts: tuple[Any, ...]
    inputs: Any
    config: Any
    namespace: Any

    stage: ClassVar[int] = 48

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        return of_wholes(nodes, lambda node: self._made(node, reading))

    def _made(self, node: Node, reading: Reading) -> list[Node]:
        space = node.name if self.namespace is None else self.namespace
        checked_name(space, argument="namespace", what="a namespace")
        checked_dicts("subdag", self.inputs, self.config)
        every = inner_nodes("subdag", self.parts, reading)
        checked_inputs(every, self.inputs)
        inner = decided(every, self.config)
        return [*placed(inner, node, space, self.inputs, self.config), reader(node, space, inner)]


def subdag(
    *parts: Part,
    inputs: Mapping[str, Dependency] = NOTHING,
    config: Mapping[str, Any] = NOTHING,
    namespace: str | None = None,
) -> Subdag:
    """The steps of these modules and functions, within this step, which reads what they make.

    What crosses the boundary is told by one rule. A name that a step inside makes is theirs. A name
    in `inputs` is what it is bound to there, one in `config` is that value. Any other name is read
    from outside, as every step reads it. From outside, what is made inside is `step.name`.

    Args:
        parts: functions, and modules of which all steps are meant.
        inputs: what names that the steps inside read are bound to: `source`, `value`, `group`.
        config: decides which steps exist inside; keys that it has not are decided by the driver's.
        namespace: stands before the names inside; the step's own name where it is not said.

    >>> from stepwell.modifiers import source
    >>> def _words(text: str) -> list[str]:
    ...     return text.split()
    >>> def _count(words: list[str]) -> int:
    ...     return len(words)
    >>> @subdag(_words, _count, inputs={"text": source("question")})
    ... def question_length(count: int) -> int:
    ...     return count
    """
    return Subdag(parts, inputs, config, namespace)


def checked_dicts(name: str, inputs: Any, config: Any) -> None:
    """Refuses what is no dict.

    Raises:
        ModifierError: naming the argument.
    """
    for argument, given in (("inputs", inputs), ("config", config)):
        if not isinstance(given, Mapping):
            raise ModifierError(
                f"`{argument}` of `{name}` takes a dict; got `{short(given)}`", argument=argument
            )


def inner_nodes(name: str, parts: Iterable[Any], reading: Reading) -> list[Node]:
    """The nodes of all parts, under every configuration.

    A private function that is named makes a node too, called so without the `_`.

    Raises:
        ModifierError: if there is none.
    """
    inner = [node for part in parts for node in reading.steps(part)]
    if not inner:
        raise ModifierError(f"`{name}` needs functions or modules that make at least one node")
    return [replace(node, name=node.name.lstrip("_") or node.name) for node in inner]


def checked_inputs(inner: Sequence[Node], inputs: Mapping[str, Any]) -> None:
    """Refuses an input that is none, since nobody inside reads it or somebody makes it.

    Raises:
        ModifierError: naming the input, and what it might be meant for.
    """
    made = {node.name for node in inner}
    read = {param.reads for node in inner for param in node.params}
    for name in inputs:
        if name in made:
            raise ModifierError(
                f"`{name}` is made inside, and so can't be an input; leave one of the two out",
                argument=str(name),
            )
        if name not in read:
            outside = sorted(read - made)
            near = did_you_mean(str(name), outside)
            known = ", ".join(f"`{each}`" for each in outside) or "nothing from outside"
            raise ModifierError(
                f"no step inside reads `{name}`" + (near or f"; they read {known}"),
                code="SW301",
                argument=str(name),
                near=nearest(str(name), outside),
            )


def placed(
    inner: Sequence[Node],
    owner: Node,
    space: str,
    inputs: Mapping[str, Any],
    config: Mapping[str, Any],
) -> list[Node]:
    """The inner nodes under names of `space`, reading what crosses by the rule of `subdag`."""
    made = {node.name for node in inner}
    given = {**{key: Value(value) for key, value in config.items() if key not in made}, **inputs}
    return [_inside(node, owner, space, made, given) for node in inner]


def _inside(node: Node, owner: Node, space: str, made: set[str], given: Mapping[str, Any]) -> Node:
    params: list[Param] = []
    bound = list(node.bound)
    for param in node.params:
        if param.reads in made:
            params.append(_renamed(param, space))
        elif param.guard is not None and not isinstance(given.get(param.reads, param), Source):
            if param.reads in given:
                raise ModifierError(
                    f"`{param.reads}` decides in the run which steps inside are taken, and can't "
                    "be a literal; give it by `source(…)`, or decide it by `config.when`",
                    argument=param.reads,
                )
            params.append(param)
        elif param.reads in given:
            for wire in _crossing(param, given[param.reads]):
                (params if isinstance(wire, Param) else bound).append(wire)  # type: ignore[arg-type]
        else:
            params.append(param)
    part_of = f"`{owner.name}`" + (f" ({owner.span})" if owner.span else "")
    return replace(
        node,
        name=f"{space}.{node.name}",
        params=tuple(params),
        bound=tuple(bound),
        when=(*owner.when, *node.when),
        step=owner.step,
        stale=owner.stale or node.stale,
        part_of=f"{node.part_of}, a part of {part_of}" if node.part_of else part_of,
    )


def _renamed(param: Param, space: str) -> Param:
    """What is read of the steps inside, under its name outside."""
    guard = param.guard
    if guard is not None and guard.operator == "rest":
        guard = guard._replace(values=tuple(f"{space}.{own}" for own in guard.values))
    return param._replace(reads=f"{space}.{param.reads}", guard=guard)


def _crossing(param: Param, given: Any) -> Iterable[Param | Bound]:
    if param.key is None:
        return wires(param, given, param.reads)
    if isinstance(given, Group):
        raise ModifierError(
            f"`{param.reads}` is a part of a group inside; it can't be a group itself",
            argument=param.reads,
        )
    # A part of a group stays that part of it.
    alone = wires(param._replace(key=None), given, param.reads)
    return [wire._replace(key=param.key) for wire in alone]


def reader(node: Node, space: str, inner: Iterable[Node]) -> Node:
    """The node, reading what is made inside.

    Raises:
        ModifierError: if it reads nothing of it.
    """
    made = {each.name for each in inner}
    if not any(param.reads in made for param in node.params):
        known = ", ".join(f"`{name}`" for name in sorted(made))
        raise ModifierError(
            f"`{node.step or node.name}` reads nothing of what is made inside: {known}"
        )
    params = tuple(
        _renamed(param, space) if param.reads in made else param for param in node.params
    )
    return replace(node, params=params)
