"""The plan of a graph in which steps are done once for each item: plans within a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from stepwell.blocks import LIVE, Blocks, blocks
from stepwell.fanout import ItemFailed
from stepwell.graph import Graph
from stepwell.plan.arguments import line_of
from stepwell.plan.lines import STREAM, Block, Line, Missing, Plan, Whole
from stepwell.spec import Node, Param
from stepwell.types import UNKNOWN, Type


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
) -> Plan:
    """The plan of what is done within so many blocks: one line for each block further in."""
    flat, inside, gathered = _apart(nodes, found, level)
    made_by = {_all_of(name): source for source, names in gathered.items() for name in names}
    slots = {name: slot for slot, name in enumerate(given)}
    read_live, collecting = _read_live(flat.values(), made_by)
    live: frozenset[int] = frozenset()
    lines: list[Line] = []

    def place(key: str) -> int:
        slots[key] = len(given) + len(lines)
        return slots[key]

    for unit in _units(targets, flat, inside, made_by, found):
        if unit in flat:
            node = flat[unit]
            reads = replace(
                node, params=tuple(p._replace(reads=_key(p, found)) for p in node.params)
            )
            line = line_of(reads, len(given) + len(lines), slots, live, ())
            if unit in read_live:
                live |= {line.slot}
            place(unit)
            lines.append(line._replace(node=node))
            continue
        source = unit.removeprefix(_BLOCK)
        names, mine = (*gathered[source],), inside.get(source, [])
        own = {source, *(node.name for node in mine)}
        shared = dict.fromkeys(_key(p, found) for node in mine for p in node.params)
        outer = [key for key in shared if key in slots and key not in own]
        inner = _nested(graph, names, mine, (source, *outer), found, level + 1)
        node = Node(", ".join(names), Type(STREAM, (UNKNOWN,)), kind="block")
        read = [slots[key] for key in (source, *outer)]
        args = tuple(Whole(slot) if slot in live else slot for slot in read)
        slot = place(_all_of(names[0]))
        if len(names) == 1 and unit in collecting:
            live |= {slot}
        block = Block(graph.nodes[source], inner)
        lines.append(Line(node, slot, args, (), (), live.isdisjoint(read), block))
        for position, name in enumerate(names if len(names) > 1 else ()):
            part = Node(name, kind="part", callable=partial(_part, position))
            lines.append(Line(part, place(_all_of(name)), (slot,), (), (), True))
    results = tuple(
        Whole(slots[n]) if slots[n] in live else slots[n] for n in targets if n in slots
    )
    return Plan(
        graph, tuple(targets), tuple(given), freeing(lines, results), results, live, blocks=found
    )


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
        return [_BLOCK + made_by[key] if key in made_by else key for key in keys if key != unit]

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


def freeing(lines: Sequence[Line], results: Iterable[int | Whole]) -> tuple[Line, ...]:
    """The lines, each told which results it is the last to read."""
    kept = {result if isinstance(result, int) else result.slot for result in results}
    first = lines[0].slot if lines else 0
    freeing: list[Line] = []
    for line in reversed(lines):
        freed = [slot for slot in dict.fromkeys(line.slots()) if slot >= first and slot not in kept]
        kept.update(freed)
        freeing.append(line._replace(frees=tuple(freed)))
    return tuple(reversed(freeing))
