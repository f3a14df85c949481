"""What was read of files, kept on disk by what they say: what says the same isn't parsed again.

A cache: it can be deleted at any time, and whatever goes wrong with it is as if it were empty.
"""

from __future__ import annotations

import sys
import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import fields, replace
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell.read.caches import cache_folder
from stepwell.read.facts import UnstorableError, from_json, to_json
from stepwell.read.pipelines import Finder
from stepwell.read.source import Module, Names, parse
from stepwell.read.source.chunks import chunks, normal
from stepwell.read.source.module import names_of
from stepwell.read.source.names import Others

if TYPE_CHECKING:
    import sqlite3

_LIMIT = 64 * 2**20
"""How many bytes are kept; what was not asked for longest goes first."""

_DAY = 24 * 60 * 60
_GIVEN = ("file", "name", "names", "package", "key")
_FACTS = [each.name for each in fields(Module) if each.name[0] != "_" and each.name not in _GIVEN]


class Index:
    """Reads files as `parse` does, and what was read before from where it is kept.

    One thread uses it at a time; several processes may share its file.

    Args:
        folder: where it is kept; the user's folder for caches, if none is given.
        limit: how many bytes are kept.
    """

    def __init__(self, folder: Path | None = None, *, limit: int = _LIMIT) -> None:
        self._file = (folder or cache_folder()) / "facts.sqlite3"
        self._limit = limit
        self._base: sqlite3.Connection | None = None
        self._broken = False
        self._new: dict[bytes, Module] = {}
        self._used: list[bytes] = []

    def parse(
        self,
        text: str,
        *,
        file: str,
        module: str,
        package: bool = False,
        alone: Module | None = None,
        finder: Finder | None = None,
    ) -> Module:
        """The facts of a text, by itself or with what it leads to.

        Args:
            text: the file's text.
            file: its path, for spans.
            module: its dotted name.
            package: whether the file is a package's `__init__`.
            alone: what this index gave for the same text by itself.
            finder: the other modules of the workspace, which are followed into; what is kept is
                used if this index gave those, too.
        """
        own = alone.key if alone is not None else _key(text, module, package)
        others = finder.names(file) if finder is not None else None
        key = own if finder is None or alone is None else _across(alone, finder)
        new = self._new.get(key)
        if new is not None and (new.file, new.name) == (file, module):
            return replace(lean(new, text, others), key=own)
        data = self._get(key) if key else None
        if data is not None:
            with suppress(ValueError):
                return self._module(data, text, file, module, package, others, own)
        made = parse(text, file=file, module=module, package=package, previous=alone, others=others)
        if key:
            self._new[key] = lean(made, text)
        return replace(made, key=own)

    def save(self) -> None:
        """Writes down what is new. Without it nothing is kept."""
        import sqlite3

        try:
            base = self._open()
            if base is None or not (self._new or self._used):
                return
            now = int(time.time())
            with base:
                base.executemany(
                    "INSERT OR REPLACE INTO facts VALUES (?, ?, ?)",
                    [(key, now, data) for key, each in self._new.items() if (data := _kept(each))],
                )
                base.executemany(
                    "UPDATE facts SET used = ? WHERE key = ? AND used < ?",
                    [(now, key, now - _DAY) for key in self._used],
                )
                self._shrink(base)
        except (sqlite3.Error, OSError):
            self._broken = True
        self._new.clear()
        self._used.clear()

    def close(self) -> None:
        """Lets go of the file; what was not saved is lost."""
        if self._base is not None:
            self._base.close()
            self._base = None

    def _get(self, key: bytes) -> bytes | None:
        import sqlite3

        try:
            base = self._open()
            row = base and base.execute("SELECT data FROM facts WHERE key = ?", (key,)).fetchone()
        except (sqlite3.Error, OSError):
            self._broken = True
            return None
        if not row:
            return None
        self._used.append(key)
        data: bytes = row[0]
        return data

    @staticmethod
    def _module(
        data: bytes,
        text: str,
        file: str,
        module: str,
        package: bool,
        others: Others | None,
        key: bytes,
    ) -> Module:
        try:
            imports, stars, facts = from_json(zlib.decompress(data), file)
            names = KeptNames(text, file=file, module=module, package=package)
            names.imports, names.stars = imports, stars
            if others is not None:
                names.others = others
            return Module(file, module, names=names, package=package, key=key, **facts)
        except (zlib.error, TypeError) as error:
            raise ValueError(f"these are no facts: {error}") from None

    def _open(self) -> sqlite3.Connection | None:
        """The file, made where there is none; one that is no base is made anew, once."""
        import sqlite3

        if self._base is not None or self._broken:
            return self._base
        for again in (False, True):
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                base = sqlite3.connect(self._file, timeout=0.5, check_same_thread=False)
                base.execute(
                    "CREATE TABLE IF NOT EXISTS facts"
                    " (key BLOB PRIMARY KEY, used INTEGER, data BLOB) WITHOUT ROWID"
                )
                self._base = base
                return base
            except sqlite3.OperationalError:
                break
            except sqlite3.DatabaseError:
                if again:
                    break
                self._file.unlink(missing_ok=True)
        self._broken = True
        return None

    def _shrink(self, base: sqlite3.Connection) -> None:
        """Takes away what was not asked for longest, if there is too much."""
        total = base.execute("SELECT sum(length(data)) FROM facts").fetchone()[0] or 0
        if total <= self._limit:
            return
        gone = []
        for key, size in base.execute("SELECT key, length(data) FROM facts ORDER BY used, key"):
            if total <= self._limit * 3 // 4:
                break
            gone.append((key,))
            total -= size
        base.executemany("DELETE FROM facts WHERE key = ?", gone)


