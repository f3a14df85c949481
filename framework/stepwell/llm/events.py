"""Server-sent events, split from bytes as they come; every byte is kept."""

from __future__ import annotations

import re

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")


class Events:
    """Takes bytes and gives whole events, each with the blank line that ends it.

    >>> events = Events()
    >>> events.feed(b"data: 1\\n\\ndata: ")
    [b'data: 1\\n\\n']
    >>> events.feed(b"2\\n\\n"), events.rest()
    ([b'data: 2\\n\\n'], b'')
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def is_line(self, data: bytes) -> bool:
        """Whether those bytes are just one event of one line of JSON, as nearly all are.

        >>> Events().is_line(b'data: {"a": 1}\\n\\n'), Events().is_line(b"data: [DONE]\\n\\n")
        (True, False)
        """
        return (
            not self._held
            and data.startswith(b"data: {")
            and data.endswith(b"}\n\n")
            and data.find(b"\n") == len(data) - 2
            and b"\r" not in data
        )

    def feed(self, data: bytes) -> list[bytes]:
        """The events that are whole by now."""
        data = self._held + data
        found, start = [], 0
        for end in _END.finditer(data):
            found.append(data[start : end.end()])
            start = end.end()
        self._held = data[start:]
        return found

    def rest(self) -> bytes:
        """What is left at the end of the stream: an event that nothing ended, or nothing."""
        held, self._held = self._held, b""
        return held


def data_of(event: bytes) -> bytes:
    """The data of an event, comments and other fields left out.

    >>> data_of(b": ping\\r\\nevent: x\\r\\ndata: {}\\r\\n\\r\\n")
    b'{}'
    """
    if event.startswith(b"data: ") and event.find(b"\n") == len(event) - 2:
        return event[6:].strip()
    lines = (line for line in event.splitlines() if line.startswith(b"data:"))
    return b"\n".join(line[5:].strip() for line in lines)
