"""`timeout`: a step that may take only so long."""

from __future__ import annotations

from stepwell.modifiers.settings import Settings


def timeout(seconds: float) -> Settings:
    """Ends the step after so many seconds with a `TimeoutError`, as the adapter `Timeout` does.

    It needs no adapter in the driver, and goes before one that is there. With a retry it is for
    each attempt.

    >>> @timeout(30)
    ... def answer(prompt: str) -> str: ...
    """
    return Settings("timeout", (("seconds", seconds),), (("seconds", None),))