def _kept(made: Module) -> bytes:
    """What is written down of a file's facts; nothing, if that can't be."""
    facts = {name: getattr(made, name) for name in _FACTS}
    try:
        whole = to_json([made.names.imports, made.names.stars, facts], made.file)
    except UnstorableError:
        return b""
    return zlib.compress(whole, 1)


def lean(module: Module, text: str, others: Others | None = None) -> Module:
    """The facts of a text without its syntax trees, which take most of the memory.

    Where they are needed again, the text is parsed again. For files that nobody edits. `others` are
    followed into instead of those that were, if they are given.
    """
    if isinstance(module.names, KeptNames) and others is None:
        return module
    names = KeptNames(text, file=module.file, module=module.name, package=module.package)
    names.imports, names.stars = module.names.imports, module.names.stars
    names.others = others or module.names.others
    return replace(module, names=names, _chunks={}, _readings=())


class KeptNames(Names):
    """The names of a text of which the facts were kept: it is parsed when they are asked for.

    Its imports are known at once; most files need no more of one another.
    """

    __slots__ = ("_home", "text")

    def __init__(self, text: str, *, file: str, module: str, package: bool) -> None:
        self.text, self._home = text, package
        self.file, self.module = file, module
        self.package = module if package else module.rpartition(".")[0]
        self.others = _nobody
        self._open = set()

    def __getattr__(self, name: str) -> Any:
        # What is not set yet: a slot that is empty counts as no attribute.
        if name.startswith("__"):
            raise AttributeError(name)
        whole = names_of(chunks(normal(self.text), {}), self.module, self._home)
        for each in fields(Names):
            if each.name not in ("others", "file", "_open"):
                setattr(self, each.name, getattr(whole, each.name))
        return object.__getattribute__(self, name)


def _nobody(dotted: str) -> Names | None:
    return None


def _across(alone: Module, finder: Finder) -> bytes:
    """A key for what a file says with all that it leads to; nothing if that isn't known."""
    if not alone.key:
        return b""
    found: dict[str, bytes] = {}
    waiting = [alone]
    while waiting:
        for home in _homes(waiting.pop().names):
            other = finder.find(home, alone.file) if home not in found else None
            if other is not None:
                if not other.key:
                    return b""
                found[home] = _digest(home.encode(), other.file.encode(), other.key)
                waiting.append(other)
    return _digest(b"across", alone.key, alone.file.encode(), *sorted(found.values()))


def _homes(names: Names) -> Iterable[str]:
    imported = names.imports.values()
    return {*(each.rpartition(".")[0] for each in imported), *imported, *names.stars} - {""}


def _key(text: str, module: str, package: bool) -> bytes:
    written = text.encode("utf-8", "surrogatepass")
    return _digest(_fingerprint(), module.encode(), b"package" if package else b"module", written)


def _digest(*parts: bytes) -> bytes:
    found = blake2b(digest_size=20)
    for part in parts:
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.digest()


@cache
def _fingerprint() -> bytes:
    """What the facts depend on besides texts: this version of us, to the byte, and of Python."""
    ours = Path(__file__).parents[1]
    parts = [sys.version.encode()]
    for folder in ("", "modifiers", "read", "read/source", "rules", "types"):
        for file in sorted((ours / folder).glob("*.py")):
            stat = file.stat()
            parts.append(f"{folder}/{file.name} {stat.st_mtime_ns} {stat.st_size}".encode())
    return _digest(*parts)
