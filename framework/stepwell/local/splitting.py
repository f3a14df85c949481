"""Documents to passages of a size that a small model can read, each with its exact place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stepwell.local.documents import Document

# Where to part a text that is too long: the first of these that parts it.
BETWEEN = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…。])\s+"),
    re.compile(r"\s+"),
)
UNDERLINED = r"^(?P<over>[^\s|+=\-*].*)\n(?P<line>[=\-*~^\"#+]{3,})[ \t]*$"
MARKDOWN = r"^\#{1,6}[ \t]+(?P<hash>.+?)[ \t#]*$"
HEADING = re.compile(f"(?m){UNDERLINED}|{MARKDOWN}")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document: `document.text[start:end]`, with the heading that it stands under.

    Args:
        source: the document's own.
        title: the document's title and the heading, `Title › Heading`.
        text: the piece, as it is written.
        start: where it begins in the document.
        end: where it ends.
    """

    source: str
    title: str
    text: str
    start: int
    end: int

    @property
    def titled(self) -> str:
        """The title and the text: what an embedder should see."""
        return f"{self.title}\n{self.text}"


def split(documents: Iterable[Document], *, size: int = 800) -> Iterator[Passage]:
    """The passages of these documents, none longer than `size` characters.

    A passage ends with a section, else between paragraphs, lines, sentences or words, whichever
    comes first. What has been said word for word before is left out.

    >>> [p.text for p in split([Document("a", "A", "One.\\n\\nTwo, longer.")], size=12)]
    ['One.', 'Two, longer.']

    Raises:
        ValueError: if `size` is not positive.
    """
    if size < 1:
        raise ValueError(f"`size` is {size}; a passage needs at least one character")
    seen: set[str] = set()
    for document in documents:
        for heading, start, end in _sections(document.text):
            title = _title(document.title, heading)
            for first, last in _pieces(document.text, start, end, size):
                text = document.text[first:last]
                if text not in seen:
                    seen.add(text)
                    yield Passage(document.source, title, text, first, last)


def _title(title: str, heading: str) -> str:
    return title if not heading or heading == title else f"{title} › {heading}"


def _sections(text: str) -> Iterator[tuple[str, int, int]]:
    """The heading, start and end of each part under a heading of its own, the heading left out."""
    heading, start = "", 0
    for found in HEADING.finditer(text):
        if found["line"] and len(found["line"]) < len(found["over"].rstrip()) - 2:
            continue
        yield heading, start, found.start()
        heading, start = (found["over"] or found["hash"]).strip(), found.end()
    yield heading, start, len(text)


def _pieces(
    text: str, start: int, end: int, size: int, level: int = 0
) -> Iterator[tuple[int, int]]:
    """Places of at most `size` characters without blank ends: neighbours joined while they fit."""
    start, end = _stripped(text, start, end)
    if end - start <= size:
        if start < end:
            yield start, end
        return
    if level == len(BETWEEN):
        yield from ((at, min(at + size, end)) for at in range(start, end, size))
        return
    first, last = start, start
    for stop in [*(m.end() for m in BETWEEN[level].finditer(text, start, end)), end]:
        if _stripped(text, first, stop)[1] - first > size:
            yield from _pieces(text, first, last, size, level + 1)
            first = last
        last = stop
    yield from _pieces(text, first, end, size, level + 1)


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
