"""Passages found again by vectors and by words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stepwell import StepwellError
from stepwell.local import Passage, VectorStore

pytestmark = pytest.mark.local

FRUIT = {
    "apple": [1.0, 0.0, 0.0],
    "pear": [0.8, 0.6, 0.0],
    "plum": [0.0, 1.0, 0.0],
    "stone": [-1.0, 0.0, 0.0],
}


def passage(text: str, source: str = "") -> Passage:
    """A passage that says that word, from a source of its own."""
    return Passage(source or f"{text}.md", text.title(), f"All about the {text}.", 3, 9)


@pytest.fixture
def store() -> VectorStore:
    """A store of four passages in memory."""
    made = VectorStore(dimensions=3)
    made.add(map(passage, FRUIT), FRUIT.values())
    return made


def names(store: VectorStore, **options: object) -> list[str]:
    """The titles of what is found near the apple."""
    options = {"vector": FRUIT["apple"], "k": 3, **options}
    return [hit.passage.title for hit in store.search(**options)]  # type: ignore[arg-type]


def test_the_nearest_come_first_with_their_cosine(store: VectorStore) -> None:
    hits = store.search(FRUIT["apple"], k=2)
    assert [hit.passage for hit in hits] == [passage("apple"), passage("pear")]
    assert [hit.similarity for hit in hits] == pytest.approx([1.0, 0.8], abs=1e-6)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["Apple", "Pear", "Plum"]),
        ({"k": 1}, ["Apple"]),
        ({"k": 4096}, ["Apple", "Pear", "Plum", "Stone"]),
        ({"text": "stone"}, ["Apple", "Pear", "Plum"]),
        ({"text": "stone", "words": 1.0}, ["Stone", "Apple", "Pear"]),
        ({"text": "pear plum", "words": 0.001}, ["Apple", "Pear", "Plum"]),
        ({"text": "?!", "words": 1.0}, ["Apple", "Pear", "Plum"]),
        ({"text": 'stone" OR NEAR(', "words": 1.0}, ["Stone", "Apple", "Pear"]),
        ({"sources": ["plum.md", "stone.md"]}, ["Plum", "Stone"]),
        ({"sources": ["plum.md"], "text": "stone", "words": 1.0}, ["Plum"]),
        ({"sources": ["absent.md"]}, []),
    ],
)
def test_a_search(store: VectorStore, options: dict[str, object], expected: list[str]) -> None:
    assert names(store, **options) == expected


def test_what_is_found_by_its_words_alone_has_no_cosine() -> None:
    """Among a hundred nearer ones the vector's depth does not reach the last."""
    store = VectorStore(dimensions=2)
    many = [passage(f"thing {i}") for i in range(100)]
    store.add([*many, passage("needle")], [*[[1.0, i / 1000] for i in range(100)], [-1.0, 0.0]])
    best = store.search([1.0, 0.0], text="needle", words=2.0, k=1)[0]
    assert (best.passage.title, best.similarity) == ("Needle", None)


def test_what_is_deleted_is_found_by_neither_way(store: VectorStore) -> None:
    store.delete([1, 999])
    assert len(store) == 3
    assert names(store, text="apple", words=1.0) == ["Pear", "Plum", "Stone"]


def test_a_file_holds_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "index.db"
    with VectorStore(path, dimensions=3) as store:
        store.replace(map(passage, FRUIT), FRUIT.values(), fingerprint="first")
    with VectorStore(path, dimensions=3) as again:
        assert (len(again), again.fingerprint) == (4, "first")
        again.replace([passage("plum")], [FRUIT["plum"]], fingerprint="second")
        assert (names(again), again.fingerprint) == (["Plum"], "second")


def test_a_replacement_that_fails_leaves_all_as_it_was(store: VectorStore) -> None:
    with pytest.raises(ValueError, match="shorter"):
        store.replace([passage("a"), passage("b")], [FRUIT["plum"]], fingerprint="new")
    with pytest.raises(ValueError, match="a vector has 2 numbers; those of this store have 3"):
        store.replace([passage("a")], [[1.0, 2.0]], fingerprint="new")
    assert (names(store), store.fingerprint) == (["Apple", "Pear", "Plum"], "")


def test_a_vector_of_another_length_is_refused(store: VectorStore) -> None:
    with pytest.raises(ValueError, match="a vector has 2 numbers; those of this store have 3"):
        store.search([1.0, 0.0])


@pytest.mark.parametrize("k", [0, -1, 4097])
def test_so_many_can_not_be_asked_for(store: VectorStore, k: int) -> None:
    with pytest.raises(ValueError, match=rf"`k` is {k}; a search gives 1 to 4,096 passages"):
        store.search(FRUIT["apple"], k=k)


def test_a_store_of_other_vectors_is_told(tmp_path: Path) -> None:
    VectorStore(tmp_path / "index.db", dimensions=3).close()
    with pytest.raises(StepwellError, match="has dimensions 3, not 4; remove it"):
        VectorStore(tmp_path / "index.db", dimensions=4)


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("this is no database at all, but prose " * 99)
    with pytest.raises(StepwellError, match="is no vector store; remove it or give another path"):
        VectorStore(tmp_path / "notes.txt", dimensions=3)


def test_an_empty_store_finds_nothing() -> None:
    assert names(VectorStore(dimensions=3), text="apple", words=1.0) == []


def test_threads_share_a_store(store: VectorStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: names(store, text="pear", words=0.1), range(64)))
    assert found == [found[0]] * 64
