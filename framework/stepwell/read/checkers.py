"""Type checkers: how each is asked about one file, and how its answer is read; none is run here."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from stepwell.read.virtual import Said

_MISFITS = (
    *("invalid-argument-type", "no-matching-overload"),  # ty
    *("reportArgumentType", "reportCallIssue"),  # pyright, basedpyright
    *("arg-type", "call-overload", "list-item", "dict-item", "type-var"),  # mypy
    *("bad-argument-type",),  # pyrefly
)
"""What checkers call an argument that does not fit; all else is not about the wiring."""

_LOST = ("unresolved-import", "reportMissingImports", "import-not-found", "missing-import")


class Asked(NamedTuple):
    """A command, what its environment has besides, and files that it needs beside the text."""

    command: list[str]
    environment: dict[str, str]
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a checker works.

    Args:
        folder: the folder that the text is written into.
        file: the file of the text.
        roots: where imports are found.
        python: the interpreter whose packages are meant.
        prefix: the environment of it.
        cache: a folder for what the checker keeps.
    """

    folder: str
    file: str
    roots: Sequence[str]
    python: str
    prefix: str
    cache: str


@dataclass(frozen=True, slots=True)
class Checker:
    """A type checker: its name is its command's, too."""

    name: str
    ask: Callable[[Place], Asked]
    read: Callable[[str, str], Iterator[tuple[int, str, str]]]
    configured: tuple[str, ...] = ()


def misfits(checker: Checker, output: str, file: str) -> tuple[list[Said], list[str]]:
    """What is said of arguments, a line once; and the modules that the checker could not find."""
    said: dict[int, str] = {}
    lost: list[str] = []
    for line, code, message in checker.read(output, file):
        if code in _MISFITS:
            said.setdefault(line, message.partition(" is incorrect: ")[2] or message)
        elif code in _LOST:
            lost += re.findall(r"[`\"']([\w.]+)[`\"']", message)[:1]
    return [Said(line, message) for line, message in said.items()], lost


def _ty(place: Place) -> Asked:
    paths = [part for root in place.roots for part in ("--extra-search-path", root)]
    command = ["check", "--output-format", "concise", "--color", "never", "--no-progress"]
    return Asked([*command, "--python", place.prefix, *paths, place.file], {}, {})


def _mypy(place: Place) -> Asked:
    command = ["--no-error-summary", "--hide-error-context", "--no-pretty", "--no-color-output"]
    command += ["--show-error-codes", "--follow-imports", "silent", "--explicit-package-bases"]
    command += ["--cache-dir", os.path.join(place.cache, "mypy")]
    command += ["--python-executable", place.python, place.file]
    return Asked(command, {"MYPYPATH": os.pathsep.join(place.roots)}, {})


def _pyright(place: Place) -> Asked:
    config = {
        "include": [place.file],
        "extraPaths": list(place.roots),
        "reportArgumentType": "error",
        "reportCallIssue": "error",
    }
    command = ["-p", place.folder, "--outputjson", "--pythonpath", place.python]
    return Asked(command, {}, {"pyrightconfig.json": json.dumps(config)})


def _pyrefly(place: Place) -> Asked:
    paths = [part for root in place.roots for part in ("--search-path", root)]
    command = ["check", "--output-format", "json", "--python-interpreter-path", place.python]
    return Asked([*command, *paths, place.file], {}, {"pyrefly.toml": 'preset = "default"\n'})


def _lines(output: str, file: str) -> Iterator[tuple[int, str, str]]:
    """Of ty and mypy: a line each, `file:line:column: error[code] words` or `… words [code]`."""
    name = os.path.basename(file)
    for row in output.splitlines():
        found = re.match(rf".*{re.escape(name)}:(\d+):(?:\d+:)? (?:error|warning)(.*)", row)
        if found is None:
            continue
        rest = found[2]
        if ahead := re.match(r"\[([\w-]+)\]:? (.*)", rest):
            yield int(found[1]), ahead[1], ahead[2]
        elif behind := re.match(r": (.*?)\s+\[([\w-]+)\]$", rest):
            yield int(found[1]), behind[2], behind[1]


def _pyright_json(output: str, file: str) -> Iterator[tuple[int, str, str]]:
    for row in _object(output).get("generalDiagnostics", ()):
        words = " ".join(str(row.get("message", "")).split("\n")[0].split())
        rule = str(row.get("rule", ""))
        if rule != "reportCallIssue" or words.startswith("No overloads"):
            yield row["range"]["start"]["line"] + 1, rule, words


def _pyrefly_json(output: str, file: str) -> Iterator[tuple[int, str, str]]:
    for row in _object(output).get("errors", ()):
        if str(row.get("path", "")).endswith(os.path.basename(file)):
            words = str(row.get("concise_description") or row.get("description", ""))
            yield int(row["line"]), str(row.get("name", "")), words.split("\n")[0]


def _object(output: str) -> Mapping[str, Any]:
    start = output.find("{")
    try:
        found = json.loads(output[start:]) if start >= 0 else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


CHECKERS = (
    Checker("ty", _ty, _lines, ("ty.toml",)),
    Checker("pyright", _pyright, _pyright_json, ("pyrightconfig.json",)),
    Checker("basedpyright", _pyright, _pyright_json),
    Checker("mypy", _mypy, _lines, ("mypy.ini", ".mypy.ini")),
    Checker("pyrefly", _pyrefly, _pyrefly_json, ("pyrefly.toml",)),
)
"""In the order in which they are looked for."""
