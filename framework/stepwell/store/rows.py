"""What is written to a store, statement by statement; each runs within a transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from decimal import Decimal
from typing import Any, NamedTuple

from stepwell.store.writing import alive
from stepwell.usage import COUNTS, Call, Cost, Usage

LOST = 10_000
"""So many calls are kept that belong to no run."""

TOLD = [
    name for name in Call.__slots__ if name not in ("run_id", "node", "usage", "key", "reported")
]
"""What of a call is kept as it is. What a provider reported is in its usage; a key opens nothing,
but is nobody's business."""


class Begun(NamedTuple):
    """A run that begins."""

    run_id: str
    process: str
    pid: int
    began: float
    digest: str
    modules: tuple[tuple[str, str], ...]
    targets: tuple[str, ...]
    inputs: tuple[str, ...]


class Known(NamedTuple):
    """What is known of a node before it runs."""

    node: str
    step: str
    module: str
    file: str
    line: int
    digest: str


def begin(
    base: sqlite3.Connection,
    begun: Begun,
    steps: Iterable[Known],
    keep: int,
) -> None:
    """A run begins, with the steps that it is going to do; what is older than `keep` runs goes."""
    *plain, modules, targets, inputs = begun
    number = base.execute(
        "insert into run (id, process, pid, began, digest, modules, targets, inputs)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        (*plain, *map(json.dumps, (modules, targets, inputs))),
    ).lastrowid
    base.executemany(
        "insert or ignore into step values (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, null, null)",
        ((number, *step) for step in steps),
    )
    _shrink(base, keep)


def step(
    base: sqlite3.Connection,
    run_id: str,
    node: str,
    started: float,
    attempts: int,
    seconds: float,
    error: str | None,
    place: str | None,
) -> None:
    """A node has run once."""
    failures = int(error is not None)
    base.execute(
        "insert into step select number, ?, '', '', '', 0, '', ?, 1, ?, ?, ?, ?, ?, ?"
        " from run where id = ?"
        " on conflict do update set"
        " started = case times when 0 then excluded.started"
        "  else min(started, excluded.started) end,"
        " times = times + 1, attempts = attempts + excluded.attempts,"
        " failures = failures + excluded.failures, seconds = seconds + excluded.seconds,"
        " longest = max(longest, excluded.longest),"
        " error = coalesce(excluded.error, error), place = coalesce(excluded.place, place)",
        (node, started, attempts, failures, seconds, seconds, error, place, run_id),
    )


def call(base: sqlite3.Connection, row: Call) -> None:
    """A request to a provider is over."""
    number = None
    if row.run_id is not None:
        found = base.execute("select number from run where id = ?", (row.run_id,)).fetchone()
        if found is None:
            return
        (number,) = found
        _add(base, number, row.node or "", row.usage)
    told = {name: getattr(row, name) for name in TOLD}
    base.execute(
        "insert into call values (?, ?, ?, ?)",
        (number, row.node, usage_text(row.usage), json.dumps(told)),
    )


def _add(base: sqlite3.Connection, run: int, node: str, usage: Usage) -> None:
    """Adds to what the calls of a node used together: who looks need not add up thousands."""
    found = base.execute(
        "select usage from used where run = ? and node = ?", (run, node)
    ).fetchone()
    total = usage if found is None else usage_of(found[0]) + usage
    base.execute(
        "insert into used values (?, ?, ?)"
        " on conflict (run, node) do update set usage = excluded.usage",
        (run, node, usage_text(total)),
    )


def end(
    base: sqlite3.Connection,
    run_id: str,
    seconds: float,
    ended: str,
    error: str | None,
    place: str | None,
) -> None:
    """A run is over."""
    base.execute(
        "update run set seconds = ?, ended = ?, error = ?, place = ? where id = ?",
        (seconds, ended, error, place, run_id),
    )


def usage_text(usage: Usage) -> str:
    """A usage as it is kept: what is 0 is left out, and amounts of money are exact.

    >>> usage_text(Usage(requests=1, costs=(Cost(Decimal("0.10")),)))
    '{"requests": 1, "costs": [["0.10", "USD", []]]}'
    """
    told: dict[str, Any] = {name: n for name, n in asdict(usage).items() if n and name in COUNTS}
    if usage.costs:
        told["costs"] = [[str(c.amount), c.currency, c.sources] for c in usage.costs]
    return json.dumps(told)


def usage_of(text: str) -> Usage:
    """The usage that was kept so.

    >>> usage_of(usage_text(Usage(output_tokens=3, costs=(Cost(Decimal("0.10")),)))).cost
    Cost(amount=Decimal('0.10'), currency='USD', sources=())
    """
    told = json.loads(text)
    costs = tuple(
        Cost(Decimal(amount), currency, tuple(sources))
        for amount, currency, sources in told.pop("costs", ())
    )
    return Usage(**told, costs=costs)


def call_of(run_id: str | None, node: str | None, usage: str, told: str) -> Call:
    """The call that was kept so; what a later stepwell has told of it besides is left out."""
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(told).items()
        if name in TOLD
    }
    return Call(usage=usage_of(usage), run_id=run_id, node=node, **known)


def _shrink(base: sqlite3.Connection, keep: int) -> None:
    """Forgets the oldest runs that are over, and calls of no run that are older than all."""
    old = base.execute(
        "select number, process, ended from run order by number desc limit -1 offset ?", (keep,)
    ).fetchall()
    if old:
        there = alive(base)
        gone = [(number,) for number, process, ended in old if ended or process not in there]
        base.executemany("delete from run where number = ?", gone)
        base.execute("pragma incremental_vacuum(1000)")
    base.execute(
        "delete from call where rowid in"
        " (select rowid from call where run is null order by rowid desc limit -1 offset ?)",
        (LOST,),
    )
