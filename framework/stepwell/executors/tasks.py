"""Items as tasks on an event loop."""

from __future__ import annotations

from typing import ClassVar

from stepwell.executors.base import Executor

AT_ONCE = 16
"""So many items at the same time, where nobody says how many."""


class AsyncioExecutor(Executor):
    """Does items on the event loop of the run; plain steps go to worker threads.

    It is what items with async steps are done by, whatever is asked for.

    Args:
        max_concurrency: so many items at the same time.
    """

    is_async: ClassVar[bool] = True

    def __init__(self, max_concurrency: int = AT_ONCE) -> None:
        if max_concurrency < 1:
            raise ValueError(f"`max_concurrency={max_concurrency}` does no item; give 1 or more")
        self.max_concurrency = max_concurrency

    def __str__(self) -> str:
        return f"at most {self.max_concurrency} at once"
