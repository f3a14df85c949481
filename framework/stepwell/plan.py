"""What to run for some targets: the lines of a plan in order, every argument worked out once.

Knows nodes and the graph; calls no step, and knows nothing of adapters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, NamedTuple, TypeAlias

from stepwell.blocks import Blocks, blocks
from stepwell.fanout import ItemFailed
from stepwell.graph import Graph
from stepwell.spec import Node, Param
from stepwell.types import UNKNOWN, Type

STREAM = "stepwell.Stream"


class Literal(NamedTuple):
    """An argument that a modifier bound, or a default that must be given by position."""

    value: Any


class Whole(NamedTuple):
    """All of a stream that others read live: its chunks joined, or their list."""

    slot: int


class Group(NamedTuple):
    """Several values for one keyword: a list, or a dict if it has keys."""

    keys: tuple[str, ...] | None
    pieces: tuple[Piece, ...]


Piece: TypeAlias = int | Literal | Whole | Group
"""One argument: the slot of a value, or one of the above."""


class Line(NamedTuple):
    """One line of a plan: a node, and what its function is called with.

    Args:
        node: what is made.
        slot: where its result is kept.
        args: what is given by position.
        kwargs: what is given by keyword.
        frees: the slots that no later line reads.
        simple: all arguments are plain slots given by position.
        block: what is done for each item of the first argument, with the others; a line that has
            one calls no function of its node.
    """

    node: Node
    slot: int
    args: tuple[Piece, ...]
    kwargs: tuple[tuple[str, Piece], ...]
    frees: tuple[int, ...]
    simple: bool
    block: Block | None = None

    def slots(self) -> Iterator[int]:
        """Every slot that is read, once for each time."""
        waiting: list[Piece] = [*self.args, *(piece for _, piece in self.kwargs)]
        for piece in waiting:
            if isinstance(piece, int):
                yield piece
            elif isinstance(piece, Whole):
                yield piece.slot
            elif isinstance(piece, Group):
                waiting.extend(piece.pieces)


@dataclass(frozen=True)
class Block:
    """What is done for each item of a fan-out.

    Args:
        source: the node that gives the items.
        plan: what is done for one: it is given the item first, then what all items share, and its
            targets are what is collected.
    """

    source: Node
    plan: Plan
    kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What the execution works out once and keeps."""


class Missing(NamedTuple):
    """A name that a step needs and that neither a node makes nor the caller gives."""

    name: str
    node: Node
    param: Param


@dataclass(frozen=True)
class Plan:
    """What to run for some targets. Made by `plan`.

    Args:
        graph: the graph it was made from.
        targets: the names asked for.
        given: names whose values are given, each in the slot of its position.
        lines: one for each node that runs, in an order that respects every edge.
        results: the slots of the targets.
        live: slots of streams that some line reads chunk by chunk.
        missing: what has to be given and is not; a plan with any can't run.
        blocks: which nodes are done for each item of a fan-out; `None` where none is.
    """

    graph: Graph
    targets: tuple[str, ...]
    given: tuple[str, ...]
    lines: tuple[Line, ...]
    results: tuple[int | Whole, ...]
    live: frozenset[int]
    missing: tuple[Missing, ...] = ()
    blocks: Blocks | None = None

    @cached_property
    def nodes(self) -> list[Node]:
        """The nodes that run, in order; those done for each item are there once."""
        if self.blocks is None:
            return [line.node for line in self.lines]
        nodes: list[Node] = []
        for line in self.lines:
            if line.block is not None:
                nodes += line.block.plan.nodes
            elif line.node.kind != "part":
                nodes.append(line.node)
        return nodes

    @cached_property
    def calls(self) -> tuple[tuple[Line, int, Callable[..., Any], int, int, int], ...]:
        """Each line with the number of its arguments, its function and the slots of the first
        three; the number is 0 where the arguments are none, many, or not just values."""
        calls: list[Any] = []
        for line in self.lines:
            step, args = line.node.callable, line.args
            if line.simple and 0 < len(args) < 4 and line.block is None:
                calls.append((line, len(args), step, *args, *(0,) * (3 - len(args))))
            else:
                calls.append((line, 0, step, 0, 0, 0))
        return tuple(calls)

    @cached_property
    def reads(self) -> tuple[tuple[int, ...], ...]:
        """For each line, the slots that it reads; one that it reads twice is there twice."""
        return tuple(
            line.args if line.simple else tuple(line.slots())  # type: ignore[misc]
            for line in self.lines
        )

    @cached_property
    def readers(self) -> tuple[tuple[int, ...], ...]:
        """For each line, the lines that read its result; one that reads it twice is there twice."""
        first = len(self.given)
        found: list[list[int]] = [[] for _ in self.lines]
        for position, reads in enumerate(self.reads):
            for slot in reads:
                if slot >= first:
                    found[slot - first].append(position)
        return tuple(map(tuple, found))

    @cached_property
    def waits(self) -> tuple[int, ...]:
        """For each line, how many of its arguments other lines make."""
        first = len(self.given)
        return tuple(sum(slot >= first for slot in reads) for reads in self.reads)

    @cached_property
    def holds(self) -> tuple[int, ...]:
        """For each slot, how often it is read, by lines and as a result."""
        counts = [0] * (len(self.given) + len(self.lines))
        for reads in self.reads:
            for slot in reads:
                counts[slot] += 1
        for result in self.results:
            counts[result if isinstance(result, int) else result.slot] += 1
        return tuple(counts)

    @cached_property
    def has_streams(self) -> bool:
        """Whether a step makes its result chunk by chunk."""
        return any(line.node.type.name == STREAM for line in self.lines)

    @cached_property
    def is_async(self) -> bool:
        """Whether a step has to be awaited."""
        return any(node.kind in ("coroutine", "async_generator") for node in self.nodes)


