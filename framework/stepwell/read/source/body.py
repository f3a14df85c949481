"""What a function says besides its signature: names read, calls, defaults, dicts returned."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from stepwell.read.source.chunks import Places
from stepwell.read.source.names import Names, written
from stepwell.spec import Body, Call, Default, Reference, Span

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_TOLD = frozenset(
    (
        *(ast.Call, ast.Await, ast.Return, ast.Import, ast.ImportFrom, ast.Lambda),
        *(ast.FunctionDef, ast.AsyncFunctionDef, ast.arg, ast.ExceptHandler, ast.ClassDef),
    )
)
_DEPTH = 20  # how deep calls in arguments of calls are followed
_UNKNOWN = Reference()


def body(function: Function, names: Names, places: Places) -> Body:
    """The facts of one function; its spans count from the line that the chunk starts in."""
    walk = _Walk(function)
    if walk.imports:
        names = replace(names, imports=dict(names.imports), _open=set())
        names.add(walk.imports)
    values = _Values(names, places, walk)
    made = [values.call(call, nested=nested) for call, nested in walk.calls]
    return Body(
        places.chunk.line,
        frozenset(walk.reads),
        tuple(sorted(made, key=_place)),
        tuple([values.decorator(each) for each in function.decorator_list]),
        tuple(_constants(walk, names, places)),
        tuple(_defaults(function.args, places)),
        walk.dicts(),
        _empty(function.body),
    )


def call_of(call: ast.Call, names: Names, places: Places) -> Call:
    """A call at the top level of a file as data, its lines counted from the chunk's."""
    return _Values(names, places).call(call)


class _Walk:
    """One pass over a function's body."""

    def __init__(self, function: Function) -> None:
        self.reads: set[str] = set()
        arguments = function.args
        every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        self.local = {each.arg for each in every}
        self.calls: list[tuple[ast.Call, bool]] = []
        self.awaited: set[int] = set()
        self.returns: list[ast.expr | None] = []
        self.imports: list[ast.stmt] = []
        self._waiting: list[tuple[ast.AST, bool]] = [(each, False) for each in function.body]
        while self._waiting:
            self._visit(*self._waiting.pop())

    def dicts(self) -> tuple[tuple[str, ...], ...] | None:
        """The keys of each dict that is returned, if nothing else is."""
        written = [each for each in self.returns if isinstance(each, ast.Dict)]
        if len(written) < len(self.returns):
            return None
        found: list[tuple[str, ...]] = []
        for each in sorted(written, key=lambda each: (each.lineno, each.col_offset)):
            keys = [key.value for key in each.keys if isinstance(key, ast.Constant)]
            if len(keys) != len(each.keys) or not all(isinstance(key, str) for key in keys):
                return None
            found.append(tuple(map(str, keys)))
        return tuple(found) or None

    def _visit(self, node: ast.AST, nested: bool) -> None:
        kind = type(node)
        if kind is ast.Name:
            (self.local if type(node.ctx) is ast.Store else self.reads).add(node.id)  # type: ignore[attr-defined]
            return
        if kind is ast.Constant:
            return
        if kind in _TOLD:
            nested = self._tell(node, nested)
        for field in kind._fields:
            value = getattr(node, field, None)
            if value.__class__ is list:
                self._waiting += [(each, nested) for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and field != "ctx":
                self._waiting.append((value, nested))

    def _tell(self, node: ast.AST, nested: bool) -> bool:
        """Notes what a node says; gives whether what is in it stands in a nested function."""
        match node:
            case ast.Call():
                self.calls.append((node, nested))
            case ast.Await(value=ast.Call() as call):
                self.awaited.add(id(call))
            case ast.Return(value=value) if not nested:
                self.returns.append(value)
            case ast.Import() | ast.ImportFrom():
                self.imports.append(node)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.local.add(name)
                return True
            case ast.Lambda():
                return True
            case ast.arg(arg=name) | ast.ExceptHandler(name=str(name)) | ast.ClassDef(name=name):
                self.local.add(name)
        return nested


class _Values:
    """Calls and their arguments as data."""

    def __init__(self, names: Names, places: Places, walk: _Walk | None = None) -> None:
        self.names, self.places = names, places
        self.local = walk.local if walk is not None else set()
        self.awaited = walk.awaited if walk is not None else set()
        self.returned = {id(each) for each in walk.returns} if walk is not None else set()

    def call(self, call: ast.Call, depth: int = _DEPTH, *, nested: bool = False) -> Call:
        """A call as data."""
        spelt = written(call.func) or ""
        return Call(
            self._meant(spelt),
            spelt,
            self._span(call.func if spelt else call),
            tuple([self._value(each, depth) for each in call.args]),
            tuple([(each.arg or "**", self._value(each.value, depth)) for each in call.keywords]),
            id(call) in self.awaited,
            id(call) in self.returned,
            nested,
        )

    def decorator(self, expression: ast.expr) -> Call:
        """A decorator as a call, which is outside of what is local to the function."""
        outside = _Values(self.names, self.places)
        if isinstance(expression, ast.Call):
            return outside.call(expression)
        spelt = written(expression) or ""
        return Call(outside._meant(spelt), spelt, outside._span(expression))

    def _value(self, expression: ast.expr, depth: int) -> Any:
        if depth:
            match expression:
                case ast.Constant(value=constant):
                    return constant
                case ast.Name() | ast.Attribute():
                    return Reference(self._meant(written(expression) or ""))
                case ast.Call():
                    return self.call(expression, depth - 1)
                case ast.Tuple(elts=elements) | ast.List(elts=elements):
                    return tuple([self._value(each, depth - 1) for each in elements])
                case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() as operator, right=right):
                    sides = (self._value(left, depth - 1), self._value(right, depth - 1))
                    sign = "|" if isinstance(operator, ast.BitOr) else "&"
                    return Call(sign, sign, self._span(expression), sides)
        return _UNKNOWN

    def _meant(self, spelt: str) -> str:
        if not spelt or spelt.partition(".")[0] in self.local:
            return ""
        return self.names.canonical(spelt) or ""

    def _span(self, node: ast.expr) -> Span:
        return self.places.within(node)


