"""What the drivers of a workspace ask for, and what they are configured with, taken together.

A step that one driver leaves aside is another's target: only where every driver of a module is
known, with all that is asked of it, can something be said to be of no use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from stepwell.graph import Graph
from stepwell.read.source import Module, Site


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One pipeline's part in this.

    Args:
        graph: its graph.
        files: the files of its modules.
        targets: what is asked of it; `None` where that is not known.
        configs: what it is configured with; `None` where that is not known.
    """

    graph: Graph
    files: frozenset[str]
    targets: frozenset[str] | None = frozenset()
    configs: tuple[Mapping[str, Any], ...] | None = ()


def use_of(site: Site, home: Module, graph: Graph, files: Iterable[str], known: Known) -> Use:
    """What a driver that is built in `home` asks for."""
    whole = site.whole and not site.given_away and not known.is_imported(home)
    configs = (graph.config,) if whole and graph.config is not None else None
    targets: set[str] | None = {mention.name for mention in site.mentions}
    for request in site.requests:
        if request.targets is None or targets is None:
            targets = None
        else:
            targets |= {mention.name for mention in request.targets}
    seen = frozenset(targets) if whole and targets and site.requests else None
    return Use(graph, frozenset(files), seen, configs)


class Known:
    """What the modules of a workspace import from one another, by last names."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.names: set[str] = set()
        self._homes: dict[str, set[str]] = {}
        self.whole = True
        for module in modules:
            self.whole &= all(site.whole for site in module.sites)
            for dotted in (*module.names.imports.values(), *module.names.stars):
                home, _, name = dotted.rpartition(".")
                self.names.add(name)
                for each in (name, home.rpartition(".")[2]):
                    self._homes.setdefault(each, set()).add(module.file)

    def is_imported(self, home: Module) -> bool:
        """Whether another module may use what this one makes."""
        return bool(self._homes.get(home.name.rpartition(".")[2], set()) - {home.file})


def tell(uses: Iterable[Use], known: Known) -> None:
    """Sets `asked` and `configs` of each graph to what all that share a file with it say."""
    if not known.whole:
        return  # a driver of modules that are not known may be one of these
    for group, own in _groups(list(uses)):
        for use in own:
            if group.configs is not None:
                use.graph.configs = group.configs
            if group.targets:
                use.graph.asked = frozenset(group.asked(use, known.names))


class _Group:
    """Pipelines that may use each other's steps, and what they ask for taken together."""

    def __init__(self, uses: Sequence[Use]) -> None:
        configs = [use.configs for use in uses]
        self.configs: tuple[Mapping[str, Any], ...] | None = None
        if None not in configs:
            self.configs = tuple(config for found in configs for config in found or ())
        targets = [use.targets for use in uses]
        self.targets: set[str] = set()
        if None not in targets:
            self.targets = {name for found in targets for name in found or ()}
        shared = self.targets and len({use.files for use in uses}) > 1
        self._reads = _reads(uses) if shared else {}
        # A hundred pipelines may share a file: names are counted once for all of them.
        self._count = Counter(chain.from_iterable(self._reads.values()))

    def asked(self, use: Use, imported: Collection[str]) -> set[str]:
        """The names of this pipeline that are asked for, or read by steps that it has not."""
        about = use.graph.about
        found = {name for name in chain(self.targets, imported) if name in about}
        if self._reads:
            own = Counter(
                chain.from_iterable(
                    names
                    for (file, files), names in self._reads.items()
                    if file in use.files or (files and files <= use.files)
                )
            )
            found |= {name for name in about if self._count[name] > own[name]}
        return found


def _groups(uses: Sequence[Use]) -> Iterator[tuple[_Group, list[Use]]]:
    """Pipelines, with all that share a file with them: the same for many, and worked out once."""
    by_file: dict[str, set[int]] = {}
    for number, use in enumerate(uses):
        for file in use.files:
            by_file.setdefault(file, set()).add(number)
    whole: dict[str, frozenset[int]] = {}
    found: dict[frozenset[int], list[Use]] = {}
    for use in uses:
        most = max(use.files, key=lambda file: (len(by_file[file]), file), default="")
        if most and all(by_file[file] <= by_file[most] for file in use.files):
            near = whole.setdefault(most, frozenset(by_file[most]))
        else:
            near = frozenset().union(*[by_file[file] for file in use.files])
        found.setdefault(near, []).append(use)
    for near, own in found.items():
        yield _Group([uses[number] for number in sorted(near)]), own


_NONE: frozenset[str] = frozenset()


def _reads(uses: Iterable[Use]) -> dict[tuple[str, frozenset[str]], set[str]]:
    """The names that are read in each file, whatever pipeline it is in.

    What a package shows of its modules is in none of its pipeline's files: it stands by itself,
    with these.
    """
    found: dict[tuple[str, frozenset[str]], set[str]] = {}
    for use in uses:
        for node in (*use.graph.written, *use.graph.absent):
            file = node.span.file if node.span else ""
            place = file, use.files if file not in use.files else _NONE
            found.setdefault(place, set()).update([param.reads for param in node.params])
    return found
