"""Where a `pyproject.toml` writes the names of its pipelines: their inputs, outputs and config.

The parser of the standard library gives values without places; here the places are found again.
What is written in another form than tables and arrays has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stepwell.spec import Mention, Role, Span

_TABLE = re.compile(r"\s*\[\s*tool\s*\.\s*stepwell\s*\.\s*pipelines\s*\.\s*(.+?)\s*\]\s*(?:#.*)?$")
_OTHER = re.compile(r"\s*\[")
_KEY = re.compile(r"""\s*(?:"([^"\\]*)"|'([^']*)'|([\w-]+))\s*=""")
_STRING = re.compile(r""""([^"\\\n]*)"|'([^'\n]*)'|(#[^\n]*)|([\[\]])""")
_ROLES: dict[str, Role] = {"outputs": "target", "inputs": "input", "config": "config"}


def mentions(text: str, file: str) -> dict[str, tuple[Mention, ...]]:
    """By the names of the pipelines, the names that their tables write, in order.

    >>> text = "[tool.stepwell.pipelines.main]\\noutputs = ['answer']\\n"
    >>> [(m.name, m.role, str(m.span)) for m in mentions(text, "pyproject.toml")["main"]]
    [('answer', 'target', 'pyproject.toml:2')]
    """
    found: dict[str, list[Mention]] = {}
    lines = text.split("\n")
    pipeline, inner = "", ""
    for number, line in enumerate(lines):
        if table := _TABLE.match(line):
            name, _, inner = _parts(table[1])
            pipeline = name
        elif _OTHER.match(line) and not _inside(lines, number):
            pipeline = ""
        elif pipeline and (key := _KEY.match(line)):
            word = key[1] or key[2] or key[3] or ""
            said = found.setdefault(pipeline, [])
            if inner in _ROLES:
                group = next(n for n in (1, 2, 3) if key[n] is not None)
                said.append(_mention(file, number, key.start(group), word, _ROLES[inner]))
            elif not inner and word in ("inputs", "outputs"):
                rest = _array(lines, number, key.end())
                said += (_mention(file, *place, _ROLES[word]) for place in rest)
            elif not inner and word == "config":
                said += _inline(file, number, line, key.end())
    return {name: tuple(said) for name, said in found.items()}


def _parts(dotted: str) -> tuple[str, str, str]:
    """A pipeline's name, which may be quoted, and the table in it that is meant."""
    if dotted[0] in "\"'":
        end = dotted.find(dotted[0], 1)
        return dotted[1:end], ".", dotted[end + 1 :].strip(" .")
    name, dot, inner = dotted.partition(".")
    return name.strip(), dot, inner.strip()


def _inside(lines: list[str], number: int) -> bool:
    """Whether a line that starts with a bracket goes on with an array."""
    return number > 0 and lines[number - 1].rstrip().endswith(("[", ","))


def _array(lines: list[str], number: int, start: int) -> Iterator[tuple[int, int, str]]:
    """The strings of an array: line, column and text, counted from 0."""
    depth = 0
    while number < len(lines):
        for each in _STRING.finditer(lines[number], start):
            if each[4]:
                depth += 1 if each[4] == "[" else -1
                if not depth:
                    return
            elif not each[3]:
                group = 1 if each[1] is not None else 2
                yield number, each.start(group), each[group]
        if not depth:
            return
        number, start = number + 1, 0


def _inline(file: str, number: int, line: str, start: int) -> Iterator[Mention]:
    """The keys of `config = { … }` in one line, those of tables in it left out."""
    depth, index = 0, start
    while index < len(line):
        letter = line[index]
        before = line[:index].rstrip()[-1:]
        key = _KEY.match(line, index) if depth == 1 and before in "{," else None
        if key:
            group = next(n for n in (1, 2, 3) if key[n] is not None)
            yield _mention(file, number, key.start(group), key[group], "config")
            index = key.end()
            continue
        if letter in "\"'":
            index = line.find(letter, index + 1)
            if index < 0:
                return
        elif letter == "#":
            return
        depth += (letter in "[{") - (letter in "]}")
        index += 1


def _mention(file: str, number: int, column: int, word: str, role: Role) -> Mention:
    line, start = number + 1, column + 1
    return Mention(word, role, Span(file, line, start, line, start + len(word)))
