"""Which errors pass by themselves, and how long a provider asks to wait.

Judged by status, code and class name, so that no client library has to be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from time import time
from typing import Any

STATUSES = {408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529}
"""Statuses that another attempt may change."""

PERMANENT = {
    "billing_hard_limit_reached",
    "billing_not_active",
    "content_filter",
    "content_policy_violation",
    "context_length_exceeded",
    "exceed_context_size_error",
    "insufficient_quota",
    "invalid_api_key",
    "model_not_found",
}
"""Error codes that stay, whatever the status: an exhausted quota comes as 429."""

CURES = {
    "billing_hard_limit_reached": "the account's own limit is reached; raise it with the provider",
    "billing_not_active": "the account is not active; see to it with the provider",
    "content_filter": "the provider's filter does not let the prompt pass; change what is in it",
    "content_policy_violation": "the provider does not let the prompt pass; change what is in it",
    "context_length_exceeded": "the prompt is longer than the model takes; shorten it",
    "exceed_context_size_error": "the prompt is longer than the model takes; shorten it",
    "insufficient_quota": "the account's credit is used up; add some, or ask another provider",
    "model_not_found": "the provider has no such model for this key; see `models.list()`",
}
"""By error code, what to do."""

STATUS_CURES = {
    401: "the provider does not take the key; give a valid one (`api_key`, or its variable)",
    403: "the key may not do this; give another, or have it allowed with the provider",
    404: "there is nothing at that address; look at `base_url` and at the model's name",
    413: "the request is larger than the provider takes; send less at once",
}
"""The same by status, where no code tells."""

PASSING = {
    "cut_off",
    "empty",
    "overloaded",
    "overloaded_error",
    "rate_limit_exceeded",
    "server_error",
}
"""Error codes of an error without a status, as one that comes in the midst of a stream."""

DOUBT = 60.0
"""A `Date` that makes a wait so many seconds longer than our clock says is wrong."""

LONGEST = 86_400.0
"""For a longer wait, in seconds, a `Date` is no witness."""

CONNECTION = {"APIConnectionError", "ConnectionError", "Timeout", "TimeoutError", "TransportError"}
"""Class names, of an error or a base of it, that mean a connection."""

MISTAKES = {"LocalProtocolError", "UnsupportedProtocol"}
"""Class names among those that mean a wrong request."""


def transient(error: BaseException) -> bool:
    """Whether another attempt may succeed where nothing but time has changed.

    True for the statuses 408, 409, 429 and 5xx, for lost connections and for timeouts; false for
    what stays wrong (a bad request, key or model, a context or content limit, an exhausted quota)
    and for all else: most exceptions are mistakes in a program. `x-should-retry` decides over the
    status.

    >>> transient(TimeoutError()), transient(ValueError("no number"))
    (True, False)
    """
    if not isinstance(error, Exception):
        return False
    codes = _codes(error)
    if codes & PERMANENT:
        return False
    status = status_of(error)
    if status is None or status < 400:
        names = {base.__name__ for base in type(error).__mro__}
        return bool(codes & PASSING) or bool(names & CONNECTION and not names & MISTAKES)
    said = _header(error, "x-should-retry")
    return status in STATUSES if said not in ("true", "false") else said == "true"


def status_of(error: BaseException) -> int | None:
    """The HTTP status that an error stands for, if it does."""
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "status", "code"):
            status = getattr(holder, name, None)
            if isinstance(status, int) and 100 <= status <= 599:
                return status
    return None


def cure_of(error: BaseException) -> str:
    """What to do about a provider's refusal that stays; nothing where that is not known.

    >>> class APIStatusError(Exception):
    ...     status_code, code = 429, "insufficient_quota"
    >>> cure_of(APIStatusError())
    "the account's credit is used up; add some, or ask another provider"
    """
    if not any(base.__name__ == "APIStatusError" for base in type(error).__mro__):
        return ""  # it may be anybody's, of whom nothing is known
    codes = _codes(error)
    told = next((cure for code, cure in CURES.items() if code in codes), "")
    return told or STATUS_CURES.get(status_of(error) or 0, "")


def retry_after(error: BaseException, *, now: float | None = None) -> float | None:
    """How many seconds the provider asks to wait: `retry-after-ms`, else `retry-after`.

    The latter is a number of seconds or a date, which is read by the provider's own clock where it
    tells its time (`Date`). `None` where nothing sensible is asked.

    Args:
        error: an error with a `response`, or with `headers`.
        now: the time for a date, in seconds since the epoch.
    """
    named = {name: _header(error, name) for name in ("retry-after-ms", "retry-after", "date")}
    return asked_wait(named, now=now)


def asked_wait(headers: Mapping[str, str | None], *, now: float | None = None) -> float | None:
    """The same from headers, whose names are looked up in lower case.

    >>> asked_wait({"retry-after": "3"}), asked_wait({"retry-after": "soon"})
    (3.0, None)
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    asked = headers.get("retry-after")
    seconds = _number(asked)
    if seconds is not None or asked is None:
        return seconds
    at = _date(asked)
    return None if at is None else until(at, headers.get("date"), time() if now is None else now)


def until(at: float, date: str | None, now: float) -> float | None:
    """How many seconds it is until then, by the clock of who said so; `None` if it is past.

    >>> until(1030.0, None, now=1000.0), until(1030.0, "Thu, 01 Jan 1970 00:16:50 GMT", now=9000.0)
    (30.0, 20.0)

    Args:
        at: in seconds since the epoch.
        date: the time of who said so, as a header has it. It is not believed where the wait would
            be far longer than by our own clock.
        now: our own time.
    """
    ours, told = at - now, _date(date)
    theirs = None if told is None else at - told
    if theirs is None or not 0 < theirs <= LONGEST or 0 < ours < theirs - DOUBT:
        return ours if ours > 0 else None
    return theirs


def _date(text: str | None) -> float | None:
    """A date of a header, in seconds since the epoch."""
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if isfinite(number) and number >= 0 else None


def _codes(error: BaseException) -> set[str]:
    body: Any = getattr(error, "body", None)
    found = [getattr(error, "code", None), getattr(error, "type", None)]
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        if isinstance(inner, Mapping):
            found += [inner.get("code"), inner.get("type")]
    return {code for code in found if isinstance(code, str)}


def _header(error: BaseException, name: str) -> str | None:
    headers: Any = getattr(getattr(error, "response", None), "headers", None)
    if headers is None:
        headers = getattr(error, "headers", None)
    try:
        return next((str(v) for k, v in headers.items() if str(k).lower() == name), None)
    except AttributeError:
        return None
