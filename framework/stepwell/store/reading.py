"""Reads what a store remembers of runs. Cheap to import, and writes nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from stepwell.errors import StoreError
from stepwell.store.file import nothing, reading, telling
from stepwell.store.past import PastRun, PastStep
from stepwell.store.place import store_path
from stepwell.store.rows import call_of, usage_of
from stepwell.store.writing import alive
from stepwell.usage import Usage

_RUN = "number, id, began, seconds, ended, error, place, digest, modules, targets, inputs, process"
_STEP = (
    "run.id, node, step, module, file, line, step.digest, started, times, attempts, failures,"
    " step.seconds, longest, step.error, step.place"
)


class Runs:
    """The runs that a store remembers. Where there is no file, there are none.

    Each question opens the file, and closes it when it is answered.

    Args:
        path: the file; by default that of the current folder, as `store_path` finds it.

    Raises:
        StoreError: from every method, if the file is damaged, something else or of a newer
            stepwell.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = store_path() if path is None else Path(path)

    def latest(
        self, limit: int | None = None, *, files: Collection[str] | None = None
    ) -> list[PastRun]:
        """The runs, the latest first, without their steps.

        Args:
            limit: so many at most.
            files: those alone whose modules are in exactly these files, as the store names them.
        """
        with self._base() as base:
            found = _runs(base, "order by number desc", ())
            wanted = None if files is None else frozenset(files)
            chosen = [run for run in found if wanted is None or run.files == wanted][:limit]
            used = _used(base, [run.number for run in chosen])
            return [replace(run, usage=_sum(used.get(run.number, {}))) for run in chosen]

    def run(self, run_id: str | None = None) -> PastRun | None:
        """One run with its steps and calls: by its id, or how that begins, or the latest.

        `None` where there is no such run.
        """
        with self._base() as base:
            if run_id is None:
                found = _runs(base, "order by number desc limit 1", ())
            else:
                found = _runs(
                    base,
                    "where id = ?1 or substr(id, 1, length(?1)) = ?1"
                    " order by id = ?1 desc, number desc limit 1",
                    (run_id,),
                )
            return next((_whole(base, run, calls=True) for run in found), None)

    def last(self) -> dict[frozenset[str], PastRun]:
        """The latest run of each pipeline, with its steps, by the files of the pipeline's modules.

        Files are named as the store names them.
        """
        with self._base() as base:
            found: dict[frozenset[str], PastRun] = {}
            for run in _runs(base, "order by number desc", ()):
                found.setdefault(run.files, run)
            return {files: _whole(base, run) for files, run in found.items()}

    def last_steps(self) -> dict[tuple[str, str], PastStep]:
        """What each step did when it ran last: by its file, as the store names it, and its node."""
        with self._base() as base:
            found = base.execute(
                f"select run.number, {_STEP} from step join run on run.number = step.run"
                " join (select file f, node n, max(run) r from step where times > 0 group by f, n)"
                " on file = f and node = n and run = r"
            ).fetchall()
            used = _used(base, {number for number, *_ in found})
            steps = (_step(row, used.get(number, {})) for number, *row in found)
            return {(step.file, step.node): step for step in steps}

    def steps(self) -> list[PastStep]:
        """What all steps did in all runs, in the order in which the runs began."""
        with self._base() as base:
            rows = base.execute(
                f"select run.number, {_STEP} from step join run on run.number = step.run"
                " where times > 0 order by run.number, started"
            ).fetchall()
            used = _used(base, {number for number, *_ in rows})
            return [_step(row, used.get(number, {})) for number, *row in rows]

    def knows(self, run_id: str) -> bool:
        """Whether there is a run of that id."""
        with self._base() as base:
            return bool(base.execute("select 1 from run where id = ?", (run_id,)).fetchone())

    @contextmanager
    def _base(self) -> Iterator[sqlite3.Connection]:
        if not self.path.is_file() or not self.path.stat().st_size:
            with closing(nothing()) as base:
                yield base
            return
        base = reading(self.path)
        try:
            with telling(self.path):
                base.execute("begin")  # all that is read is of one moment
                yield base
        except (ValueError, TypeError, KeyError, ArithmeticError) as error:
            raise StoreError(
                f"the run store `{self.path}` holds what can't be read ({type(error).__name__});"
                " move it away, and a new one is begun",
                path=str(self.path),
            ) from error
        finally:
            base.close()


def _runs(base: sqlite3.Connection, choice: str, values: tuple[object, ...]) -> Iterator[PastRun]:
    there = alive(base)
    for row in base.execute(f"select {_RUN} from run {choice}", values):
        number, run_id, began, seconds, ended, error, place, digest, *texts, process = row
        modules, targets, inputs = map(json.loads, texts)
        yield PastRun(
            number,
            run_id,
            began,
            seconds,
            ended or ("running" if process in there else "cut off"),
            error,
            place,
            digest,
            tuple((name, file) for name, file in modules),
            tuple(targets),
            tuple(inputs),
        )


def _whole(base: sqlite3.Connection, run: PastRun, *, calls: bool = False) -> PastRun:
    """The run with its steps, and with its calls if those are asked for."""
    used = _used(base, [run.number]).get(run.number, {})
    rows = base.execute(
        f"select {_STEP} from step join run on run.number = step.run where step.run = ?"
        " order by times = 0, started",
        (run.number,),
    )
    steps = tuple(_step(row, used) for row in rows)
    if calls:
        found = base.execute(
            "select node, usage, told from call where run = ? order by rowid", (run.number,)
        )
        run = replace(run, calls=tuple(call_of(run.run_id, *row) for row in found))
    return replace(run, usage=_sum(used), steps=steps)


def _step(row: Any, used: Mapping[str, Usage]) -> PastStep:
    step = PastStep(*row)
    return replace(step, usage=used.get(step.node, Usage()))


def _used(base: sqlite3.Connection, numbers: Collection[int]) -> dict[int, dict[str, Usage]]:
    """What the calls of these runs used: by run and node."""
    found: dict[int, dict[str, Usage]] = {}
    for number in numbers:
        nodes = found.setdefault(number, {})
        for node, text in base.execute("select node, usage from used where run = ?", (number,)):
            nodes[node] = usage_of(text)
    return found


def _sum(used: Mapping[str, Usage]) -> Usage:
    return sum(used.values(), Usage())
