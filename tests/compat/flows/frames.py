"""Columns of frames as steps, and threads."""

import pandas as pd
import polars as pl
from hamilton import ad_hoc_utils, driver
from hamilton.plugins import h_pandas, h_polars, h_threadpool


def doubled(x: pd.Series) -> pd.Series:
    return x * 2


def total(doubled: pd.Series, y: pd.Series, more: int) -> pd.Series:
    return doubled + y + more


def p_doubled(x: pl.Series) -> pl.Series:
    return x * 2


def p_total(p_doubled: pl.Series, y: pl.Series) -> pl.Series:
    return p_doubled + y


def _built(*functions, adapters=()):
    module = ad_hoc_utils.create_temporary_module(*functions)
    return driver.Builder().with_modules(module).with_adapters(*adapters).build()


def columns_of_pandas():
    def frame() -> pd.DataFrame:
        return pd.DataFrame({"x": [1, 2], "y": [10, 20]})

    @h_pandas.with_columns(doubled, total, columns_to_pass=["x", "y"], select=["doubled", "total"])
    def chosen(frame: pd.DataFrame) -> pd.DataFrame:
        return frame

    @h_pandas.with_columns(doubled, total, columns_to_pass=["x", "y"], namespace="own")
    def last_alone(frame: pd.DataFrame) -> pd.DataFrame:
        return frame

    dr = _built(frame, chosen, last_alone)
    names = sorted(v.name for v in dr.list_available_variables() if "total" in v.name)
    return [dr.execute(["chosen", "last_alone", *names], inputs={"more": 100}), names]


def columns_of_a_frame_that_is_passed():
    def frame() -> pd.DataFrame:
        return pd.DataFrame({"x": [1, 2], "y": [10, 20]})

    def x(frame: pd.DataFrame) -> pd.Series:
        return frame["x"] + 5

    @h_pandas.with_columns(x, doubled, on_input="frame", select=["doubled"])
    def chosen(frame: pd.DataFrame) -> pd.DataFrame:
        return frame

    return _built(frame, chosen).execute(["chosen"])


def columns_of_polars():
    def frame() -> pl.DataFrame:
        return pl.DataFrame({"x": [1, 2], "y": [10, 20]})

    @h_polars.with_columns(
        p_doubled, p_total, columns_to_pass=["x", "y"], select=["p_doubled", "p_total"]
    )
    def chosen(frame: pl.DataFrame) -> pl.DataFrame:
        return frame

    return _built(frame, chosen).execute(["chosen"])


def frames_of_polars():
    def a() -> pl.Series:
        return pl.Series([1, 2])

    def b() -> pl.Series:
        return pl.Series([3, 4])

    dr = _built(a, b, adapters=[h_polars.PolarsDataFrameResult()])
    return dr.execute(["a", "b"])


def threads():
    def a(n: int) -> int:
        return n

    def b(n: int) -> int:
        return n + 1

    def c(a: int, b: int) -> int:
        return a * b

    dr = _built(a, b, c, adapters=[h_threadpool.FutureAdapter(max_workers=2)])
    return dr.execute(["c"], inputs={"n": 4})
