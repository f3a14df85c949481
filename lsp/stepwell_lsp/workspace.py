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
from stepwell.read.connected import connected
from stepwell.read.pipelines import Declared, Finder, Pipeline, declared, pipelines
from stepwell.read.source import Module, parse
from stepwell.rules import check, ignored, unignored
from stepwell.rules.settings import Settings, settings
from stepwell_lsp.documents import Document
from stepwell_lsp.positions import UTF16, Text
from stepwell_lsp.snapshot import Snapshot

log = logging.getLogger(__name__)

SETTINGS = "pyproject.toml"
_WORD = b"stepwell"


class Workspace:
    """Folders, the buffers that cover some of their files, and what was read of both.

    Of a large repository only the files that can matter to a pipeline are parsed and kept: those
    that say `stepwell`, and what these import.
    """

    def __init__(self) -> None:
        self._roots: tuple[str, ...] = ()
        self._encoding = UTF16
        self._says: dict[str, bool] = {}  # the files on disk: whether they say `stepwell`
        self._seen: set[str] = set()  # the files among which those that matter were looked for
        self._disk: dict[str, Text] = {}  # the texts of those that matter
        self._open: dict[str, Document] = {}
        self._alone: dict[str, Module] = {}  # what a file says by itself
        self._modules: dict[str, Module] = {}  # the same, knowing what it imports
        self._homes: dict[str, frozenset[str]] = {}  # the files that each imports from
        self._declared: dict[str, list[Declared]] = {}
        self._chosen: dict[str, Settings] = {}  # by folder: which rules count below it
        self._stale: dict[str, None] = {}  # files to read again, in order
        self._checked: dict[str, tuple[Pipeline, list[Diagnostic]]] = {}

    def open_folders(self, roots: Iterable[str], encoding: str) -> None:
        """Looks for files under these folders, and forgets what is under no folder any more."""
        self._roots, self._encoding = tuple(roots), encoding
        found = dict.fromkeys(self._found())
        for path in (*found, *(path for path in self._says if path not in found)):
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
            gone = [file for file in self._says if file.startswith(inside)]
            if os.path.isdir(path):
                gone += map(str, files.python_files([path]))
            for file in dict.fromkeys((path, *gone)):
                self._reread(file, known=self._inside(file))

    def snapshot(self) -> Snapshot:
        """The workspace as it is now: only what changed is read and checked again."""
        self._read_stale()
        now = pipelines(self._modules.values(), self._given())
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
        """Takes note that a file is new, has changed or is gone."""
        says = None
        if known:
            try:
                with open(path, "rb") as file:
                    says = _WORD in file.read()
            except OSError as error:
                log.info("%s can't be read: %s", path, error)
        if says is None:
            self._says.pop(path, None)
        else:
            self._says[path] = says
        self._disk.pop(path, None)
        self._stale[path] = None

    def _read_stale(self) -> None:
        """Reads what changed, and finds again which files matter if that may be others now."""
        stale, self._stale = self._stale, {}
        before, reach_changed = dict(self._alone), False
        for file in stale:
            old, there = before.get(file), self._exists(file)
            if os.path.basename(file) == SETTINGS:
                self._settings(file)
                reach_changed = True
            elif old is not None and there:
                self._alone[file] = now = self._parsed(file, None)
                reach_changed |= _reach(old) != _reach(now)
            else:
                self._alone.pop(file, None)
                reach_changed |= there != (file in self._seen) or (there and self._is_first(file))
        if reach_changed:
            self._alone = self._connected()
        either = {**before, **self._alone}
        changed = [file for file in either if before.get(file) is not self._alone.get(file)]
        self._read_across(changed, before)

    def _connected(self) -> dict[str, Module]:
        """The files that can matter to a pipeline, each read by itself."""
        self._seen = {file for file in (*self._says, *self._open) if self._exists(file)}
        alone = self._alone
        found = connected(
            sorted(self._seen),
            lambda file: alone.get(file) or self._parsed(file, None),
            first=[file for file in self._seen if self._is_first(file)],
            declared=self._given(),
        )
        return {module.file: module for module in found}

    def _read_across(self, changed: list[str], before: dict[str, Module]) -> None:
        """Reads again, knowing the others, what imports from other files, as far as it is new."""
        finder = Finder(self._alone.values())
        come_or_gone = before.keys() != self._alone.keys()
        for file in self._alone if come_or_gone else changed:
            self._homes[file] = _homes(self._alone[file], finder)
        waiting = [f for f in changed if _names(self._alone.get(f)) != _names(before.get(f))]
        again = set(changed)
        while waiting:
            home = waiting.pop()
            readers = [file for file, homes in self._homes.items() if home in homes]
            waiting += [file for file in readers if file not in again]
            again.update(readers)
        made = {}
        for file, alone in self._alone.items():
            if file not in again and file in self._modules:
                made[file] = self._modules[file]
            else:
                made[file] = self._parsed(file, finder) if self._homes[file] else alone
        self._modules = made
        self._homes = {file: self._homes[file] for file in self._alone}
        self._disk = {file: text for file, text in self._disk.items() if file in self._alone}

    def _parsed(self, file: str, finder: Finder | None) -> Module:
        path = Path(file)
        return parse(
            self._text(file).source,
            file=file,
            module=files.module_name(path) if path.is_absolute() else "untitled",
            package=path.name == "__init__.py",
            previous=self._alone.get(file) if finder else self._modules.get(file),
            others=finder.names(file) if finder else None,
        )

    def _text(self, file: str) -> Text:
        """What a file says: its buffer, or what is on disk; nothing where that can't be read."""
        if document := self._open.get(file):
            return document.text
        if file not in self._disk:
            try:
                self._disk[file] = Text(files.read_text(file))
            except OSError as error:
                log.info("%s can't be read: %s", file, error)
                self._disk[file] = Text("")
        return self._disk[file]

    def _exists(self, file: str) -> bool:
        """Whether there is Python to read under this name."""
        document = self._open.get(file)
        return document.python if document else file in self._says and file.endswith(".py")

    def _is_first(self, file: str) -> bool:
        """Whether a file says by itself that it has to do with pipelines."""
        document = self._open.get(file)
        return "stepwell" in document.text.source if document else self._says[file]

    def _given(self) -> list[Declared]:
        return [one for found in self._declared.values() for one in found]

    def _settings(self, file: str) -> None:
        """Reads a `pyproject.toml`: the pipelines it declares, and which rules count."""
        folder = os.path.dirname(file)
        if file not in self._says and file not in self._open:
            self._declared.pop(file, None)
            self._chosen.pop(folder, None)
            return
        try:
            table = tomllib.loads(self._text(file).source)
        except tomllib.TOMLDecodeError:
            return  # half typed: what it said last still holds
        self._declared[file] = declared(table, folder)
        check: object = table
        for key in ("tool", "stepwell", "check"):
            check = check.get(key) if isinstance(check, dict) else None
        if check is None:
            self._chosen.pop(folder, None)
        else:
            self._chosen[folder] = settings(check, Path(folder))[0]

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
            counts = self._settings_of(file).counts
            kept[file] = tuple(one for one in unignored(ones.values(), off) if counts(one))
        return kept

    def _settings_of(self, file: str) -> Settings:
        """What the nearest `pyproject.toml` that says something of rules says."""
        if self._chosen:
            for folder in map(str, Path(file).parents):
                if folder in self._chosen:
                    return self._chosen[folder]
        return Settings()


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


def _reach(module: Module) -> object:
    """What decides which other files matter because of this one."""
    return (
        module.names.imports,
        module.names.stars,
        [site.modules for site in module.sites],
        bool(module.nodes or module.sites),
    )


def _homes(module: Module, finder: Finder) -> frozenset[str]:
    """The files of the workspace that a file imports from."""
    dotted = {*module.names.imports.values(), *module.names.stars}
    dotted |= {name.rpartition(".")[0] for name in dotted}
    found = (finder.find(name, module.file) for name in dotted if name)
    return frozenset(home.file for home in found if home and home.file != module.file)
