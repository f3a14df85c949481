"""The plan of a graph in which steps are done once for each item: plans within a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from stepwell.blocks import LIVE, Blocks, blocks
from stepwell.fanout import ItemFailed
from stepwell.graph import Graph
from stepwell.plan.arguments import line_of
from stepwell.plan.lines import STREAM, Block, Line, Missing, Plan, Route, Whole, freeing
from stepwell.routes import SKIPPED
from stepwell.spec import Node, Param
from stepwell.types import UNKNOWN, Type

if TYPE_CHECKING:
    from stepwell.plan.routing import Routing, Vertex


def nesting(
    graph: Graph,
    targets: Sequence[str],
    nodes: Sequence[Node],
    given: tuple[str, ...],
    missing: tuple[Missing, ...],
) -> Plan:
    """The plan of a graph in which steps are done once for each item."""
    found = blocks(nodes, graph, given)
    if found.misuses or any(found.values.get(name) for name in targets):
        return Plan(graph, tuple(targets), given, (), (), frozenset(), missing, found)
    return replace(_nested(graph, targets, nodes, given, found, 0), missing=missing)


def _nested(
    graph: Graph,
    targets: Sequence[str],
    nodes: Sequence[Node],
    given: Sequence[str],
    found: Blocks,
    level: int,
    unsure: Collection[str] = (),
) -> Plan:
    """The plan of what is done within so many blocks: one line for each block further in.

    Of what is `unsure` among the given names it is not sure that it was made.
    """
    flat, inside, gathered = _apart(nodes, found, level)
    made_by = {_all_of(name): source for source, names in gathered.items() for name in names}
    making = _Making(graph, given, found, made_by)
    making.read_live, making.collecting = _read_live(flat.values(), made_by)
    units = _units(targets, flat, inside, made_by, found)
    if graph.has_routes:
        making.routed(_vertices(units, flat, inside, made_by, found), targets, unsure)
        units = making.order
    for unit in units:
        if unit in flat:
            making.step(flat[unit])
        else:
            source = unit.removeprefix(_BLOCK)
            mine = inside.get(source, [])
            names = (*gathered[source],)
            outer = making.shared(source, mine)
            unsure_there = making.unsure.intersection(outer)
            inner = _nested(graph, names, mine, (source, *outer), found, level + 1, unsure_there)
            making.block(unit, source, names, outer, inner)
    lines, slots, live = making.lines, making.slots, making.live
    results = tuple(
        Whole(slots[n]) if slots[n] in live else slots[n] for n in targets if n in slots
    )
    return Plan(
        graph, tuple(targets), tuple(given), freeing(lines, results), results, live, blocks=found
    )


class _Making:
    """Makes the lines of one level, in their order."""

    def __init__(
        self, graph: Graph, given: Sequence[str], found: Blocks, made_by: Mapping[str, str]
    ) -> None:
        self.graph, self.found, self.made_by = graph, found, made_by
        self.slots = {name: slot for slot, name in enumerate(given)}
        self._first = len(given)
        self.lines: list[Line] = []
        self.live: frozenset[int] = frozenset()
        self.read_live: set[str] = set()
        self.collecting: set[str] = set()
        self.order: list[str] = []
        self.unsure: set[str] = set()
        self._routing: Routing | None = None

    def routed(
        self, vertices: Sequence[Vertex], targets: Iterable[str], unsure: Collection[str]
    ) -> None:
        """Takes note that it is known only in the run which of these are made."""
        from stepwell.plan.routing import Routing

        asked = [_unit(name, self.made_by) for name in targets]
        self._routing = Routing(vertices, asked, unsure)
        self.order, self.unsure = self._routing.order, {*self._routing.unsure}
        self.unsure |= {k for k, of in self.made_by.items() if _BLOCK + of in self.unsure}

    def step(self, node: Node) -> None:
        """The line of a step."""
        reads = replace(
            node, params=tuple(p._replace(reads=_key(p, self.found)) for p in node.params)
        )
        line = line_of(reads, self._next, self.slots, self.live, (), self.unsure)
        if node.name in self.read_live:
            self.live |= {line.slot}
        self._add(node.name, line._replace(node=node), node.name)

    def shared(self, source: str, mine: Iterable[Node]) -> list[str]:
        """What the steps of a block need besides the item, and is made outside of it."""
        own = {source, *(node.name for node in mine)}
        shared = dict.fromkeys(_key(p, self.found) for node in mine for p in node.params)
        return [key for key in shared if key in self.slots and key not in own]

    def block(
        self, unit: str, source: str, names: Sequence[str], outer: Sequence[str], inner: Plan
    ) -> None:
        """The line of a block, and one for each of several things that are collected of it."""
        node = Node(", ".join(names), Type(STREAM, (UNKNOWN,)), kind="block")
        read = [self.slots[key] for key in (source, *outer)]
        args = tuple(Whole(slot) if slot in self.live else slot for slot in read)
        slot, simple = self._next, self.live.isdisjoint(read)
        if len(names) == 1 and unit in self.collecting:
            self.live |= {slot}
        block = Block(self.graph.nodes[source], inner)
        self.slots[unit] = slot
        self._add(_all_of(names[0]), Line(node, slot, args, (), (), simple, block), unit)
        for position, name in enumerate(names if len(names) > 1 else ()):
            taken = made_part if self.graph.has_routes else _part
            part = Node(name, kind="part", callable=partial(taken, position))
            line = Line(part, self._next, (slot,), (), (), True)
            if unit in self.unsure:
                line = line._replace(simple=False, route=Route((), (slot,)))
            self._add(_all_of(name), line)

    @property
    def _next(self) -> int:
        return self._first + len(self.lines)

    def _add(self, key: str, line: Line, vertex: str = "") -> None:
        self.slots[key] = line.slot
        route = self._routing.route(vertex, self.slots) if self._routing and vertex else None
        self.lines.append(line if route is None else line._replace(simple=False, route=route))


def _vertices(
    units: Iterable[str],
    flat: Mapping[str, Node],
    inside: Mapping[str, Sequence[Node]],
    made_by: Mapping[str, str],
    found: Blocks,
) -> list[Vertex]:
    """The steps and blocks of one level as what a routing is worked out for."""
    from stepwell.plan.routing import Edge, Vertex, vertex

    vertices: list[Vertex] = []
    for unit in units:
        if unit in flat:
            node = flat[unit]
            reads = [p._replace(reads=_unit(_key(p, found), made_by)) for p in node.params]
            vertices.append(vertex(replace(node, params=tuple(reads))))
            continue
        source = unit.removeprefix(_BLOCK)
        keys = dict.fromkeys(_key(p, found) for n in inside.get(source, ()) for p in n.params)
        shared = (Edge(_unit(key, made_by), required=False) for key in keys)
        edges = [Edge(source, required=True), *(edge for edge in shared if edge.reads != unit)]
        vertices.append(Vertex(unit, tuple(edges)))
    return vertices


def _unit(key: str, made_by: Mapping[str, str]) -> str:
    return _BLOCK + made_by[key] if key in made_by else key


def _apart(
    nodes: Iterable[Node], found: Blocks, level: int
) -> tuple[dict[str, Node], dict[str, list[Node]], dict[str, dict[str, None]]]:
    """The nodes that are done at this level; by the source of each block further in, the nodes
    inside it and the names that are gathered from it."""
    flat = {node.name: node for node in nodes if len(found.nests[node.name]) == level}
    inside: dict[str, list[Node]] = {}
    gathered: dict[str, dict[str, None]] = {}
    for node in nodes:
        if node.name not in flat:
            inside.setdefault(found.nests[node.name][level], []).append(node)
        for param in node.params:
            value = found.values.get(param.reads, ())
            if len(value) == level + 1 and found.gathers(param):
                gathered.setdefault(value[level], {})[param.reads] = None
    return flat, inside, gathered


def _read_live(flat: Collection[Node], made_by: Mapping[str, str]) -> tuple[set[str], set[str]]:
    """What is read chunk by chunk: the streams among these nodes, and the blocks further in."""
    streams = {node.name for node in flat if node.type.name == STREAM}
    params = [param for node in flat for param in node.params]
    read_live = {p.reads for p in params if p.reads in streams and p.type.name == STREAM}
    collecting = {
        _BLOCK + made_by[_all_of(p.reads)]
        for p in params
        if p.type.name == LIVE and _all_of(p.reads) in made_by
    }
    return read_live, collecting


_BLOCK = "block of "


def _all_of(name: str) -> str:
    """The key of what was made for all items; a space keeps it apart from every name."""
    return f"all of {name}"


def _key(param: Param, found: Blocks) -> str:
    return _all_of(param.reads) if found.gathers(param) else param.reads


def _part(position: int, results: Iterable[Any]) -> list[Any]:
    """One of several things that were collected of each item."""
    return [each if type(each) is ItemFailed else each[position] for each in results]


def made_part(position: int, results: Iterable[Any]) -> list[Any]:
    """The same of those items for which it was made."""
    return [each for each in _part(position, results) if each is not SKIPPED]


def _units(
    targets: Iterable[str],
    flat: Mapping[str, Node],
    inside: Mapping[str, Sequence[Node]],
    made_by: Mapping[str, str],
    found: Blocks,
) -> list[str]:
    """Steps and blocks, each after all that it needs; depth first, as `_walk`."""

    def needs(unit: str) -> list[str]:
        source = unit.removeprefix(_BLOCK) if unit not in flat else ""
        nodes = inside.get(source, ()) if source else (flat[unit],)
        keys = [source, *(_key(param, found) for node in nodes for param in node.params)]
        return [_unit(key, made_by) for key in keys if key != unit]

    order: dict[str, None] = {}
    entered: set[str] = set()
    stack = [*reversed([*targets])]
    while stack:
        unit = stack[-1]
        if unit in order or not (unit in flat or unit.startswith(_BLOCK)):
            stack.pop()
        elif unit in entered:
            order[stack.pop()] = None
        else:
            entered.add(unit)
            stack += reversed([each for each in needs(unit) if each not in entered])
    return [*order]
