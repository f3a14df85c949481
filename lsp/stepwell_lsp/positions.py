"""Places in a text: our code points, and the units that the client counts in.

A `Span` counts lines and code points from 1. A client counts from 0, and columns in the units that
were agreed on at the start: UTF-8 bytes, UTF-16 code units or code points. Here and nowhere else
the one becomes the other.
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import accumulate

from lsprotocol import types

from stepwell.spec import Span

UTF8, UTF16, UTF32 = "utf-8", "utf-16", "utf-32"

# The protocol's line ends and Python's are the same three; `str.splitlines` knows eight more.
_ENDS = re.compile(r"\r\n|\r|\n")


def units(text: str, encoding: str) -> int:
    """How many units of the client `text` takes.

    >>> [units("a😀é", encoding) for encoding in (UTF8, UTF16, UTF32)]
    [7, 4, 3]
    """
    if encoding == UTF32 or text.isascii():
        return len(text)
    if encoding == UTF8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(char > "\uffff" for char in text)


def points(line: str, count: int, encoding: str) -> int:
    """How many code points the first `count` units of `line` are.

    A count past the end means the end, as the protocol has it; one inside a character means the
    place before it.

    >>> points("a😀é", 3, UTF16), points("a😀é", 2, UTF16), points("a", 99, UTF8)
    (2, 1, 1)
    """
    if encoding == UTF32 or line.isascii():
        return max(0, min(count, len(line)))
    taken = 0
    for index, char in enumerate(line):
        taken += units(char, encoding)
        if taken > count:
            return index
    return len(line)


class Text:
    """A source text with its lines, and what is where in it."""

    def __init__(self, source: str) -> None:
        self.source = source

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends; there is always one."""
        source = self.source
        return source.split("\n") if "\r" not in source else _ENDS.split(source)

    @cached_property
    def starts(self) -> list[int]:
        """The offset in the source at which each line starts."""
        source = self.source
        if "\r" in source:
            return [0, *(end.end() for end in _ENDS.finditer(source))]
        return list(accumulate((len(line) + 1 for line in self.lines[:-1]), initial=0))

    def line(self, number: int) -> str:
        """The line of that number, counted from 1; empty where there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def place(self, position: types.Position, encoding: str) -> tuple[int, int]:
        """The line and column, both from 1 and in code points, of a client's position."""
        if position.line >= len(self.lines):
            return len(self.lines), len(self.lines[-1]) + 1
        number = max(0, position.line)
        return number + 1, points(self.lines[number], position.character, encoding) + 1

    def edited(self, place: types.Range, new: str, encoding: str) -> Text:
        """The text with `new` in place of what stands there."""
        line, column = self.place(place.start, encoding)
        last, end = max((line, column), self.place(place.end, encoding))
        start, stop = self._offset(line, column), self._offset(last, end)
        text = Text(self.source[:start] + new + self.source[stop:])
        if "\r" not in text.source and "\r" not in self.source:
            # Of a long text only the lines that were edited are cut up again.
            lines = self.lines
            between = lines[line - 1][: column - 1] + new + lines[last - 1][end - 1 :]
            text.__dict__["lines"] = lines[: line - 1] + between.split("\n") + lines[last:]
        return text

    def offset(self, position: types.Position, encoding: str) -> int:
        """The code points that stand before a client's position."""
        return self._offset(*self.place(position, encoding))

    def _offset(self, line: int, column: int) -> int:
        if "\r" in self.source:
            return self.starts[line - 1] + column - 1
        return sum(map(len, self.lines[: line - 1])) + line - 1 + column - 1

    def position(self, line: int, column: int, encoding: str) -> types.Position:
        """The client's position of a line and column counted from 1."""
        number = max(1, min(line, len(self.lines)))
        before = self.line(number)[: max(0, column - 1)]
        return types.Position(number - 1, units(before, encoding))

    def range(self, span: Span, encoding: str) -> types.Range:
        """The client's range of a span; a span that has no end reaches to the end of its line."""
        end_line = span.end_line or span.line
        end_column = span.end_column or len(self.line(end_line)) + 1
        return types.Range(
            self.position(span.line, span.column, encoding),
            self.position(end_line, end_column, encoding),
        )
