"""Writes to a store what happens, and says that the process is alive.

What must not be lost, such as a call that has been paid for, is written before it goes on. All else
is told to a thread, which writes in one transaction what is told at about the same time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from logging import getLogger
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from time import monotonic
from typing import NamedTuple
from weakref import WeakValueDictionary

from stepwell.errors import StoreError
from stepwell.store.file import StoreFile, opened

LEASE = 15.0
"""Seconds after which a process that says nothing more is taken for gone."""

BEAT = 3.0
"""A process says so often, in seconds, that it is there."""

GATHER = 0.05
"""Seconds that what is told waits for more, to be written with it."""

BATCH = 10_000
"""So many rows at most go into one transaction, for which others wait."""

MOST = 100_000
"""So many rows at most are held where the file can't be written."""

PATIENCE = 10.0
"""Seconds that a run's end waits at most for its rows to be written."""

NOBODY = Event()
"""Nobody waits for what has been told to be written."""


class Row(NamedTuple):
    """Something to be written: `write(base, *values)` does it."""

    write: Callable[..., object]
    values: tuple[object, ...]


class Writer:
    """What a process writes to one store; `writer` gives it.

    It has a thread as long as somebody holds it. `process` is the name by which others know this
    process; its lease is prolonged as long as the thread lives.
    """

    def __init__(self, file: StoreFile) -> None:
        self.file = file
        self.process = os.urandom(8).hex()
        self._lock = Lock()
        self._holders = 0
        self._rows: SimpleQueue[Row | Event | None] = SimpleQueue()
        self._asked: Event | None = NOBODY
        self._thread: Thread | None = None
        self._held: list[Row] = []
        self._failure: StoreError | None = None

    def hold(self) -> None:
        """Begins to write.

        Raises:
            StoreError: if the file can't be used.
        """
        with self._lock:
            if not self._holders:
                with self.file.transaction() as base:
                    prolong(base, self.process)
                self._thread = Thread(target=self._work, name="stepwell-store", daemon=True)
                self._thread.start()
            self._holders += 1

    def release(self) -> None:
        """Ends that; what has been told is written first.

        Raises:
            StoreError: if it can't be.
        """
        with self._lock:
            if not self._holders:  # forked meanwhile: what goes on here is the parent's
                return
            self._holders -= 1
            if self._holders or self._thread is None:
                self.flush()
            else:
                self._rows.put(None)
                self._thread.join(PATIENCE)
                self._thread = None
        if self._failure is not None and self._held:
            raise self._failure

    def write(self, row: Row) -> None:
        """Writes a row; where it can't be written now, that is tried again with the next."""
        try:
            with self.file.transaction() as base:
                row.write(base, *row.values)
        except StoreError:
            self.tell(row)

    def tell(self, row: Row) -> None:
        """Writes a row soon."""
        self._rows.put(row)

    def flush(self) -> None:
        """Waits until what has been told is written, or can't be."""
        if self._thread is None:
            return
        done = Event()
        self._rows.put(done)
        done.wait(PATIENCE)

    def _work(self) -> None:
        beaten = monotonic()
        while True:
            self._held += self._gathered()
            told = self._asked
            ends, self._asked = told is None, NOBODY
            if self._held or ends or monotonic() - beaten > BEAT:
                beaten = monotonic()
                self._write(ends=ends)
            if told is not None:
                told.set()
            if ends:
                return

    def _gathered(self) -> list[Row]:
        """What was told, up to where somebody waits for it to be written (`_asked`)."""
        rows: list[Row] = []
        end = monotonic() + BEAT
        while len(rows) < BATCH:
            try:
                told = self._rows.get(timeout=max(end - monotonic(), 0.0))
            except Empty:
                break
            if not isinstance(told, Row):
                self._asked = told
                break
            if not rows:
                end = monotonic() + GATHER
            rows.append(told)
        return rows

    def _write(self, *, ends: bool) -> None:
        """Writes what is held; where that fails it is held on to, and tried again later."""
        try:
            with self.file.transaction() as base:
                prolong(base, self.process)
                for row in self._held:
                    row.write(base, *row.values)
                if ends:
                    base.execute("delete from process where id = ?", (self.process,))
        except Exception as error:
            if self._failure is None:
                getLogger("stepwell").warning("what runs do is not recorded now: %s", error)
            told = error if isinstance(error, StoreError) else StoreError(str(error))
            self._failure = told
            del self._held[:-MOST]
        else:
            self._failure = None
            self._held.clear()


_writers: WeakValueDictionary[StoreFile, Writer] = WeakValueDictionary()


def writer(path: Path) -> Writer:
    """What this process writes to that store: one, whoever uses it."""
    file = opened(path)
    return _writers.setdefault(file, Writer(file))


def _forked() -> None:
    """In a process that was forked: its threads are the parent's, and what they hold."""
    for each in list(_writers.values()):
        Writer.__init__(each, each.file)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def prolong(base: sqlite3.Connection, process: str) -> None:
    """Says that a process is there for another while."""
    base.execute(
        "insert into process values (?, ?) on conflict (id) do update set until = excluded.until",
        (process, monotonic() + LEASE),
    )


def alive(base: sqlite3.Connection) -> set[str]:
    """The processes that are there.

    Their times are of a clock that all processes of a machine share. After the machine is started
    again it begins anew: a lease that ends much later than any can is from before.
    """
    now = monotonic()
    latest = now + 2 * LEASE  # one that was prolonged just now ends after a lease from now
    found = base.execute("select id from process where until between ? and ?", (now, latest))
    return {process for (process,) in found}
