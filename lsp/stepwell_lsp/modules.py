"""What the files that matter say, read from text and kept up to date by what changed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from stepwell.read import files
from stepwell.read.connected import connected
from stepwell.read.index import Index
from stepwell.read.pipelines import Declared, Finder
from stepwell.read.source import Module, parse
from stepwell_lsp.sources import Sources

log = logging.getLogger(__name__)


class Modules:
    """The facts of the files that can matter to a pipeline: an edit reads one of them again.

    Args:
        sources: what files say.
        index: what was read of them before this server was started.
    """

    def __init__(self, sources: Sources, index: Index | None = None) -> None:
        self.read: dict[str, Module] = {}  # knowing what they import
        self._sources = sources
        self._index = index
        self._alone: dict[str, Module] = {}  # what each says by itself
        self._homes: dict[str, frozenset[str]] = {}  # the files that each imports from
        self._seen: set[str] = set()  # the files among which those that matter were looked for

    def update(self, stale: Iterable[str], given: list[Declared], *, search: bool) -> None:
        """Reads what changed, and finds again which files matter if that may be others now.

        Args:
            stale: the files that are new, changed or gone.
            given: the pipelines that are declared.
            search: whether other files may matter for a reason outside of them.
        """
        before = dict(self._alone)
        for file in stale:
            old, there = before.get(file), self._sources.is_python(file)
            if old is not None and there:
                self._alone[file] = now = self._parsed(file, None)
                search |= _reach(old) != _reach(now)
            else:
                self._alone.pop(file, None)
                search |= there != (file in self._seen) or (there and self._sources.says(file))
        if search:
            self._alone = self._connected(given)
        either = {**before, **self._alone}
        changed = [file for file in either if before.get(file) is not self._alone.get(file)]
        if changed:
            self._read_across(changed, before)
        if self._index:
            self._index.save()

    def _connected(self, given: list[Declared]) -> dict[str, Module]:
        """The files that can matter, each read by itself."""
        self._seen = self._sources.python()
        alone = self._alone
        found = connected(
            sorted(self._seen),
            lambda file: alone.get(file) or self._parsed(file, None),
            first=[file for file in self._seen if self._sources.says(file)],
            declared=given,
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
        # A step may be made of another file's functions, whose signatures are more than names.
        again |= {
            file
            for file, read in self.read.items()
            if read.borrows and not self._homes.get(file, frozenset()).isdisjoint(changed)
        }
        while waiting:
            home = waiting.pop()
            readers = [file for file, homes in self._homes.items() if home in homes]
            waiting += [file for file in readers if file not in again]
            again.update(readers)
        made = {}
        for file, alone in self._alone.items():
            if file not in again and file in self.read:
                made[file] = self.read[file]
            else:
                made[file] = self._parsed(file, finder) if self._homes[file] else alone
        self.read = made
        self._homes = {file: self._homes[file] for file in self._alone}

    def _parsed(self, file: str, finder: Finder | None) -> Module:
        path = Path(file)
        name = files.module_name(path) if path.is_absolute() else "untitled"
        package = path.name == "__init__.py"
        text = self._sources.text(file).source
        alone = self._alone.get(file)
        previous = alone if finder else self.read.get(file)
        try:
            # What is open will be edited: its text is cut up and kept so.
            if self._index and file not in self._sources.buffers:
                if finder is None and previous is None:
                    return self._index.parse(text, file=file, module=name, package=package)
                if finder is not None and alone is not None and alone.key:
                    return self._index.parse(
                        text, file=file, module=name, package=package, alone=alone, finder=finder
                    )
            return parse(
                text,
                file=file,
                module=name,
                package=package,
                previous=previous,
                others=finder.names(file) if finder else None,
            )
        except RecursionError:  # nested deeper than can be walked: no text a person writes
            log.warning("%s is nested too deeply to be read", file)
            return Module(file, name)


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
