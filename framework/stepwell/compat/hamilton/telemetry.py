"""What turned telemetry off. There is none here, and these do nothing."""

from __future__ import annotations


def disable_telemetry() -> None:
    """Does nothing: nothing is ever sent."""


def is_telemetry_enabled() -> bool:
    """`False`.

    >>> is_telemetry_enabled()
    False
    """
    return False
