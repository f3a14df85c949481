"""Documents to passages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.local import Document, split


def texts(text: str, size: int) -> list[str]:
    """The passages of one text."""
    return [passage.text for passage in split([Document("source", "Title", text)], size=size)]


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [
        ("", 10, []),
        (" \n\n ", 10, []),
        ("one", 10, ["one"]),
        ("one\n\ntwo", 10, ["one\n\ntwo"]),
        ("one\n\ntwo", 7, ["one", "two"]),
        ("one\n\ntwo\n\nthree", 8, ["one\n\ntwo", "three"]),
        ("one two\nthree four", 10, ["one two", "three four"]),
        ("One two. Three four.", 12, ["One two.", "Three four."]),
        ("one two three", 8, ["one two", "three"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("short\n\nabcdefgh ij", 8, ["short", "abcdefgh", "ij"]),
    ],
)
def test_a_text_is_parted_where_it_hurts_least(text: str, size: int, expected: list[str]) -> None:
    assert texts(text, size) == expected


@given(st.text(alphabet="ab .\n#=-é世", max_size=200), st.integers(1, 30))
def test_a_passage_is_the_text_at_its_place_and_never_too_long(text: str, size: int) -> None:
    for passage in split([Document("source", "Title", text)], size=size):
        assert passage.text == text[passage.start : passage.end]
        assert 0 < len(passage.text) <= size
        assert passage.text == passage.text.strip()


@given(st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), unique=True), st.integers(9, 30))
def test_no_word_is_lost(words: list[str], size: int) -> None:
    assert " ".join(texts(" ".join(words), size)).split() == words


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("intro", ["Title"]),
        ("# One\nfirst\n\n## Two ##\nsecond", ["Title › One", "Title › Two"]),
        ("One\n===\n\nfirst\n\nTwo\n---\nsecond", ["Title › One", "Title › Two"]),
        ("Title\n=====\n\nfirst", ["Title"]),
        ("| a | b |\n|---|---|\n| 1 | 2 |", ["Title"]),
        ("a long line of prose that is no heading\n---\nsecond", ["Title"]),
    ],
)
def test_a_passage_stands_under_its_heading(text: str, titles: list[str]) -> None:
    assert [p.title for p in split([Document("source", "Title", text)], size=80)] == titles


def test_what_was_said_before_is_left_out() -> None:
    said = [Document("a", "A", "same"), Document("b", "B", "same"), Document("c", "C", "other")]
    assert [passage.source for passage in split(said)] == ["a", "c"]


def test_a_size_that_no_passage_can_have_is_refused() -> None:
    with pytest.raises(ValueError, match="`size` is 0; a passage needs at least one character"):
        list(split([], size=0))
