"""The pipes to the client: whatever comes in, the next whole message is found again."""

from __future__ import annotations

import os
import re
import sys
from typing import BinaryIO

LONGEST = 256 * 1024 * 1024
"""Bytes of a message; a longer one is a mistake, and would fill the memory."""

_LENGTH = re.compile(rb"content-length:[ \t]*(\d+)[ \t]*\r?\n", re.IGNORECASE)
_LINE = 8192


class Stdin:
    """What the client writes. Headers are given in the one spelling that pygls knows."""

    def __init__(self, pipe: BinaryIO | None = None) -> None:
        self._pipe = pipe or sys.stdin.buffer

    def readline(self) -> bytes:
        """The next line of a header; of anything else, what has no end within reason.

        A header that stands behind other bytes, as after a message whose length was wrong, is
        given without them.
        """
        line = self._pipe.readline(_LINE)
        found = _LENGTH.search(line)
        return b"Content-Length: %d\r\n" % int(found[1]) if found else line

    def read(self, count: int) -> bytes:
        """The next `count` bytes, or nothing where so many can't be meant or the client is gone."""
        if count > LONGEST:
            return b""
        data = self._pipe.read(count)
        return data if len(data) == count else b""


class Stdout:
    """What the client reads; when nobody reads it any more, the server has nothing left to do."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> None:
        """Writes all of it."""
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            os._exit(1)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The descriptor goes with the process."""


def taken_over() -> Stdout:
    """Stdout for messages alone: whatever else is printed goes to stderr from now on."""
    stdout = Stdout(os.dup(1))
    os.dup2(2, 1)
    return stdout
