"""From targets to the plan for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from stepwell.graph import Graph
from stepwell.plan.arguments import line_of
from stepwell.plan.lines import STREAM, Missing, Plan, Whole, freeing
from stepwell.spec import Node


def plan(graph: Graph, targets: Sequence[str], given: Collection[str] = ()) -> Plan:
    """The plan for these targets, where the values of the names in `given` are known.

    A given name stands in the place of a node of that name: nothing above it runs. The graph must
    have no cycle. Names that neither a node makes nor `given` has are listed as `missing`, where a
    step can't do without them.
    """
    nodes, names, missing = _walk(graph, targets, given)
    if graph.fans_out:
        from stepwell.plan.nesting import nesting

        return nesting(graph, targets, nodes, names, missing)
    if graph.has_routes:
        return _routed(graph, targets, nodes, names, missing)
    slots = {name: slot for slot, name in enumerate(names)}
    for slot, node in enumerate(nodes, len(names)):
        slots[node.name] = slot
    live = _read_live(nodes, slots)
    last = _last_readers(nodes, slots, targets)
    lines = tuple(
        line_of(node, slot, slots, live, last.get(slot, ()))
        for slot, node in enumerate(nodes, len(names))
    )
    known = [slots[name] for name in targets if name in slots]
    results = tuple(Whole(slot) if slot in live else slot for slot in known)
    return Plan(graph, tuple(targets), names, lines, results, live, missing)


def _routed(
    graph: Graph,
    targets: Sequence[str],
    nodes: Sequence[Node],
    names: tuple[str, ...],
    missing: tuple[Missing, ...],
) -> Plan:
    """The plan of a graph in which it is known only in the run which steps are taken."""
    from stepwell.plan.routing import Routing, vertex

    routing = Routing([vertex(node) for node in nodes], targets)
    by_name = {node.name: node for node in nodes}
    slots = {name: slot for slot, name in enumerate((*names, *routing.order))}
    live = _read_live(nodes, slots)
    lines = []
    for name in routing.order:
        line = line_of(by_name[name], slots[name], slots, live, (), routing.unsure)
        route = routing.route(name, slots)
        lines.append(line if route is None else line._replace(simple=False, route=route))
    known = [slots[name] for name in targets if name in slots]
    results = tuple(Whole(slot) if slot in live else slot for slot in known)
    freed = freeing(lines, results)
    return Plan(graph, tuple(targets), names, freed, results, live, missing)


def _walk(
    graph: Graph, targets: Iterable[str], given: Collection[str]
) -> tuple[list[Node], tuple[str, ...], tuple[Missing, ...]]:
    """Depth first, so that what is needed is made just before it is used and soon dropped."""
    nodes = graph.nodes
    order: list[Node] = []
    used: dict[str, None] = {}
    missing: dict[str, Missing] = {}
    entered: set[str] = set()
    done: set[str] = set()
    stack = [*targets]
    stack.reverse()
    while stack:
        name = stack[-1]
        if name in done:
            stack.pop()
        elif name in given:
            done.add(stack.pop())
            used[name] = None
        elif name not in nodes:
            done.add(stack.pop())
        elif name in entered:
            done.add(stack.pop())
            node = nodes[name]
            order.append(node if node.kind != "join" else _narrowed(node, given))
        else:
            entered.add(name)
            node = nodes[name]
            if node.kind == "join":
                node = _narrowed(node, given)
            for param in node.params:
                reads = param.reads
                if reads not in nodes and reads not in given and param.required:
                    missing.setdefault(reads, Missing(reads, node, param))
            stack += [param.reads for param in reversed(node.params) if param.reads not in done]
    return order, tuple(used), tuple(missing.values())


def _narrowed(node: Node, given: Collection[str]) -> Node:
    """A join; where one of its alternatives is given, it reads nothing else."""
    taken = tuple(param for param in node.params if param.reads in given)
    return replace(node, params=taken) if taken else node


def _read_live(nodes: Iterable[Node], slots: dict[str, int]) -> frozenset[int]:
    streams = {node.name for node in nodes if node.type.name == STREAM}
    if not streams:
        return frozenset()
    return frozenset(
        slots[param.reads]
        for node in nodes
        for param in node.params
        if param.reads in streams and param.type.name == STREAM
    )


def _last_readers(
    nodes: Sequence[Node], slots: dict[str, int], targets: Iterable[str]
) -> dict[int, tuple[int, ...]]:
    """For the slot of each line, the slots of results that it is the last to read."""
    kept = {slots[name] for name in targets if name in slots}
    first = len(slots) - len(nodes)
    frees: dict[int, tuple[int, ...]] = {}
    for slot in range(len(slots) - 1, first - 1, -1):
        node = nodes[slot - first]
        freed = []
        for param in node.params:
            read = slots.get(param.reads, -1)
            if read >= first and read not in kept:
                kept.add(read)
                if nodes[read - first].type.name not in _SMALL:
                    freed.append(read)
        if freed:
            frees[slot] = tuple(freed)
    return frees


_SMALL = frozenset(("int", "float", "bool", "None", "NoneType"))
"""Types of which a value is not worth dropping."""
