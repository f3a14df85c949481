"""Questions asked of what a step makes."""

from __future__ import annotations

import logging
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from pydantic import BaseModel

from stepwell import driver
from stepwell.errors import CheckFailed
from stepwell.graph import Graph
from stepwell.modifiers import check_output, check_output_custom, extract_fields, pipe_output, step
from stepwell.modifiers.checks import CHECKS, outcome
from stepwell.stream import Stream
from stepwell.testing import module_of


class Book(BaseModel):
    title: str
    pages: int


NAN = math.nan

ASKED = [
    ("range", (0, 1), [0, 1, 0.5], [2, -1]),
    ("range", (0, None), [7, [1, 2], {"a": 1}], [[1, -1], -3, "text"]),
    ("values_in", ["a", "b"], ["a", ["a", "b"]], ["c", ["a", "c"]]),
    ("data_type", str, ["a"], [1, ["a"]]),
    ("data_type", "float64", [np.array([1.0]), pd.Series([1.0])], [np.array([1])]),
    ("allow_none", False, [1, [1]], [None, [None]]),
    ("allow_none", True, [None, [None]], []),
    ("allow_nans", False, [1.0, [1.0]], [NAN, [1.0, NAN], pd.Series([NAN]), pl.Series([NAN])]),
    ("allow_nans", True, [NAN], []),
    ("max_fraction_nans", 0.5, [[1.0, NAN], []], [[NAN, NAN, 1.0]]),
    ("mean_in_range", (0, 1), [[0, 1], [0.5, None]], [[3, 4], []]),
    ("max_standard_dev", 1, [[1, 2], [5]], [[0, 10], np.array([0.0, 9.0])]),
    ("max_length", 2, ["ab", [1, 2]], ["abc", [1, 2, 3]]),
    ("contains", "a", ["cab", ["a", "ba"]], ["c", ["a", "b"]]),
    ("does_not_contain", "a", ["c", ["b"]], ["a", ["b", "a"]]),
    ("model", Book, [{"title": "t", "pages": 1}, [Book(title="t", pages=1)]], [{"title": "t"}, 3]),
    ("range", (0, 9), [pd.DataFrame({"a": [1], "b": [2]})], [pd.DataFrame({"a": [1], "b": [10]})]),
]


@pytest.mark.parametrize(("check", "limit", "right", "wrong"), ASKED)
def test_what_holds_and_what_does_not(
    check: str, limit: Any, right: list[Any], wrong: list[Any]
) -> None:
    """A message says what was asked, and never the value."""
    for value in right:
        assert CHECKS[check](value, limit).passed, value
    for value in wrong:
        found = CHECKS[check](value, limit)
        assert not found.passed, value
        assert found.message


def test_a_model_names_the_place_and_not_the_value() -> None:
    found = CHECKS["model"]([{"title": "t", "pages": 1}, {"title": "s", "pages": "secret"}], Book)
    assert found.message == "does not fit `Book` at 1: pages"


@pytest.mark.parametrize(
    ("given", "expected"),
    [(True, (True, "")), (False, (False, "")), ((False, "why"), (False, "why"))],
)
def test_what_a_check_of_ones_own_may_return(given: Any, expected: tuple[bool, str]) -> None:
    assert outcome(given) == expected


def test_what_it_may_not() -> None:
    with pytest.raises(TypeError, match="a check returns a `bool`"):
        outcome("yes")


def test_each_check_is_a_node(agreed: Callable[[str], Graph]) -> None:
    graph = agreed(
        "def _polite(text: str, language: str) -> bool: ...\n"
        "@check_output(max_length=3, contains='x')\n"
        "@check_output_custom(_polite)\n"
        "def a(x: str) -> str: ...\n"
    )
    assert [*graph.nodes] == [
        *("a.unchecked", "a.polite", "a.unchecked_2"),
        *("a.max_length", "a.contains", "a"),
    ]
    assert [param.reads for param in graph.nodes["a.polite"].params] == ["a.unchecked", "language"]
    assert graph.nodes["a"].type.short == "str"


def _named(answer: str, sources: list[str]) -> tuple[bool, str]:
    return any(source in answer for source in sources), "it names no source"


@check_output_custom(_named, importance="fail")
@check_output(max_length=12)
def answer(question: str) -> str:
    return question + "!"


def _loud(text: str) -> str:
    return text.upper()


@check_output(importance="fail", contains="A", on_output="left")
@pipe_output(step(_loud), on_output="left")
@extract_fields({"left": str, "right": str})
async def both(question: str) -> dict[str, str]:
    return {"left": question, "right": question}


@check_output(importance="fail", max_length=3)
def streamed(question: str) -> Stream[str]:
    yield from question


STEPS = module_of(answer, both, streamed)


@pytest.mark.parametrize("threads", [0, 2])
def test_a_value_that_is_as_asked_passes(threads: int) -> None:
    dr = driver.Driver({}, STEPS, threads=threads)
    given = {"question": "abc", "sources": ["b"]}
    assert dr.execute(["answer", "left", "right", "streamed"], inputs=given) == {
        "answer": "abc!",
        "left": "ABC",
        "right": "abc",
        "streamed": "abc",
    }


def test_what_is_not_is_kept_from_its_readers_or_told(caplog: pytest.LogCaptureFixture) -> None:
    dr = driver.Driver({}, STEPS)
    given = {"question": "long enough now", "sources": ["no"]}
    with caplog.at_level(logging.WARNING, "stepwell"):
        assert dr.execute(["answer"], inputs=given) == {"answer": "long enough now!"}
    (told,) = caplog.messages
    assert told == "`answer` is not as it must be: `max_length`: has the length 16, over 12"
    with pytest.raises(CheckFailed, match="it names no source") as caught:
        dr.execute(["answer"], inputs={"question": "b", "sources": ["x"]})
    assert caught.value.checks == {"named": "it names no source"}
    assert pickle.loads(pickle.dumps(caught.value)).node == "answer"
    with pytest.raises(CheckFailed, match="`streamed`"):
        dr.execute(["streamed"], inputs={"question": "abcd"})
    with pytest.raises(CheckFailed, match="`left` is not as it must be"):
        dr.execute(["left"], inputs={"question": "xyz"})


@pytest.mark.parametrize(
    ("decorator", "message"),
    [
        ("check_output()", "`check_output` needs at least one check"),
        ("check_output(rnage=(0, 1))", "has no check `rnage`; did you mean `range`?"),
        ("check_output(range=(0, 1), importance='fial')", "got `'fial'`; did you mean `fail`?"),
        ("check_output(range=(0, 1), on_output='b')", "`a` makes no node `b`"),
        ("check_output_custom()", "`check_output_custom` needs at least one check"),
        ("check_output_custom(3)", "`3` is no function"),
        ("check_output_custom(_none)", "`_none` has no parameter"),
    ],
)
def test_what_is_said_of_a_wrong_argument(
    agreed: Callable[[str], Graph], decorator: str, message: str
) -> None:
    graph = agreed(f"def _none(): ...\n@{decorator}\ndef a(x: str) -> str: ...\n")
    assert graph.problems[0].code == "SW302"
    assert message in graph.problems[0].message