def plan(graph: Graph, targets: Sequence[str], given: Collection[str] = ()) -> Plan:
    """The plan for these targets, where the values of the names in `given` are known.

    A given name stands in the place of a node of that name: nothing above it runs. The graph must
    have no cycle. Names that neither a node makes nor `given` has are listed as `missing`, where a
    step can't do without them.
    """
    nodes, names, missing = _walk(graph, targets, given)
    if graph.fans_out:
        return _fanning(graph, targets, nodes, names, missing)
    slots = {name: slot for slot, name in enumerate(names)}
    for slot, node in enumerate(nodes, len(names)):
        slots[node.name] = slot
    live = _read_live(nodes, slots)
    last = _last_readers(nodes, slots, targets)
    lines = tuple(
        _line(node, slot, slots, live, last.get(slot, ()))
        for slot, node in enumerate(nodes, len(names))
    )
    known = [slots[name] for name in targets if name in slots]
    results = tuple(Whole(slot) if slot in live else slot for slot in known)
    return Plan(graph, tuple(targets), names, lines, results, live, missing)


def _fanning(
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
    made_by = {_all_of(name): source for source, names in gathered.items() for name in names}
    slots = {name: slot for slot, name in enumerate(given)}
    streams = {name for name, node in flat.items() if node.type.name == STREAM}
    read_live = {
        param.reads
        for node in flat.values()
        for param in node.params
        if param.reads in streams and param.type.name == STREAM
    }
    live: frozenset[int] = frozenset()
    lines: list[Line] = []

    def place(key: str) -> int:
        slots[key] = len(given) + len(lines)
        return slots[key]

    for unit in _units(targets, flat, inside, made_by, found):
        if unit in flat:
            node = flat[unit]
            reads = replace(node, params=tuple(p._replace(reads=_key(p, found)) for p in node.params))
            line = _line(reads, len(given) + len(lines), slots, live, ())
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
        block = Block(graph.nodes[source], inner)
        lines.append(Line(node, slot, args, (), (), live.isdisjoint(read), block))
        for position, name in enumerate(names if len(names) > 1 else ()):
            part = Node(name, kind="part", callable=partial(_part, position))
            lines.append(Line(part, place(_all_of(name)), (slot,), (), (), True))
    results = tuple(Whole(slots[n]) if slots[n] in live else slots[n] for n in targets if n in slots)
    return Plan(
        graph, tuple(targets), tuple(given), _freeing(lines, results), results, live, blocks=found
    )


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


def _freeing(lines: Sequence[Line], results: Iterable[int | Whole]) -> tuple[Line, ...]:
    """The lines, each told which results it is the last to read."""
    kept = {result if isinstance(result, int) else result.slot for result in results}
    first = lines[0].slot if lines else 0
    freeing: list[Line] = []
    for line in reversed(lines):
        freed = [slot for slot in dict.fromkeys(line.slots()) if slot >= first and slot not in kept]
        kept.update(freed)
        freeing.append(line._replace(frees=tuple(freed)))
    return tuple(reversed(freeing))


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
            order.append(nodes[name])
        else:
            entered.add(name)
            node = nodes[name]
            for param in node.params:
                reads = param.reads
                if reads not in nodes and reads not in given and param.required:
                    missing.setdefault(reads, Missing(reads, node, param))
            stack += [param.reads for param in reversed(node.params) if param.reads not in done]
    return order, tuple(used), tuple(missing.values())


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


def _line(
    node: Node, slot: int, slots: dict[str, int], live: frozenset[int], frees: tuple[int, ...]
) -> Line:
    code = getattr(node.callable, "__code__", None)
    params = node.params
    if (
        not node.bound
        and not live
        and code is not None
        and not hasattr(node.callable, "__wrapped__")
    ):
        names = code.co_varnames[: code.co_argcount]
        if len(names) == len(params) and not code.co_kwonlyargcount:
            args = [
                slots.get(param.reads, -1)
                for param, name in zip(params, names, strict=True)
                if param.keyword == name and param.key is None
            ]
            if len(args) == len(params) and -1 not in args:
                return Line(node, slot, tuple(args), (), frees, True)
    return _odd_line(node, slot, slots, live, frees)


def _odd_line(
    node: Node, slot: int, slots: dict[str, int], live: frozenset[int], frees: tuple[int, ...]
) -> Line:
    """A line whose arguments are not just values in the order of the signature."""
    pieces = _pieces(node, slots, live)
    args: list[Piece] = []
    if node.kind == "field":
        args = list(pieces.values())
        return Line(node, slot, tuple(args), (), frees, isinstance(args[0], int))
    for name, default in positions(node):
        if name in pieces:
            args.append(pieces.pop(name))
        elif not node.positional_only.isdisjoint(pieces):
            args.append(Literal(default))
        else:
            break
    simple = not pieces and all(isinstance(piece, int) for piece in args)
    return Line(node, slot, tuple(args), tuple(pieces.items()), frees, simple)


def positions(node: Node) -> Iterator[tuple[str, Any]]:
    """The parameters of a step that can be given by position, each with its default."""
    function = node.callable
    wrapped: Any = function
    while hasattr(wrapped, "__wrapped__"):
        wrapped = wrapped.__wrapped__
    code = getattr(wrapped, "__code__", None)
    if code is None:
        yield from ((param.keyword, None) for param in node.params if param.positional_only)
        return
    defaults: tuple[Any, ...] = getattr(wrapped, "__defaults__", None) or ()
    every = (*(None,) * (code.co_argcount - len(defaults)), *defaults)
    # A wrapper may have a signature of its own: only what must be is given by position.
    count = code.co_argcount if wrapped is function else code.co_posonlyargcount
    yield from zip(code.co_varnames[:count], every[:count], strict=True)


def _pieces(node: Node, slots: dict[str, int], live: frozenset[int]) -> dict[str, Piece]:
    """Each keyword with what it is given; a group's parts are put together."""
    pieces: dict[str, Piece] = {}
    groups: dict[str, dict[int | str, Piece]] = {}
    for param in node.params:
        slot = slots.get(param.reads)
        if slot is None:
            continue
        piece: Piece = Whole(slot) if slot in live and param.type.name != STREAM else slot
        if param.key is None:
            pieces[param.keyword] = piece
        else:
            groups.setdefault(param.keyword, {})[param.key] = piece
    for bound in node.bound:
        if bound.key is None:
            pieces[bound.keyword] = Literal(bound.value)
        else:
            groups.setdefault(bound.keyword, {})[bound.key] = Literal(bound.value)
    for keyword, parts in groups.items():
        if all(isinstance(key, int) for key in parts):
            ordered = sorted(parts.items(), key=lambda part: part[0])
            pieces[keyword] = Group(None, tuple(piece for _, piece in ordered))
        else:
            pieces[keyword] = Group(tuple(map(str, parts)), tuple(parts.values()))
    return pieces
