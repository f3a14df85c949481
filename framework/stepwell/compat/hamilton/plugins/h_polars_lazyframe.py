"""Lazy frames of polars: columns of a frame as steps."""

from stepwell.compat.hamilton.function_modifiers.columns import with_columns as with_columns
