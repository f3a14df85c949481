"""Passages, their vectors and their words in one SQLite file, searched by both.

Vectors by sqlite-vec (exact, by cosine), words by FTS5; one transaction covers them.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

from stepwell.errors import StepwellError, require
from stepwell.local.splitting import Passage

LAYOUT = "1"
# Reciprocal rank fusion's usual constant: how little the first places differ from the next.
RANK_OFFSET = 60
# sqlite-vec gives no more neighbours than that.
MOST = 4096

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


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found.

    Args:
        passage: what was found.
        score: by what hits are ordered, the highest first; comparable within one search alone.
        similarity: the cosine between its vector and the one asked for; `None` if it was found by
            its words only.
    """

    passage: Passage
    score: float
    similarity: float | None


class VectorStore:
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

    def __enter__(self) -> VectorStore:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __len__(self) -> int:
        return int(self._one("select count(*) from passage"))

    @property
    def fingerprint(self) -> str:
        """What `replace` was given when the store was last filled; empty before."""
        return str(self._one("select value from fact where name = 'fingerprint'") or "")

    def add(self, passages: Iterable[Passage], vectors: Iterable[Sequence[float]]) -> list[int]:
        """Puts passages in, each with its vector, and gives their ids.

        Raises:
            ValueError: if there are more of the one than of the other, or if a vector has another
                length; nothing is added then.
        """
        with self._lock, self._db:
            return [self._insert(p, v) for p, v in zip(passages, vectors, strict=True)]

    def replace(
        self,
        passages: Iterable[Passage],
        vectors: Iterable[Sequence[float]],
        *,
        fingerprint: str = "",
    ) -> None:
        """Puts these in the place of all that is there, or leaves all as it was.

        Args:
            passages: what to put in.
            vectors: their vectors.
            fingerprint: what these were made of, to know later whether they still are.

        Raises:
            ValueError: as `add` does.
        """
        with self._lock, self._db:
            for table in ("passage", "vectors", "words"):
                self._db.execute(f"delete from {table}")
            self.add(passages, vectors)
            self._set("fingerprint", fingerprint)

    def delete(self, ids: Iterable[int]) -> None:
        """Takes passages out; an id that is not there is no error."""
        rows = [(number,) for number in ids]
        with self._lock, self._db:
            for table, key in (("passage", "id"), ("vectors", "id"), ("words", "rowid")):
                self._db.executemany(f"delete from {table} where {key} = ?", rows)

    def search(
        self,
        vector: Sequence[float],
        *,
        text: str = "",
        k: int = 5,
        words: float = 0.0,
        sources: Collection[str] = (),
    ) -> list[Hit]:
        """The `k` passages nearest to a vector, the best first.

        Args:
            vector: what to be near to.
            text: what was asked, for the search by words.
            k: how many, 1 to 4,096.
            words: how much a place in the search by words counts, beside 1 for one in the search
                by vectors. Measure before you raise it: on a labelled set of questions about Perl
                and Python, 0.1 to 0.3 helped a little, and 1 did harm.
            sources: search among the passages of these sources only.

        Raises:
            ValueError: if the vector has another length than those in the store, or if `k` is out
                of its range.
        """
        if not 0 < k <= MOST:
            raise ValueError(f"`k` is {k}; a search gives 1 to {MOST:,} passages")
        terms = re.findall(r"\w+", text) if words else []
        near_filter = said_filter = ""
        if sources:
            # A filter that stands inside the search cuts before the nearest are counted.
            marks = ", ".join(f":source{i}" for i, _ in enumerate(sources))
            near_filter = f"and source in ({marks})"
            said_filter = f"and rowid in (select id from passage where source in ({marks}))"
        found = {
            "vector": self._packed(vector),
            "words": " OR ".join(f'"{term}"' for term in terms) or '""',
            "weight": float(words) if terms else 0.0,
            "k": k,
            "depth": max(k, 50) if terms else k,
            "offset": RANK_OFFSET,
            **{f"source{i}": source for i, source in enumerate(sources)},
        }
        query = SEARCH.format(near_filter=near_filter, said_filter=said_filter)
        with self._lock:
            return [
                Hit(Passage(*row[:5]), row[6], row[5]) for row in self._db.execute(query, found)
            ]

    def close(self) -> None:
        """Closes the file; the store is of no use afterwards."""
        self._db.close()

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
            facts = {"layout": LAYOUT, "dimensions": str(self.dimensions)}
            for name, value in facts.items():
                there = self._one("select value from fact where name = ?", name)
                if there not in (None, value):
                    raise StepwellError(
                        f"`{self.path}` has {name} {there}, not {value}; remove it, or give another"
                        " path"
                    )
                self._set(name, value)

    def _insert(self, passage: Passage, vector: Sequence[float]) -> int:
        self._db.execute(
            "insert into passage(source, title, body, first, last) values(?, ?, ?, ?, ?)",
            (passage.source, passage.title, passage.text, passage.start, passage.end),
        )
        number = int(self._db.last_insert_rowid())
        self._db.execute(
            "insert into vectors(id, embedding, source) values(?, ?, ?)",
            (number, self._packed(vector), passage.source),
        )
        self._db.execute(
            "insert into words(rowid, title, body) values(?, ?, ?)",
            (number, passage.title, passage.text),
        )
        return number

    def _packed(self, vector: Sequence[float]) -> bytes:
        if len(vector) != self.dimensions:
            raise ValueError(
                f"a vector has {len(vector)} numbers; those of this store have {self.dimensions}"
            )
        return array("f", vector).tobytes()

    def _one(self, query: str, *values: object) -> Any:
        with self._lock:
            return self._db.execute(query, values).get

    def _set(self, name: str, value: str) -> None:
        self._db.execute("insert or replace into fact(name, value) values(?, ?)", (name, value))
