"""Diagnostics as text, for people, editors and services: pure functions of what they get."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from stepwell.diagnostic import Diagnostic
from stepwell.rules.secrets import hidden
from stepwell.spec import Span

Lines = Callable[[str], Sequence[str]]
"""The lines of a file, by its path; an empty list where it can't be read."""

STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "hint": "1;36",
    "bold": "1",
    "frame": "1;34",
    "help": "1;36",
}


def full(diagnostics: Iterable[Diagnostic], *, lines: Lines, color: bool = False) -> str:
    """For people: each finding with the line of source it is about, and its cure."""
    paint = _painter(color)
    return "".join(_block(found, lines, paint) + "\n" for found in diagnostics)


def concise(diagnostics: Iterable[Diagnostic], *, color: bool = False) -> str:
    """One line a finding, which editors and terminals make clickable."""
    paint = _painter(color)
    rows = []
    for found in diagnostics:
        place = f"{_place(found.span)}: " if found.span else ""
        code = paint(found.severity, found.code)
        rows.append(f"{place}{code} {_oneline(_ticks(found.message, paint))}\n")
    return "".join(rows)


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """A JSON array with an object for every finding."""
    return json.dumps([_object(found) for found in diagnostics], indent=2) + "\n"


def github(diagnostics: Iterable[Diagnostic]) -> str:
    """Workflow commands, which GitHub shows as annotations on the lines of a change."""
    rows = []
    for found in diagnostics:
        level = {"error": "error", "warning": "warning"}.get(found.severity, "notice")
        words = {"title": f"stepwell ({found.code})"}
        if found.span:
            words |= {"file": shown_path(found.span.file), "line": str(found.span.line)}
            words |= {"col": str(found.span.column), "endLine": str(_ends(found.span)[0])}
            words |= {"endColumn": str(_ends(found.span)[1])}
        listed = ",".join(f"{key}={_github_value(value)}" for key, value in words.items())
        message = f"{found.code} {found.message}".replace("%", "%25")
        message = message.replace("\r", "%0D").replace("\n", "%0A")
        rows.append(f"::{level} {listed}::{message}\n")
    return "".join(rows)


