"""Frames of polars: what `execute` returns, and columns of a frame as steps."""

from __future__ import annotations

from typing import Any

from stepwell import lifecycle
from stepwell.compat.hamilton.function_modifiers.columns import with_columns as with_columns


class PolarsDataFrameResult(lifecycle.PolarsResult):
    """A frame with a column for each target."""

    def output_type(self) -> Any:
        """The type of what is made."""
        import polars

        return polars.DataFrame
