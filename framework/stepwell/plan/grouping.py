"""A plan whose lines are put together into tasks: plans within a plan, each done as one thing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from stepwell.plan.lines import Bundle, Group, Line, Maybe, Plan, Route, Whole, freeing
from stepwell.spec import Node

Grouping = Literal["block", "step", "level", "all"]
"""What is a task: an item of a fan-out (`block`); besides, each step by itself, all steps that need
equally many before them, or all there is."""

GROUPINGS = ("block", "step", "level", "all")


class Key(NamedTuple):
    """What lines of one task have in common.

    Args:
        purpose: `step`, `level`, `all` or `branch`.
        which: which of these.
    """

    purpose: str
    which: Hashable


def grouped(
    plan: Plan, grouping: Grouping, branch_of: Callable[[Node], int | None] | None = None
) -> Plan:
    """The plan with its lines put together into tasks.

    Args:
        plan: the plan; nothing is missing from it.
        grouping: what is a task.
        branch_of: which branch a step belongs to, by its number, where it belongs to one; a branch
            is a task wherever it can be done as one, each part of it that hangs together.
    """
    if plan.missing or (grouping == "block" and branch_of is None):
        return plan
    keys = _keys(plan, grouping, branch_of)
    if not any(keys):
        return plan
    units = _units(plan, keys, stamped=branch_of is not None)
    return _built(plan, keys, units)


def _keys(
    plan: Plan, grouping: Grouping, branch_of: Callable[[Node], int | None] | None
) -> list[Key | None]:
    """For each line, of which task it is a part."""
    alone = _alone(plan, grouping)
    levels = _levels(plan)
    keys: list[Key | None] = []
    for position, line in enumerate(plan.lines):
        branch = branch_of(line.node) if branch_of is not None and line.block is None else None
        if position in alone:
            keys.append(None)
        elif branch is not None:
            keys.append(Key("branch", branch))
        elif grouping == "step":
            keys.append(Key("step", position))
        elif grouping == "level":
            keys.append(Key("level", levels[position]))
        else:
            keys.append(Key("all", 0) if grouping == "all" else None)
    return keys


def _alone(plan: Plan, grouping: Grouping) -> set[int]:
    """The lines that stay as they are: what is read chunk by chunk, who reads it so, and blocks,
    whose items are tasks already."""
    if grouping == "all":
        return set()
    first = len(plan.given)
    alone = {slot - first for slot in plan.live if slot >= first}
    for position, line in enumerate(plan.lines):
        reads_live = not plan.live.isdisjoint(plan.reads[position])
        if line.block is not None or line.node.kind in ("part", "join") or reads_live:
            alone.add(position)
    return alone


def _levels(plan: Plan) -> list[int]:
    """For each line, how many lines at least come one after the other before it."""
    first = len(plan.given)
    levels: list[int] = []
    for reads in plan.reads:
        levels.append(max((levels[slot - first] + 1 for slot in reads if slot >= first), default=0))
    return levels


def _units(plan: Plan, keys: Sequence[Key | None], *, stamped: bool) -> list[list[int]]:
    """The lines of each task, the tasks in an order that respects every edge.

    A way from one task to itself leads through no other: where it would, the task is cut. For that
    each line knows how many tasks at most were left on a way to it.
    """
    first = len(plan.given)
    left: list[int] = []
    groups: dict[Hashable, list[int]] = {}
    of: list[Hashable] = []
    for position, key in enumerate(keys):
        before = [slot - first for slot in plan.reads[position] if slot >= first]
        left.append(
            max((left[p] + (keys[p] is not None and keys[p] != key) for p in before), default=0)
        )
        name: Hashable = position if key is None else (key, left[position] if stamped else 0)
        if key is not None and key.purpose == "branch":
            name = _together(name, before, of, groups)
        groups.setdefault(name, []).append(position)
        of.append(name)
    return _in_order(plan, groups, of)


def _together(
    name: Hashable, before: Sequence[int], of: list[Hashable], groups: dict[Hashable, list[int]]
) -> Hashable:
    """The part of a branch that a line belongs to: what it reads of the branch hangs together."""
    parts = [p for p in dict.fromkeys(of[b] for b in before) if isinstance(p, tuple)]
    mine = [part for part in parts if part[0] == name]
    if not mine:
        return name, len(of)
    kept, *others = mine
    for other in others:
        groups[kept] += groups[other]
        for position in groups.pop(other):
            of[position] = kept
    return kept


def _in_order(
    plan: Plan, groups: Mapping[Hashable, list[int]], of: Sequence[Hashable]
) -> list[list[int]]:
    first = len(plan.given)
    waits: dict[Hashable, set[Hashable]] = {name: set() for name in groups}
    readers: dict[Hashable, set[Hashable]] = {name: set() for name in groups}
    for position, reads in enumerate(plan.reads):
        for slot in reads:
            if slot >= first and of[slot - first] != of[position]:
                waits[of[position]].add(of[slot - first])
                readers[of[slot - first]].add(of[position])
    # Of those that may come next, the one that was written first.
    ready = [(min(groups[name]), name) for name, needs in waits.items() if not needs]
    heapify(ready)
    order = []
    while ready:
        _, name = heappop(ready)
        order.append(sorted(groups[name]))
        for reader in readers[name]:
            waits[reader].discard(name)
            if not waits[reader]:
                heappush(ready, (min(groups[reader]), reader))
    return order


def _built(plan: Plan, keys: Sequence[Key | None], units: Sequence[list[int]]) -> Plan:
    """The plan of these tasks."""
    first = len(plan.given)
    slots: dict[int, int] = {slot: slot for slot in range(first)}
    live = plan.live - {first + p for p, key in enumerate(keys) if key is not None}
    lines: list[Line] = []
    for unit in units:
        key = keys[unit[0]]
        if key is None:
            line = plan.lines[unit[0]]
            slots[line.slot] = first + len(lines)
            lines.append(_moved_line(line, slots, live))
            continue
        inner, reads, made = _inner(plan, unit)
        whole = first + len(lines)
        number = key.which if key.purpose == "branch" else None
        bundle = Bundle(_id(key, inner), key.purpose, inner, number)  # type: ignore[arg-type]
        node = Node(bundle.id, kind="bundle")
        args = tuple(slots[slot] for slot in reads)
        lines.append(Line(node, whole, args, (), (), True, bundle=bundle))
        if len(made) == 1:
            slots[made[0]] = whole
            continue
        for place, slot in enumerate(made):
            slots[slot] = first + len(lines)
            part = Node(inner.targets[place], kind="part", callable=itemgetter(place))
            lines.append(Line(part, slots[slot], (whole,), (), (), True))
    results = tuple(_moved(piece, slots, live) for piece in plan.results)
    now = frozenset(slots[slot] for slot in live)
    return replace(plan, lines=freeing(lines, results), results=results, live=now)


def _inner(plan: Plan, unit: Sequence[int]) -> tuple[Plan, list[int], list[int]]:
    """The plan of one task, the slots that it is given, and those that it makes for others."""
    first = len(plan.given)
    mine = {first + position for position in unit}
    reads = [s for p in unit for s in plan.reads[p] if s not in mine]
    given = [*dict.fromkeys(reads)]
    asked = {piece if isinstance(piece, int) else piece.slot for piece in plan.results}
    wanted = asked.union(*(plan.reads[p] for p in range(len(plan.lines)) if first + p not in mine))
    made = [first + p for p in unit if first + p in wanted] or [first + unit[-1]]
    slots = {slot: place for place, slot in enumerate([*given, *sorted(mine)])}
    own = plan.live & mine
    lines = [_moved_line(plan.lines[position], slots, own) for position in unit]
    live = frozenset(slots[slot] for slot in own)
    results = tuple(Whole(slots[s]) if s in plan.live else slots[s] for s in made)
    inner = Plan(
        plan.graph,
        tuple(_name(plan, slot) for slot in made),
        tuple(_name(plan, slot) for slot in given),
        freeing(lines, results),
        results,
        live,
        blocks=plan.blocks,
    )
    return inner, given, made


def _name(plan: Plan, slot: int) -> str:
    first = len(plan.given)
    return plan.given[slot] if slot < first else plan.lines[slot - first].node.name


def _id(key: Key, inner: Plan) -> str:
    if key.purpose == "level":
        return f"level[{key.which}]"
    return "all" if key.purpose == "all" else ", ".join(inner.targets)


def _moved_line(line: Line, slots: Mapping[int, int], live: Collection[int]) -> Line:
    """The line with its slots where they are in another plan, in which those are still live."""
    return line._replace(
        slot=slots[line.slot],
        args=tuple(_moved(piece, slots, live) for piece in line.args),
        kwargs=tuple((name, _moved(piece, slots, live)) for name, piece in line.kwargs),
        frees=(),
        route=line.route and _moved_route(line.route, slots),
    )


def _moved_route(route: Route, slots: Mapping[int, int]) -> Route:
    ways = tuple(
        tuple(check._replace(slot=slots[check.slot]) for check in way) for way in route.ways
    )
    return Route(ways, tuple(slots[slot] for slot in route.needs))


def _moved(piece: Any, slots: Mapping[int, int], live: Collection[int]) -> Any:
    if isinstance(piece, int):
        return slots[piece]
    if isinstance(piece, Whole):
        # What comes out of a task is whole already.
        return Whole(slots[piece.slot]) if piece.slot in live else slots[piece.slot]
    if isinstance(piece, Maybe):
        return Maybe(_moved(piece.piece, slots, live), piece.default)
    if isinstance(piece, Group):
        return Group(piece.keys, tuple(_moved(part, slots, live) for part in piece.pieces))
    return piece
