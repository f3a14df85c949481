"""Code points and the client's units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from stepwell.spec import Span
from stepwell_lsp.positions import UTF8, UTF16, UTF32, Text, points, units

ENCODINGS = (UTF8, UTF16, UTF32)
LINES = st.text(st.sampled_from("ab\t é€😀👩\u0301\x0c\u2028\x1c"))


@pytest.mark.parametrize(
    ("encoding", "character"), [(UTF8, 10), (UTF16, 8), (UTF32, 7)], ids=ENCODINGS
)
def test_an_emoji_before_a_parameter_counts_as_the_client_counts(encoding, character):
    """`def 😀(` is no Python, but the comment before a parameter may be anything."""
    text = Text("  # 😀 (\n  # 😀 x")
    span = Span("f.py", 2, 7, 2, 8)
    found = text.range(span, encoding)
    assert found.start == types.Position(1, character - 1)
    assert found.end == types.Position(1, character)
    assert text.place(found.start, encoding) == (2, 7)


@given(LINES, st.sampled_from(ENCODINGS))
def test_every_column_survives_the_way_there_and_back(line, encoding):
    """offset -> position -> offset is the identity in each encoding."""
    text = Text(f"first\n{line}\nlast")
    for column in range(1, len(line) + 2):
        assert text.place(text.position(2, column, encoding), encoding) == (2, column)


@given(LINES, st.integers(0, 40), st.sampled_from(ENCODINGS))
def test_any_count_of_units_gives_a_place_in_the_line(line, count, encoding):
    """A count inside a character or past the end is moved to where a character starts."""
    found = points(line, count, encoding)
    assert 0 <= found <= len(line)
    assert units(line[:found], encoding) <= max(count, 0)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_where_python_and_the_protocol_end_them(end):
    """Form feeds and Unicode's separators are inside a line."""
    text = Text(f"a\x0cb{end}c\u2028d{end}{end}e")
    assert text.lines == ["a\x0cb", "c\u2028d", "", "e"]
    assert [text.source[start] for start in text.starts] == ["a", "c", end[0], "e"]


@pytest.mark.parametrize(
    ("line", "character", "place"),
    [(0, 99, (1, 4)), (5, 0, (2, 3)), (99, 99, (2, 3)), (1, 1, (2, 2))],
)
def test_a_position_outside_the_text_is_moved_into_it(line, character, place):
    """As the protocol has it, past the end of a line is its end."""
    assert Text("abc\nde").place(types.Position(line, character), UTF16) == place


def test_a_span_without_an_end_reaches_to_the_end_of_its_line():
    """The runtime reader knows where a step starts, not where it ends."""
    found = Text("abc def\nx").range(Span("f.py", 1, 5), UTF16)
    assert (found.start.character, found.end.character) == (4, 7)
