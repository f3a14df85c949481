"""What `execute` returns: a dict, a frame, or a matrix. Libraries are imported when used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from stepwell.errors import require
from stepwell.lifecycle.api import ResultBuilder

if TYPE_CHECKING:
    import numpy
    import pandas
    import polars


class DictResult(ResultBuilder):
    """The targets' values by name: what a driver without a result builder returns too."""

    def build_result(self, **outputs: Any) -> dict[str, Any]:
        return outputs


class PandasResult(ResultBuilder):
    """A `pandas.DataFrame` with a column for each target.

    Series are aligned by their index, lists and arrays are taken by position, and single values
    fill their column. A single frame is returned as it is; beside others, its columns are taken.

    Args:
        strict: refuse series and frames whose indexes are not equal.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict

    def build_result(self, **outputs: Any) -> pandas.DataFrame:
        """The frame.

        Raises:
            MissingExtra: without pandas.
            ValueError: for lists of different lengths, two columns of one name, or (strict)
                indexes that differ.
        """
        pd = require("pandas", extra="pandas", what="`PandasResult`")
        if len(outputs) == 1:
            (only,) = outputs.values()
            if isinstance(only, pd.DataFrame):
                return only
        columns: dict[str, Any] = {}
        for name, value in outputs.items():
            parts = dict(value.items()) if isinstance(value, pd.DataFrame) else {name: value}
            for column, part in parts.items():
                if column in columns:
                    raise ValueError(
                        f"two targets give a column `{column}`; rename it in the frame `{name}`"
                    )
                columns[column] = part
        if self.strict:
            self._refuse_unequal(pd, columns)
        if not any(_is_column(pd, value) for value in columns.values()):
            return pd.DataFrame([columns])
        return pd.DataFrame(columns)

    def _refuse_unequal(self, pd: Any, columns: dict[str, Any]) -> None:
        indexed = [(n, v.index) for n, v in columns.items() if isinstance(v, pd.Series)]
        for name, index in indexed[1:]:
            first, expected = indexed[0]
            if not index.equals(expected):
                raise ValueError(
                    f"the index of `{name}` differs from that of `{first}`;"
                    " reindex one of them, or use `PandasResult(strict=False)`"
                )


class PolarsResult(ResultBuilder):
    """A `polars.DataFrame` with a column for each target; single values fill their column.

    A single frame is returned as it is; beside others, its columns are taken.
    """

    def build_result(self, **outputs: Any) -> polars.DataFrame:
        """The frame.

        Raises:
            MissingExtra: without polars.
        """
        pl = require("polars", extra="polars", what="`PolarsResult`")
        if len(outputs) == 1:
            (only,) = outputs.values()
            if isinstance(only, pl.DataFrame):
                return cast("polars.DataFrame", only)
        frames = [
            value if isinstance(value, pl.DataFrame) else _polars_column(pl, name, value)
            for name, value in outputs.items()
        ]
        height = next((frame.height for frame in frames if frame.height != 1), 1)
        filled = [
            pl.DataFrame({c.name: c.extend_constant(c[0], height - 1) for c in frame})
            if frame.height == 1
            else frame
            for frame in frames
        ]
        frame: polars.DataFrame = pl.concat(filled, how="horizontal")
        return frame


class NumpyResult(ResultBuilder):
    """A two-dimensional `numpy.ndarray` with a column for each target, in the order asked for.

    Single values fill their column.
    """

    def build_result(self, **outputs: Any) -> numpy.ndarray[Any, Any]:
        """The matrix.

        Raises:
            MissingExtra: without numpy.
            ValueError: for columns of different lengths, or of more than one dimension.
        """
        np = require("numpy", extra="local", what="`NumpyResult`")
        arrays = {name: np.asarray(value) for name, value in outputs.items()}
        for name, array in arrays.items():
            if array.ndim > 1:
                raise ValueError(
                    f"`{name}` has {array.ndim} dimensions; a column of a matrix has one"
                )
        lengths = {name: array.size for name, array in arrays.items() if array.ndim == 1}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"`{name}` has {length}" for name, length in lengths.items())
            raise ValueError(f"the columns are of different lengths: {listed}")
        height = next(iter(lengths.values()), 1)
        matrix: numpy.ndarray[Any, Any] = np.column_stack(
            [np.broadcast_to(a, (height,)) for a in arrays.values()]
        )
        return matrix


def _is_column(pd: Any, value: object) -> bool:
    return pd.api.types.is_list_like(value) and not isinstance(value, dict | set | frozenset)


def _polars_column(pl: Any, name: str, value: Any) -> Any:
    if isinstance(value, pl.Series):
        return value.alias(name).to_frame()
    values = value if hasattr(value, "__len__") and not isinstance(value, str | dict) else [value]
    return pl.DataFrame({name: values}, strict=False)
