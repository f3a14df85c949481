"""A file's text cut into its top-level statements, so that a broken one leaves the rest readable.

If every chunk parses alone, the file's tree is the chunks' trees. One that does not is joined with
what follows while a string or bracket may be open; if that fails and it is no half-typed function,
the whole file is tried once, since a text that is valid as a whole must be read exactly.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from stepwell.spec import Span

_GOES_ON = ("else", "elif", "except", "finally", "case ")
_CLOSING = ")]}"
_FIRST = re.compile(r"\n[^ \t\f#)\]}\n]")  # a statement may start behind the line end
_STATEMENTS = ("def ", "async ", "class ", "@")
_TRIES = 5  # how often a chunk is joined with more where a string or bracket reached column 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """One top-level statement: where it starts, its text, its tree or why it has none."""

    line: int
    text: str
    body: tuple[ast.stmt, ...] | None
    error: tuple[str, int, int] | None = None

    @property
    def lines(self) -> list[str]:
        """The chunk's lines, without their ends."""
        return self.text.split("\n")


class Places:
    """Turns places in a chunk's tree into spans of the file, in code points."""

    def __init__(self, file: str, chunk: Chunk) -> None:
        self.file, self.chunk = file, chunk
        self.lines = chunk.lines

    def span(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword) -> Span:
        """The whole extent of a node of the tree."""
        end_line, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self._span(node.lineno, node.col_offset, end_line, end)

    def word(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword, word: str) -> Span:
        """The first place of `word` in the first line of a node, or else its whole extent."""
        line = self.lines[node.lineno - 1]
        start = _column(line, node.col_offset)
        found = line.find(word, start)
        if found < 0:
            return self.span(node)
        row = node.lineno + self.chunk.line - 1
        return Span(self.file, row, found + 1, row, found + 1 + len(word))

    def at(self, line: int, column: int, length: int = 1) -> Span:
        """A place by its line in the chunk and its column in code points, both from 1."""
        row = line + self.chunk.line - 1
        return Span(self.file, row, column, row, column + length)

    def within(self, node: ast.expr) -> Span:
        """The whole extent of an expression, its lines counted from the chunk's first as 0."""
        end_line, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self._span(node.lineno, node.col_offset, end_line, end, above=-1)

    def _span(
        self, line: int, start: int, end_line: int, end: int, above: int | None = None
    ) -> Span:
        lines = self.lines
        above = self.chunk.line - 1 if above is None else above
        return Span(
            self.file,
            line + above,
            _column(lines[line - 1], start) + 1,
            end_line + above,
            _column(lines[end_line - 1], end) + 1,
        )


def chunks(text: str, known: Mapping[str, Chunk]) -> list[Chunk]:
    """The chunks of a text; a chunk whose text is among the `known` is not parsed again."""
    with quietly():
        found = list(_joined(_split(text), known))
        if any(each.body is None and not each.text.startswith(_STATEMENTS) for each in found):
            whole = _parsed(1, text)
            if whole.body is not None:
                return [whole]
    return found


@contextmanager
def quietly() -> Iterator[None]:
    """Parses without warnings: an invalid escape in a string is for the user's linter to tell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def normal(text: str) -> str:
    """The text with `\\n` line ends alone and no byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _split(text: str) -> list[tuple[int, str]]:
    """The pieces that start in the first column, each with the line it starts in."""
    pieces: list[tuple[int, str]] = []
    begin, line, decorated = 0, 1, text.startswith("@")
    for found in _FIRST.finditer(text):
        at = found.start() + 1
        if not decorated and not text.startswith(_GOES_ON, at):
            pieces.append((line, text[begin : at - 1]))
            line += text.count("\n", begin, at)
            begin = at
        decorated = text[at] == "@"
    return [*pieces, (line, text[begin:])]


def _joined(pieces: list[tuple[int, str]], known: Mapping[str, Chunk]) -> Iterator[Chunk]:
    index = 0
    while index < len(pieces):
        line, text = pieces[index]
        chunk = known_chunk(line, text, known)
        index += 1
        if chunk.body is None:
            for more, joined in _longer(text, pieces[index:]):
                longer = known_chunk(line, joined, known)
                if longer.body is not None:
                    chunk, index = longer, index + more
                    break
        yield chunk


def _longer(text: str, later: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The text with more and more of what follows, where a string or a bracket may be open."""
    joined = [text]
    open_string = _odd(text)
    tries = 0
    decorators = text.startswith("@") and "\ndef " not in text
    for count, (_, piece) in enumerate(later, start=1):
        if not (open_string or decorators) and piece.startswith(_STATEMENTS):
            return
        decorators = False
        joined.append(piece)
        closes = _odd(piece) if open_string else count <= _TRIES or _closes(piece)
        if closes:
            yield count, "\n".join(joined)
            tries += 1
            if tries == 2 * _TRIES:
                return


def _odd(text: str) -> bool:
    return bool(text.count('"""') % 2 or text.count("'''") % 2)


def _closes(piece: str) -> bool:
    return any(line[:1] in _CLOSING and line for line in piece.split("\n"))


def known_chunk(line: int, text: str, known: Mapping[str, Chunk]) -> Chunk:
    """The chunk of this text, which is parsed if it is not among the `known`."""
    chunk = known.get(text)
    if chunk is None:
        return _parsed(line, text)
    return chunk if chunk.line == line else Chunk(line, text, chunk.body, chunk.error)


def _parsed(line: int, text: str) -> Chunk:
    try:
        return Chunk(line, text, tuple(ast.parse(text).body))
    except SyntaxError as error:
        place = (error.msg or "invalid syntax", error.lineno or 1, error.offset or 1)
        return Chunk(line, text, None, place)
    except (ValueError, RecursionError, MemoryError) as error:
        return Chunk(line, text, None, (str(error) or "too deeply nested", 1, 1))


def _column(line: str, column: int) -> int:
    return column if line.isascii() else len(line.encode()[:column].decode(errors="ignore"))
