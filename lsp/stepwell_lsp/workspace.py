"""The files of a workspace, from disk and from open buffers, kept up to date by what changed.

One thread owns it. Files are read as text; nothing of them is imported or run. What it gives out is
a `Snapshot` that never changes.
"""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import MappingProxyType

from stepwell.diagnostic import Diagnostic
from stepwell.read import files
from stepwell.read.pipelines import Declared, Finder, Pipeline, declared, pipelines
from stepwell.read.source import Module, parse
from stepwell.rules import check, ignored, unignored
from stepwell_lsp.documents import Document
from stepwell_lsp.positions import UTF16, Text
from stepwell_lsp.snapshot import Snapshot

log = logging.getLogger(__name__)

SETTINGS = "pyproject.toml"


class Workspace:
    """Folders, the buffers that cover some of their files, and what was read of both."""

    def __init__(self) -> None:
        self._roots: tuple[str, ...] = ()
        self._encoding = UTF16
        self._disk: dict[str, Text] = {}
        self._open: dict[str, Document] = {}
        self._modules: dict[str, Module] = {}
        self._homes: dict[str, frozenset[str]] = {}  # the files that each imports from
        self._declared: dict[str, list[Declared]] = {}
        self._stale: dict[str, None] = {}  # files to read again, in order
        self._checked: dict[str, tuple[Pipeline, list[Diagnostic]]] = {}

    def open_folders(self, roots: Iterable[str], encoding: str) -> None:
        """Looks for files under these folders, and forgets what is under no folder any more."""
        self._roots, self._encoding = tuple(roots), encoding
        found = dict.fromkeys(self._found())
        for path in (*found, *self._disk):
            self._reread(path, known=path in found)

    def overlay(self, document: Document) -> None:
        """A buffer counts instead of the file, or has changed."""
        self._open[document.file] = document
        self._stale[document.file] = None

    def uncover(self, file: str) -> None:
        """The buffer is gone; the file counts again, if there is one."""
        self._open.pop(file, None)
        self._stale[file] = None

    def touch(self, paths: Iterable[str]) -> None:
        """These files, or folders, may have changed on disk."""
        for path in paths:
            inside = path + os.sep
            gone = [file for file in self._disk if file.startswith(inside)]
            if os.path.isdir(path):
                gone += map(str, files.python_files([path]))
            for file in dict.fromkeys((path, *gone)):
                self._reread(file, known=self._inside(file))

    def snapshot(self) -> Snapshot:
        """The workspace as it is now: only what changed is read and checked again."""
        self._read_stale()
        given = [one for found in self._declared.values() for one in found]
        now = pipelines(self._modules.values(), given)
        self._checked = {key: self._check(key, made) for key, made in _keyed(now)}
        texts = {**self._disk, **{file: document.text for file, document in self._open.items()}}
        return Snapshot(
            MappingProxyType(texts),
            tuple(made for made, _ in self._checked.values()),
            self._findings(texts),
            MappingProxyType(dict(self._open)),
            self._encoding,
        )

    def _found(self) -> Iterator[str]:
        """The Python files under the folders, and the settings beside and above them."""
        folders: set[str] = set()
        for root in self._roots:
            for path in map(str, files.python_files([root])):
                yield path
                folder = os.path.dirname(path)
                while folder not in folders and folder.startswith(root):
                    folders.add(folder)
                    folder = os.path.dirname(folder)
        for folder in sorted(folders | set(self._roots)):
            if os.path.isfile(path := os.path.join(folder, SETTINGS)):
                yield path

    def _inside(self, path: str) -> bool:
        """Whether a file is one that a look through the folders would find."""
        if not path.endswith((".py", SETTINGS)) or not os.path.isfile(path):
            return False
        for root in self._roots:
            if path.startswith(root + os.sep):
                parts = os.path.relpath(path, root).split(os.sep)
                return not any(part.startswith(".") or part in _LEFT_OUT for part in parts)
        return False

    def _reread(self, path: str, *, known: bool) -> None:
        try:
            text = Text(files.read_text(path)) if known else None
        except OSError as error:
            log.info("%s can't be read: %s", path, error)
            text = None
        before = self._disk.pop(path, None)
        if text is not None:
            self._disk[path] = text
        if text is None or before is None or before.source != text.source:
            self._stale[path] = None

    def _read_stale(self) -> None:
        stale, self._stale = self._stale, {}
        before = {file: self._modules.get(file) for file in stale}
        for file in stale:
            document = self._open.get(file)
            text = self._text(file)
            if os.path.basename(file) == SETTINGS:
                self._settings(file, text)
            elif text is None or (document and not document.python):
                self._modules.pop(file, None)
            else:
                self._modules[file] = self._parsed(file, text, None)
        self._read_across(before)

    def _read_across(self, before: dict[str, Module | None]) -> None:
        """Reads again, knowing the others, what imports from other files, as far as it is new."""
        finder = Finder(self._modules.values())
        come_or_gone = any((file in self._modules) != bool(old) for file, old in before.items())
        for file, module in self._modules.items():
            if come_or_gone or file in before:
                self._homes[file] = _homes(module, finder)
        waiting = [file for file, old in before.items() if self._names(file) != _names(old)]
        again = {file for file in before if self._homes.get(file)}
        while waiting:
            changed = waiting.pop()
            readers = [file for file, homes in self._homes.items() if changed in homes]
            waiting += [file for file in readers if file not in again]
            again.update(readers)
        for file in again & self._modules.keys():
            text = self._text(file)
            if text is not None and self._homes[file]:
                self._modules[file] = self._parsed(file, text, finder)

    def _names(self, file: str) -> object:
        return _names(self._modules.get(file))

    def _text(self, file: str) -> Text | None:
        document = self._open.get(file)
        return document.text if document else self._disk.get(file)

    def _parsed(self, file: str, text: Text, finder: Finder | None) -> Module:
        path = Path(file)
        return parse(
            text.source,
            file=file,
            module=files.module_name(path) if path.is_absolute() else "untitled",
            package=path.name == "__init__.py",
            previous=self._modules.get(file),
            others=finder.names(file) if finder else None,
        )

    def _settings(self, file: str, text: Text | None) -> None:
        if text is None:
            self._declared.pop(file, None)
            return
        try:
            table = tomllib.loads(text.source)
        except tomllib.TOMLDecodeError:
            return  # half typed: what it said last still holds
        self._declared[file] = declared(table, os.path.dirname(file))

    def _check(self, key: str, made: Pipeline) -> tuple[Pipeline, list[Diagnostic]]:
        before = self._checked.get(key)
        if before and _same(before[0], made):
            return before
        return made, check(made.graph)

    def _findings(self, texts: dict[str, Text]) -> dict[str, tuple[Diagnostic, ...]]:
        """What was found, by file, each once though several pipelines may say it."""
        found: dict[str, dict[tuple[object, ...], Diagnostic]] = {}
        for made, diagnostics in self._checked.values():
            for module in made.modules:
                found.setdefault(module.file, {})
            for one in diagnostics:
                span = one.span or made.span
                file = span.file if span else made.modules[0].file if made.modules else ""
                found.setdefault(file, {}).setdefault((one.code, span, one.message), one)
        kept = {}
        for file, ones in found.items():
            off = {file: ignored(texts[file].source)} if ones and file in texts else {}
            kept[file] = tuple(unignored(ones.values(), off))
        return kept


