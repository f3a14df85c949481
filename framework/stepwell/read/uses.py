"""What the drivers of a workspace ask for, and what they are configured with, taken together.

A step that one driver leaves aside is another's target: only where every driver of a module is
known, with all that is asked of it, can something be said to be of no use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
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
    uses = list(uses)
    by_file: dict[str, list[Use]] = {}
    for use in uses:
        for file in use.files:
            by_file.setdefault(file, []).append(use)
    for use in uses:
        near = {id(each): each for file in use.files for each in by_file[file]}.values()
        configs = [each.configs for each in near]
        if None not in configs:
            use.graph.configs = tuple(config for found in configs for config in found or ())
        targets = [each.targets for each in near]
        if None not in targets and any(targets):
            asked = {name for found in targets for name in found or ()}
            outside = {name for each in near for name in _read_elsewhere(each, use)}
            use.graph.asked = frozenset(asked | outside | known.names)


def _read_elsewhere(other: Use, use: Use) -> Iterator[str]:
    """What steps of another pipeline, in files that this one has not, read."""
    if other.files <= use.files:
        return
    for node in (*other.graph.written, *other.graph.absent):
        if node.span is None or node.span.file not in use.files:
            yield from (param.reads for param in node.params)
