"""What a provider's headers say of its limits. Does no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import NamedTuple

from stepwell.lifecycle.transient import until


class Limit(NamedTuple):
    """How much a provider takes of one kind.

    Args:
        limit: in all.
        remaining: of that now.
        reset: seconds until all of it is there again.
    """

    limit: float
    remaining: float
    reset: float

    @property
    def rate(self) -> float:
        """How much comes back in a second, if nothing better is known."""
        return max(self.limit, 1.0) / 60


def limit_in(headers: Mapping[str, str], kind: str, *, today: float) -> Limit | None:
    """The limit that headers tell of, for `requests` or `tokens`; `None` if they tell of none.

    >>> told = {"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "0"}
    >>> limit_in(told | {"x-ratelimit-reset-requests": "1m30s"}, "requests", today=0.0)
    Limit(limit=60.0, remaining=0.0, reset=90.0)

    Args:
        headers: those of an answer.
        kind: what is limited.
        today: the time in seconds since the epoch.
    """
    for pattern in (f"x-ratelimit-%s-{kind}", f"anthropic-ratelimit-{kind}-%s"):
        limit, remaining = (_number(headers.get(pattern % n)) for n in ("limit", "remaining"))
        if limit is not None and remaining is not None:
            told = headers.get(pattern % "reset") or ""
            reset = seconds_of(told, today=today, date=headers.get("date"))
            return Limit(limit, min(remaining, limit), 60.0 if reset is None else reset)
    return None


def seconds_of(text: str, *, today: float, date: str | None = None) -> float | None:
    """How long a header says: a number of seconds, a time such as `6m0.5s`, or a date.

    >>> [seconds_of(text, today=0.0) for text in ("20ms", "1h2m", "7.5", "soon")]
    [0.02, 3720.0, 7.5, None]
    >>> seconds_of("1970-01-01T00:00:09Z", today=5.0)
    4.0

    Args:
        text: what the header says.
        today: our own time in seconds since the epoch.
        date: the provider's, by which a date is read.
    """
    if (number := _number(text)) is not None:
        return number
    parts = _TIME.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    from datetime import datetime

    try:
        return until(datetime.fromisoformat(text).timestamp(), date, today) or 0.0
    except (ValueError, OverflowError):
        return None


_TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if isfinite(number) and number >= 0 else None
