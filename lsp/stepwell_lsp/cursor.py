"""What a cursor stands in, read from the text before it: brackets, strings, calls.

The text is half typed, so no tree of it can be had.
"""

from __future__ import annotations

import re

from stepwell_lsp.positions import Text

_REACH = 60  # lines above the cursor in which the opening bracket is looked for
_CALLED = re.compile(r"([A-Za-z_][\w.]*)\s*$")


def before(text: Text, line: int, column: int) -> str:
    """The text before a cursor, as far up as is worth looking."""
    first = max(1, line - _REACH)
    return "\n".join([*(text.line(n) for n in range(first, line)), text.line(line)[: column - 1]])


def called(before: str, bracket: Bracket) -> str:
    """The dotted name that stands before an opening bracket, or nothing."""
    found = _CALLED.search(before[: bracket.offset])
    return found[1] if found and before[bracket.offset] == "(" else ""


class Bracket:
    """A bracket that is still open, and the commas of its own in it."""

    def __init__(self, offset: int) -> None:
        self.offset, self.commas = offset, [offset]

    def parts(self, before: str) -> list[str]:
        """What stands between its commas."""
        ends = [*self.commas[1:], len(before)]
        return [before[a + 1 : b] for a, b in zip(self.commas, ends, strict=True)]


def open_brackets(before: str) -> tuple[list[Bracket], bool]:
    """The brackets left open, outermost first, and whether the text ends inside a string."""
    stack: list[Bracket] = []
    index = 0
    while index < len(before):
        char = before[index]
        if char in "\"'":
            index = _string_end(before, index)
            if index < 0:
                return stack, True
        elif char == "#":
            index = before.find("\n", index)
            if index < 0:
                return [], False
        elif char in "([{":
            stack.append(Bracket(index))
        elif char in ")]}" and stack:
            stack.pop()
        elif char == "," and stack:
            stack[-1].commas.append(index)
        index += 1
    return stack, False


def _string_end(text: str, start: int) -> int:
    """The offset of the last character of the string that starts there; -1 where it has no end."""
    quote = text[start]
    if text.startswith(quote * 3, start):
        end = text.find(quote * 3, start + 3)
        return end + 2 if end >= 0 else -1
    index = start + 1
    while index < len(text):
        if text[index] == "\\":
            index += 1
        elif text[index] in (quote, "\n"):
            return index
        index += 1
    return -1
