"""Whether a value is what a type says."""

from __future__ import annotations

import collections
import datetime
import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, NewType, Protocol, TypedDict, TypeVar

import pytest

from stepwell.stream import Stream
from stepwell.types import UNKNOWN, Type, from_object, holds
from stepwell.types.value import MODEST


class Document: ...


class Page(Document): ...


class Readable(Protocol):
    def read(self) -> str: ...


class Row(TypedDict):
    name: str


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Table(dict[str, int]): ...


UserId = NewType("UserId", int)
PageId = NewType("PageId", Page)
T = TypeVar("T")


@pytest.mark.parametrize(
    ("annotation", "value", "answer"),
    [
        (int, 1, True),
        (int, True, True),
        (int, 1.0, False),
        (int, "1", False),
        (float, 1, True),
        (float, "1", False),
        (float, Fraction(1, 2), True),
        (complex, 1.5, True),
        (bool, True, True),
        (bool, 1, False),
        (str, "a", True),
        (str, b"a", False),
        (str, None, False),
        (bytes, b"a", True),
        (object, None, True),
        (Any, None, True),
        (None, None, True),
        (None, 0, False),
        (str | None, None, True),
        (str | None, "a", True),
        (str | None, 1, False),
        (int | list[str], ["a"], True),
        (int | list[str], [1], False),
        (Literal["a", "b"], "a", True),
        (Literal["a", "b"], "c", False),
        (Literal[1], True, False),
        (Literal["a", None], None, True),
        (Literal[Color.RED], Color.RED, True),
        (Literal[Color.RED], Color.BLUE, False),
        (Color, Color.RED, True),
        (Color, 1, False),
        (Annotated[int, "positive"], 1, True),
        (list[int], [1, 2], True),
        (list[int], [1, "a"], False),
        (list[int], (1, 2), False),
        (list[int], [], True),
        (list, [1, "a"], True),
        (list[list[float]], [[1, 2.5]], True),
        (list[list[float]], [[1, "a"]], False),
        (list[int | None], [1, None], True),
        (list[int], [None], False),
        (set[str], {"a"}, True),
        (set[str], frozenset({"a"}), False),
        (frozenset[str], frozenset({"a"}), True),
        (dict[str, int], {"a": 1}, True),
        (dict[str, int], {"a": "b"}, False),
        (dict[str, int], {1: 1}, False),
        (dict[str, int], [("a", 1)], False),
        (dict[str, list[int]], {"a": [1]}, True),
        (dict, {1: 2}, True),
        (Mapping[str, int], {"a": 1}, True),
        (Mapping[str, int], {"a": None}, False),
        (Mapping[str, int], collections.ChainMap({"a": 1}), None),
        (dict[str, int], Table(a=1), True),
        (tuple[int, str], (1, "a"), True),
        (tuple[int, str], (1, 2), False),
        (tuple[int, str], (1,), False),
        (tuple[int, ...], (1, 2, 3), True),
        (tuple[int, ...], (1, "a"), False),
        (tuple[()], (), True),
        (tuple[()], (1,), False),
        (tuple, (1, "a"), True),
        (tuple[int, ...], [1], False),
        (Sequence[int], [1], True),
        (Sequence[int], ("a",), False),
        (Sequence[str], "abc", True),
        (Sequence[int], "abc", False),
        (Sequence[int], {1}, False),
        (Iterable[int], {1}, True),
        (Iterable[str], {"a": 1}, True),
        (Iterable[int], 1, False),
        (Iterable[int], range(3), None),
        (Callable[[int], str], str, True),
        (Callable[..., Any], 1, False),
        (type[int], int, None),
        (type, int, True),
        (type[int], 1, False),
        (Document, Page(), True),
        (Page, Document(), False),
        (Document, None, False),
        (Document, "page", False),
        (UserId, 1, True),
        (UserId, "a", False),
        (PageId, Page(), True),
        (PageId, Document(), False),
        (Path, Path("a"), True),
        (Path, "a", False),
        (datetime.date, datetime.datetime(2026, 1, 1), True),
        (datetime.date, "2026-01-01", False),
        (Decimal, 1.5, False),
        (Readable, "a", None),
        (T, 1, None),
        (Row, {"name": "a"}, None),
        (Row, "a", False),
        (Stream[str], "abc", True),
        (Stream[str], ["a"], True),
        (Stream[int], [1, "a"], False),
        (Stream[str], 1, False),
    ],
)
def test_of_a_value(annotation: object, value: object, answer: bool | None) -> None:
    assert holds(from_object(annotation), value) is answer


def test_nothing_is_read_from_an_iterator() -> None:
    chunks = iter(["a", "b"])

    assert holds(from_object(Iterator[int]), chunks) is None
    assert list(chunks) == ["a", "b"]


def test_a_large_container_is_looked_into_so_far() -> None:
    numbers: list[object] = [*range(MODEST), "late"]

    assert holds(from_object(list[int]), numbers) is True


def test_what_cannot_be_seen_is_unknown() -> None:
    assert holds(UNKNOWN, 1) is None
    assert holds(Type("pandas.DataFrame"), 1) is None
    assert holds(Type("elsewhere.Page"), Page()) is None