def _constants(walk: _Walk, names: Names, places: Places) -> Iterator[tuple[str, Call]]:
    for name in sorted(walk.reads & names.constants.keys() - walk.local):
        constant = names.constant(name)
        if constant is not None and isinstance(constant[1], ast.Call):
            # Where it is written is another chunk, whose places are not at hand.
            made = _Elsewhere(names, places).call(constant[1])
            yield name, made


class _Elsewhere(_Values):
    """The values of another chunk."""

    def _span(self, node: ast.expr) -> Span:
        return Span(self.places.file, 0)


def _defaults(arguments: ast.arguments, places: Places) -> Iterator[Default]:
    positional = [*arguments.posonlyargs, *arguments.args]
    last = positional[len(positional) - len(arguments.defaults) :]
    pairs: Iterable[tuple[ast.arg, ast.expr | None]] = (
        *zip(last, arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    )
    for argument, default in pairs:
        if default is not None and (literal := _literal(default)) is not _UNKNOWN:
            says = argument.annotation
            bare = says is not None and not isinstance(says, ast.Constant)
            place = places.within(says) if says is not None and bare else None
            yield Default(argument.arg, literal, places.within(default), place)


def _literal(expression: ast.expr) -> Any:
    if isinstance(expression, ast.Constant) and expression.value is not Ellipsis:
        return expression.value
    plain = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.UnaryOp)
    if isinstance(expression, plain):
        try:
            return ast.literal_eval(expression)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return _UNKNOWN
    return _UNKNOWN


def _empty(statements: list[ast.stmt]) -> bool:
    for statement in statements:
        match statement:
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case ast.Raise(exc=ast.Name(id=name) | ast.Call(func=ast.Name(id=name))):
                if name != "NotImplementedError":
                    return False
            case _:
                return False
    return True


def _place(call: Call) -> tuple[int, int]:
    return call.span.line, call.span.column
