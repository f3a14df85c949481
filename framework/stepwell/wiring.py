"""What of a pipeline's nodes feeds what, looked up by name.

An editor asks after every key, of ten thousand nodes that are nearly all the same as before. What
was worked out for those is carried over, and only what an edit touched is looked at.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from operator import is_
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.routes import joined
from stepwell.spec import Body, Node, Param
from stepwell.spelling import Spellings

if TYPE_CHECKING:
    import networkx as nx

_MANY = 8
"""From how many nodes whose needs changed it is quicker to look for cycles from scratch."""


class Edit(NamedTuple):
    """How the nodes differ from those of another wiring.

    Args:
        since: the `mark` of the other one.
        gone: the nodes that it had.
        come: the nodes that it had not.
    """

    since: object
    gone: tuple[Node, ...]
    come: tuple[Node, ...]


class Wiring:
    """Nodes by name, file and function, and the edges between them. It never changes.

    Args:
        written: every node, in the order written; names may repeat.
        before: the wiring of nearly the same nodes, where there is one.
    """

    def __init__(self, written: Iterable[Node], before: Wiring | None = None) -> None:
        self.written: tuple[Node, ...] = tuple(written)
        self.mark = object()
        self.nodes: dict[str, Node] = {}
        for node in self.written:
            self.nodes.setdefault(node.name, node)
        if any(node.kind == "join" for node in self.written):
            self.written, self.nodes = joined(self.written)
        self.edit = _edit(before, self.written) if before is not None else None
        if before is not None and self.edit is not None:
            self.__dict__.update(_Carried(before, self, self.edit).everything())
            if "circular" in before.__dict__ and "needs" in self.__dict__:
                circular = _still_circular(before, self, self.edit)
                if circular is not None:
                    self.__dict__["circular"] = circular

    @cached_property
    def about(self) -> Mapping[str, list[Node]]:
        """By name, the nodes that make it or read it, in the order written."""
        found: dict[str, list[Node]] = {}
        for node in self.written:
            found.setdefault(node.name, []).append(node)
            for param in node.params:
                nodes = found.get(param.reads)
                if nodes is None:
                    found[param.reads] = [node]
                elif nodes[-1] is not node:
                    nodes.append(node)
        return found

    @cached_property
    def needs(self) -> Mapping[str, tuple[str, ...]]:
        """For each node's name, the names that are read to make it."""
        found = {node.name: tuple([p.reads for p in node.params]) for node in self.written}
        if len(found) < len(self.written):
            several = {node.name for node in self.written if self.nodes[node.name] is not node}
            found |= {name: _needs(self.about[name], name) for name in several}
        return found

    @cached_property
    def inputs(self) -> Mapping[str, tuple[tuple[Node, Param], ...]]:
        """Names that are read and that no node makes, each with its readers."""
        found: dict[str, list[tuple[Node, Param]]] = {}
        for node in self.written:
            for param in node.params:
                if param.reads not in self.nodes:
                    found.setdefault(param.reads, []).append((node, param))
        return {name: tuple(readers) for name, readers in found.items()}

    @cached_property
    def by_file(self) -> Mapping[str, list[Node]]:
        """The nodes that are written in each file; those without a place are left out."""
        found: dict[str, list[Node]] = {}
        for node in self.written:
            if node.span:
                found.setdefault(node.span.file, []).append(node)
        return found

    @cached_property
    def bodies(self) -> tuple[tuple[Node, Body], ...]:
        """The steps whose text is known and whole, each function once, whatever nodes it makes."""
        found: dict[tuple[str, str, int], tuple[Node, Body]] = {}
        for node in self.written:
            if node.body is not None and not node.stale:
                found.setdefault((node.module, node.step, node.body.line), (node, node.body))
        return tuple(found.values())

    @cached_property
    def conditional(self) -> tuple[Node, ...]:
        """The nodes that exist under some configurations alone."""
        return tuple([node for node in self.written if node.when])

    @cached_property
    def has_stale(self) -> bool:
        """Whether the text of some step is broken now."""
        return any(node.stale for node in self.written)

    @cached_property
    def fans_out(self) -> bool:
        """Whether anything is done once for each item of a `Parallelizable`, or collected."""
        return _fans_out(self.written)

    @cached_property
    def has_routes(self) -> bool:
        """Whether it depends on a value that is made in the run which steps are taken."""
        return _has_routes(self.written)

    @cached_property
    def spellings(self) -> Spellings:
        """The names of the nodes, and which of them a misspelt one was meant to be."""
        return Spellings(self.nodes)

    @cached_property
    def circular(self) -> frozenset[str]:
        """The names of the nodes that need themselves, by however long a way."""
        return frozenset() if _in_order(self.written) else _circular(_core(self.needs), self.needs)

    @cached_property
    def digraph(self) -> nx.DiGraph[str]:
        """Every node and input as a vertex; an edge leads from what is made to its reader."""
        import networkx as nx

        digraph: nx.DiGraph[str] = nx.DiGraph()
        digraph.add_nodes_from(self.nodes)
        digraph.add_edges_from(
            (param.reads, node.name) for node in self.written for param in node.params
        )
        return digraph

    def upstream(self, names: Iterable[str], given: Iterable[str] = ()) -> set[str]:
        """The given names and all that feeds them, inputs included; unknown names are left out.

        What is `given` is fed by nothing.
        """
        needs = self.needs
        waiting = {name for name in names if name in self.nodes or name in self.inputs}
        seen = set(waiting)
        waiting.difference_update(given)
        while waiting:
            waiting = set().union(*[needs.get(name, ()) for name in waiting]) - seen
            seen |= waiting
            waiting.difference_update(given)
        return seen

    def downstream(self, names: Iterable[str]) -> set[str]:
        """The given names and all that they feed; unknown names are left out."""
        about = self.about
        waiting = [name for name in names if name in about]
        seen = set(waiting)
        while waiting:
            name = waiting.pop()
            for node in about[name]:
                if node.name not in seen and any(param.reads == name for param in node.params):
                    seen.add(node.name)
                    waiting.append(node.name)
        return seen


