"""Fixes put into files; one that would touch what another changes waits for the next time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from stepwell.diagnostic import Diagnostic, Edit


def fixed(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Applies every safe fix to the files, and gives the findings whose fixes were applied."""
    applied: list[Diagnostic] = []
    edits: dict[str, dict[Edit, None]] = {}
    for found in diagnostics:
        if found.fix is None or not found.fix.safe:
            continue
        wanted = found.fix.edits
        if any(_touches(new, old) for new in wanted for old in edits.get(new.span.file, ())):
            continue
        for edit in wanted:
            edits.setdefault(edit.span.file, {})[edit] = None
        applied.append(found)
    for file, changes in edits.items():
        rewrite(Path(file), changes)
    return applied


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made; their spans are places in the text as it is.

    >>> from stepwell.spec import Span
    >>> edited("ab\\ncd\\n", [Edit(Span("f", 2, 1, 2, 2), "x"), Edit(Span("f", 1, 3, 1, 3), "!")])
    'ab!\\nxd\\n'
    """
    import re

    # Not `splitlines`: a form feed or U+2028 ends no line of Python.
    starts = [0, *(end.end() for end in re.finditer(r"\r\n|\r|\n", text))]

    def offset(line: int, column: int) -> int:
        return starts[min(line, len(starts)) - 1] + column - 1

    for edit in sorted(edits, key=lambda edit: edit.span[1:3], reverse=True):
        span = edit.span
        start, end = offset(span.line, span.column), offset(span.end_line, span.end_column)
        text = text[:start] + edit.text + text[end:]
    return text


def _touches(one: Edit, other: Edit) -> bool:
    """Whether two edits want the same place; insertions at one place do."""
    if one.span == other.span:
        return one != other
    starts, ends = one.span[1:3], one.span[3:5]
    return starts <= other.span[3:5] and other.span[1:3] <= ends


def rewrite(file: Path, edits: Iterable[Edit]) -> None:
    """Makes edits in a file, its encoding and line ends left as they are."""
    import tokenize

    with file.open("rb") as stream:
        encoding, _ = tokenize.detect_encoding(stream.readline)
    text = file.read_bytes().decode(encoding)
    file.write_bytes(edited(text, edits).encode(encoding))
