"""The file of a run store: how it is opened, what it holds, and what is wrong with it.

Standard library alone. SQLite in its write-ahead mode: several processes read and write at once.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from weakref import WeakValueDictionary, finalize

from stepwell.errors import StoreError
from stepwell.store.place import FOLDER

MARK = 0x73_77_72_73
"""In the head of the file (`application_id`): that it is a run store."""

LAYOUT = 1
"""In the head of the file (`user_version`): which tables it has."""

BUSY = 10.0
"""Seconds that a transaction waits for those of other processes; each takes about a millisecond."""

_LAYOUTS = (
    """
    create table process(id text primary key, until real not null) without rowid;
    create table run(
        number integer primary key autoincrement, id text not null unique, process text not null,
        pid integer not null, began real not null, seconds real, ended text, error text, place text,
        digest text not null, modules text not null, targets text not null, inputs text not null
    );
    create table step(
        run integer not null references run on delete cascade, node text not null,
        step text not null, module text not null, file text not null, line integer not null,
        digest text not null,
        started real not null, times integer not null, attempts integer not null,
        failures integer not null, seconds real not null, longest real not null,
        error text, place text, primary key (run, node)
    ) without rowid;
    create index step_of_file on step(file, node, run);
    create table call(
        run integer references run on delete cascade, node text, usage text not null,
        told text not null
    );
    create index call_of_run on call(run);
    create table used(
        run integer not null references run on delete cascade, node text not null,
        usage text not null, primary key (run, node)
    ) without rowid;
    create table shared(
        name text primary key, state text not null, touched real not null
    ) without rowid;
    """,
)
"""What brings a file from one layout to the next; the first from an empty file."""

_TABLES = {"process", "run", "step", "call", "used", "shared", "sqlite_sequence"}


class StoreFile:
    """One process's way to a store, shared by its threads; `opened` gives it.

    It opens the file when it is first used, and again in a process that was forked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = RLock()
        self._base: sqlite3.Connection | None = None
        self._place: object = None
        self._closing = finalize(self, int)
        self._pid = os.getpid()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Within, this process alone writes; all of it is kept, or nothing if an error is raised.

        Raises:
            StoreError: if the file can't be used.
        """
        if self._base is not None and self._pid != os.getpid():
            self._forked()
        with self._lock, telling(self.path):
            base = self._connected()
            base.execute("begin immediate")
            try:
                yield base
                base.execute("commit")
            except BaseException:
                with suppress(sqlite3.Error):
                    base.execute("rollback")
                raise

    def _connected(self) -> sqlite3.Connection:
        """The connection, made anew where the file was moved or deleted meanwhile."""
        if self._base is not None and _place(self.path) != self._place:
            self._closing()
            self._base = None
        if self._base is None:
            self._base = _made(self.path)
            self._place = _place(self.path)
            self._closing = finalize(self, self._base.close)
        return self._base

    def _forked(self) -> None:
        """A connection must not be used on both sides of a fork, nor closed on the second."""
        self._closing.detach()
        _left_behind.append(self._base)
        self._lock, self._base, self._pid = RLock(), None, os.getpid()


_left_behind: list[object] = []
_opened: WeakValueDictionary[Path, StoreFile] = WeakValueDictionary()


def _place(path: Path) -> object:
    """What tells a file from another of the same name; `None` where there is none."""
    with suppress(OSError):
        stat = path.stat()
        return stat.st_dev, stat.st_ino
    return None


def opened(path: Path) -> StoreFile:
    """The way to that file: one for all of this process who use it."""
    return _opened.setdefault(path, StoreFile(path))


def reading(path: Path) -> sqlite3.Connection:
    """A connection that reads and can't write; close it. The file must be there.

    Nothing that the file holds is run: one with anything but our tables is refused.

    Raises:
        StoreError: if the file can't be used.
    """
    with telling(path):
        # Where nothing waits in the log, the file is all there is; opened so, SQLite lays no files
        # of its own beside it. `as_uri` quotes what a query would begin with.
        log = path.with_name(f"{path.name}-wal")
        alone = "" if log.exists() and log.stat().st_size else "&immutable=1"
        base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{alone}", uri=True, timeout=1.0)
        try:
            base.execute("pragma query_only = on")
            base.execute("pragma trusted_schema = off")
            _look(base, path)
        except BaseException:
            base.close()
            raise
        return base


def nothing() -> sqlite3.Connection:
    """A store without runs, as of a file that is not there."""
    base = sqlite3.connect(":memory:", isolation_level=None)
    _lay_out(base)
    return base


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Within, what SQLite and the system find wrong is told as a `StoreError`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"the run store `{path}` {_told(error)}", path=str(path)) from error


def _told(error: Exception) -> str:
    text = str(error)
    if isinstance(error, sqlite3.DatabaseError) and "not a database" in text:
        return "is no run store but something else; name another file (`STEPWELL_STORE`)"
    if isinstance(error, sqlite3.DatabaseError) and "malformed" in text:
        return "is damaged; move it away, and a new one is begun"
    if "locked" in text:
        return f"was held by another process for longer than {BUSY:g} s; try again"
    if isinstance(error, OSError):
        text = error.strerror or type(error).__name__
    return f"can't be used: {text}; free or permit what it needs, or name another file"


def _made(path: Path) -> sqlite3.Connection:
    """A connection that reads and writes; makes the folder, the file and what is lacking in it."""
    folder = path.parent
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.name == FOLDER and not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    # Names of steps and files, and what runs cost, are nobody else's.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    base = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    try:
        base.execute("pragma trusted_schema = off")
        if not _look(base, path):
            _lay_out(base)
        base.execute("pragma foreign_keys = on")
        # Safe when a process is killed, at any time; the loss of power may cost the last second.
        base.execute("pragma synchronous = normal")
    except BaseException:
        base.close()
        raise
    return base


def _lay_out(base: sqlite3.Connection) -> None:
    """Makes the tables, unless another process has done so meanwhile."""
    base.execute("pragma auto_vacuum = incremental")
    base.execute("pragma journal_mode = wal")
    base.execute("begin immediate")
    try:
        layout = _number(base, "user_version")
        for change in _LAYOUTS[layout:]:
            for statement in filter(str.strip, change.split(";")):
                base.execute(statement)
        base.execute(f"pragma application_id = {MARK}")
        base.execute(f"pragma user_version = {LAYOUT}")
        base.execute("commit")
    except BaseException:
        with suppress(sqlite3.Error):
            base.execute("rollback")
        raise


def _look(base: sqlite3.Connection, path: Path) -> bool:
    """Whether there is a store of our layout; false for an empty file, which may become one.

    Raises:
        StoreError: if it is anything else.
    """
    layout, mark = _number(base, "user_version"), _number(base, "application_id")
    kinds = base.execute("select type, name from sqlite_master").fetchall()
    if not kinds and not layout and mark in (0, MARK):
        return False
    if mark != MARK:
        raise StoreError(
            f"`{path}` is a database, but no run store; name another file (`STEPWELL_STORE`)",
            path=str(path),
        )
    if layout > LAYOUT:
        raise StoreError(
            f"the run store `{path}` was written by a newer stepwell (layout {layout}; this one"
            f" knows {LAYOUT}); update stepwell, or name another file (`STEPWELL_STORE`)",
            path=str(path),
        )
    foreign = [name for kind, name in kinds if kind != "index" and name not in _TABLES]
    if foreign or any(kind not in ("table", "index") for kind, _ in kinds):
        raise StoreError(
            f"the run store `{path}` holds what no stepwell has written; move it away, and a new"
            " one is begun",
            path=str(path),
        )
    return layout == LAYOUT


def _number(base: sqlite3.Connection, pragma: str) -> int:
    return int(base.execute(f"pragma {pragma}").fetchone()[0])
