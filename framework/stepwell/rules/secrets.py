"""Text that looks like a key: where it stands, and whose it would be. Never what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_KINDS = {
    "openai": ("an API key", r"sk-(?:proj-|ant-|or-|svcacct-)?[A-Za-z0-9_-]{20,}"),
    "aws": ("an access key of AWS", r"A[KS]IA[0-9A-Z]{16}"),
    "github": ("a token of GitHub", r"gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50,}"),
    "google": ("an API key of Google", r"AIza[0-9A-Za-z_-]{35}"),
    "huggingface": ("a token of Hugging Face", r"hf_[A-Za-z0-9]{30,}"),
    "slack": ("a token of Slack", r"xox[abprs]-[0-9A-Za-z-]{20,}"),
    "gitlab": ("a token of GitLab", r"glpat-[0-9A-Za-z_-]{20,}"),
    "private": ("a private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*[A-Za-z0-9+/]{20}"),
}
_SECRET = re.compile(
    "(?<![A-Za-z0-9_-])(?:" + "|".join(f"(?P<{k}>{p})" for k, (_, p) in _KINDS.items()) + ")"
)
_MARKS = ("sk-", "KIA", "SIA", "gh", "AIza", "hf_", "xox", "glpat-", "PRIVATE KEY")
_STAND_IN = re.compile(
    r"(?i)x{4}|(?<![a-z0-9])(?:your|my|fake|dummy|example|test|placeholder|secret|key)(?![a-z0-9])"
    r"|example|(.)\1{5}|0123456|1234567|abcdef"
)
_DIFFERENT = 10  # how many different letters a key has at least


class Secret(NamedTuple):
    """What a text looks like, its line from 0, its column from 1, and its length there."""

    what: str
    line: int
    column: int
    length: int


def secrets(text: str) -> Iterator[Secret]:
    """Every place that looks like a key, stand-ins such as `sk-your-key` left out.

    >>> [secret.what for secret in secrets("key = 'sk-4tK9wQ2mZx7Lb1Vn8Rc5Yd3H'")]
    ['an API key']
    >>> list(secrets("key = 'sk-your-key-goes-here-123'"))
    []
    """
    if not any(mark in text for mark in _MARKS):
        return
    for found in _SECRET.finditer(text):
        kind = found.lastgroup or ""
        first = found[0].partition("\n")[0]
        if kind != "private" and not _random(found[0]):
            continue
        line = text.count("\n", 0, found.start())
        column = found.start() - (text.rfind("\n", 0, found.start()) + 1) + 1
        yield Secret(_KINDS[kind][0], line, column, len(first))


def hidden(text: str) -> str:
    """The text as it may be shown: of what looks like a key, dots in place of all but its head.

    >>> hidden("answer(key='sk-4tK9wQ2mZx7Lb1Vn8Rc5Yd3H')")
    "answer(key='sk-••••••••••••••••••••••••')"
    """
    if not any(mark in text for mark in _MARKS):
        return text
    return _SECRET.sub(lambda found: found[0][:3] + "•" * (len(found[0]) - 3), text)


def _random(text: str) -> bool:
    """Whether this looks drawn by chance: digits among letters, hardly any twice."""
    has = any(letter.isdigit() for letter in text) and any(letter.isalpha() for letter in text)
    return has and len(set(text)) >= _DIFFERENT and not _STAND_IN.search(text)
