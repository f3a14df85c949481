"""`retry`: a step that is made again when it fails with an error that may pass."""

from __future__ import annotations

from stepwell.errors import ModifierError
from stepwell.modifiers.settings import Settings


def retry(
    attempts: int = 3,
    *,
    wait: float | None = None,
    longest: float | None = None,
    deadline: float | None = None,
    timeout: float | None = None,
) -> Settings:
    """Makes the step again when it fails with an error that may pass, as the adapter `Retry` does.

    It needs no adapter in the driver, and goes before one that is there.

    Args:
        attempts: how often the step is called at most, the first time included.
        wait: the first wait's upper bound, in seconds.
        longest: no wait of its own is longer, in seconds.
        deadline: no new attempt begins later than so many seconds after the first has failed.
        timeout: each attempt ends after so many seconds.

    >>> @retry(5, timeout=30)
    ... def answer(prompt: str) -> str: ...
    """
    if callable(attempts):
        raise ModifierError("`@retry` needs its brackets: write `@retry()`")
    given = {
        "attempts": attempts,
        "wait": wait,
        "longest": longest,
        "deadline": deadline,
        "timeout": timeout,
    }
    least = {"attempts": 1.0, "wait": 0.0, "longest": 0.0, "deadline": 0.0, "timeout": None}
    return Settings("retry", tuple(given.items()), tuple(least.items()))
