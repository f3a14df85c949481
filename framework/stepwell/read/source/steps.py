"""The functions of one chunk to nodes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import cleandoc
from typing import TypeAlias

from stepwell.diagnostic import Diagnostic
from stepwell.errors import ModifierError
from stepwell.modifiers import Modifier
from stepwell.modifiers.arguments import Named, NotSeen, Unread
from stepwell.modifiers.modifier import expanded
from stepwell.modifiers.mutated import Mutation
from stepwell.read.problems import bad_modifier, variadic
from stepwell.read.source.body import body
from stepwell.read.source.borrowed import Borrowed
from stepwell.read.source.chunks import Places
from stepwell.read.source.literals import Literals
from stepwell.read.source.names import Names, arms, mutating, written
from stepwell.read.source.prompts import prompts
from stepwell.spec import Hole, Kind, Node, Param, Span
from stepwell.types import UNKNOWN, Type, overloaded
from stepwell.types.names import canonical

_OURS = ("stepwell.Stream", "stepwell.Parallelizable")
"""What a step may return that nobody else's function does."""

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class Facts:
    """What a chunk says: its nodes, its private functions, and what is wrong or can't be known.

    `modified` tells whether a step shows that stepwell is meant: by a modifier, or by what it
    returns; `borrowed` whether the text of other functions had a part in it.
    """

    nodes: list[Node] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
    steps: set[str] = field(default_factory=set)
    modified: bool = False
    private: list[Node] = field(default_factory=list)
    borrowed: bool = False


def functions(body: Iterable[ast.stmt]) -> Iterator[Function]:
    """The functions defined at the top level, in conditional statements too.

    Of a name that several arms of one statement define, the first: they never exist together.
    """
    for statement in body:
        if isinstance(statement, Function):
            yield statement
        elif isinstance(statement, ast.If | ast.Try | ast.TryStar | ast.With):
            seen: set[str] = set()
            for arm in arms(statement):
                found = [each for each in functions(arm) if each.name not in seen]
                yield from found
                seen |= {each.name for each in found}


def read_step(function: Function, names: Names, places: Places, facts: Facts) -> None:
    """Adds what a function makes to `facts`; a private one makes nothing, and is noted as such."""
    if function.name.startswith("_"):
        facts.private.append(plain(function, names, places, []))
        if function.name in mutating(names):
            _read_mutating(function, names, places, facts)
        return
    open = frozenset((f"{names.module}.{function.name}",))
    _read_modified(function, names, places, facts, open)


def _read_modified(
    function: Function, names: Names, places: Places, facts: Facts, open: frozenset[str]
) -> None:
    literals = Literals(names, places)
    found: list[Modifier] = []
    unread = False
    node = plain(function, names, places, facts.problems)
    for decorator in reversed(function.decorator_list):
        if _overload(decorator, names):
            return
        try:
            modifier = literals.modifier(decorator)
        except ModifierError as error:
            facts.problems.append(bad_modifier(node, error, places.span(decorator)))
            unread = True
            continue
        if isinstance(modifier, Unread):
            hole = f"`@{modifier}` on `{function.name}` is not known from its text"
            facts.holes.append(Hole(hole, places.span(decorator)))
            unread = True
        elif modifier is not None:
            found.append(modifier)
    facts.steps.add(function.name)
    facts.modified |= unread or bool(found) or node.type.name in _OURS
    found += _mutations(names).get(function.name, ())
    found.sort(key=lambda modifier: modifier.stage)
    borrowed = _borrowed(names, facts, open)
    try:
        facts.nodes += expanded(node, found, borrowed)
    except ModifierError as error:
        if not unread:
            place = _argument_place(function, error, places)
            facts.problems.append(bad_modifier(node, error, place))
        facts.nodes.append(node)
    except NotSeen as name:
        hole = f"`{name}`, a part of `{function.name}`, is not in the workspace"
        facts.holes.append(Hole(hole, node.span))
        # What it reads by its own name is what would be made inside.
        params = tuple(param for param in node.params if param.reads != node.name)
        facts.nodes.append(replace(node, params=params))
    facts.borrowed |= borrowed.used


def _mutations(names: Names) -> Mapping[str, Sequence[Modifier]]:
    """By step, what `mutate` on other functions of the file puts on it, in their order."""
    if names.mutations is None:
        found: dict[str, list[Modifier]] = {}
        for name, (defined, chunk) in mutating(names).items():
            own = Named(f"{names.module}.{name}")
            for made in _mutations_of(defined, names, Places(names.file, chunk), []):
                for target, chain in made.links(own):
                    if isinstance(target, Named):
                        found.setdefault(target.name.rpartition(".")[2], []).append(chain)
        names.mutations = found
    return names.mutations


