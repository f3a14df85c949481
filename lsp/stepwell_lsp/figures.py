"""What the last runs did, read from the run stores of a workspace; nothing where there is none."""

from __future__ import annotations

import ast
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from stepwell.errors import StoreError
from stepwell.read.source.chunks import Chunk
from stepwell.store.past import PastRun, PastStep
from stepwell.store.place import FILE, FOLDER, named, root_of, store_path
from stepwell.store.text import text_digest

log = logging.getLogger(__name__)

Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Remembered:
    """What one store says.

    Args:
        root: the folder that its names of files count from.
        steps: what each step did last, by file and node.
        runs: the latest run of each pipeline, by the files of its modules.
    """

    root: str
    steps: Mapping[tuple[str, str], PastStep]
    runs: Mapping[frozenset[str], PastRun]


@dataclass(frozen=True)
class Figures:
    """What the last runs in a workspace did. It never changes."""

    stores: tuple[Remembered, ...] = ()
    digests: Digests = field(default_factory=lambda: Digests(), compare=False, repr=False)
    _names: dict[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)

    def step(self, file: str, node: str) -> PastStep | None:
        """What the node of that name, written in that file, did when it ran last."""
        found = (each.steps.get((self._name(file, each), node)) for each in self.stores)
        return max(filter(None, found), key=lambda step: step.started, default=None)

    def run(self, files: Iterable[str]) -> PastRun | None:
        """The latest run of the pipeline whose modules are in exactly these files."""
        given = [*files]
        found = (
            each.runs.get(frozenset(self._name(file, each) for file in given))
            for each in self.stores
        )
        return max(filter(None, found), key=lambda run: run.began, default=None)

    def path(self, run: PastRun, place: str) -> str:
        """The file and the line of a place that a run tells of, as this machine finds it."""
        root = next((s.root for s in self.stores if s.runs.get(run.files) is run), "")
        return os.path.join(root, place)

    def _name(self, file: str, store: Remembered) -> str:
        key = file, store.root
        if key not in self._names:
            self._names[key] = named(file, store.root)
        return self._names[key]


class Stores:
    """The run stores of a workspace, read again when they have changed.

    A store that can't be read is as if there were none; the log says why, once.
    """

    def __init__(self) -> None:
        self._seen: dict[Path, Stamp] = {}
        self._read: dict[Path, Remembered] = {}
        self._figures = Figures()
        self._folders: tuple[str, ...] = ()
        self._paths: tuple[Path, ...] = ()

    def changed(self) -> bool:
        """Whether one of those that were looked at has changed since. It only looks at times."""
        return any(_stamp(path) != stamp for path, stamp in self._seen.items())

    def look(self, folders: Iterable[str]) -> Figures:
        """What the stores of these folders say now; the same object as before where it is equal."""
        if (given := tuple(folders)) != self._folders:
            self._folders = given
            self._paths = tuple(dict.fromkeys(map(store_path, given)))
        paths = self._paths
        new = dict(self._read)
        for path in paths:
            stamp = _stamp(path)
            if self._seen.get(path) != stamp:
                self._seen[path] = stamp
                new.pop(path, None)
                if stamp and (found := _remembered(path)):
                    new[path] = found
        self._seen = {path: self._seen[path] for path in paths}
        new = {path: found for path, found in new.items() if path in paths}
        if new != self._read:
            self._read = new
            self._figures = Figures(tuple(new.values()), self._figures.digests)
        return self._figures


def _remembered(path: Path) -> Remembered | None:
    from stepwell.store.reading import Runs

    try:
        runs = Runs(path)
        return Remembered(root_of(path), runs.last_steps(), runs.last())
    except StoreError as error:
        log.warning("%s", error)
        return None


def is_store(path: str) -> bool:
    """Whether that is the file of a store, or one of those that SQLite has beside it."""
    folder, name = os.path.split(path)
    return os.path.basename(folder) == FOLDER and name.startswith(FILE)


def _stamp(path: Path) -> Stamp:
    """What changes when a store is written to; empty where there is none."""
    found = []
    for name in (path, f"{path}-wal"):
        try:
            stat = os.stat(name)
        except OSError:
            continue
        if stat.st_size:  # reading alone leaves an empty log behind
            found.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
    return tuple(found)


class Digests:
    """What `text_digest` gives for the steps of files, worked out once for a text."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[str, dict[int, tuple[str, int, int]]]] = {}

    def of(
        self, file: str, source: str, chunks: Callable[[], Iterable[Chunk]], line: int
    ) -> str | None:
        """That of the step that is named in a line; `None` if there is none.

        Args:
            file: its file.
            source: what the file says.
            chunks: gives the top-level statements of that.
            line: the line, counted from 1.
        """
        known = self._files.get(file)
        if known is None or known[0] != source:
            known = self._files[file] = source, dict(_steps(chunks()))
        place = known[1].get(line)
        return None if place is None else _digest(*place)


def _steps(chunks: Iterable[Chunk]) -> Iterator[tuple[int, tuple[str, int, int]]]:
    """For each function the line of its name; the text it is in, with its first and last line."""
    for chunk in chunks:
        for statement in chunk.body or ():
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([statement.lineno, *(d.lineno for d in statement.decorator_list)])
                last = statement.end_lineno or first
                yield statement.lineno + chunk.line - 1, (chunk.text, first, last)


@lru_cache(maxsize=20_000)
def _digest(text: str, first: int, last: int) -> str:
    return text_digest(text.split("\n")[first - 1 : last])
