"""Open buffers, and the names of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from stepwell_lsp.documents import Document, path_of, uri_of
from stepwell_lsp.positions import UTF8, UTF16, UTF32, Text


def opened(text: str) -> Document:
    return Document.opened(types.TextDocumentItem("file:///f.py", "python", 1, text))


def partial(start: tuple[int, int], end: tuple[int, int], text: str):
    place = types.Range(types.Position(*start), types.Position(*end))
    return types.TextDocumentContentChangePartial(place, text)


@pytest.mark.parametrize(
    ("before", "start", "end", "text", "after"),
    [
        ("", (0, 0), (0, 0), "x", "x"),
        ("ab", (0, 1), (0, 1), "-", "a-b"),
        ("ab\ncd", (0, 1), (1, 1), "", "ad"),
        ("ab\ncd", (1, 0), (1, 99), "", "ab\n"),
        ("ab\ncd", (1, 2), (1, 2), "!", "ab\ncd!"),
        ("ab\n", (1, 0), (1, 0), "c", "ab\nc"),
        ("ab\r\ncd", (0, 99), (0, 99), "!", "ab!\r\ncd"),
        ("a😀b", (0, 3), (0, 4), "", "a😀"),
        ("a\u2028b\nc", (1, 0), (1, 1), "d", "a\u2028b\nd"),
    ],
)
def test_an_edit_changes_what_the_client_means(before, start, end, text, after):
    """Past the end of a line is before its line end; columns are UTF-16 units."""
    found = opened(before).changed([partial(start, end, text)], 2, UTF16)
    assert (found.text.source, found.version) == (after, 2)


def test_edits_of_one_change_apply_one_after_the_other():
    """The second edit's place is in the text that the first one left."""
    changes = [partial((0, 0), (0, 0), "ab\n"), partial((1, 0), (1, 1), "X")]
    assert opened("cd").changed(changes, 2, UTF16).text.source == "ab\nXd"


def test_a_change_without_a_range_is_the_whole_text():
    """Clients may send everything."""
    change = types.TextDocumentContentChangeWholeDocument("new")
    assert opened("old").changed([change], 2, UTF16).text.source == "new"


def test_half_a_character_is_replaced():
    """A lone surrogate can't be parsed, hashed or sent back."""
    assert opened("a = '\ud83d'").text.source == "a = '\ufffd'"


PIECES = st.text(st.sampled_from("ab\n\r😀é\u2028"), max_size=6)


@given(PIECES, st.data(), st.sampled_from([UTF8, UTF16, UTF32]))
def test_an_edit_equals_slicing_the_string(before, data, encoding):
    """Whatever the text, encoding and place: what stands around the edit stays."""
    text = Text(before)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(before)), min_size=2, max_size=2)))
    start, end = (_position(text, cut, encoding) for cut in cuts)
    low, high = (text.offset(position, encoding) for position in (start, end))
    insert = data.draw(PIECES)
    change = types.TextDocumentContentChangePartial(types.Range(start, end), insert)
    changed = opened(before).changed([change], 2, encoding)
    assert changed.text.source == before[:low] + insert + before[high:]
    assert changed.text.lines == Text(changed.text.source).lines


def _position(text: Text, offset: int, encoding: str) -> types.Position:
    line = max(n for n, start in enumerate(text.starts, 1) if start <= offset)
    return text.position(line, offset - text.starts[line - 1] + 1, encoding)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b.py", "/a/b.py"),
        ("file:///a/%C3%A9%20x.py", "/a/é x.py"),
        ("file://localhost/a.py", "/a.py"),
        ("file:///a/../b.py", "/b.py"),
        ("untitled:Untitled-1", None),
        ("http://host/a.py", None),
        ("vscode-vfs://github/a.py", None),
        ("file:///a%00b.py", None),
        ("file://[broken/a.py", None),
        ("", None),
    ],
)
def test_only_files_have_a_path(uri, path):
    """Nothing but a `file:` URI is ever looked for on disk."""
    assert path_of(uri) == path


@pytest.mark.parametrize("path", ["/a/b.py", "/a b/é#?.py", "/x/100%.py"])
def test_a_path_survives_the_way_there_and_back(path):
    """What is special in a URI is escaped."""
    assert path_of(uri_of(path)) == path
