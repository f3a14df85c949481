"""Names that were meant: which of many names another one is, with a slip of the pen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from stepwell.errors import nearest

_VOWELS = "aeiouy"
_SHORTEST = 5
"""Of shorter words a neighbour is as likely meant as mistaken: `form`, `from`; `text`, `test`."""


def is_slip(written: str, meant: str) -> bool:
    """Whether one name is the other with a slip of the pen, rather than another word.

    >>> [is_slip(name, "retriever") for name in ("retreiver", "retrievr", "retrieved")]
    [True, True, False]
    """
    if written.strip("_") == meant.strip("_"):
        return False  # `_schema`, `schema_`: how Python spells another thing of that name
    one, other = _letters(written), _letters(meant)
    if one == other:
        made = written[:1].islower() and meant[:1].isupper()  # a function that stands for a class
        return len(one) >= _SHORTEST and not made
    if written.count("_") != meant.count("_"):
        return False
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < _SHORTEST:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    mine, theirs = one[start : len(one) - end], other[start : len(other) - end]
    if not (mine + theirs).isalpha() or start == 0 or not _same_words(written, meant):
        return False
    if len(mine) == len(theirs) == 2:
        return mine == theirs[::-1]
    if len(mine) == len(theirs) == 1:
        return mine in _VOWELS and theirs in _VOWELS
    return len(mine) + len(theirs) == 1 and end > 0


class Spellings:
    """Many names, and which of them a word was meant to be. What was asked is remembered.

    Args:
        names: in the order in which one is preferred to a later one.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self._meant: dict[str, str] = {}
        self._nearest: dict[str, str] = {}

    def meant(self, written: str) -> str:
        """The first name that `written` is with a slip of the pen, or an empty string.

        >>> Spellings(["question", "answer"]).meant("anwser")
        'answer'
        """
        found = self._meant.get(written)
        if found is None:
            likely = {name for form in self._forms(written) for name in self._by_form.get(form, ())}
            alike = [name for name in likely if is_slip(written, name)]
            first = min(alike, key=self.names.index) if len(alike) > 1 else "".join(alike)
            found = self._meant[written] = first
        return found

    def nearest(self, written: str) -> str:
        """The name that most resembles `written`, or an empty string.

        >>> Spellings(["question", "answer"]).nearest("anwsers")
        'answer'
        """
        found = self._nearest.get(written)
        if found is None:
            found = self._nearest[written] = nearest(written, self.names)
        return found

    @cached_property
    def _by_form(self) -> Mapping[str, list[str]]:
        """The names, by their letters alone."""
        found: dict[str, list[str]] = {}
        for name in self.names:
            found.setdefault(_letters(name), []).append(name)
        return found

    @cached_property
    def _alphabet(self) -> frozenset[str]:
        return frozenset().union(*self._by_form)

    def _forms(self, written: str) -> Iterator[str]:
        """What the letters of a name may be that `is_slip` takes this one for."""
        letters = _letters(written)
        if len(letters) < _SHORTEST:
            return
        yield letters
        # A slip leaves the first letter alone, and what comes too much or not at all the last.
        for at in range(1, len(letters)):
            before, letter, after = letters[:at], letters[at], letters[at + 1 :]
            yield before + after
            yield from (f"{before}{more}{letter}{after}" for more in self._alphabet)
            if letter in _VOWELS:
                yield from (before + vowel + after for vowel in _VOWELS)
            if after:
                yield before + after[0] + letter + after[1:]


def _letters(name: str) -> str:
    return name.lower().replace("_", "")


def _same_words(written: str, meant: str) -> bool:
    """Whether the words that differ are long enough to be told apart, and not forms of one word."""
    ours, theirs = written.lower().split("_"), meant.lower().split("_")
    if len(ours) != len(theirs):
        return True
    return all(
        a == b
        or (min(len(a), len(b)) >= _SHORTEST - 1 and not a.startswith(b) and not b.startswith(a))
        for a, b in zip(ours, theirs, strict=True)
    )
