"""The templates that a step formats: `TEMPLATE.format(a=…)` with the template's text at hand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from string import Formatter

from stepwell.read.source.chunks import Places
from stepwell.read.source.names import Names, local_names
from stepwell.spec import Prompt, Span


def prompts(
    function: ast.FunctionDef | ast.AsyncFunctionDef, names: Names, places: Places
) -> tuple[Prompt, ...]:
    """Every call of `format` on a literal or a module-level string in a function's body."""
    if ".format" not in places.chunk.text:
        return ()
    return tuple(_prompts(function, names, places))


def _prompts(
    function: ast.FunctionDef | ast.AsyncFunctionDef, names: Names, places: Places
) -> Iterator[Prompt]:
    for statement in function.body:
        for call in ast.walk(statement):
            match call:
                case ast.Call(func=ast.Attribute(value=template, attr="format"), args=[]):
                    hidden = isinstance(template, ast.Name) and template.id in local_names(function)
                    prompt = None if hidden else _prompt(call, template, names, places)
                    if prompt is not None:
                        yield prompt


def _prompt(call: ast.Call, template: ast.expr, names: Names, places: Places) -> Prompt | None:
    given = tuple(
        (keyword.arg, places.word(keyword, keyword.arg))
        for keyword in call.keywords
        if keyword.arg is not None
    )
    if len(given) != len(call.keywords):
        return None  # `**values`: what is given is not known
    text, here = _text(template, names)
    if text is None:
        return None
    fields = _fields(text)
    if fields is None:
        return None
    whole = places.span(template)
    found = tuple(
        (name, _bare(places.word(template, "{" + name), name) if here else whole)
        for name in dict.fromkeys(fields)
    )
    return Prompt(found, given, whole)


def _text(template: ast.expr, names: Names) -> tuple[str | None, bool]:
    if isinstance(template, ast.Constant):
        return (template.value, True) if isinstance(template.value, str) else (None, True)
    if isinstance(template, ast.Name):
        constant = names.constant(template.id)
        if constant is not None and isinstance(constant[1], ast.Constant):
            value = constant[1].value
            return (value, False) if isinstance(value, str) else (None, False)
    return None, False


def _fields(text: str) -> list[str] | None:
    """The names in braces; `None` where the text is no template or its fields are positions."""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError:
        return None
    names: list[str] = []
    for _, field, layout, _ in parsed:
        if field is not None:
            names.append(field.partition(".")[0].partition("[")[0])
            names += (layout and _fields(layout)) or []
    return names if all(name.isidentifier() for name in names) else None


def _bare(span: Span, name: str) -> Span:
    """The name without its opening brace, where the place was found by both."""
    if span.line == span.end_line and span.end_column - span.column == len(name) + 1:
        return span._replace(column=span.column + 1)
    return span
