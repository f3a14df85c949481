"""`pipe_input` and `pipe_output`: small functions as nodes before a step, or after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import (
    Dependency,
    checked_name,
    chosen,
    ends,
    fresh,
    no_parameter,
    of_wholes,
    place,
    short,
    whole_type,
    wired,
)
from stepwell.modifiers.config import Conditional, checked, when, when_in, when_not, when_not_in
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.spec import Condition, Node, Param
from stepwell.types import Type

DEFAULT = Condition("", "default")


@dataclass(frozen=True)
class Step:
    """One link of a chain; made by `step`, and said more of by its methods."""

    function: Any
    given: tuple[tuple[str, Any], ...] = ()
    name: Any = None
    space: Any = ...
    conditions: tuple[Condition, ...] = ()
    outputs: tuple[Any, ...] = ()

    CHAINED: ClassVar[tuple[str, ...]] = (
        "named",
        "namespaced",
        "on_output",
        "when",
        "when_in",
        "when_not",
        "when_not_in",
    )

    def named(self, name: str) -> Step:
        """The link's node is called so, within its namespace."""
        return replace(self, name=name)

    def namespaced(self, namespace: str | None) -> Step:
        """The link's node stands in this namespace, or in none (`None`)."""
        return replace(self, space=namespace)

    def on_output(self, *names: str) -> Step:
        """Of a step that makes several nodes, the link stands after these alone."""
        return replace(self, outputs=(*self.outputs, *names))

    def when(self, **values: Any) -> Step:
        """The link does something where config has every one of these values, else nothing."""
        return self._if(when(**values))

    def when_not(self, **values: Any) -> Step:
        """The link does something where config has none of these values."""
        return self._if(when_not(**values))

    def when_in(self, **choices: Iterable[Any]) -> Step:
        """The link does something where config has one of these values for every key."""
        return self._if(when_in(**choices))

    def when_not_in(self, **choices: Iterable[Any]) -> Step:
        """The link does something where config has none of these values for any key."""
        return self._if(when_not_in(**choices))

    def _if(self, condition: Conditional) -> Step:
        return replace(self, conditions=(*self.conditions, *condition.conditions))


def step(function: Callable[..., Any], **given: Dependency) -> Step:
    """One link of a chain: a function whose first parameter takes what is piped.

    Args:
        function: private (`_cleaned`), if it is to make no node of its own.
        given: what other parameters are bound to, by `source`, `value` or `group`; those not bound
            read what is called as they are.
    """
    return Step(function, tuple(given.items()))


@dataclass(frozen=True)
class PipedInput(Modifier):
    """Puts a chain before a parameter."""

    steps: tuple[Any, ...]
    on_input: Any
    namespace: Any

    stage: ClassVar[int] = 45

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        _check(self.steps, "pipe_input")
        return of_wholes(nodes, lambda node: self._piped(node, reading, nodes))

    def _piped(self, node: Node, reading: Reading, nodes: Sequence[Node]) -> list[Node]:
        names = self.on_input
        if names is None:
            if not node.arguments:
                raise ModifierError(f"`pipe_input` needs a parameter, and `{node.step}` has none")
            names = node.arguments[0].keyword
        made: list[Node] = []
        for name in (names,) if isinstance(names, str) else names:
            own = [param for param in node.params if param.keyword == name]
            if not own:
                raise no_parameter(node, str(name), argument="on_input")
            if len(own) > 1 or own[0].key is not None:
                raise ModifierError(f"`{name}` reads a group; `pipe_input` takes one value")
            space = f"{node.name}.{name}" if self.namespace is ... else self.namespace
            chain = Chain(node, space, reading, [*nodes, *made])
            end = chain.made(self.steps, own[0].reads, own[0].type)
            made += chain.nodes
            param = own[0]._replace(reads=end, required=True)
            params = tuple(param if each is own[0] else each for each in node.params)
            node = replace(node, params=params)
        return [*made, node]


@dataclass(frozen=True)
class PipedOutput(Modifier):
    """Puts a chain after a node, whose name the last link takes."""

    steps: tuple[Any, ...]
    on_output: Any
    namespace: Any

    stage: ClassVar[int] = 60

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        _check(self.steps, "pipe_output")
        names: Any = (self.on_output,) if isinstance(self.on_output, str) else self.on_output
        piped = {node.name for node in ends(nodes) if names is None}
        piped |= {node.name for node in chosen(nodes, names or ())}
        for link in self.steps:
            piped |= {node.name for node in chosen(nodes, link.outputs)}
        made: list[Node] = []
        for node in nodes:
            links = [link for link in self.steps if not link.outputs or node.name in link.outputs]
            if node.name in piped and links:
                made += self._piped(node, links, reading, [*nodes, *made])
            else:
                made.append(node)
        return made

    def _piped(
        self, node: Node, links: Sequence[Step], reading: Reading, nodes: Sequence[Node]
    ) -> list[Node]:
        raw = replace(node, name=fresh(f"{node.name}.raw", nodes))
        space = node.name if self.namespace is ... else self.namespace
        chain = Chain(node, space, reading, nodes)
        chain.made(links, raw.name, node.type, final=node.name)
        return [raw, *chain.nodes]


