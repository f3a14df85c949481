"""Items as tasks on an event loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from stepwell.executors.base import Executor, concurrency, told_limits

AT_ONCE = 16
"""So many items at the same time, where nobody says how many."""


class AsyncioExecutor(Executor):
    """Does items on the event loop of the run; plain steps go to worker threads.

    It is what items with async steps are done by, whatever is asked for.

    Args:
        max_concurrency: so many items at the same time. Or how many steps by tag, in all runs of
            the driver together: `{"*": 64, "provider": 8, "model=large": 2}`; `"*"` is the items.
    """

    is_async: ClassVar[bool] = True

    def __init__(self, max_concurrency: int | Mapping[str, int] = AT_ONCE) -> None:
        self.max_concurrency, self.limits = concurrency(max_concurrency, AT_ONCE, "max_concurrency")

    def __str__(self) -> str:
        return f"at most {self.max_concurrency} at once{told_limits(self.limits)}"
