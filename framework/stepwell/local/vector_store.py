"""Passages, their vectors and their words in one SQLite file, searched by both.

Vectors by sqlite-vec (exact, by cosine), words by FTS5; one transaction covers them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from stepwell.errors import StepwellError, require
from stepwell.local.passage_store import RANK_OFFSET, Hit, PassageStore, Search
from stepwell.local.splitting import Passage

TABLES = """
create table if not exists fact(name text primary key, value text not null);
create table if not exists passage(
    id integer primary key, source text not null, title text not null, body text not null,
    first integer not null, last integer not null
);
create index if not exists passage_source on passage(source);
create virtual table if not exists words using fts5(
    title, body, content='', contentless_delete=1, tokenize='porter unicode61'
);
insert into words(words, rank) values('rank', 'bm25(4.0, 1.0)');
create virtual table if not exists vectors using vec0(
    id integer primary key, embedding float[{dimensions}] distance_metric=cosine, source text
);
"""
SEARCH = """
with
near as (
    select id, distance, row_number() over (order by distance) as place
    from vectors where embedding match :vector and k = :depth {near_filter}
),
said as (
    select rowid as id, row_number() over (order by rank) as place
    from words where words match :words and :weight > 0 {said_filter} order by rank limit :depth
)
select p.source, p.title, p.body, p.first, p.last, 1 - near.distance as similarity,
    coalesce(1.0 / (:offset + near.place), 0) + coalesce(:weight / (:offset + said.place), 0)
        as score
from near full outer join said on near.id = said.id
join passage p on p.id = coalesce(near.id, said.id)
order by score desc, p.id limit :k
"""


class VectorStore(PassageStore):
    """Passages in one file, found again by a vector, by words, or by both.

    Safe to share between threads; a process that reads and one that writes don't disturb each
    other.

    Args:
        path: the file, made with its folder where it does not exist; without one, memory.
        dimensions: how long the vectors are.

    Raises:
        MissingExtra: if a package is missing; it tells the command that installs it.
        StepwellError: if the file is no store, or one of vectors of another length.
    """

    def __init__(self, path: str | Path = "", *, dimensions: int) -> None:
        self.path, self.dimensions = str(path), dimensions
        self._lock = RLock()
        self._apsw = require("apsw", extra="local", what="`VectorStore`")
        self._db = self._open()
        try:
            self._prepare()
        except self._apsw.NotADBError:
            self.close()
            raise StepwellError(
                f"`{path}` is no vector store; remove it or give another path"
            ) from None
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return int(self._one("select count(*) from passage"))

    def delete(self, ids: Iterable[int]) -> None:
        rows = [(number,) for number in ids]
        with self._lock, self._db:
            for table, key in (("passage", "id"), ("vectors", "id"), ("words", "rowid")):
                self._db.executemany(f"delete from {table} where {key} = ?", rows)

    def close(self) -> None:
        self._db.close()

    def _found(self, search: Search) -> list[Hit]:
        sources, near_filter, said_filter = [*search.sources], "", ""
        if sources:
            # A filter that stands inside the search cuts before the nearest are counted.
            marks = ", ".join(f":source{i}" for i, _ in enumerate(sources))
            near_filter = f"and source in ({marks})"
            said_filter = f"and rowid in (select id from passage where source in ({marks}))"
        found = {
            "vector": _packed(search.vector),
            "words": " OR ".join(f'"{term}"' for term in search.terms) or '""',
            "weight": search.weight,
            "k": search.k,
            "depth": search.depth,
            "offset": RANK_OFFSET,
            **{f"source{i}": source for i, source in enumerate(sources)},
        }
        query = SEARCH.format(near_filter=near_filter, said_filter=said_filter)
        with self._lock:
            return [
                Hit(Passage(*row[:5]), row[6], row[5]) for row in self._db.execute(query, found)
            ]

    def _open(self) -> Any:
        vec = require("sqlite_vec", extra="local", what="`VectorStore`")
        if self.path:
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        db = self._apsw.Connection(self.path or ":memory:")
        db.enable_load_extension(True)
        db.load_extension(vec.loadable_path())
        db.enable_load_extension(False)
        db.set_busy_timeout(10_000)
        return db

    def _prepare(self) -> None:
        self._db.execute("pragma journal_mode = wal")
        with self._db:
            for _ in self._db.execute(TABLES.format(dimensions=self.dimensions)):
                pass
            self._agree(f"`{self.path}`", "remove it, or give another path")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._db:
            yield

    def _clear(self) -> None:
        for table in ("passage", "vectors", "words"):
            self._db.execute(f"delete from {table}")

    def _insert(self, passages: Iterable[tuple[Passage, Sequence[float]]]) -> list[int]:
        return [self._insert_one(passage, vector) for passage, vector in passages]

    def _insert_one(self, passage: Passage, vector: Sequence[float]) -> int:
        self._db.execute(
            "insert into passage(source, title, body, first, last) values(?, ?, ?, ?, ?)",
            (passage.source, passage.title, passage.text, passage.start, passage.end),
        )
        number = int(self._db.last_insert_rowid())
        self._db.execute(
            "insert into vectors(id, embedding, source) values(?, ?, ?)",
            (number, _packed(self._measured(vector)), passage.source),
        )
        self._db.execute(
            "insert into words(rowid, title, body) values(?, ?, ?)",
            (number, passage.title, passage.text),
        )
        return number

    def _fact(self, name: str) -> str | None:
        found: str | None = self._one("select value from fact where name = ?", name)
        return found

    def _one(self, query: str, *values: object) -> Any:
        with self._lock:
            return self._db.execute(query, values).get

    def _set(self, name: str, value: str) -> None:
        self._db.execute("insert or replace into fact(name, value) values(?, ?)", (name, value))


def _packed(vector: Sequence[float]) -> bytes:
    return array("f", vector).tobytes()
