"""A bar on the terminal."""

from __future__ import annotations

from typing import Any

from stepwell import lifecycle


class ProgressBar(lifecycle.ProgressBar):
    """Shows how many of the nodes of a run have run."""

    def __init__(
        self, desc: str = "Graph execution", node_name_target_width: int = 30, **kwargs: Any
    ) -> None:
        super().__init__(desc)
