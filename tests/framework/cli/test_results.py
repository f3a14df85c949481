"""Results as text."""

import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from stepwell.cli import results
from stepwell.errors import StepwellError


@dataclass
class Passage:
    """Something a step may give."""

    text: str
    score: float


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        (Passage("a", 0.5), {"text": "a", "score": 0.5}),
        ([Passage("a", 0.5)], [{"text": "a", "score": 0.5}]),
        ({"p": (1, Path("a/b"))}, {"p": [1, "a/b"]}),
        (frozenset({1}), [1]),
        (Decimal("1.50"), "1.50"),
        (date(2026, 1, 2), "2026-01-02"),
        (np.array([[1, 2]]), [[1, 2]]),
        (np.float32(0.5), 0.5),
        (pd.DataFrame({"a": [1, 2]}), {"a": {"0": 1, "1": 2}}),
        (pl.DataFrame({"a": [1, 2]}), [{"a": 1}, {"a": 2}]),
        (OrderedDict(a=None), {"a": None}),
        (object, "<class 'object'>"),
    ],
)
def test_json_has_the_nearest_word(value: object, becomes: object):
    """Nothing that a step gives stops `--json`."""
    assert json.loads(results.as_json({"x": value})) == {"x": becomes}


def test_one_string_is_printed_as_it_is():
    """So that it can be piped on."""
    assert results.readable({"answer": "yes\n\nno"}) == "yes\n\nno\n"


def test_several_stand_under_their_names():
    """Each in a form to read."""
    text = results.readable({"answer": "yes", "sources": ["a", "b"]})
    assert text == "answer\nyes\n\nsources\n['a', 'b']\n"


def test_what_has_no_word_is_told():
    """Not with a traceback."""
    itself: list[object] = []
    itself.append(itself)
    for value in ({(1, 2): 3}, itself):
        with pytest.raises(StepwellError, match="the results can't be written as JSON: "):
            results.as_json(value)
