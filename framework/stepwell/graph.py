"""A pipeline as a graph: nodes by name and one networkx graph of what feeds what.

A graph may be wrong: two nodes of one name, a cycle, a parameter that nobody makes. It records what
was written and never raises; `rules/` says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from stepwell.spec import Body, Call, Hole, Mention, Node, Param
from stepwell.spelling import Spellings
from stepwell.wiring import Wiring

if TYPE_CHECKING:
    import networkx as nx

    from stepwell.diagnostic import Diagnostic


class Graph:
    """Nodes, and what feeds what.

    Args:
        written: every node, in the order written; names may repeat.
        config: the configuration the nodes were chosen by; `None` where it is not known (an
            editor), so that all alternatives are present.
        inputs: names that are known to be given from outside; `None` where that is not known.
        mentions: names asked for or given outside the steps.
        holes: places from which more names may come.
        problems: what the reader already found wrong (a syntax error, a modifier's argument).
        modules: the dotted names of the modules read.
        private: functions of these modules that are no steps, since their names start with `_`.
        absent: nodes that exist under other configurations than `config`.
        before: the graph of nearly the same nodes, where there is one: what it knows of them is
            not worked out again.
    """

    def __init__(
        self,
        written: Iterable[Node],
        *,
        config: Mapping[str, Any] | None = None,
        inputs: Iterable[str] | None = None,
        mentions: Iterable[Mention] = (),
        holes: Iterable[Hole] = (),
        problems: Iterable[Diagnostic] = (),
        modules: Iterable[str] = (),
        private: Iterable[Node] = (),
        absent: Iterable[Node] = (),
        before: Graph | None = None,
    ) -> None:
        self.wiring: Wiring = Wiring(written, before.wiring if before is not None else None)
        self.written = self.wiring.written
        self.nodes: Mapping[str, Node] = self.wiring.nodes
        self.config = config
        self.known_inputs = None if inputs is None else frozenset(inputs)
        self.mentions = tuple(mentions)
        self.holes = tuple(holes)
        self.problems = tuple(problems)
        self.modules = tuple(modules)
        self.private = tuple(private)
        self.absent = tuple(absent)
        self.asked: frozenset[str] | None = None
        """Names that any driver of these modules is asked for; `None` where that is not known."""
        self.configs: tuple[Mapping[str, Any], ...] | None = None
        """Every configuration of a driver of these modules; `None` where that is not known."""
        self.adapters: tuple[Call, ...] = ()
        """The adapters of its driver that are made where it is built, as far as that is read."""
        self.executors: tuple[Call, ...] = ()
        """Where its driver has the items of fan-outs done, as far as that is read."""

    @property
    def digraph(self) -> nx.DiGraph[str]:
        """Every node and input as a vertex; an edge leads from what is made to its reader."""
        return self.wiring.digraph

    @property
    def bodies(self) -> tuple[tuple[Node, Body], ...]:
        """The steps whose text is known and whole, each function once, whatever nodes it makes."""
        return self.wiring.bodies

    @property
    def inputs(self) -> Mapping[str, tuple[tuple[Node, Param], ...]]:
        """Names that are read and that no node makes, each with its readers."""
        return self.wiring.inputs

    @property
    def fans_out(self) -> bool:
        """Whether anything is done once for each item of a `Parallelizable`, or collected."""
        return self.wiring.fans_out

    @property
    def has_routes(self) -> bool:
        """Whether it depends on a value that is made in the run which steps are taken."""
        return self.wiring.has_routes

    @property
    def about(self) -> Mapping[str, list[Node]]:
        """By name, the nodes that make it or read it, in the order written."""
        return self.wiring.about

    @property
    def by_file(self) -> Mapping[str, list[Node]]:
        """The nodes that are written in each file; those without a place are left out."""
        return self.wiring.by_file

    @property
    def spellings(self) -> Spellings:
        """The names of the nodes, and which of them a misspelt one was meant to be."""
        return self.wiring.spellings

    def variants(self, name: str) -> tuple[Node, ...]:
        """All nodes written under this name: more than one is a duplicate or a choice by config."""
        if len(self.nodes) == len(self.written):
            return (self.nodes[name],) if name in self.nodes else ()
        return tuple(node for node in self.about.get(name, ()) if node.name == name)

    def readers(self, name: str) -> Iterator[tuple[Node, Param]]:
        """Every node that reads `name`, with the parameter that does."""
        return ((n, p) for n in self.about.get(name, ()) for p in n.params if p.reads == name)

    def upstream(self, names: Iterable[str]) -> set[str]:
        """The given names and all that feeds them, inputs included; unknown names are left out."""
        return self.wiring.upstream(names)

    def downstream(self, names: Iterable[str]) -> set[str]:
        """The given names and all that they feed; unknown names are left out."""
        return self.wiring.downstream(names)

    def cycle(self) -> list[str]:
        """The names of one cycle in the order of its edges, or an empty list."""
        if not self.wiring.circular:
            return []
        import networkx as nx

        return [source for source, _ in nx.find_cycle(self.digraph)]

    def digest(self) -> str:
        """A hash of the wiring: equal for graphs of the same nodes, types, edges and tags.

        It does not depend on where or in what order things are written.
        """
        from hashlib import blake2b

        lines = sorted(_line(node) for node in self.written)
        return blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()


def _line(node: Node) -> str:
    params = [
        (p.keyword, p.reads, p.type.short, p.required, p.positional_only, p.key)
        if p.guard is None
        else (p.reads, p.guard.operator, sorted(map(_form, p.guard.values)))
        for p in node.params
    ]
    bound = [(b.keyword, _form(b.value), b.key) for b in node.bound]
    tags = sorted((key, _form(value)) for key, value in node.tags.items())
    when = sorted((c.key, c.operator, sorted(map(_form, c.values))) for c in node.when)
    return repr((node.name, node.type.short, params, bound, tags, node.kind, when))


def _form(value: object) -> str:
    """A text of a literal that is the same in every process; of all else, its kind and name."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(sorted(f'{_form(k)}: {_form(v)}' for k, v in value.items()))}}}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(_form, value))})"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(_form, value)))}}}"
    if isinstance(value, str | bytes | int | float | complex | None):
        return repr(value)
    return f"{type(value).__name__}:{getattr(value, '__qualname__', '')}"
