"""What `execute` returns under each result builder."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from stepwell.lifecycle import DictResult, NumpyResult, PandasResult, PolarsResult

A = pd.Series([1, 2], index=["x", "y"])
B = pd.Series([4, 3], index=["y", "x"])


def test_a_dict_is_what_there_is() -> None:
    assert DictResult().build_result(a=1, b=[2]) == {"a": 1, "b": [2]}


@pytest.mark.parametrize(
    ("outputs", "rows"),
    [
        ({"a": 1, "b": "x"}, [{"a": 1, "b": "x"}]),
        ({"a": [1, 2], "b": 3}, [{"a": 1, "b": 3}, {"a": 2, "b": 3}]),
        ({"a": A, "b": B}, [{"a": 1, "b": 3}, {"a": 2, "b": 4}]),
        ({"a": np.array([1, 2])}, [{"a": 1}, {"a": 2}]),
        ({"only": pd.DataFrame({"p": [1]})}, [{"p": 1}]),
        ({"f": pd.DataFrame({"p": [1, 2]}), "b": 3}, [{"p": 1, "b": 3}, {"p": 2, "b": 3}]),
    ],
)
def test_pandas_makes_a_column_of_each_target(outputs: dict[str, Any], rows: Any) -> None:
    assert PandasResult().build_result(**outputs).to_dict("records") == rows


def test_strict_pandas_refuses_indexes_that_differ() -> None:
    with pytest.raises(ValueError, match="the index of `b` differs from that of `a`"):
        PandasResult(strict=True).build_result(a=A, b=B)
    assert len(PandasResult(strict=True).build_result(a=A, c=A)) == 2


def test_pandas_refuses_two_columns_of_one_name() -> None:
    with pytest.raises(ValueError, match="two targets give a column `p`"):
        PandasResult().build_result(p=1, f=pd.DataFrame({"p": [1]}))


@pytest.mark.parametrize(
    ("outputs", "rows"),
    [
        ({"a": 1, "b": "x"}, [{"a": 1, "b": "x"}]),
        ({"a": [1, 2], "b": 3}, [{"a": 1, "b": 3}, {"a": 2, "b": 3}]),
        ({"a": pl.Series("z", [1, 2]), "b": "x"}, [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}]),
        ({"only": pl.DataFrame({"p": [1]})}, [{"p": 1}]),
        ({"f": pl.DataFrame({"p": [1, 2]}), "b": 3}, [{"p": 1, "b": 3}, {"p": 2, "b": 3}]),
    ],
)
def test_polars_makes_a_column_of_each_target(outputs: dict[str, Any], rows: Any) -> None:
    assert PolarsResult().build_result(**outputs).to_dicts() == rows


@pytest.mark.parametrize(
    ("outputs", "rows"),
    [
        ({"a": 1, "b": 2}, [[1, 2]]),
        ({"a": [1, 2], "b": 3}, [[1, 3], [2, 3]]),
        ({"b": np.array([1.5, 2.5]), "a": [3, 4]}, [[1.5, 3], [2.5, 4]]),
    ],
)
def test_numpy_makes_a_column_of_each_target(outputs: dict[str, Any], rows: Any) -> None:
    assert NumpyResult().build_result(**outputs).tolist() == rows


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (
            {"a": [1, 2], "b": [1]},
            "the columns are of different lengths: `a` has 2, `b` has 1",
        ),
        ({"a": [[1, 2]]}, "`a` has 2 dimensions; a column of a matrix has one"),
    ],
)
def test_numpy_refuses_what_is_no_matrix(outputs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        NumpyResult().build_result(**outputs)
    assert str(caught.value) == message