def _names(node: Node) -> dict[str, None]:
    """What a node makes and what it reads, each once."""
    return dict.fromkeys([node.name, *[param.reads for param in node.params]])


def _needs(nodes: Iterable[Node], name: str) -> tuple[str, ...]:
    return tuple([p.reads for node in nodes if node.name == name for p in node.params])


def _readers(nodes: Iterable[Node], name: str) -> tuple[tuple[Node, Param], ...]:
    return tuple([(node, p) for node in nodes for p in node.params if p.reads == name])


def _fans_out(nodes: Iterable[Node]) -> bool:
    # Asked of every graph, so it is to be quick: a set of names, not a question to each.
    made = {node.type.name for node in nodes}
    taken = {param.type.name for node in nodes for param in node.params}
    return "stepwell.Parallelizable" in made or not taken.isdisjoint(
        ("stepwell.Collect", "stepwell.Collecting")
    )


def _has_routes(nodes: Iterable[Node]) -> bool:
    return bool({param.guard for node in nodes for param in node.params} - {None})


def _in_order(written: Iterable[Node]) -> bool:
    """Whether no node reads one that is written below it, as in most files: then nothing turns."""
    later = {node.name: place for place, node in enumerate(written)}
    return all(
        later.get(param.reads, -1) < place
        for place, node in enumerate(written)
        for param in node.params
    )


def _core(needs: Mapping[str, Iterable[str]]) -> set[str]:
    """The names that are left when one after the other goes that needs none of the others."""
    left = {name: {each for each in reads if each in needs} for name, reads in needs.items()}
    readers: dict[str, list[str]] = {}
    for name, reads in left.items():
        for each in reads:
            readers.setdefault(each, []).append(name)
    waiting = deque(name for name, reads in left.items() if not reads)
    while waiting:
        name = waiting.popleft()
        del left[name]
        for reader in readers.get(name, ()):
            left[reader].discard(name)
            if not left[reader]:
                waiting.append(reader)
    return set(left)


