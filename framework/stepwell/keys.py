"""What looks like a key, and is never shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

HEADERS = ("authorization", "api-key", "x-api-key", "x-goog-api-key", "proxy-authorization")
"""The headers that hold a key."""

SHORTEST = 8
"""A shorter one is none: it would be found everywhere."""

LIKE_A_KEY = re.compile(
    rb"\b(?:sk|pk|rk|gsk|xai|hf|pplx)[-_][\w-]{12,}|\bAIza[\w-]{30,}|(?i:bearer)\s+[\w.~+/-]{12,}=*"
)


def keys_in(headers: Mapping[str, str]) -> tuple[bytes, ...]:
    """The keys that a request carries.

    >>> keys_in({"authorization": "Bearer secret-key-1", "accept": "*/*"})
    (b'secret-key-1',)
    """
    found = (headers.get(name, "").rpartition(" ")[2] for name in HEADERS)
    return tuple(key.encode() for key in found if len(key) >= SHORTEST)


def hidden(text: bytes, keys: Iterable[bytes] = ()) -> bytes:
    """A text in which stars stand for those keys, and for what looks like one; as long as before.

    >>> hidden(b"Incorrect API key provided: sk-abcdefghijklmnop.")
    b'Incorrect API key provided: *******************.'
    """
    for key in keys:
        text = text.replace(key, b"*" * len(key))
    return LIKE_A_KEY.sub(lambda found: b"*" * len(found[0]), text)