_LEFT_OUT = ("__pycache__", "node_modules", "site-packages", "build", "dist", "venv", "env")


def _keyed(found: Iterable[Pipeline]) -> Iterator[tuple[str, Pipeline]]:
    """Pipelines by name; one of a name that another has already gets a number."""
    seen: dict[str, int] = {}
    for made in found:
        count = seen[made.name] = seen.get(made.name, 0) + 1
        yield f"{made.name} {count}", made


def _same(before: Pipeline, now: Pipeline) -> bool:
    """Whether nothing that the rules look at has changed."""
    old, new = before.graph, now.graph
    return (
        len(before.modules) == len(now.modules)
        and all(a is b for a, b in zip(before.modules, now.modules, strict=True))
        and before.span == now.span
        and len(old.written) == len(new.written)
        and all(a is b for a, b in zip(old.written, new.written, strict=True))
        and (old.config, old.known_inputs) == (new.config, new.known_inputs)
        and (old.mentions, old.holes) == (new.mentions, new.holes)
    )


def _names(module: Module | None) -> object:
    return module and module.names


def _homes(module: Module, finder: Finder) -> frozenset[str]:
    """The files of the workspace that a file imports from."""
    dotted = {*module.names.imports.values(), *module.names.stars}
    dotted |= {name.rpartition(".")[0] for name in dotted}
    found = (finder.find(name, module.file) for name in dotted if name)
    return frozenset(home.file for home in found if home and home.file != module.file)
