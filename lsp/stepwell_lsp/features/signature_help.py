"""What a modifier takes, while its arguments are typed."""

from __future__ import annotations

import inspect
import re

from lsprotocol import types

from stepwell.read.source.beside import modifier
from stepwell.read.source.names import KNOWN
from stepwell_lsp import cursor
from stepwell_lsp.features.arguments import step_below
from stepwell_lsp.scopes import parameters
from stepwell_lsp.snapshot import Snapshot

TRIGGERS = ["(", ","]

_DOCTEST = re.compile(r"\n\s*>>>.*", re.DOTALL)


def signature_help(
    snapshot: Snapshot, file: str, position: types.Position
) -> types.SignatureHelp | None:
    """The signature of the innermost modifier whose brackets the cursor is in.

    For `inject`, which binds parameters of the step below it, these parameters are shown.
    """
    text, module = snapshot.text(file), snapshot.modules.get(file)
    line, column = text.place(position, snapshot.encoding)
    before = cursor.before(text, line, column)
    brackets, _ = cursor.open_brackets(before)
    for bracket in reversed(brackets):
        name = cursor.called(before, bracket)
        canonical = module.names.canonical(name) if module and name else None
        maker = KNOWN.get(canonical or "") or modifier(canonical or "")
        if not callable(maker) or not hasattr(maker, "__name__"):
            continue
        part = bracket.parts(before)
        return _help(name, maker, _step_parameters(snapshot, file, line), part)
    return None


def _step_parameters(snapshot: Snapshot, file: str, line: int) -> list[str]:
    step = step_below(snapshot.text(file), line)
    return [parameter.arg for parameter in parameters(step)] if step else []


def _help(name: str, maker: object, step: list[str], parts: list[str]) -> types.SignatureHelp:
    assert callable(maker)
    last = name.rpartition(".")[2]
    if last == "inject" and step:
        labels = [f"{parameter}=…" for parameter in step]
    else:
        labels = list(map(_label, inspect.signature(maker).parameters.values()))
    given = re.match(r"\s*(\w+)\s*=", parts[-1])
    named = (n for n, label in enumerate(labels) if given and label.startswith(f"{given[1]}="))
    active = next(named, min(len(parts), len(labels)) - 1)
    doc = _DOCTEST.sub("", inspect.getdoc(maker) or "")
    signature = types.SignatureInformation(
        label=f"{name}({', '.join(labels)})",
        documentation=types.MarkupContent(types.MarkupKind.Markdown, doc),
        parameters=[types.ParameterInformation(label) for label in labels],
    )
    return types.SignatureHelp([signature], 0, max(active, 0))


def _label(parameter: inspect.Parameter) -> str:
    stars = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind.name, "")
    return f"{stars}{parameter.name}: {parameter.annotation}"
