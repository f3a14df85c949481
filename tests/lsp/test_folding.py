"""What folds away of a file that fans out."""

from __future__ import annotations

import pytest

from stepwell_lsp.features.folding import folding_ranges
from stepwell_lsp.testing import Client

FAN_OUT = """\
from stepwell import Collect, Parallelizable

def folder() -> str:
    return "."

def page(folder: str) -> Parallelizable[str]:
    for name in folder:
        yield name

def length(page: str) -> int:
    return len(page)

def total(length: Collect[int]) -> int:
    return sum(length)


def title(folder: str) -> str:
    return folder
"""


def folds(look, text: str) -> list[tuple[int, int, str | None]]:
    """Lines from 1, and the words that stand for what is folded."""
    seen = look({"work.py": text + "‸"})
    found = folding_ranges(seen.snapshot, seen.file)
    return [(fold.start_line + 1, fold.end_line + 1, fold.collapsed_text) for fold in found]


def test_a_fan_out_folds_with_what_collects_it(look):
    """As one; the rest of the file as its indentation is, which no editor looks at then."""
    assert folds(look, FAN_OUT) == [
        (3, 4, None),
        (6, 14, "for each of `page`: page, length, total"),
        (7, 8, None),
        (10, 11, None),
        (13, 14, None),
        (17, 18, None),
    ]


def test_a_fan_out_within_another(look):
    """Folds within it."""
    inner = FAN_OUT.replace(
        "def length(page: str)",
        "def word(page: str) -> Parallelizable[str]:\n    yield page\n\n"
        "def size(word: str) -> int:\n    return 1\n\n"
        "def length(size: Collect[int], page: str)",
    )
    words = [(start, end, told) for start, end, told in folds(look, inner) if told]
    assert words == [
        (6, 20, "for each of `page`: page, word, size, length, total"),
        (10, 17, "for each of `word`: word, size, length"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        FAN_OUT.replace("Parallelizable[str]", "list[str]").replace("Collect[int]", "int"),
        FAN_OUT.replace("folder: str) -> Par", "total: int) -> Par"),  # a cycle
        "x = 1\n",
    ],
)
def test_a_file_without_a_fan_out_is_left_to_the_editor(look, text):
    """It folds by indentation as long as nobody says otherwise."""
    assert folds(look, text) == []


def test_steps_that_stand_apart_fold_apart(look):
    """Another step between them would be folded along."""
    between = FAN_OUT.replace(
        "def total", "def other(folder: str) -> str:\n    return folder\n\ndef total"
    )
    words = [told for _, _, told in folds(look, between) if told]
    assert words == ["for each of `page`: page, length"]


def test_an_editor_is_told(tmp_path):
    """Over the pipes."""
    (tmp_path / "work.py").write_text(FAN_OUT, "utf-8")
    with Client(tmp_path) as client:
        uri = client.open("work.py")
        found = client.request("textDocument/foldingRange", {"textDocument": {"uri": uri}})
    (region,) = [fold for fold in found if fold.get("kind") == "region"]
    assert (region["startLine"], region["endLine"]) == (5, 13)
