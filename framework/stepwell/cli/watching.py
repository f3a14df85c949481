"""Waiting for files to change, by looking at them: what is done between two checks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from stepwell.read import files

Seen = dict[str, tuple[int, int]]

_PAUSE = 0.25
_SHARE = 0.05
"""At most this share of the time goes into looking, however many files there are."""


def rounds(paths: Iterable[Path], wait: Callable[[float], None] = time.sleep) -> Iterator[int]:
    """Yields once at first and whenever a file has changed; gives how many files are watched.

    Watched are the Python files under these paths, and the `pyproject.toml` beside and above them.

    Args:
        paths: files and folders.
        wait: waits for some seconds.
    """
    paths = list(paths)
    before: Seen | None = None
    while True:
        begun = time.perf_counter()
        now = _seen(paths)
        took = time.perf_counter() - begun
        if now != before:
            before = now
            yield len(now)
        wait(max(_PAUSE, min(took / _SHARE, 1.0)))


def _seen(paths: Iterable[Path]) -> Seen:
    """When each file was changed last, and its size."""
    found: Seen = {}
    folders: set[Path] = set()
    for path in paths:
        start = path.resolve()
        folders.update((start, *start.parents))
        for file in files.python_files([path]):
            folders.add(file.resolve().parent)
            _look(file, found)
    for folder in folders:
        _look(folder / "pyproject.toml", found)
    return found


def _look(file: Path, found: Seen) -> None:
    try:
        stat = file.stat()
    except OSError:
        return
    found[str(file)] = stat.st_mtime_ns, stat.st_size
