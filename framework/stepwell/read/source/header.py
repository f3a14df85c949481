"""What can still be read of a step whose text does not parse: its name and its parameters."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

_DEF = re.compile(r"^(?P<kind>async[ \t]+def|def)[ \t]+(?P<name>[^\W\d]\w*)", re.MULTILINE)
_NAME = re.compile(r"\s*(\*{0,2})\s*([^\W\d]\w*)")
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a broken step: a tree of it alone, where that parses, or what was read of it.

    `lines` is how many lines of the chunk the tree stands below its own (decorators may be gone).
    """

    name: str
    line: int
    column: int
    tree: ast.FunctionDef | ast.AsyncFunctionDef
    whole: bool


def header(text: str) -> Header | None:
    """The head of the first step in a broken chunk, or `None` if there is none to be seen."""
    found = _DEF.search(text)
    if found is None:
        return None
    line = text.count("\n", 0, found.start()) + 1
    column = found.start("name") - (text.rfind("\n", 0, found.start("name")) + 1) + 1
    end = _end(text, found.end())
    whole = True
    tree = _tree(text[:end] + " ...") if end else None
    if tree is None and end:
        tree = _tree("\n" * (line - 1) + text[found.start() : end] + " ...")
    if tree is None:
        whole = False
        tree = _tree("\n" * (line - 1) + _mended(text, found))
    return Header(found["name"], line, column, tree, whole) if tree is not None else None


def _tree(text: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    last = body[-1] if body else None
    return last if isinstance(last, ast.FunctionDef | ast.AsyncFunctionDef) else None


def _end(text: str, start: int) -> int:
    """Where the head ends: after the colon that stands outside all brackets; 0 if it doesn't."""
    depth = 0
    for index, quoted in _code(text, start):
        letter = text[index]
        if quoted:
            continue
        if letter in _OPEN:
            depth += 1
        elif letter in _CLOSE:
            depth -= 1
        elif letter == ":" and depth == 0:
            return index + 1
        elif letter == "\n" and depth <= 0:
            return 0
    return 0


def _mended(text: str, found: re.Match[str]) -> str:
    """A head that parses, made of the parameters typed so far."""
    kept: list[str] = []
    for part in _parts(text, found.end()):
        parameter = _NAME.match(part)
        if parameter is None:
            continue
        stars, name = parameter.groups()
        typed = part.strip()
        for candidate in (typed, f"{typed}=...", f"{stars}{name}", f"{name}=..."):
            if _tree(f"def f({', '.join([*kept, candidate])}): ...") is not None:
                kept.append(candidate)
                break
    head = f"{found['kind']} {found['name']}"
    return f"{head}({', '.join(kept)}): ..."


def _parts(text: str, start: int) -> list[str]:
    """The parameters as typed, up to the closing bracket or to a line that is the body's."""
    if text[start : start + 1] != "(":
        return []
    parts, begin, depth = [], start + 1, 1
    end = len(text)
    for index, quoted in _code(text, start + 1):
        letter = text[index]
        if quoted:
            continue
        if letter in _OPEN:
            depth += 1
        elif letter in _CLOSE:
            depth -= 1
            if depth == 0:
                end = index
                break
        elif letter == "," and depth == 1:
            parts.append(text[begin:index])
            begin = index + 1
    rest = text[begin:end]
    # An open bracket swallows the body: what is typed on the line is all that is known.
    parts.append(rest if depth == 0 else rest.strip().partition("\n")[0])
    return parts


def _code(text: str, start: int) -> list[tuple[int, bool]]:
    """Every place from `start` on, and whether it lies in a string or a comment."""
    places: list[tuple[int, bool]] = []
    index, quote = start, ""
    while index < len(text):
        if quote == "#":
            if text[index] == "\n":
                quote = ""
            else:
                places.append((index, True))
                index += 1
            continue
        if quote:
            places.append((index, True))
            if text.startswith(quote, index):
                index += len(quote)
                quote = ""
            elif len(quote) == 1 and text[index] == "\n":
                index += 1
                quote = ""
            else:
                index += 2 if text[index] == "\\" else 1
            continue
        letter = text[index]
        if letter in "\"'":
            quote = letter * 3 if text.startswith(letter * 3, index) else letter
            places.append((index, True))
            index += len(quote)
        elif letter == "#":
            quote = "#"
        else:
            places.append((index, False))
            index += 1
    return places