def _circular(names: set[str], needs: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Those of the names that need themselves by way of these names alone."""
    if not names:
        return frozenset()
    import networkx as nx

    edges = ((name, each) for name in names for each in needs[name] if each in names)
    groups = nx.strongly_connected_components(nx.DiGraph(edges))
    return frozenset(
        name for group in groups for name in group if len(group) > 1 or name in needs[name]
    )


def _edit(before: Wiring, now: Sequence[Node]) -> Edit | None:
    """How the nodes differ from those before; `None` if most do, or if their order does."""
    old = before.written
    start = next((at for at, (a, b) in enumerate(zip(old, now, strict=False)) if a is not b), None)
    if start is None:
        start = min(len(old), len(now))
    shorter = min(len(old), len(now)) - start
    backwards = enumerate(zip(reversed(old), reversed(now), strict=False))
    end = next((at for at, (a, b) in backwards if a is not b), shorter)
    end = min(end, shorter)
    was, are = old[start : len(old) - end], now[start : len(now) - end]
    had, has = set(map(id, was)), set(map(id, are))
    kept, keeps = [n for n in was if id(n) in has], [n for n in are if id(n) in had]
    if len(kept) != len(keeps) or not all(map(is_, kept, keeps)):
        return None
    gone = tuple([node for node in was if id(node) not in has])
    come = tuple([node for node in are if id(node) not in had])
    return Edit(before.mark, gone, come) if len(gone) + len(come) <= len(now) else None


class _Carried:
    """What was worked out before, made true of the nodes as they are now."""

    def __init__(self, before: Wiring, now: Wiring, edit: Edit) -> None:
        self.known, self.now, self.edit = dict(before.__dict__), now, edit
        self.lost = set(map(id, edit.gone))
        self.place = dict(zip(map(id, now.written), range(len(now.written)), strict=True))
        self.come = _by_name(edit.come)
        self.names = dict.fromkeys(chain(self.come, _by_name(edit.gone)))
        self.made = dict.fromkeys([node.name for node in (*edit.gone, *edit.come)])

    def everything(self) -> dict[str, Any]:
        """By attribute; what is quick to work out from scratch is left out."""
        if "about" not in self.known:
            return {}
        found: dict[str, Any] = {"about": self.about()}
        if "by_file" in self.known:
            found["by_file"] = self.by_file()
        if "needs" in self.known:
            found["needs"] = self.needs(found["about"])
        if "inputs" in self.known:
            found["inputs"] = self.inputs(found["about"])
        if "spellings" in self.known and self.known["spellings"].names == tuple(self.now.nodes):
            found["spellings"] = self.known["spellings"]
        if self.known.get("fans_out") is False:
            found["fans_out"] = _fans_out(self.edit.come)
        if self.known.get("has_routes") is False:
            found["has_routes"] = _has_routes(self.edit.come)
        if self.known.get("has_stale") is False:
            found["has_stale"] = any(node.stale for node in self.edit.come)
        if self.known.get("conditional") == ():
            found["conditional"] = tuple([node for node in self.edit.come if node.when])
        return found

    def about(self) -> dict[str, list[Node]]:
        found = dict(self.known["about"])
        for name in self.names:
            nodes = self.merged(found.get(name, ()), self.come.get(name, ()))
            if nodes:
                found[name] = nodes
            else:
                del found[name]
        return found

    def by_file(self) -> dict[str, list[Node]]:
        found = dict(self.known["by_file"])
        come: dict[str, list[Node]] = {
            node.span.file: [] for node in (*self.edit.gone, *self.edit.come) if node.span
        }
        for node in self.edit.come:
            if node.span:
                come[node.span.file].append(node)
        for file, new in come.items():
            found[file] = self.merged(found.get(file, ()), new)
            if not found[file]:
                del found[file]
        return found

    def needs(self, about: Mapping[str, list[Node]]) -> dict[str, tuple[str, ...]]:
        found = dict(self.known["needs"])
        for name in self.made:
            if name in self.now.nodes:
                found[name] = _needs(about[name], name)
            else:
                found.pop(name, None)
        return found

    def inputs(self, about: Mapping[str, list[Node]]) -> dict[str, tuple[tuple[Node, Param], ...]]:
        found = dict(self.known["inputs"])
        for name in self.names:
            before = found.pop(name, None)
            if name in self.now.nodes or name not in about:
                continue
            if before is None:
                found[name] = _readers(about[name], name)
            else:
                kept = [each for each in before if id(each[0]) not in self.lost]
                new = _readers(self.come.get(name, ()), name)
                ordered = sorted([*kept, *new], key=lambda each: self.place[id(each[0])])
                found[name] = tuple(ordered) if new else tuple(kept)
        return found

    def merged(self, before: Iterable[Node], come: Sequence[Node]) -> list[Node]:
        """What is left of these nodes, and the new ones, in the order written."""

        def order(node: Node) -> int:
            return self.place[id(node)]

        kept = [node for node in before if id(node) not in self.lost]
        if len(come) > _MANY:
            return sorted([*kept, *come], key=order)
        for node in come:
            insort(kept, node, key=order)
        return kept


def _by_name(nodes: Iterable[Node]) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for node in nodes:
        for name in _names(node):
            found.setdefault(name, []).append(node)
    return found


def _still_circular(before: Wiring, now: Wiring, edit: Edit) -> frozenset[str] | None:
    """The names that need themselves now; `None` where that is quicker to say from scratch.

    A cycle that was not there leads through a node that needs what it did not need.
    """
    made = {node.name for node in (*edit.gone, *edit.come)} & now.nodes.keys()
    new = [name for name in made if not {*now.needs[name]} <= {*before.needs.get(name, ())}]
    if len(new) > _MANY:
        return None
    names = {name for name in before.circular if name in now.nodes}
    for name in new:
        needed = now.upstream(now.needs[name])
        if name in needed:
            names |= now.downstream([name]) & needed
    return _circular(names & now.nodes.keys(), now.needs)
