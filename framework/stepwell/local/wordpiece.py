"""Text to token ids as BERT's uncased vocabulary has it; standard library alone.

Gives what the `tokenizers` package gives, save for a few exotic characters, without the packages
that one brings along.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

LONGEST_WORD = 100
CJK = (
    range(0x4E00, 0xA000),
    range(0x3400, 0x4DC0),
    range(0xF900, 0xFB00),
    range(0x20000, 0x2FA20),
)


class WordPiece:
    """Makes token ids of a text, its first and last being `[CLS]` and `[SEP]`.

    Args:
        vocabulary: ids by piece; a piece that continues a word begins with `##`.
        max_tokens: a longer text is cut to as many.

    >>> pieces = WordPiece({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "step": 3, "##well": 4, "!": 5})
    >>> pieces("Stepwell!")
    [1, 3, 4, 5, 2]
    """

    def __init__(self, vocabulary: Mapping[str, int], *, max_tokens: int = 256) -> None:
        self._vocabulary = vocabulary
        self._max_tokens = max_tokens
        self._spaced = _Spaced()
        self._pieces = lru_cache(65_536)(self._cut)

    def __call__(self, text: str) -> list[int]:
        ids = [self._vocabulary["[CLS]"]]
        plain = unicodedata.normalize("NFD", text.lower())
        for word in plain.translate(self._spaced).split():
            ids += self._pieces(word)
            if len(ids) >= self._max_tokens:
                break
        return [*ids[: self._max_tokens - 1], self._vocabulary["[SEP]"]]

    def _cut(self, word: str) -> tuple[int, ...]:
        """The longest piece that begins the word, then the longest that goes on, to its end."""
        unknown = (self._vocabulary["[UNK]"],)
        if len(word) > LONGEST_WORD:
            return unknown
        ids: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            for end in range(len(word), start, -1):
                piece = self._vocabulary.get(mark + word[start:end])
                if piece is not None:
                    ids.append(piece)
                    start = end
                    break
            else:
                return unknown
        return tuple(ids)


class _Spaced(dict[int, str]):
    """What `str.translate` puts for a character: signs stand alone, marks and controls vanish."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if char in "\t\n\r" or category == "Zs":
            put = " "
        elif code == 0xFFFD or category == "Mn" or category[0] == "C":
            put = ""
        elif _is_sign(char, category) or any(code in block for block in CJK):
            put = f" {char} "
        else:
            put = char
        self[code] = put
        return put


def _is_sign(char: str, category: str) -> bool:
    return category[0] == "P" or (char.isascii() and not char.isalnum())
