"""Fixes put into files."""

from pathlib import Path

import pytest

from stepwell.cli.fixes import edited, fixed
from stepwell.diagnostic import Diagnostic, Edit, Fix
from stepwell.spec import Span


def finding(file: Path | str, *edits: tuple[int, int, int, str], safe: bool = True) -> Diagnostic:
    """A finding with a fix: line, column, end column, text of each edit."""
    made = tuple(Edit(Span(str(file), row, a, row, b), text) for row, a, b, text in edits)
    return Diagnostic("SW102", "misspelled-input", "x", fix=Fix("fix", made, safe=safe))


@pytest.mark.parametrize(
    ("text", "edits", "becomes"),
    [
        ("abc", [(1, 2, 3, "X")], "aXc"),
        ("abc", [(1, 1, 1, "<"), (1, 4, 4, ">")], "<abc>"),
        ("a\r\nbc\r\n", [(2, 2, 3, "")], "a\r\nb\r\n"),
        ("a\x0cb\nc", [(2, 1, 2, "d")], "a\x0cb\nd"),
        ("😀=é\n", [(1, 3, 4, "ü")], "😀=ü\n"),
        ("a\n", [(2, 1, 1, "end")], "a\nend"),
    ],
)
def test_edits_are_made_where_they_are_meant(text: str, edits: list, becomes: str):
    """Several at once, whatever the line ends and letters."""
    (made,) = [finding("f", *edits).fix]
    assert made is not None
    assert edited(text, made.edits) == becomes


def test_files_keep_their_encoding_and_line_ends(tmp_path: Path):
    """Only what is edited changes."""
    file = tmp_path / "f.py"
    file.write_bytes(b"# coding: latin-1\r\nx = '\xfc'\r\n")
    assert len(fixed([finding(file, (2, 1, 2, "yy"))])) == 1
    assert file.read_bytes() == b"# coding: latin-1\r\nyy = '\xfc'\r\n"


def test_what_is_not_safe_or_not_there_is_left(tmp_path: Path):
    """Only safe fixes are made unasked."""
    file = tmp_path / "f.py"
    file.write_text("x = 1\n", encoding="utf-8")
    unsafe = finding(file, (1, 1, 2, "y"), safe=False)
    assert fixed([unsafe, Diagnostic("SW104", "cycle", "x")]) == []
    assert file.read_text(encoding="utf-8") == "x = 1\n"


def test_of_two_fixes_of_one_place_the_first_is_made(tmp_path: Path):
    """Unless both are the same; the other one waits for the next time."""
    file = tmp_path / "f.py"
    file.write_text("titel\n", encoding="utf-8")
    first, same, other = (
        finding(file, (1, 1, 6, "heading")),
        finding(file, (1, 1, 6, "heading")),
        finding(file, (1, 4, 6, "xx")),
    )
    assert fixed([first, same, other]) == [first, same]
    assert file.read_text(encoding="utf-8") == "heading\n"
