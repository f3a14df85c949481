"""A plan as data: its lines, and what each is called with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from stepwell.graph import Graph
from stepwell.routes import SKIPPED, passes
from stepwell.spec import Guard, Node, Param

if TYPE_CHECKING:
    from stepwell.blocks import Blocks

STREAM = "stepwell.Stream"

READ_LIVE = (STREAM, "stepwell.Collecting")
"""As what a parameter takes chunks one by one."""


class Literal(NamedTuple):
    """An argument that a modifier bound, or a default that must be given by position."""

    value: Any


class Whole(NamedTuple):
    """All of a stream that others read live: its chunks joined, or their list."""

    slot: int


class Maybe(NamedTuple):
    """A value that may not have been made; the step's own default takes its place then."""

    piece: int | Whole
    default: Any


class Group(NamedTuple):
    """Several values for one keyword: a list, or a dict if it has keys."""

    keys: tuple[str, ...] | None
    pieces: tuple[Piece, ...]


Piece: TypeAlias = int | Literal | Whole | Maybe | Group
"""One argument: the slot of a value, or one of the above."""


class Check(NamedTuple):
    """A guard and the value that it is about.

    Args:
        slot: where the value is.
        guard: what it has to be.
        unsure: whether it may not have been made.
    """

    slot: int
    guard: Guard
    unsure: bool


class Route(NamedTuple):
    """When a line is done; else its result is `SKIPPED`.

    Args:
        ways: the checks of any one of these have to pass; always, where there are none.
        needs: the slots of what it can't do without.
    """

    ways: tuple[tuple[Check, ...], ...]
    needs: tuple[int, ...]

    def is_taken(self, values: Sequence[Any]) -> bool:
        """Whether the line is to be done, given the values made so far."""
        for slot in self.needs:
            if values[slot] is SKIPPED:
                return False
        if not self.ways:
            return True
        return any(
            all(passes(check.guard, values[check.slot]) for check in way) for way in self.ways
        )

    def slots(self) -> Iterator[int]:
        """The slots that are looked at, each once."""
        checked = (check.slot for way in self.ways for check in way)
        yield from dict.fromkeys((*self.needs, *checked))


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
        bundle: what is done as one task, given the arguments; as with a block.
        route: when it is done, where it is not always; such a line is not `simple`.
    """

    node: Node
    slot: int
    args: tuple[Piece, ...]
    kwargs: tuple[tuple[str, Piece], ...]
    frees: tuple[int, ...]
    simple: bool
    block: Block | None = None
    bundle: Bundle | None = None
    route: Route | None = None

    def slots(self) -> Iterator[int]:
        """Every slot that is read, once for each time."""
        if self.route is not None:
            yield from self.route.slots()
        waiting: list[Piece] = [*self.args, *(piece for _, piece in self.kwargs)]
        for piece in waiting:
            if isinstance(piece, int):
                yield piece
            elif isinstance(piece, Whole):
                yield piece.slot
            elif isinstance(piece, Maybe):
                waiting.append(piece.piece)
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


@dataclass(frozen=True)
class Bundle:
    """Several steps that are done as one task.

    Args:
        id: the task's.
        purpose: why they are together: `step`, `level`, `all` or `branch`.
        plan: what is done; its targets are what others need of it.
        number: which of those branches it belongs to that have an executor of their own, if to one.
    """

    id: str
    purpose: str
    plan: Plan
    number: int | None = None


class Missing(NamedTuple):
    """A name that a step needs and that neither a node makes nor the caller gives."""

    name: str
    node: Node
    param: Param


Call: TypeAlias = tuple[int, Callable[..., Any], int, int, int, tuple[int, ...]]


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
        if self.blocks is None and not self.has_bundles and not self.graph.has_routes:
            return [line.node for line in self.lines]
        nodes: list[Node] = []
        for line in self.lines:
            if line.block is not None:
                nodes += line.block.plan.nodes
            elif line.bundle is not None:
                nodes += line.bundle.plan.nodes
            elif line.node.kind not in ("part", "join"):
                nodes.append(line.node)
        return nodes

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Of each line the number of its arguments, its function, the slots of the first three,
        and those it frees; the number is 0 where arguments are none, many, or not just values."""
        calls: list[Any] = []
        for line in self.lines:
            step, args = line.node.callable, line.args
            if line.simple and 0 < len(args) < 4 and line.block is None:
                calls.append((len(args), step, *args, *(0,) * (3 - len(args)), line.frees))
            else:
                calls.append((0, step, 0, 0, 0, line.frees))
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
    def has_bundles(self) -> bool:
        """Whether steps are put together into tasks."""
        return any(line.bundle is not None for line in self.lines)

    @cached_property
    def has_streams(self) -> bool:
        """Whether a step makes its result chunk by chunk."""
        return any(line.node.type.name == STREAM for line in self.lines)

    @cached_property
    def is_async(self) -> bool:
        """Whether a step has to be awaited."""
        return any(node.kind in ("coroutine", "async_generator") for node in self.nodes)


def freeing(lines: Sequence[Line], results: Iterable[int | Whole]) -> tuple[Line, ...]:
    """The lines, each told which results it is the last to read."""
    kept = {result if isinstance(result, int) else result.slot for result in results}
    first = lines[0].slot if lines else 0
    freed: list[Line] = []
    for line in reversed(lines):
        frees = [slot for slot in dict.fromkeys(line.slots()) if slot >= first and slot not in kept]
        kept.update(frees)
        freed.append(line._replace(frees=tuple(frees)))
    return tuple(reversed(freed))
