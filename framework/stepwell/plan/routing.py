"""What is made only if it is needed: by the values of other nodes, known when the run gets there.

A step with guards is taken where these pass. What only such steps need is not made before it is
known that one of them is taken; what needs one is skipped with it. All of that is worked out here,
once for a plan: which guards each vertex waits for, and what it can't do without.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from stepwell.plan.lines import Check, Route
from stepwell.spec import Guard, Node

Way: TypeAlias = frozenset[int]
"""Guards that pass together, by their numbers."""

Ways: TypeAlias = frozenset[Way]
"""Several ways to be needed, any of which will do."""

ALWAYS: Ways = frozenset((frozenset(),))
NEVER: Ways = frozenset()

MOST = 8
"""Of more ways than so many, only what they have in common is asked: more is made than needed."""


class Edge(NamedTuple):
    """What a vertex reads; what its guards are about is an edge too."""

    reads: str
    required: bool
    guard: Guard | None = None


class Vertex(NamedTuple):
    """What is made at once: a node, or all that is done for each item of a fan-out."""

    name: str
    edges: tuple[Edge, ...]
    joins: bool = False


def vertex(node: Node) -> Vertex:
    """The vertex of a node."""
    edges = (Edge(param.reads, param.required, param.guard) for param in node.params)
    return Vertex(node.name, tuple(edges), node.kind == "join")


class Routing:
    """Under which guards the vertices of one plan are made.

    Args:
        vertices: each after all that it reads.
        targets: what is asked for.
        unsure: names from outside of which it is not sure that they were made.
    """

    def __init__(
        self, vertices: Sequence[Vertex], targets: Iterable[str], unsure: Iterable[str] = ()
    ) -> None:
        self._vertices = {each.name: each for each in vertices}
        self._guards: list[tuple[str, Guard]] = []
        self._own = {each.name: self._own_way(each) for each in vertices}
        self._above = {name: self._reach(name) for name, _ in self._guards}
        needed = self._needed(targets)
        self.ways = {
            name: _both(needed.get(name, NEVER), frozenset((self._own[name],)))
            for name in self._vertices
        }
        self._waits = self._acyclic()
        self.order: list[str] = self._ordered(targets)
        """The names of the vertices, each after what it reads and what it waits for."""
        self.unsure = set(unsure)
        """The names of which it is not sure that they are made."""
        self.needs: dict[str, tuple[str, ...]] = {}
        self._sure: dict[tuple[str, Ways], bool] = {}
        for name in self.order:
            self._settle(name)

    def route(self, name: str, slots: Mapping[str, int]) -> Route | None:
        """When that vertex is made; `None` where always."""
        ways, needs = self.ways[name], self.needs[name]
        if ways == ALWAYS and not needs:
            return None
        every = () if ways == ALWAYS else sorted(ways, key=sorted)
        checks = tuple(self._checks(way, slots) for way in every)
        return Route(checks, tuple(slots[need] for need in needs))

    def _checks(self, way: Way, slots: Mapping[str, int]) -> tuple[Check, ...]:
        guards = (self._guards[number] for number in sorted(way))
        return tuple(Check(slots[name], guard, name in self.unsure) for name, guard in guards)

    def _own_way(self, vertex: Vertex) -> Way:
        return frozenset(
            self._number(edge.reads, edge.guard) for edge in vertex.edges if edge.guard is not None
        )

    def _number(self, name: str, guard: Guard) -> int:
        for number, known in enumerate(self._guards):
            if known == (name, guard):
                return number
        self._guards.append((name, guard))
        return len(self._guards) - 1

    def _needed(self, targets: Iterable[str]) -> dict[str, Ways]:
        """For each name, the ways in which somebody needs it."""
        routes: dict[str, Ways] = {}
        for name, vertex in self._vertices.items():
            # One alternative of a join is made as a rule, and what is skipped is another one.
            own = (n for n in self._own[name] if self._guards[n][1].operator != "skipped")
            route: Ways = frozenset((frozenset(own),))
            for edge in vertex.edges if not vertex.joins else ():
                if edge.required and edge.guard is None:
                    route = _both(route, routes.get(edge.reads, ALWAYS))
            routes[name] = route
        needed: dict[str, Ways] = dict.fromkeys(targets, ALWAYS)
        for name, vertex in reversed(self._vertices.items()):
            here = needed.get(name, NEVER)
            taken = _both(_both(here, frozenset((self._own[name],))), routes[name])
            for edge in vertex.edges:
                ways = self._knowable(edge.reads, here if edge.guard is not None else taken)
                needed[edge.reads] = _either(needed.get(edge.reads, NEVER), ways)
        return needed

    def _knowable(self, name: str, ways: Ways) -> Ways:
        """The ways without the guards about what is made only after that name, or is it."""
        if ways in (ALWAYS, NEVER):
            return ways
        return _without(
            ways, {n for n, (of, _) in enumerate(self._guards) if name in self._above[of]}
        )

    def _reach(self, name: str, waits: Mapping[str, Iterable[str]] | None = None) -> set[str]:
        """The name, and all that it needs."""
        seen, waiting = {name}, [name]
        while waiting:
            one = waiting.pop()
            edges = self._vertices[one].edges if one in self._vertices else ()
            for read in (*(edge.reads for edge in edges), *((waits or {}).get(one, ()))):
                if read not in seen:
                    seen.add(read)
                    waiting.append(read)
        return seen

    def _acyclic(self) -> dict[str, list[str]]:
        """For each vertex the names whose values it waits for, though it does not read them.

        Guards for which two vertices would wait for each other are left out: more is made then.
        """
        waits: dict[str, list[str]] = {}
        for name, ways in self.ways.items():
            own = {self._guards[number][0] for number in self._own[name]}
            asked = {self._guards[number][0] for way in ways for number in way} - own
            for other in sorted(asked):
                if other not in self._vertices:
                    continue
                if name in self._reach(other, waits):
                    numbers = {n for n, (of, _) in enumerate(self._guards) if of == other}
                    self.ways[name] = _without(self.ways[name], numbers - self._own[name])
                else:
                    waits.setdefault(name, []).append(other)
        return waits

    def _ordered(self, targets: Iterable[str]) -> list[str]:
        """Depth first, so that what is needed is made just before it is used and soon dropped."""
        order: dict[str, None] = {}
        entered: set[str] = set()
        stack = [*reversed([*targets])]
        while stack:
            name = stack[-1]
            if name in order or name not in self._vertices:
                stack.pop()
            elif name in entered:
                order[stack.pop()] = None
            else:
                entered.add(name)
                edges = self._vertices[name].edges
                # What guards are about comes first: the rest may not be needed.
                asked = [edge.reads for edge in edges if edge.guard is not None]
                read = [edge.reads for edge in edges if edge.guard is None]
                stack += reversed([*self._waits.get(name, ()), *asked, *read])
        return [*order]

    def _settle(self, name: str) -> None:
        """Works out what the vertex can't do without, and whether it is sure to be made."""
        vertex, ways = self._vertices[name], self.ways[name]
        read = [each.reads for each in vertex.edges if each.required and each.guard is None]
        needs = [each for each in dict.fromkeys(read) if not self._is_made(each, ways)]
        self.needs[name] = () if vertex.joins else tuple(needs)
        if not self._is_made(name, ALWAYS):
            self.unsure.add(name)

    def _is_made(self, name: str, ways: Ways) -> bool:
        """Whether it is sure to be made where one of these ways is taken."""
        if name not in self._vertices:
            return name not in self.unsure
        key = (name, ways)
        if key not in self._sure:  # asked in order, so that what this asks is known already
            self._sure[key] = _implies(ways, self.ways[name]) and self._has_all(name, ways)
        return self._sure[key]

    def _has_all(self, name: str, ways: Ways) -> bool:
        vertex = self._vertices[name]
        if vertex.joins:
            return any(self._is_rest(edge.reads, vertex) for edge in vertex.edges) or any(
                self._is_made(edge.reads, ways) for edge in vertex.edges
            )
        return all(self._is_made(need, ways) for need in self.needs[name])

    def _is_rest(self, name: str, join: Vertex) -> bool:
        """Whether that alternative is made wherever no other one of the join is."""
        edges = self._vertices[name].edges if name in self._vertices else ()
        asked = [edge for edge in edges if edge.guard is not None]
        others = {edge.reads for edge in join.edges}
        return (
            bool(asked)
            and not self.needs[name]
            and all(e.guard == Guard("skipped") and e.reads in others for e in asked)
        )


def _both(one: Ways, other: Ways) -> Ways:
    if one == ALWAYS or other == ALWAYS:
        return other if one == ALWAYS else one
    return _least(a | b for a in one for b in other)


def _either(one: Ways, other: Ways) -> Ways:
    if one == ALWAYS or other == ALWAYS:
        return ALWAYS
    return _least((*one, *other))


def _without(ways: Ways, numbers: Collection[int]) -> Ways:
    if not numbers or ways == ALWAYS:
        return ways
    return _least(way.difference(numbers) for way in ways)


def _least(ways: Iterable[Way]) -> Ways:
    """The ways without those that need more than another does."""
    every = set(ways)
    least = frozenset(way for way in every if not any(other < way for other in every))
    return least if len(least) <= MOST else frozenset((frozenset.intersection(*least),))


def _implies(one: Ways, other: Ways) -> bool:
    return other == ALWAYS or all(any(way >= each for each in other) for way in one)
