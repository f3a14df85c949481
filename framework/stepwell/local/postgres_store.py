"""Passages, their vectors and their words in PostgreSQL, searched by both.

Vectors by pgvector (exact, by cosine), words by PostgreSQL's own text search; one transaction
covers them. For what outgrows one file: several processes write, and the database lies on another
machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any

from stepwell.errors import StepwellError, require
from stepwell.local.passage_store import RANK_OFFSET, Hit, PassageStore, Search
from stepwell.local.splitting import Passage

TABLES = """
create extension if not exists vector;
create table if not exists {fact}(name text primary key, value text not null);
create table if not exists {passage}(
    id bigint generated always as identity primary key,
    source text not null, title text not null, body text not null,
    first integer not null, last integer not null,
    embedding vector({dimensions}) not null,
    words tsvector generated always as (
        setweight(to_tsvector('english', title), 'A') || to_tsvector('english', body)
    ) stored
);
create index if not exists {by_source} on {passage}(source);
create index if not exists {by_words} on {passage} using gin(words);
"""
SEARCH = """
with
near as (
    select id, embedding <=> %(vector)s::vector as distance,
        row_number() over (order by embedding <=> %(vector)s::vector, id) as place
    from {passage} where %(all)s or source = any(%(sources)s)
    order by distance, id limit %(depth)s
),
said as (
    select id, row_number() over (order by ts_rank(words, query) desc, id) as place
    from {passage}, to_tsquery('english', %(words)s) as query
    where %(weight)s > 0 and words @@ query and (%(all)s or source = any(%(sources)s))
    order by place limit %(depth)s
)
select p.source, p.title, p.body, p.first, p.last, 1 - near.distance as similarity,
    (coalesce(1.0 / (%(offset)s + near.place), 0)
        + coalesce(%(weight)s / (%(offset)s + said.place), 0))::float8 as score
from near full outer join said using (id)
join {passage} p using (id)
order by score desc, id limit %(k)s
"""
INSERT = """
insert into {passage}(source, title, body, first, last, embedding)
values (%s, %s, %s, %s, %s, %s::vector) returning id
"""


class PostgresStore(PassageStore):
    """Passages in a PostgreSQL database with pgvector, found again as in a `VectorStore`.

    Safe to share between threads.

    Args:
        url: where the database is, as `postgresql://user:password@host/name`.
        dimensions: how long the vectors are.
        table: what its tables are called; they are made where they do not exist.

    Raises:
        MissingExtra: if `psycopg` is missing; it tells the command that installs it.
        StepwellError: if the database can't be reached, has no pgvector, or has such a table of
            vectors of another length.
    """

    def __init__(self, url: str, *, dimensions: int, table: str = "passages") -> None:
        self._psycopg = require("psycopg", extra="postgres", what="`PostgresStore`")
        self.dimensions, self.table = dimensions, table
        self._lock = RLock()
        sql = self._psycopg.sql
        self._names = {
            "passage": sql.Identifier(table),
            "fact": sql.Identifier(f"{table}_fact"),
            "by_source": sql.Identifier(f"{table}_by_source"),
            "by_words": sql.Identifier(f"{table}_by_words"),
            "dimensions": sql.Literal(dimensions),
        }
        try:
            self._db = self._psycopg.connect(url, autocommit=True)
        except self._psycopg.OperationalError as error:
            place = self._psycopg.conninfo.conninfo_to_dict(url)
            where = f"`{place.get('dbname', '')}` at `{place.get('host', '')}`"
            reason = str(error).strip().splitlines()[-1]
            raise StepwellError(f"the database {where} can't be reached: {reason}") from None
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return int(self._all("select count(*) from {passage}")[0][0])

    def delete(self, ids: Iterable[int]) -> None:
        self._run("delete from {passage} where id = any(%s)", ([*ids],))

    def close(self) -> None:
        self._db.close()

    def _found(self, search: Search) -> list[Hit]:
        found = {
            "vector": _written(search.vector),
            "words": " | ".join(search.terms),
            "weight": search.weight,
            "k": search.k,
            "depth": search.depth,
            "offset": RANK_OFFSET,
            "all": not search.sources,
            "sources": [*search.sources],
        }
        return [Hit(Passage(*row[:5]), row[6], row[5]) for row in self._all(SEARCH, found)]

    def _prepare(self) -> None:
        try:
            for statement in TABLES.strip().split(";\n"):
                self._run(statement.removesuffix(";"))
        except self._psycopg.errors.FeatureNotSupported:
            raise StepwellError(
                "this PostgreSQL has no pgvector; install the extension `vector` on its server"
            ) from None
        self._agree(f"table `{self.table}`", "drop it, or give another table")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._db.transaction():
            yield

    def _clear(self) -> None:
        self._run("delete from {passage}")

    def _insert(self, passages: Iterable[tuple[Passage, Sequence[float]]]) -> list[int]:
        rows = [
            (p.source, p.title, p.text, p.start, p.end, _written(self._measured(vector)))
            for p, vector in passages
        ]
        with self._db.cursor() as cursor:
            cursor.executemany(self._statement(INSERT), rows, returning=True)
            return [found[0] for each in cursor.results() for found in each]

    def _fact(self, name: str) -> str | None:
        found = self._all("select value from {fact} where name = %s", (name,))
        return found[0][0] if found else None

    def _set(self, name: str, value: str) -> None:
        insert = "insert into {fact}(name, value) values(%s, %s)"
        self._run(
            f"{insert} on conflict (name) do update set value = excluded.value", (name, value)
        )

    def _all(self, query: str, given: Any = None) -> list[Any]:
        return list(self._run(query, given))

    def _run(self, query: str, given: Any = None) -> Any:
        with self._lock:
            return self._db.execute(self._statement(query), given)

    def _statement(self, query: str) -> Any:
        return self._psycopg.sql.SQL(query).format(**self._names)


def _written(vector: Sequence[float]) -> str:
    """A vector as pgvector reads it."""
    return f"[{','.join(map(repr, map(float, vector)))}]"
