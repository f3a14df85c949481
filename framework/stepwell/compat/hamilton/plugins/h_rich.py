"""A bar on the terminal."""

from __future__ import annotations

from typing import Any

from stepwell import lifecycle


class RichProgressBar(lifecycle.ProgressBar):
    """Shows how many of the nodes of a run have run."""

    def __init__(
        self, run_desc: str = "", collect_desc: str = "", columns: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(run_desc or "Graph execution")
