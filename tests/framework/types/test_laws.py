"""What holds of all types: generated annotations, live and as text."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from stepwell.read.source import Names
from stepwell.types import ANY, NONE, UNKNOWN, fits, from_object, holds
from stepwell.types.type import union

PRELUDE = """
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, Optional, Union

class Page: ...
"""

SPACE: dict[str, object] = {"__name__": "prelude"}
exec(PRELUDE, SPACE)
NAMES = Names("prelude", "")
NAMES.add(ast.parse(PRELUDE).body)

LEAVES = [
    "int",
    "str",
    "bool",
    "float",
    "bytes",
    "None",
    "Any",
    "object",
    "Page",
    "Literal['a', 1]",
]

ONE = """
    list[{}] set[{}] frozenset[{}] Sequence[{}] Iterable[{}] Optional[{}] tuple[{},...]
    Annotated[{},0] type[{}] Callable[...,{}]
"""
TWO = "dict[{},{}] Mapping[{},{}] tuple[{},{}] Union[{},{}] Callable[[{}],{}]"


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    one, two = st.sampled_from(ONE.split()), st.sampled_from(TWO.split())
    return st.builds(str.format, one, inner) | st.builds(str.format, two, inner, inner)


ANNOTATIONS = st.recursive(st.sampled_from(LEAVES), _larger, max_leaves=6)
TYPES = ANNOTATIONS.map(lambda text: from_object(text, SPACE))


@given(ANNOTATIONS)
def test_text_and_life_agree(text: str) -> None:
    live, read = from_object(text, SPACE), NAMES.type(ast.parse(text, mode="eval").body)

    assert (live, live.short) == (read, read.short)


@given(ANNOTATIONS)
def test_what_is_shown_reads_back_as_itself(text: str) -> None:
    shown = from_object(text, SPACE)

    assert from_object(shown.short, SPACE) == shown


@given(TYPES)
def test_a_type_fits_itself(one: object) -> None:
    assert fits(one, one) is True  # type: ignore[arg-type]


@given(ANNOTATIONS, ANNOTATIONS)
def test_a_member_fits_its_union(one: str, other: str) -> None:
    source, more = from_object(one, SPACE), from_object(other, SPACE)

    assert fits(source, union([source, more])) is True
    assert union([source, more]) == union([more, source, more])


@given(ANNOTATIONS, ANNOTATIONS, ANNOTATIONS)
def test_a_union_fits_where_each_member_does(one: str, other: str, target: str) -> None:
    source, more, asked = (from_object(text, SPACE) for text in (one, other, target))
    answers = {fits(source, asked), fits(more, asked)}

    expected = False if False in answers else None if None in answers else True
    assert fits(union([source, more]), asked) is expected


@given(TYPES)
def test_any_object_and_the_unknown(one: object) -> None:
    assert fits(one, ANY) is True  # type: ignore[arg-type]
    assert fits(ANY, one) is True  # type: ignore[arg-type]
    assert fits(one, from_object(object)) is True  # type: ignore[arg-type]
    assert fits(one, UNKNOWN) is None  # type: ignore[arg-type]


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=5,
)


@given(ANNOTATIONS, ANNOTATIONS, VALUES)
def test_what_holds_here_is_not_refused_where_it_fits(one: str, other: str, value: object) -> None:
    """`fits` is about every value of a type, `holds` about one; they never contradict."""
    source, target = from_object(one, SPACE), from_object(other, SPACE)
    if source.name != "typing.Any" and "Any" not in one and holds(source, value):
        assert not (fits(source, target) is True and holds(target, value) is False)


@given(VALUES)
def test_none_is_taken_only_where_it_is_allowed(value: object) -> None:
    assert holds(NONE, value) is (value is None)
