"""What an unused comment's fix leaves."""

import pytest

from stepwell.cli.fixes import edited
from stepwell.rules import kept


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("x = 1  # stepwell: ignore[SW102]", "x = 1"),
        ("x = 1  # stepwell: ignore", "x = 1"),
        ("x = 1  # stepwell: ignore[SW102] as it was", "x = 1  # as it was"),
        ("x = 1  # type: ignore # stepwell: ignore[SW1]", "x = 1  # type: ignore"),
        ("x = '😀'  # stepwell: ignore[cycle,SW501]", "x = '😀'"),
    ],
)
def test_the_fix_takes_away_what_is_of_no_use(line: str, left: str):
    """And no more; other comments stay."""
    text = f"# first\r\n{line}\r\n"
    (found,) = kept([], {"a.py": text}, unsure=())
    assert found.fix
    assert edited(text, found.fix.edits) == f"# first\r\n{left}\r\n"


def test_a_text_that_is_no_python_is_left_alone():
    """There, nobody knows which words are a comment."""
    assert kept([], {"a.py": "x = (  # stepwell: ignore[SW102]\n"}, unsure=()) == []
    assert kept([], {"a.py": "  # stepwell: ignore[SW102]\n"}, broken=["a.py"], unsure=()) == []
