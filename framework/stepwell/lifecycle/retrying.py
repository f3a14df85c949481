"""Whether the step that runs now is being made again."""

from __future__ import annotations

from contextvars import ContextVar
from typing import NamedTuple


class Retrying(NamedTuple):
    """One attempt out of several at a node; from the second on there is one."""

    node: str
    attempt: int
    attempts: int


retrying: ContextVar[Retrying | None] = ContextVar("stepwell.retrying", default=None)
