"""What a step's text comes to: the same from a live function and from an editor's buffer."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b


def text_digest(lines: Iterable[str]) -> str:
    """A hash of a step's lines, decorators included; blank lines and comments count for nothing.

    >>> one = text_digest(["@tag(a=1)", "def f():", "    return 1  "])
    >>> one == text_digest(["@tag(a=1)", "def f():", "", "    # so it is", "    return 1"])
    True
    >>> one == text_digest(["@tag(a=1)", "def f():", "    return 2"])
    False
    """
    kept = (line.rstrip() for line in lines)
    told = "\n".join(line for line in kept if line and not line.lstrip().startswith("#"))
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
