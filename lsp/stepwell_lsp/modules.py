"""What the files that matter say, read from text and kept up to date by what changed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from stepwell.read import files
from stepwell.read.connected import connected
from stepwell.read.index import Index, KeptNames, lean
from stepwell.read.pipelines import Declared, Finder
from stepwell.read.source import Module, parse
from stepwell_lsp.sources import Sources, name_of

_HELD = 1 << 20
"""Of how many characters the syntax trees are held until all files of a workspace are known."""

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

    def start_from(self, others: Modules) -> None:
        """What others read of the open buffers is not parsed again."""
        for file in self._sources.buffers:
            if file in others.read:
                self.read.setdefault(file, others.read[file])

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
            finder = self._read_across(changed, before)
            self._slim(changed, finder)

    def _slim(self, files: Iterable[str], finder: Finder) -> None:
        """Lets go of the syntax trees of files that are not open."""
        closed = [f for f in files if f in self._alone and f not in self._sources.buffers]
        for file in closed:
            text, alone, read = self._sources.text(file).source, self._alone[file], self.read[file]
            self._alone[file] = slim = lean(alone, text)
            self.read[file] = slim if read is alone else lean(read, text)
        finder.put({file: self._alone[file] for file in closed})

    def _connected(self, given: list[Declared]) -> dict[str, Module]:
        """The files that can matter, each read by itself."""
        self._seen = self._sources.python()
        alone = self._alone
        held = 0
        last = {name_of(file) for file in self._seen}

        def read(file: str) -> Module:
            nonlocal held
            if file in alone:
                return alone[file]
            module = self._parsed(file, None)
            if file in self._sources.buffers:
                return module
            text = self._sources.text(file).source
            if last.isdisjoint(_last_names(module)) or held > _HELD:
                return lean(module, text)
            held += len(text)  # it will be read again, knowing the others
            return module

        found = connected(
            sorted(self._seen),
            read,
            first=[file for file in self._seen if self._sources.says(file)],
            declared=given,
        )
        return {module.file: module for module in found}

    def _read_across(self, changed: list[str], before: dict[str, Module]) -> Finder:
        """Reads again, knowing the others, what imports from other files, as far as it is new."""
        finder = Finder(self._alone.values())
        come_or_gone = before.keys() != self._alone.keys()
        for file in self._alone if come_or_gone else changed:
            self._homes[file] = _homes(self._alone[file], finder)
        waiting = [f for f in changed if not self._same_names(before.get(f), self._alone.get(f))]
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
        return finder

    def _same_names(self, before: Module | None, now: Module | None) -> bool:
        """Whether the names of a file are known to mean what they meant."""
        if before is None or now is None:
            return before is now
        if isinstance(before.names, KeptNames):
            return before.names.text == self._sources.text(now.file).source
        return before.names is now.names

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


def _last_names(module: Module) -> Iterator[str]:
    """What the files may be called that a file imports, or imports something of."""
    for dotted in (*module.names.imports.values(), *module.names.stars):
        home, _, name = dotted.rpartition(".")
        yield from (name, home.rpartition(".")[2])


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
