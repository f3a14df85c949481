"""A literal in a step's body, taken out as an input with that default."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lsprotocol import types

from stepwell.diagnostic import Edit, Fix
from stepwell.read.source.chunks import Places
from stepwell.read.source.steps import functions
from stepwell.spec import Span
from stepwell_lsp import scopes
from stepwell_lsp.places import covers
from stepwell_lsp.scopes import Function
from stepwell_lsp.snapshot import Snapshot

_WORDS = {"str": "text", "int": "number", "float": "number", "bool": "flag", "bytes": "data"}


class Literal(NamedTuple):
    """A literal, and what it is given as: the keyword of a call, or nothing."""

    tree: ast.Constant | ast.UnaryOp
    keyword: str = ""

    @property
    def kind(self) -> str:
        """The name of its type."""
        return type(ast.literal_eval(self.tree)).__name__


def extraction(snapshot: Snapshot, file: str, chosen: types.Range) -> tuple[str, Fix] | None:
    """The input's name, and the edits that put it in the place of the chosen literal.

    The literal becomes the input's default, so that the graph is as right as it was.
    """
    text = snapshot.text(file)
    start, end = (text.place(each, snapshot.encoding) for each in (chosen.start, chosen.end))
    for chunk in snapshot.chunks(file):
        last = chunk.line + chunk.text.count("\n")
        if not chunk.line <= start[0] <= last:
            continue
        here = snapshot.between(file, chunk.line, last)
        steps = {place.span for place in here if place.role == "step"}
        places = Places(file, chunk)
        for function in functions(chunk.body or ()):
            if scopes.definition(function, places) not in steps:
                continue
            for found in _literals(function):
                span = places.span(found.tree)
                if covers(span, *start) and covers(span, *end):
                    return _edits(snapshot, function, places, found)
    return None


def _edits(
    snapshot: Snapshot, function: Function, places: Places, found: Literal
) -> tuple[str, Fix] | None:
    given = function.args
    if given.kwarg or given.vararg or (given.posonlyargs and not (given.args or given.kwonlyargs)):
        return None
    name = _free(snapshot, places.file, function, found)
    written = ast.get_source_segment(places.chunk.text, found.tree) or ast.unparse(found.tree)
    parameter = f"{name}: {found.kind} = {written}"
    there: list[ast.arg | ast.expr] = [*scopes.parameters(function), *given.defaults]
    ends = [places.span(each) for each in (*there, *given.kw_defaults) if each is not None]
    if not ends:
        place = _opened(function, places)
    else:
        end = max(ends, key=lambda span: (span.end_line, span.end_column))
        place = Span(end.file, end.end_line, end.end_column, end.end_line, end.end_column)
        parameter = f", {parameter}"
    if place is None:
        return None
    edits = (Edit(place, parameter), Edit(places.span(found.tree), name))
    return name, Fix(f"Extract to the input `{name}`", edits)


def _literals(function: Function) -> Iterator[Literal]:
    """The literals of a function's body that can be another value as well."""
    for number, statement in enumerate(function.body):
        is_doc = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if number or not is_doc:
            yield from _within(statement)


def _within(tree: ast.AST, keyword: str = "") -> Iterator[Literal]:
    match tree:
        case ast.Constant(value=str() | int() | float() | bytes()):
            yield Literal(tree, keyword)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            yield Literal(tree, keyword)
        # A template is about the parameters of its step, a pattern takes constants alone, and a
        # place inside an f-string is not to be trusted.
        case ast.JoinedStr() | ast.pattern():
            return
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="format")):
            yield from _all([*tree.args, *tree.keywords])
        case ast.keyword(arg=str() as name, value=value):
            yield from _within(value, name)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from _all(tree.body)
        case ast.AnnAssign(value=value):
            yield from _all([value] if value else [])
        case _:
            yield from _all(ast.iter_child_nodes(tree))


def _all(trees: Iterable[ast.AST]) -> Iterator[Literal]:
    for tree in trees:
        yield from _within(tree)


def _free(snapshot: Snapshot, file: str, function: Function, found: Literal) -> str:
    """A name that neither the pipelines nor the function have."""
    graphs = snapshot.graphs_of(file)
    wanted = found.keyword or f"{function.name}_{_WORDS[found.kind]}"
    number = 1
    name = wanted
    while scopes.named(function, name) or any(
        name in graph.nodes or name in graph.inputs for graph in graphs
    ):
        number += 1
        name = (
            f"{function.name}_{wanted}" if number == 2 and found.keyword else f"{wanted}_{number}"
        )
    return name


def _opened(function: Function, places: Places) -> Span | None:
    """The place behind the bracket that opens a function's empty parameters."""
    name = scopes.definition(function, places)
    line = places.lines[name.line - places.chunk.line]
    found = re.compile(r"\s*\(").match(line, name.end_column - 1)
    if found is None:
        return None
    return Span(name.file, name.line, found.end() + 1, name.line, found.end() + 1)