def _mutations_of(
    function: Function, names: Names, places: Places, wrong: list[ModifierError]
) -> list[Mutation]:
    """What the `mutate` decorators of a function say, from the function up."""
    found = []
    for decorator in reversed(function.decorator_list):
        try:
            made = Literals(names, places).modifier(decorator)
        except ModifierError as error:
            wrong.append(error)
            continue
        if isinstance(made, Mutation):
            found.append(made)
    return found


def _read_mutating(function: Function, names: Names, places: Places, facts: Facts) -> None:
    """Tells what is wrong with the `mutate` of a private function, which makes nothing itself."""
    wrong: list[ModifierError] = []
    node = plain(function, names, places, [])
    for made in _mutations_of(function, names, places, wrong):
        try:
            expanded(node, [made], _borrowed(names, facts, frozenset()))
        except ModifierError as error:
            wrong.append(error)
        except NotSeen as name:
            facts.holes.append(Hole(f"`{name}` is not in the workspace", node.span))
    facts.problems += [
        bad_modifier(node, each, _argument_place(function, each, places)) for each in wrong
    ]
    facts.borrowed = True


def _borrowed(names: Names, facts: Facts, open: frozenset[str]) -> Borrowed:
    """What reads the functions that a modifier's arguments name."""

    def alone(function: Function, home: Names, places: Places) -> Node:
        return plain(function, home, places, [])

    def nodes(function: Function, home: Names, places: Places, open: frozenset[str]) -> list[Node]:
        inner = Facts()
        _read_modified(function, home, places, inner, open)
        facts.problems += inner.problems
        facts.holes += inner.holes
        return inner.nodes

    return Borrowed(names, alone, nodes, open=open)


def plain(function: Function, names: Names, places: Places, problems: list[Diagnostic]) -> Node:
    """The node of a function before any modifier."""
    name = function.name
    arguments = function.args
    for stars, argument in (("*", arguments.vararg), ("**", arguments.kwarg)):
        if argument is not None:
            span = places.word(argument, argument.arg)
            problems.append(variadic(name, stars + argument.arg, span))
    doc = ast.get_docstring(function, clean=False)
    makes = names.type(function.returns) if function.returns is not None else UNKNOWN
    return Node(
        name,
        overloaded(makes) if name in names.overloaded else makes,
        tuple(_params(arguments, names, places)),
        (cleandoc(doc) if "\n" in doc else doc.strip()) if doc else "",
        kind=_kind(function, "yield" in places.chunk.text),
        step=name,
        module=names.module,
        span=_name_span(function, places),
        prompts=prompts(function, names, places),
        body=body(function, names, places),
    )


def _params(arguments: ast.arguments, names: Names, places: Places) -> Iterator[Param]:
    positional = [*arguments.posonlyargs, *arguments.args]
    only = len(arguments.posonlyargs)
    required = len(positional) - len(arguments.defaults)
    for index, each in enumerate(positional):
        yield _param(each, names, places, index < required, index < only)
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _param(each, names, places, default is None, False)


def _param(each: ast.arg, names: Names, places: Places, required: bool, only: bool) -> Param:
    type: Type = names.type(each.annotation) if each.annotation is not None else UNKNOWN
    span = places.word(each, each.arg)
    return Param(each.arg, each.arg, type, required, span, only)


def _kind(function: Function, yields: bool) -> Kind:
    generator = yields and any(
        isinstance(each, ast.Yield | ast.YieldFrom) for each in own(function)
    )
    if isinstance(function, ast.AsyncFunctionDef):
        return "async_generator" if generator else "coroutine"
    return "generator" if generator else "function"


def own(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function's own body: not those of functions and classes in it."""
    waiting: list[ast.AST] = list(reversed(function.body))
    while waiting:
        each = waiting.pop()
        if not isinstance(each, Function | ast.Lambda | ast.ClassDef):
            yield each
            waiting += reversed(list(ast.iter_child_nodes(each)))


def _name_span(function: Function, places: Places) -> Span:
    line = places.lines[function.lineno - 1]
    after = line.find("def", function.col_offset) + 3
    found = line.find(function.name, after)
    if found < 0:
        return places.word(function, function.name)
    return places.at(function.lineno, found + 1, len(function.name))


def _overload(decorator: ast.expr, names: Names) -> bool:
    name = written(decorator)
    found = names.canonical(name) if name else None
    return canonical(found or "") == "typing.overload"


def _argument_place(function: Function, error: ModifierError, places: Places) -> Span | None:
    """Where the argument at fault is written, among the decorators."""
    last = error.argument.rpartition(".")[2]
    for decorator in function.decorator_list:
        for each in ast.walk(decorator):
            match each:
                case ast.keyword(arg=str(name)) if name == last:
                    return places.word(each, name)
                case ast.Constant(value=str(text)) if text == last:
                    return places.word(each, text)
    return None
