"""The plain data of a pipeline: places, parameters, nodes, and the names asked for.

Knows nothing of files, syntax trees or graphs; standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from stepwell.types import UNKNOWN, Type

Kind = Literal[
    "function",
    "coroutine",
    "generator",
    "async_generator",
    "field",
    "join",
    "block",
    "bundle",
    "part",
]
Role = Literal["target", "override", "input", "config"]

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Span(NamedTuple):
    """A place in a source file: 1-based lines, 1-based columns in code points, end exclusive."""

    file: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Guard(NamedTuple):
    """What a value that is made in the run has to be, for a step to be taken.

    `operator` is `is`, `is_not`, `in` or `not_in`, or `skipped` where nothing is to have been
    made. `rest` is what `otherwise` writes, until the graph knows what the others are: no other
    alternative of the join that the param reads is to have been made; the value is the name of
    its own.
    """

    operator: Literal["is", "is_not", "in", "not_in", "skipped", "rest"]
    values: tuple[Any, ...] = ()


def guarded(guard: Guard) -> str:
    """A guard in words: what follows the name that it is about.

    >>> guarded(Guard("is", ("fact",))), guarded(Guard("not_in", (1, 2)))
    ("= 'fact'", 'not 1 or 2')
    """
    if guard.operator in ("skipped", "rest"):
        return "not made"
    values = " or ".join(map(repr, guard.values))
    return f"= {values}" if guard.operator in ("is", "in") else f"not {values}"


class Param(NamedTuple):
    """One edge into a node: the keyword the step takes and the name it reads.

    `reads` differs from `keyword` only by a modifier (`inject`, `parameterize`). A `group(...)`
    gives several params of one keyword, told apart by `key`: the position in a list or the key of
    a dict. One that has a `guard` is given to no step: it decides whether the step is taken, and
    has no keyword.
    """

    keyword: str
    reads: str
    type: Type = UNKNOWN
    required: bool = True
    span: Span | None = None
    positional_only: bool = False
    key: int | str | None = None
    guard: Guard | None = None


class Bound(NamedTuple):
    """A literal given to a step's keyword by a modifier; `key` and the last as in `Param`."""

    keyword: str
    value: Any
    key: int | str | None = None
    positional_only: bool = False


class Condition(NamedTuple):
    """When a node exists: what its config key must be.

    `operator` is `is`, `is_not`, `in`, `not_in`, or `default` (no sibling of the same name exists).
    """

    key: str
    operator: Literal["is", "is_not", "in", "not_in", "default"]
    values: tuple[Any, ...] = ()


class Prompt(NamedTuple):
    """A template that a step formats: its placeholders, and the keywords it is given."""

    placeholders: tuple[tuple[str, Span], ...]
    given: tuple[tuple[str, Span], ...]
    span: Span


class Reference(NamedTuple):
    """A value that is written as a name: the dotted name it means, or nothing if that's unknown."""

    name: str = ""


class Call(NamedTuple):
    """A call in a step's text.

    `name` is the dotted name of what is called, as imports mean it, or nothing where that is not
    known; `written` is how it is spelt. Arguments are literals, tuples, other calls and
    `Reference`s. `nested` calls stand in a function within the step. Two operators are calls too:
    `|` and `&`, as in `stop_after_attempt(3) | stop_after_delay(9)`.
    """

    name: str
    written: str
    span: Span
    args: tuple[Any, ...] = ()
    keywords: tuple[tuple[str, Any], ...] = ()
    awaited: bool = False
    returned: bool = False
    nested: bool = False

    def keyword(self, name: str, default: Any = None) -> Any:
        """The value of that keyword, or `default` where it is not given."""
        return next((value for keyword, value in self.keywords if keyword == name), default)


class Default(NamedTuple):
    """The literal that a parameter defaults to, and where its annotation is written.

    There is no such place where the annotation is a string.
    """

    keyword: str
    value: Any
    span: Span
    annotation: Span | None = None


