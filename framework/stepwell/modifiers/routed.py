"""Steps that are taken depending on what another step makes, and the join of alternatives.

Used as `when(kind="fact")`: unlike `config.when`, it is decided in the run. The part of a
function's name from `__` on tells alternatives apart: `answer__found` and `answer__guessed` are the
nodes `answer.found` and `answer.guessed`, and `answer` is whichever was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Unread, checked_source, place, short, whole_type
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.routes import first_made
from stepwell.spec import Guard, Node, Param
from stepwell.types import ANY

_REST = Guard("rest")


@dataclass(frozen=True)
class Routed(Modifier):
    """Puts guards on a node.

    Args:
        guards: what each name has to be; of a single one without a name, `otherwise`'s.
    """

    guards: tuple[tuple[Any, Guard], ...]

    stage: ClassVar[int] = 12

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        if not self.guards:
            raise ModifierError('`when` needs the name of a step or an input: `when(kind="fact")`')
        for name, guard in self.guards:
            if name:
                checked_source(name, argument=str(name))
                _check(str(name), guard)
        return [
            replace(
                node,
                name=node.name.partition("__")[0] or node.name,
                params=(*node.params, *self._params(node)),
            )
            for node in nodes
        ]

    def _params(self, node: Node) -> Iterable[Param]:
        if any(param.guard == _REST for param in node.params) or (
            self.guards[0][1] == _REST and node.guards
        ):
            raise ModifierError("`otherwise` and `when` on one step exclude each other")
        for name, guard in self.guards:
            yield Param("", str(name), ANY, span=place(name, node.span), guard=guard)

    def finish(self, nodes: Sequence[Node]) -> Iterable[Node]:
        step = next((node.step for node in nodes if node.guards), "")
        rest = any(param.guard == _REST for node in nodes for param in node.params)
        _, apart, suffix = step.partition("__")
        if rest and not apart:
            suffix = "otherwise"
        if not suffix or any(node.kind == "join" for node in nodes):
            return nodes
        return _alternatives(nodes, suffix if _can_name(suffix) else step)


def when(**values: Any) -> Routed:
    """The step is taken where each name has that value in the run; else it is skipped.

    Skipped is then also what needs it, and what nothing else needs is not made for it. Of
    alternatives, told apart by `__` in their functions' names, whoever reads the name is given the
    one that was made.

    Args:
        values: by the name of a node or input, the value that it has to have.

    >>> @when(kind="fact")
    ... def answer__found(passages: list[str]) -> str: ...
    """
    return Routed(tuple((name, Guard("is", (given,))) for name, given in values.items()))


def when_not(**values: Any) -> Routed:
    """The step is taken where no name has that value; a name that was not made takes it nowhere.

    >>> @when_not(kind="chat")
    ... def passages(question: str) -> list[str]: ...
    """
    return Routed(tuple((name, Guard("is_not", (given,))) for name, given in values.items()))


def when_in(**choices: Iterable[Any]) -> Routed:
    """The step is taken where each name has one of these values.

    >>> @when_in(kind=["fact", "date"])
    ... def passages(question: str) -> list[str]: ...
    """
    return Routed(tuple((name, Guard("in", _values(given))) for name, given in choices.items()))


def when_not_in(**choices: Iterable[Any]) -> Routed:
    """The step is taken where no name has any of these values.

    >>> @when_not_in(kind=["chat", "insult"])
    ... def passages(question: str) -> list[str]: ...
    """
    return Routed(tuple((name, Guard("not_in", _values(given))) for name, given in choices.items()))


otherwise = Routed((("", _REST),))
"""The step is taken where no other alternative of its name was made; used bare, `@otherwise`."""


@dataclass(frozen=True)
class _Single:
    """What was given where several values were expected; told when the step is read."""

    value: Any


def _values(choices: Any) -> tuple[Any, ...]:
    if isinstance(choices, list | tuple | set | frozenset):
        return tuple(choices)
    return (_Single(choices),)


def _check(name: str, guard: Guard) -> None:
    for given in guard.values:
        if isinstance(given, _Single) and not isinstance(given.value, Unread):
            raise ModifierError(
                f"`when_{guard.operator}` takes a list of values for `{name}`; got "
                f"`{short(given.value)}`",
                argument=name,
            )
    if not guard.values:
        raise ModifierError(
            f"`when_{guard.operator}` needs at least one value for `{name}`", argument=name
        )


def _can_name(suffix: str) -> bool:
    return suffix.isidentifier() and not suffix.startswith("_")


def _alternatives(nodes: Sequence[Node], suffix: str) -> list[Node]:
    """The nodes under names of their own, and a join for each that others may read.

    Several functions give joins of one name: the graph makes one of them.
    """
    heads = {node.name for node in nodes if "." not in node.name}

    def renamed(name: str) -> str:
        head, dot, inner = name.partition(".")
        return f"{head}.{suffix}{dot}{inner}" if head in heads else name

    made: list[Node] = []
    for node in nodes:
        head = node.name.partition(".")[0]
        params = [
            param._replace(reads=head, guard=Guard("rest", (renamed(head),)))
            if param.guard == _REST
            else param._replace(reads=param.reads if param.guard else renamed(param.reads))
            for param in node.params
        ]
        made.append(replace(node, name=renamed(node.name), params=tuple(params)))
    return made + [_join(node, renamed(node.name), suffix) for node in nodes if node.name in heads]


def _join(node: Node, alternative: str, keyword: str) -> Node:
    type = whole_type(node.type)
    return replace(
        node,
        type=type,
        params=(Param(keyword, alternative, type, required=False, span=None),),
        kind="join",
        bound=(),
        prompts=(),
        body=None,
        callable=first_made if node.callable is not None else None,
    )
