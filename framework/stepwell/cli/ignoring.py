"""Comments that switch off what was found, put at the ends of its lines."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Mapping
from pathlib import Path

from stepwell.cli.fixes import rewrite
from stepwell.diagnostic import Diagnostic, Edit
from stepwell.read import files
from stepwell.rules.ignore import COMMENT, codes_of
from stepwell.spec import Span


def add_ignores(found: Iterable[Diagnostic]) -> tuple[int, list[Diagnostic]]:
    """Puts a comment on the line of each finding, and gives how many, and those it couldn't.

    A line that ends inside of a string, or goes on after a backslash, can hold no comment; nor does
    a file that is not Python.
    """
    wanted: dict[str, dict[int, list[Diagnostic]]] = {}
    left: list[Diagnostic] = []
    for one in found:
        if one.span is None or not one.span.file.endswith(".py"):
            left.append(one)
        else:
            wanted.setdefault(one.span.file, {}).setdefault(one.span.line, []).append(one)
    done = 0
    for file, by_line in wanted.items():
        text = files.read_text(file)
        free = _free(text)
        edits: dict[Edit, None] = {}
        for line, ones in by_line.items():
            if line in free:
                edits[_edit(file, line, free[line], {one.code for one in ones})] = None
                done += len(ones)
            else:
                left += ones
        rewrite(Path(file), edits)
    return done, left


def _edit(file: str, line: int, written: str, codes: set[str]) -> Edit:
    """The edit that adds the codes to a line, or to the comment that it has already."""
    there = COMMENT.search(written)
    if there is None:
        end = len(written.rstrip()) + 1
        listed = ", ".join(sorted(codes))
        span = Span(file, line, end, line, len(written) + 1)
        return Edit(span, f"  # stepwell: ignore[{listed}]")
    listed = ", ".join(dict.fromkeys([*codes_of(written), *sorted(codes)]))
    span = Span(file, line, there.start() + 1, line, there.end() + 1)
    return Edit(span, f"# stepwell: ignore[{listed}]")


def _free(text: str) -> Mapping[int, str]:
    """The lines that a comment may be put at the end of."""
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    free = {number: line for number, line in enumerate(lines, 1) if not line.endswith("\\")}
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
            # Whatever goes on over a line's end is a string, or a part of one.
            for line in range(token.start[0], token.end[0]):
                if token.type not in (tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER):
                    free.pop(line, None)
    except (tokenize.TokenError, SyntaxError):
        return {}
    return free