class Body(NamedTuple):
    """What a step's text says besides its signature; known to the source reader alone.

    Args:
        line: the line that the spans in here count from, so that a step moves at no cost.
        reads: every name that is read or deleted, in nested functions too.
        calls: its calls, in the order written.
        decorators: what it is decorated with; a decorator that is no call is one without arguments.
        constants: names of the module that it reads and that a call has made, with that call.
        defaults: its literal defaults.
        dicts: the keys of each dict that it returns; `None` unless all it returns are such dicts.
        empty: whether there is nothing but a docstring, `...`, `pass` or a `NotImplementedError`.
    """

    line: int
    reads: frozenset[str] = frozenset()
    calls: tuple[Call, ...] = ()
    decorators: tuple[Call, ...] = ()
    constants: tuple[tuple[str, Call], ...] = ()
    defaults: tuple[Default, ...] = ()
    dicts: tuple[tuple[str, ...], ...] | None = None
    empty: bool = False

    def at(self, part: Call | Default | Span) -> Span:
        """Where a part of this stands in the file."""
        span, line = part if isinstance(part, Span) else part.span, self.line
        return span._replace(line=span.line + line, end_line=span.end_line + line)


class Mention(NamedTuple):
    """A name written outside the steps: in `execute([...])`, `overrides`, `inputs`, or a config."""

    name: str
    role: Role
    span: Span | None = None


class Hole(NamedTuple):
    """A place from which more names may come than can be read; rules are silent about those."""

    reason: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One vertex of a pipeline: what a step makes, and what it needs for that.

    Args:
        name: the name of what is made; what other steps' parameters read.
        type: the type of what is made.
        params: one `Param` for every edge, in the order of the signature.
        doc: the step's docstring, cleaned.
        tags: metadata, from `@tag`.
        kind: how the step is called; `field` takes one entry out of another node's result, `join`
            what was made of several alternatives. In a plan alone: `block` is all that is done for
            each item of a fan-out, `part` one of several things collected of it.
        step: the function's own name, which a modifier may have left behind.
        module: the dotted name of the module it is written in.
        span: where the step's name is written.
        bound: literals given to keywords by a modifier.
        when: the conditions on config under which it exists; all must hold.
        prompts: templates that the step formats (known to the source reader alone).
        body: what the step's text says besides (known to the source reader alone).
        stale: the step's text is broken now; this is what was last known of it.
        callable: the function, where there is one; never compared.
        part_of: the step whose subdag it is a part of, with its place, for messages.
    """

    name: str
    type: Type = UNKNOWN
    params: tuple[Param, ...] = ()
    doc: str = ""
    tags: Mapping[str, str | tuple[str, ...]] = field(default_factory=lambda: NOTHING)
    kind: Kind = "function"
    step: str = ""
    module: str = ""
    span: Span | None = field(default=None, compare=False)
    bound: tuple[Bound, ...] = ()
    when: tuple[Condition, ...] = ()
    prompts: tuple[Prompt, ...] = field(default=(), compare=False)
    body: Body | None = field(default=None, compare=False, repr=False)
    stale: bool = field(default=False, compare=False)
    callable: Callable[..., Any] | None = field(default=None, compare=False, repr=False)
    part_of: str = field(default="", compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        fields = tuple(getattr(self, name) for name in self.__slots__)
        tags = self.__slots__.index("tags")
        return _node, (*fields[:tags], dict(self.tags), *fields[tags + 1 :])

    @property
    def arguments(self) -> tuple[Param, ...]:
        """The params that the step is given: all but those that decide whether it is taken."""
        return tuple([param for param in self.params if param.guard is None])

    @property
    def guards(self) -> tuple[Param, ...]:
        """The params that decide whether the step is taken."""
        return tuple([param for param in self.params if param.guard is not None])

    @property
    def positional_only(self) -> set[str]:
        """The keywords of the step that can only be given by position."""
        params = {param.keyword for param in self.params if param.positional_only}
        return params.union(bound.keyword for bound in self.bound if bound.positional_only)

    @property
    def place(self) -> str:
        """`name` with where it is written, for messages."""
        place = f"`{self.name}` ({self.span})" if self.span else f"`{self.name}`"
        return f"{place}, a part of {self.part_of}" if self.part_of else place


def _node(*fields: Any) -> Node:
    return Node(*fields)
