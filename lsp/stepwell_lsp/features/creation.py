"""A step that is missed, written where it belongs; and an input that is given where one asks."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stepwell.diagnostic import Edit, Fix
from stepwell.read.source.chunks import Chunk, Places
from stepwell.read.source.steps import functions
from stepwell.spec import Span
from stepwell_lsp import scopes
from stepwell_lsp.places import Place
from stepwell_lsp.scopes import Function
from stepwell_lsp.snapshot import Snapshot


def creations(snapshot: Snapshot, read: Place) -> Iterator[Fix]:
    """The edit that writes the step which a parameter reads and nothing makes.

    It stands above the step that reads it, and makes the type that is asked for there.
    """
    if read.name in read.graph.nodes or not read.name.isidentifier() or read.param is None:
        return
    found = _reader(snapshot, read.span)
    if found is None:
        return
    chunk, places, function, given = found
    kind = f" -> {_segment(places, given.annotation)}" if given.annotation else ""
    text = (
        f"def {read.name}(){kind}:\n"
        f'    raise NotImplementedError("`{read.name}` is not written yet")\n\n\n'
    )
    line = chunk.line + _first(function) - 1
    while snapshot.text(read.span.file).line(line - 1).startswith("#"):
        line -= 1  # a comment right above is about the step
    place = Span(read.span.file, line, 1, line, 1)
    yield Fix(f"Create the step `{read.name}`", (Edit(place, text),))


def _reader(snapshot: Snapshot, span: Span) -> tuple[Chunk, Places, Function, ast.arg] | None:
    """The step whose parameter is written there, if it is one that stands in the first column."""
    for chunk in snapshot.chunks(span.file):
        if chunk.body is None or not chunk.line <= span.line <= chunk.line + chunk.text.count("\n"):
            continue
        places = Places(span.file, chunk)
        for function in functions(chunk.body):
            for given in scopes.parameters(function):
                if places.word(given, given.arg) == span and not function.col_offset:
                    return chunk, places, function, given
    return None


def _first(function: Function) -> int:
    """The line of its chunk at which a function starts, decorators and all."""
    return min([function.lineno, *(each.lineno for each in function.decorator_list)])


def _segment(places: Places, tree: ast.expr) -> str:
    """An expression as it is written."""
    return ast.get_source_segment(places.chunk.text, tree) or ast.unparse(tree)
