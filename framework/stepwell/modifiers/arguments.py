"""Where a parameter's value comes from: `source` a node, `value` a literal, `group` several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from keyword import iskeyword
from typing import Any, TypeAlias

from stepwell.errors import ModifierError, did_you_mean, nearest
from stepwell.spec import Bound, Node, Param, Span
from stepwell.types import UNKNOWN, Type


class Written(str):
    """A name that knows where it is written; the source reader gives these to modifiers."""

    __slots__ = ("span",)
    span: Span

    def __new__(cls, text: str, span: Span) -> Written:
        written = super().__new__(cls, text)
        written.span = span
        return written


@dataclass(frozen=True, slots=True)
class Unread:
    """An expression whose value is not known from its text; equal only where the text is."""

    text: str

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Named:
    """A function, class or module that an argument names; from text, its dotted name is known."""

    name: str
    span: Span | None = field(default=None, compare=False, repr=False)


class NotSeen(Exception):
    """A function that an argument names is not to be seen from text; the text of the argument."""


@dataclass(frozen=True, slots=True)
class Source:
    """The value of the node or input of that name."""

    name: Any


@dataclass(frozen=True, slots=True)
class Value:
    """A literal."""

    value: Any


@dataclass(frozen=True, slots=True)
class Group:
    """Several sources and values as one list or dict."""

    items: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)


Dependency: TypeAlias = Source | Value | Group


def source(name: str) -> Source:
    """The value of the node or input `name`.

    >>> source("passages")
    Source(name='passages')
    """
    return Source(name)


def value(value: Any) -> Value:
    """The literal `value`, the same in every run.

    >>> value(3)
    Value(value=3)
    """
    return Value(value)


def group(*items: Source | Value, **named: Source | Value) -> Group:
    """Several sources and values: as a list in that order, or as a dict by those names.

    >>> group(source("left"), source("right")).items
    (Source(name='left'), Source(name='right'))
    """
    return Group(items, named)


def place(name: object, other: Span | None = None) -> Span | None:
    """Where a name given to a modifier is written, if that is known."""
    return getattr(name, "span", None) or other


def checked_source(name: Any, *, argument: str) -> str:
    """The name as given, if a node may be called so, or a node within another: `prices.cleaned`.

    Raises:
        ModifierError: if one of its parts can't name a node.
    """
    if isinstance(name, str) and "." in name:
        for part in name.split("."):
            checked_name(part, argument=argument)
        return name
    return checked_name(name, argument=argument)


def checked_name(name: Any, *, argument: str, what: str = "a node") -> str:
    """The name as given, if a node may be called so.

    Raises:
        ModifierError: if it is no text, no identifier, a keyword of Python, or private.
    """
    if not isinstance(name, str):
        fact = f"`{short(name)}` can't name {what}: it is not a string"
    elif not name.isidentifier():
        fact = f"`{name}` can't name {what}: it is not an identifier"
    elif iskeyword(name):
        fact = f"`{name}` can't name {what}: it is a keyword of Python; try `{name}_`"
    elif name.startswith("_"):
        fact = f"`{name}` can't name {what}: names that start with `_` are private"
    else:
        return name
    raise ModifierError(fact, argument=argument)


def chosen(nodes: Iterable[Node], names: Iterable[Any]) -> list[Node]:
    """The nodes of these names.

    Raises:
        ModifierError: if the step makes no node of one of the names.
    """
    made: dict[str, Node] = {node.name: node for node in nodes}
    for name in names:
        if name not in made:
            step = next((node.step for node in made.values() if node.step), "")
            known = ", ".join(f"`{each}`" for each in made)
            text = str(name)
            raise ModifierError(
                f"`{step}` makes no node `{text}`"
                + (did_you_mean(text, made) or f"; it makes {known}"),
                argument=text,
                near=nearest(text, made),
            )
    return [made[name] for name in dict.fromkeys(names)]


def fresh(name: str, nodes: Iterable[Node]) -> str:
    """The name, or one like it that no node has: `a.raw`, `a.raw_2`.

    >>> fresh("a.raw", [Node("a.raw")])
    'a.raw_2'
    """
    taken = {node.name for node in nodes}
    numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
    return next(each for each in (name, *numbered) if each not in taken)


def whole_type(type: Type) -> Type:
    """The type of all that a stream gives, as a step that reads it whole does; else the type.

    >>> whole_type(Type("stepwell.Stream", (Type("str"),))).short
    'str'
    """
    if type.name != "stepwell.Stream":
        return type
    chunk = type.types[0] if type.types else UNKNOWN
    return chunk if chunk.name == "str" else Type("list", (chunk,))


def ends(nodes: Sequence[Node]) -> list[Node]:
    """What a step makes in the end: the nodes that none of its others reads."""
    read = {param.reads for node in nodes for param in node.params}
    return [node for node in nodes if "." not in node.name and node.name not in read]


def wholes(nodes: Sequence[Node]) -> list[Node]:
    """What a step makes in the end, before fields are taken out of it."""
    read = {param.reads for node in nodes if node.kind != "field" for param in node.params}
    return [
        node
        for node in nodes
        if node.kind != "field" and "." not in node.name and node.name not in read
    ]


def of_wholes(nodes: Sequence[Node], make: Callable[[Node], Iterable[Node]]) -> list[Node]:
    """The nodes, with what `make` gives in the place of each that the step makes in the end."""
    own = {id(node) for node in wholes(nodes)}
    return [made for node in nodes for made in (make(node) if id(node) in own else (node,))]


def wired(node: Node, given: Mapping[str, Any], *, argument: str) -> Node:
    """The node with its keywords bound to what is `given` for them.

    Raises:
        ModifierError: if the step has no such parameter, or is given no dependency for it.
    """
    keywords = {param.keyword: param for param in node.arguments}
    for keyword in given:
        if keyword not in keywords:
            raise no_parameter(node, keyword)
    params: list[Param] = []
    bound = list(node.bound)
    for param in node.params:
        if param.guard is not None or param.keyword not in given:
            params.append(param)
            continue
        for wire in wires(param, given[param.keyword], f"{argument}{param.keyword}"):
            (params if isinstance(wire, Param) else bound).append(wire)  # type: ignore[arg-type]
    return replace(node, params=tuple(params), bound=tuple(bound))


def wires(param: Param, given: Any, argument: str) -> Iterator[Param | Bound]:
    """What becomes of a parameter that is given this.

    Raises:
        ModifierError: if it is no dependency, or one that can't be read.
    """
    match given:
        case Source():
            yield _param(param, given, argument)
        case Value():
            yield Bound(param.keyword, given.value, None, param.positional_only)
        case Group(items=(), named={**named}) if not named:
            yield Bound(param.keyword, [], None, param.positional_only)
        case Group(items=items, named={**named}):
            if items and named:
                raise ModifierError(
                    "`group` makes a list of positional arguments or a dict of keyword "
                    "arguments, not both at once",
                    argument=argument,
                )
            inner = param._replace(type=_element(param.type))
            for key, part in dict(named or enumerate(items)).items():
                if isinstance(part, Value):
                    yield Bound(param.keyword, part.value, key, param.positional_only)
                else:
                    yield _param(inner, part, argument, key=key)
        case _:
            raise ModifierError(
                f"`{param.keyword}` takes `source(…)`, `value(…)` or `group(…)`; "
                f"got `{short(given)}`",
                argument=argument,
            )


def _param(param: Param, given: Any, argument: str, *, key: int | str | None = None) -> Param:
    if not isinstance(given, Source):
        raise ModifierError(
            f"`group` takes `source(…)` and `value(…)`; got `{short(given)}`", argument=argument
        )
    reads = checked_source(given.name, argument=argument)
    # What is asked for by hand is asked for: the parameter's own default no longer answers.
    span = place(given.name, param.span)
    return param._replace(reads=str(reads), required=True, span=span, key=key)


def _element(container: Type) -> Type:
    last = container.args[-1] if container.args else UNKNOWN
    if container.name == "tuple" and len(container.args) > 1:
        last = container.args[0] if container.args[1] == Type("...") else UNKNOWN
    return last if isinstance(last, Type) and container.name != "|" else UNKNOWN


def no_parameter(node: Node, name: str, *, argument: str = "") -> ModifierError:
    """The error to raise where a step has no parameter of that name."""
    keywords = {param.keyword: None for param in node.arguments}
    known = ", ".join(f"`{keyword}`" for keyword in keywords) or "none"
    return ModifierError(
        f"`{node.step or node.name}` has no parameter `{name}`"
        + (did_you_mean(name, keywords) or f"; it has {known}"),
        code="SW301",
        argument=argument or name,
        near="" if argument else nearest(name, keywords),
    )


def short(given: object, limit: int = 40) -> str:
    text = repr(given)
    return text if len(text) <= limit else text[: limit - 1] + "…"
