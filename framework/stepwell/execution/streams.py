"""What the chunks of a stream become: read live by several readers, and whole in the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from stepwell.types import Type


def joined(stream: Type) -> bool:
    """Whether the chunks of such a stream are joined to a text; else they make a list."""
    return bool(stream.args) and isinstance(stream.args[0], Type) and stream.args[0].name == "str"


def whole(chunks: Iterable[Any], stream: Type) -> Any:
    """All chunks: a text for `Stream[str]`, a list for any other."""
    return "".join(chunks) if joined(stream) else [*chunks]


class Live:
    """A stream that is read while it is made, by any number of readers.

    Each reader gets every chunk; whoever is ahead pulls the next one from the step.
    """

    def __init__(self, chunks: Iterable[Any], stream: Type) -> None:
        self._source = iter(chunks)
        self._type = stream
        self._seen: list[Any] = []

    def __iter__(self) -> Iterator[Any]:
        position = 0
        seen = self._seen
        while True:
            if position == len(seen):
                try:
                    seen.append(next(self._source))
                except StopIteration:
                    return
            yield seen[position]
            position += 1

    def whole(self) -> Any:
        """All chunks, once the step has given its last."""
        for _ in self:
            pass
        return whole(self._seen, self._type)

    def close(self) -> None:
        """Ends the step that makes the chunks, where it has not ended by itself."""
        close = getattr(self._source, "close", None)
        if close is not None:
            close()