def sarif(diagnostics: Iterable[Diagnostic], *, version: str) -> str:
    """A SARIF 2.1.0 log, which code-scanning services read."""
    found = list(diagnostics)
    rules = {d.code: d.name for d in found}
    run = {
        "tool": {
            "driver": {
                "name": "stepwell",
                "version": version,
                "rules": [{"id": code, "name": name} for code, name in sorted(rules.items())],
            }
        },
        "results": [_sarif_result(d) for d in found],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def statistics(diagnostics: Iterable[Diagnostic], *, color: bool = False) -> str:
    """How often each rule found something, the most frequent first; a star where it can be fixed.

    >>> print(statistics([Diagnostic("SW104", "cycle", "`a` needs itself")] * 2), end="")
    2  SW104       cycle
    """
    found = list(diagnostics)
    paint = _painter(color)
    counted = Counter((one.code, one.name, one.severity) for one in found)
    fixable = {one.code for one in found if one.fix and one.fix.safe}
    width = len(str(max(counted.values(), default=0)))
    rows = []
    for (code, name, severity), count in sorted(counted.items(), key=lambda row: (-row[1], row[0])):
        star = "[*]" if code in fixable else "   "
        rows.append(f"{count:>{width}}  {paint(severity, code)}  {star}  {name}\n")
    return "".join(rows)


def summary(diagnostics: Sequence[Diagnostic], *, files: int, pipelines: int) -> str:
    """The last line: how many of which kind, or that there is nothing, and in what.

    >>> summary([Diagnostic("SW104", "cycle", "`a` needs itself")], files=3, pipelines=1)
    'Found 1 error in 1 pipeline (3 files).'
    """
    read = f"{files} file{'s' * (files != 1)}"
    if not pipelines:
        return (
            f"No pipeline in {read}: nothing builds a driver or uses a modifier. Name a file to "
            "have it checked as one, or declare [tool.stepwell.pipelines.NAME] in pyproject.toml."
        )
    where = f"{pipelines} pipeline{'s' * (pipelines != 1)} ({read})"
    if not diagnostics:
        return f"All checks passed: nothing is wrong in {where}."
    counted = Counter(found.severity for found in diagnostics)
    parts = [f"{n} {kind}{'s' * (n != 1)}" for kind, n in sorted(counted.items())]
    return f"Found {' and '.join(parts)} in {where}."


def shown_path(file: str) -> str:
    """The path as one would type it here: relative where it lies under this folder."""
    path = Path(file)
    if path.is_absolute() and path.is_relative_to(here := Path.cwd()):
        path = path.relative_to(here)
    return path.as_posix() if path.parts else file


def _painter(color: bool) -> Callable[[str, str], str]:
    if not color:
        return lambda style, words: words
    return lambda style, words: f"\x1b[{STYLES[style]}m{words}\x1b[0m" if words else ""


def _ticks(message: str, paint: Callable[[str, str], str]) -> str:
    return re.sub(r"`[^`\n]+`", lambda found: paint("bold", found[0]), message)


def _block(found: Diagnostic, lines: Lines, paint: Callable[[str, str], str]) -> str:
    head = f"{paint(found.severity, found.code)} {_ticks(found.message, paint)}"
    spans = [span for span in (found.span, *(s for s, _ in found.related)) if span]
    gutter = len(str(max((span.line for span in spans), default=1)))
    out = [head]
    if found.span:
        words = [word for span, word in found.related if span == found.span]
        out += _excerpt(found.span, "; ".join(words), "-->", gutter, lines, paint, found.severity)
    for span, word in found.related:
        if span == found.span:
            continue
        out += _excerpt(span, word, ":::", gutter, lines, paint, "frame")
    if found.fix:
        out.append(f"{paint('help', 'help')}: {_ticks(found.fix.title, paint)}")
    return "\n".join(out) + "\n"


def _excerpt(
    span: Span,
    word: str,
    arrow: str,
    gutter: int,
    lines: Lines,
    paint: Callable[[str, str], str],
    style: str,
) -> list[str]:
    """The place, the line of source with marks under what is meant, and a word beside them."""
    bar = paint("frame", "|")
    place = f"{' ' * gutter}{paint('frame', arrow)} {_place(span)}"
    source = lines(span.file)
    if not 1 <= span.line <= len(source):
        return [f"{place}  {word}" if word else place]
    line = hidden(source[span.line - 1].rstrip("\r\n"))
    end_line, end = _ends(span)
    start = _width(line[: span.column - 1])
    stop = _width(line[: end - 1] if end_line == span.line else line)
    marks = ("-" if arrow == ":::" else "^") * max(1, stop - start)
    if span.end_line < span.line and span.column == 1:
        marks = ""  # of a live function the line alone is known
    number = paint("frame", f"{span.line:>{gutter}}")
    under = f"{' ' * start}{paint(style, marks)}{' ' * bool(marks)}{paint(style, word)}".rstrip()
    blank = " " * gutter
    excerpt = [place, f"{blank} {bar}", f"{number} {bar} {line.expandtabs(4)}".rstrip()]
    return [*excerpt, f"{blank} {bar} {under}", f"{blank} {bar}"] if under else excerpt


def _width(words: str) -> int:
    """How many cells of a terminal the words take."""
    expanded = words.expandtabs(4)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in expanded)
    marks = sum(unicodedata.category(letter) in ("Mn", "Me", "Cf") for letter in expanded)
    return len(expanded) + wide - marks


def _place(span: Span | None) -> str:
    return f"{shown_path(span.file)}:{span.line}:{span.column}" if span else ""


def _ends(span: Span) -> tuple[int, int]:
    """Where the span ends; a span that says nothing of its end is one letter long."""
    if span.end_line < span.line:
        return span.line, span.column + 1
    return span.end_line, max(span.end_column, 1)


def _oneline(words: str) -> str:
    return " ".join(words.split("\n"))


def _object(found: Diagnostic) -> dict[str, Any]:
    fix = found.fix
    return {
        "code": found.code,
        "name": found.name,
        "severity": found.severity,
        "message": found.message,
        "node": found.node or None,
        **_location(found.span),
        "related": [{"message": word, **_location(span)} for span, word in found.related],
        "fix": fix
        and {
            "title": fix.title,
            "safe": fix.safe,
            "edits": [{"content": edit.text, **_location(edit.span)} for edit in fix.edits],
        },
    }


def _location(span: Span | None) -> dict[str, Any]:
    if span is None:
        return {"filename": None, "location": None, "end_location": None}
    line, column = _ends(span)
    return {
        "filename": span.file,
        "location": {"row": span.line, "column": span.column},
        "end_location": {"row": line, "column": column},
    }


def _github_value(value: str) -> str:
    for letter, escape in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        value = value.replace(letter, escape)
    return value


def _sarif_result(found: Diagnostic) -> dict[str, Any]:
    level = {"error": "error", "warning": "warning"}.get(found.severity, "note")
    result: dict[str, Any] = {
        "ruleId": found.code,
        "level": level,
        "message": {"text": found.message},
    }
    if found.span:
        result["locations"] = [_sarif_place(found.span)]
    if found.related:
        result["relatedLocations"] = [
            {**_sarif_place(span), "message": {"text": word}} for span, word in found.related
        ]
    return result


def _sarif_place(span: Span) -> dict[str, Any]:
    line, column = _ends(span)
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": line,
        "endColumn": column,
    }
    uri = shown_path(span.file)
    if Path(uri).is_absolute():
        uri = Path(uri).as_uri()
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
