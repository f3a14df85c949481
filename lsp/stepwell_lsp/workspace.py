"""The pipelines of a workspace and what is wrong with them, kept up to date by what changed.

One thread owns it. Files are read as text; nothing of them is imported or run. What it gives out is
a `Snapshot` that never changes.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import is_
from pathlib import Path
from types import MappingProxyType

from stepwell.diagnostic import Diagnostic
from stepwell.read.findings import merged, unreadable
from stepwell.read.index import Index
from stepwell.read.pipelines import Built, Declared, Pipeline, declared, pipelines
from stepwell.read.virtual import Misfit
from stepwell.rules import Checker, kept
from stepwell.rules.settings import Settings, settings
from stepwell_lsp.accepted import Accepted
from stepwell_lsp.figures import Stores
from stepwell_lsp.modules import Modules
from stepwell_lsp.positions import UTF16, Text
from stepwell_lsp.snapshot import Snapshot
from stepwell_lsp.sources import SETTINGS, Sources


class Workspace:
    """What `sources` say, as pipelines and findings.

    Args:
        index: what was read of files before.
    """

    def __init__(self, index: Index | None = None) -> None:
        self.sources = Sources()
        self.stores = Stores()
        self.encoding = UTF16
        self._index = index
        self._modules = Modules(self.sources, index)
        self._declared: dict[str, list[Declared]] = {}  # by folder
        self._cells: dict[str, tuple[Declared, ...]] = {}  # by notebook
        self._search = False  # whether other files may be part of a pipeline now
        self._chosen: dict[str, Settings] = {}  # by folder: which rules count below it
        self._checked: dict[str, tuple[Pipeline, list[Diagnostic]]] = {}
        self._checkers: dict[str, Checker] = {}
        self._built = Built()
        self.report: Callable[[int, int], None] = lambda done, all: None
        self._misfits: list[Misfit] = []  # what a type checker said last
        self._accepted = Accepted()

    def glimpse(self) -> Snapshot | None:
        """What can be told of the open buffers before all of a large workspace is read.

        They and the files that name them are read alone, as pipelines of their own; `None` where
        no buffer is open.
        """
        near = self.sources.near()
        if near is None:
            return None
        small = Workspace()
        small.sources, small.encoding = near, self.encoding
        small._modules = Modules(near, self._index)
        found = small.snapshot()
        self._modules.start_from(small._modules)
        return found

    def snapshot(self) -> Snapshot:
        """The workspace as it is now: only what changed is read and checked again."""
        stale = self.sources.take_stale()
        tables = [file for file in stale if os.path.basename(file) == SETTINGS]
        for file in tables:
            self._settings(file)
        given = [
            one for found in (*self._declared.values(), *self._cells.values()) for one in found
        ]
        self._modules.update(
            (file for file in stale if file not in tables),
            given,
            search=self._search or bool(tables),
        )
        self._search = False
        if self._index:
            self._index.save()
        now = pipelines(self._modules.read.values(), given, self._built)
        checked = {}
        for done, (key, made) in enumerate(_keyed(now), start=1):
            checked[key] = self._check(key, made)
            self.report(done, len(now))
        self._checked = checked
        self._checkers = {key: self._checkers[key] for key in checked if key in self._checkers}
        declaring = (os.path.join(folder, SETTINGS) for folder in self._declared)
        texts = self.sources.keep({*self._modules.read, *declaring})
        return Snapshot(
            MappingProxyType(texts),
            tuple(made for made, _ in self._checked.values()),
            self._findings(texts),
            MappingProxyType(dict(self.sources.buffers)),
            self.encoding,
            MappingProxyType(dict(self._modules.read)),
            self.stores.look(self.sources.folders()),
        )

    def declare(self, notebook: str, given: tuple[Declared, ...]) -> None:
        """Takes over the pipelines that the cells of a notebook declare."""
        if self._cells.get(notebook, ()) != given:
            self._cells[notebook] = given
            self._search = True

    def judge(self, files: Collection[str], misfits: Iterable[Misfit]) -> None:
        """Takes over what a type checker says of the pipelines that these files are part of."""
        left = [
            each
            for each in self._misfits
            if not any(module.file in files for module in each.edge.pipeline.modules)
        ]
        self._misfits = [*left, *misfits]

    def _judged(self) -> Iterator[tuple[Pipeline, list[Diagnostic]]]:
        """What the type checker said and the rules did not, where that is written now."""
        for made, found in self._checked.values() if self._misfits else ():
            said = {(one.code, one.span) for one in found}
            now = (each.again(made) for each in self._misfits)
            more = [each.found for each in now if each]
            yield made, [one for one in more if (one.code, one.span) not in said]

    def _settings(self, file: str) -> None:
        """Reads a `pyproject.toml`: the pipelines it declares, and which rules count."""
        folder = os.path.dirname(file)
        if not self.sources.exists(file):
            self._declared.pop(folder, None)
            self._chosen.pop(folder, None)
            return
        try:
            text = self.sources.text(file).source
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return  # half typed: what it said last still holds
        self._declared[folder] = declared(table, folder, text)
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
        return made, self._checkers.setdefault(key, Checker()).check(made.graph)

    def _findings(self, texts: Mapping[str, Text]) -> dict[str, tuple[Diagnostic, ...]]:
        """What was found, by file, each once though several pipelines may say it."""
        found: dict[str, list[Diagnostic]] = {}
        for made, _ in self._checked.values():
            for module in made.modules:
                found.setdefault(module.file, [])
        for one in merged([*self._checked.values(), *self._judged()]):
            found.setdefault(one.span.file if one.span else "", []).append(one)
        broken = unreadable(made for made, _ in self._checked.values())
        told = {}
        for file, ones in found.items():
            text = {file: texts[file].source} if file in texts else {}
            chosen = self._settings_of(file)
            counted = filter(chosen.counts, kept(ones, text, broken=broken))
            told[file] = self._accepted.left(counted, chosen.baseline)
        return told

    def _settings_of(self, file: str) -> Settings:
        """What the nearest `pyproject.toml` that says something of rules says."""
        if self._chosen:
            for folder in map(str, Path(file).parents):
                if folder in self._chosen:
                    return self._chosen[folder]
        return Settings()


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
        _identical(before.modules, now.modules)
        and before.span == now.span
        and (old.wiring is new.wiring or _identical(old.written, new.written))
        and (old.config, old.known_inputs) == (new.config, new.known_inputs)
        and (old.mentions, old.holes) == (new.mentions, new.holes)
        and (old.asked, old.configs) == (new.asked, new.configs)
        and old.adapters == new.adapters
    )


def _identical(one: Sequence[object], other: Sequence[object]) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))
