"""Live functions to nodes: reads code objects and annotations, calls nothing of the user's.

Reads no source files either; a node's place is what the code object says of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import cleandoc
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeAlias, get_overloads

from stepwell.diagnostic import Diagnostic
from stepwell.errors import GraphError, ModifierError
from stepwell.graph import Graph
from stepwell.modifiers.arguments import Named
from stepwell.modifiers.config import choose
from stepwell.modifiers.modifier import ATTRIBUTE, expanded, modifiers_of
from stepwell.read.overriding import later_wins
from stepwell.read.problems import bad_modifier, no_function, not_a_module, variadic
from stepwell.spec import Kind, Node, Param, Span
from stepwell.types import UNKNOWN, Type, from_object, overloaded

_COROUTINE, _GENERATOR, _ASYNC_GENERATOR = 0x80, 0x20, 0x200
_ARGS, _KWARGS = 0x04, 0x08

_KINDS: dict[int, Kind] = {
    0: "function",
    _COROUTINE: "coroutine",
    _GENERATOR: "generator",
    _ASYNC_GENERATOR: "async_generator",
}


_Known: TypeAlias = dict[int, dict[Any, Type]]


def read(module: object, problems: list[Diagnostic] | None = None) -> list[Node]:
    """The nodes of a module's steps, under every configuration, in the order of definition.

    A step is a public function that the module itself defines; in a package, also one that its
    `__init__` imports from a module of the package. What is wrong with them goes to `problems`.

    Raises:
        GraphError: if something is wrong and there is no list of problems to put it in.
    """
    found: list[Diagnostic] = []
    nodes: list[Node] = []
    if isinstance(module, ModuleType):
        known: _Known = {}
        for step in steps_of(module):
            nodes += _read_step(step, known, found)
    else:
        found.append(not_a_module(module))
    if problems is not None:
        problems += found
    elif found:
        raise GraphError(found)
    return nodes


def graph(
    modules: Iterable[object],
    *,
    config: Mapping[str, Any] | None = None,
    inputs: Iterable[str] | None = None,
    overriding: bool = False,
) -> Graph:
    """The graph of these modules' steps: those that exist under `config`, or all if it is `None`.

    With `overriding`, a later module's nodes take the place of an earlier's of the same names. What
    is wrong is in the graph's `problems`; nothing is raised.
    """
    problems: list[Diagnostic] = []
    groups: list[list[Node]] = []
    names: list[str] = []
    seen: set[int] = set()
    known: _Known = {}
    for module in modules:
        names.append(getattr(module, "__name__", str(module)))
        if not isinstance(module, ModuleType):
            problems.append(not_a_module(module))
            continue
        nodes: list[Node] = []
        groups.append(nodes)
        for step in steps_of(module):
            # A package and one of its modules may both be given; a step is still read once.
            if id(step) not in seen:
                seen.add(id(step))
                nodes += _read_step(step, known, problems)
    kept = [node for group in groups for node in group]
    if config is not None:
        kept = choose(kept, config)
    if overriding:
        kept = later_wins(groups, kept)
    return Graph(kept, config=config, inputs=inputs, problems=problems, modules=names)


def steps_of(module: ModuleType) -> Iterator[Callable[..., Any]]:
    """The functions of a module that are steps, in the order of definition."""
    space = vars(module)
    name = module.__name__
    inside = name + "." if "__path__" in space else None
    for attribute, value in list(space.items()):
        if attribute[:1] == "_" or not (type(value) is FunctionType or _wraps(value)):
            continue
        home = value.__module__
        if home != name and not (inside and home and home.startswith(inside)):
            continue
        # A lambda or a second name for a function defines no step of that name.
        if getattr(value, "__name__", None) == attribute:
            yield value


def _read_step(
    step: Callable[..., Any],
    known: _Known,
    problems: list[Diagnostic],
    open: Iterable[int] = (),
) -> Iterable[Node]:
    """The nodes of one function; what is wrong with it goes to `problems`."""
    node = _plain(step, known, problems)
    if not hasattr(step, ATTRIBUTE):
        return (node,)
    try:
        return expanded(node, modifiers_of(step), _Live(known, problems, {*open, id(step)}))
    except ModifierError as error:
        problems.append(bad_modifier(node, error))
        return (node,)


class _Live:
    """Reads, for modifiers, the functions and modules that are their arguments."""

    def __init__(self, known: _Known, problems: list[Diagnostic], open: set[int]) -> None:
        self.known, self.problems, self.open = known, problems, open

    def step(self, given: Any) -> Node:
        """The node of a function by itself.

        Raises:
            ModifierError: if it is no function of Python.
        """
        self._refuse(given)
        return _plain(given, self.known, [])

    def steps(self, given: Any) -> list[Node]:
        """The nodes of a function, or of all steps of a module.

        Raises:
            ModifierError: if it is neither, or is being read already.
        """
        if id(given) in self.open:
            raise ModifierError(f"`{given.__name__}` is a part of itself")
        open = {*self.open, id(given)}
        if isinstance(given, ModuleType):
            found = [*steps_of(given)]
        else:
            self._refuse(given)
            found = [given]
        return [n for each in found for n in _read_step(each, self.known, self.problems, open)]

    def _refuse(self, given: Any) -> None:
        if isinstance(given, FunctionType) or (
            _wraps(given) and hasattr(_innermost(given), "__code__")
        ):
            return
        name = getattr(given, "__name__", "")
        raise ModifierError(no_function(Named(name) if callable(given) and name else given))


def _plain(step: Callable[..., Any], known: _Known, problems: list[Diagnostic]) -> Node:
    """The node of a function before any modifier."""
    function: FunctionType = step  # type: ignore[assignment]
    if type(step) is not FunctionType or hasattr(step, "__wrapped__"):
        function = _innermost(step)
    code = function.__code__
    flags = code.co_flags
    span = Span(code.co_filename, code.co_firstlineno)
    if flags & (_ARGS | _KWARGS):
        problems += _variadic(function, code, span)
    types = _types(function, known)
    doc = function.__doc__
    name: str = step.__name__
    makes = types.get("return", UNKNOWN)
    return Node(
        name,
        overloaded(makes) if makes.name == "|" and get_overloads(function) else makes,
        _params(function, code, types),
        (cleandoc(doc) if "\n" in doc else doc.strip()) if doc else "",
        kind=_KINDS[flags & (_COROUTINE | _GENERATOR | _ASYNC_GENERATOR)],
        step=name,
        module=step.__module__,
        span=span,
        callable=step,
    )


def _params(function: FunctionType, code: CodeType, types: Mapping[str, Type]) -> tuple[Param, ...]:
    positional = code.co_argcount
    names = code.co_varnames
    optional = positional - len(function.__defaults__ or ())
    only = code.co_posonlyargcount
    params = [
        Param(name, name, types.get(name, UNKNOWN), index < optional, None, index < only)
        for index, name in enumerate(names[:positional])
    ]
    if code.co_kwonlyargcount:
        defaults = function.__kwdefaults__ or {}
        for name in names[positional : positional + code.co_kwonlyargcount]:
            params.append(Param(name, name, types.get(name, UNKNOWN), name not in defaults))
    return tuple(params)


def _types(function: FunctionType, known: _Known) -> dict[str, Type]:
    """The types of a function's annotations; `known` holds those met before, by their globals."""
    space = function.__globals__
    met = known.get(id(space))
    if met is None:
        met = known[id(space)] = {}
    types: dict[str, Type] = {}
    for name, annotation in _annotations(function).items():
        try:
            types[name] = met[annotation]
        except KeyError:
            types[name] = met[annotation] = from_object(annotation, space)
        except TypeError:
            types[name] = from_object(annotation, space)
    return types


def _annotations(function: FunctionType) -> Mapping[str, Any]:
    try:
        return function.__annotations__
    except NameError:
        # From Python 3.14 on they are worked out now, and may name what only a checker imports.
        from importlib import import_module

        library = import_module("annotationlib")
        annotations: Mapping[str, Any] = library.get_annotations(
            function, format=library.Format.FORWARDREF
        )
        return annotations


def _wraps(value: object) -> bool:
    """Whether a decorator made this of a function, asked without waking the object's own code."""
    try:
        return "__wrapped__" in object.__getattribute__(value, "__dict__")
    except AttributeError:
        return False


def _innermost(step: Any) -> FunctionType:
    seen = set()
    while hasattr(step, "__wrapped__") and id(step) not in seen:
        seen.add(id(step))
        step = step.__wrapped__
    function: FunctionType = step
    return function


def _variadic(function: FunctionType, code: CodeType, span: Span) -> Iterator[Diagnostic]:
    at = code.co_argcount + code.co_kwonlyargcount
    for flag, stars in ((_ARGS, "*"), (_KWARGS, "**")):
        if code.co_flags & flag:
            yield variadic(function.__name__, stars + code.co_varnames[at], span)
            at += 1
