"""The type that a step returns, written where it is missing."""

from __future__ import annotations

import io
import tokenize

from stepwell.diagnostic import Edit, Fix
from stepwell.read.source.chunks import Places
from stepwell.read.source.steps import functions
from stepwell.spec import Span
from stepwell_lsp import scopes
from stepwell_lsp.inference import returned
from stepwell_lsp.scopes import Function
from stepwell_lsp.snapshot import Snapshot


def annotation(snapshot: Snapshot, name: Span) -> Fix | None:
    """The edit that annotates a step's result, where its body gives the type away.

    Args:
        snapshot: the workspace.
        name: where the step's name is written.
    """
    module = snapshot.modules.get(name.file)
    if module is None:
        return None
    for chunk in snapshot.chunks(name.file):
        if not chunk.line <= name.line <= chunk.line + chunk.text.count("\n"):
            continue
        places = Places(name.file, chunk)
        for function in functions(chunk.body or ()):
            if function.returns or scopes.definition(function, places) != name:
                continue
            home = {each: found for each, (found, _) in module.names.functions.items()}
            kind = returned(function, home, module.names.classes)
            end = _closed(function, places)
            if kind and end:
                return Fix(f"Annotate the result as `{kind}`", (Edit(end, f" -> {kind}"),))
    return None


def _closed(function: Function, places: Places) -> Span | None:
    """The place behind the bracket that closes a function's parameters."""
    lines = places.lines[function.lineno - 1 :]
    lines[0] = lines[0].encode()[function.col_offset :].decode()
    depth, began = 0, False
    shift = len(places.lines[function.lineno - 1]) - len(lines[0])
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
            depth += {"(": 1, "[": 1, ")": -1, "]": -1, "{": 1, "}": -1}.get(token.string, 0)
            began |= token.string == "("
            if began and not depth:
                row, column = token.end
                column += shift if row == 1 else 0
                return places.at(function.lineno + row - 1, column + 1, 0)
    except (tokenize.TokenError, SyntaxError):
        return None
    return None