class Chain:
    """Makes the nodes of one chain.

    Args:
        owner: the node that the chain belongs to.
        space: the namespace of its nodes; `None` for none.
        reading: reads the links' functions.
        nodes: what there is already; a link's name is none of theirs.
    """

    def __init__(
        self, owner: Node, space: Any, reading: Reading, nodes: Iterable[Node] = ()
    ) -> None:
        if space is not None:
            for part in str(space).split("."):
                checked_name(part, argument="namespace", what="a namespace")
        self.owner, self.space, self.reading = owner, space, reading
        self.nodes: list[Node] = []
        self._others = [*nodes]

    def made(self, links: Sequence[Step], reads: str, type: Type, final: str = "") -> str:
        """Adds the links' nodes; gives the name of the last, which is `final` if that is said."""
        for position, link in enumerate(links):
            is_last = position == len(links) - 1
            name = final if is_last and final and link.name is None else ""
            reads, type = self._link(link, reads, type, name)
        if final and reads != final:
            self.nodes.append(self._same(final, reads, type, self.owner.when))
            reads = final
        return reads

    def _link(self, link: Step, reads: str, type: Type, name: str) -> tuple[str, Type]:
        helper = self.reading.step(link.function)
        name = name or self._name(link, helper)
        node = piped(helper, dict(link.given), reads)
        conditions = link.conditions
        checked(conditions)
        owner = self.owner
        node = replace(
            node,
            name=name,
            step=owner.step,
            when=(*owner.when, *conditions),
            span=place(link.function, owner.span),
            stale=owner.stale,
        )
        self.nodes.append(node)
        if conditions:
            if any(condition.operator == "default" for condition in owner.when):
                raise ModifierError(
                    "a link with a condition of its own can't stand in a chain of a step that is "
                    "there by `config.default`"
                )
            self.nodes.append(self._same(name, reads, type, (*owner.when, DEFAULT)))
        return name, node.type

    def _name(self, link: Step, helper: Node) -> str:
        space = self.space if link.space is ... else link.space
        if link.name is not None:
            own = checked_name(link.name, argument="name")
        else:
            own = helper.name.lstrip("_")
            checked_name(own, argument="step")
        name = f"{space}.{own}" if space is not None else str(own)
        return fresh(name, [*self._others, *self.nodes])

    def _same(self, name: str, reads: str, type: Type, when: tuple[Condition, ...]) -> Node:
        return replace(
            self.owner,
            name=name,
            type=whole_type(type),
            params=(Param("given", reads, whole_type(type)),),
            doc="",
            kind="function",
            module=__name__,
            bound=(),
            when=when,
            prompts=(),
            body=None,
            callable=same if self.owner.callable is not None else None,
        )


def piped(helper: Node, given: dict[str, Any], reads: str) -> Node:
    """The node of a link: its first parameter reads what is piped, others what they are `given`.

    Raises:
        ModifierError: if it has no parameter for what is piped, or that is bound.
    """
    if not helper.params:
        raise ModifierError(f"`{helper.name}` has no parameter that could take what is piped")
    first = helper.params[0]
    if first.keyword in given:
        raise ModifierError(
            f"`{first.keyword}` of `{helper.name}` takes what is piped; it can't be bound",
            argument=first.keyword,
        )
    node = wired(helper, given, argument="")
    taken = first._replace(reads=reads, required=True)
    return replace(node, params=(taken, *(p for p in node.params if p.keyword != first.keyword)))


def same(given: Any) -> Any:
    """What it is given."""
    return given


def pipe_input(
    *steps: Step,
    on_input: str | Sequence[str] | None = None,
    namespace: str | None = ...,  # type: ignore[assignment]
) -> PipedInput:
    """A chain of small functions between what a parameter reads and the step; each makes a node.

    Args:
        steps: the links, first to last.
        on_input: the parameter, or several, each with a chain of its own; the first where it is not
            said.
        namespace: stands before the links' names; `node.parameter` where it is not said.

    >>> def _stripped(text: str) -> str:
    ...     return text.strip()
    >>> @pipe_input(step(_stripped), on_input="question")
    ... def prompt(question: str) -> str: ...
    """
    return PipedInput(steps, on_input, namespace)


def pipe_output(
    *steps: Step,
    on_output: str | Sequence[str] | None = None,
    namespace: str | None = ...,  # type: ignore[assignment]
) -> PipedOutput:
    """A chain of small functions after the step; the last has its name, and it becomes `name.raw`.

    Args:
        steps: the links, first to last.
        on_output: of a step that makes several nodes, those with a chain after them; without it,
            those that no other of them reads.
        namespace: stands before the links' names; the node's name where it is not said.

    >>> def _shortened(text: str, limit: int = 100) -> str:
    ...     return text[:limit]
    >>> @pipe_output(step(_shortened).when(length="short"))
    ... def answer(prompt: str) -> str: ...
    """
    return PipedOutput(steps, on_output, namespace)


def _check(steps: Sequence[Any], name: str) -> None:
    if not steps:
        raise ModifierError(f"`{name}` needs at least one `step(…)`")
    for each in steps:
        if not isinstance(each, Step):
            raise ModifierError(f"`{name}` takes `step(…)`; got `{short(each)}`")
