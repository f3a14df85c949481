"""Steps that don't need each other, at the same time."""

from __future__ import annotations

from typing import Any


class FutureAdapter:
    """Says that so many steps may run at the same time; the driver sees to it.

    Args:
        max_workers: how many; as many as Python's own pools have where it is not said.
        thread_name_prefix: not used.
        result_builder: makes what `execute` returns.
    """

    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        result_builder: Any = None,
    ) -> None:
        import os

        self.threads = max_workers or min(32, (os.cpu_count() or 1) + 4)
        self.result_builder = result_builder
