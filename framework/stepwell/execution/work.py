"""One line of a plan, ready to be done: its call, with all that adapters do around it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from stepwell.execution.streams import piece_value
from stepwell.execution.surround import Asked, surround
from stepwell.lifecycle.filters import is_tagged
from stepwell.plan import READ_LIVE, STREAM, Group, Line, Maybe, Piece, Plan, Whole, positions
from stepwell.routes import SKIPPED

if TYPE_CHECKING:
    from stepwell.executors.base import Executor
    from stepwell.lifecycle.dispatch import Around, Hook, LifecycleSet
    from stepwell.plan.grouping import Grouping
    from stepwell.spec import Node


NAMED = 8
"""So many of what a step reads are named where it fails."""

OnError = Literal["fail", "skip", "collect"]


class BranchOn(NamedTuple):
    """A branch that has an executor of its own.

    Args:
        executor: where it is done.
        steps: the names of its steps.
        tags: tags of its steps: `gpu`, or `size=large` where its value is to be that.
    """

    executor: Executor
    steps: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    def has(self, node: Node) -> bool:
        """Whether a node belongs to it, by its own name or that of its step."""
        if node.name in self.steps or (node.step or node.name) in self.steps:
            return True
        return any(is_tagged(node.tags, tag) for tag in self.tags)


class Fan(NamedTuple):
    """How the items of fan-outs are done, and what else is a task.

    Args:
        executor: where, and how many at the same time; one by one where there is none.
        on_error: what the failure of one means, where its source does not say.
        branches: what has an executor of its own.
        grouping: what is a task besides items.
        is_within: whether this is about what is done within a task.
    """

    executor: Executor | None = None
    on_error: OnError = "fail"
    branches: tuple[BranchOn, ...] = ()
    grouping: Grouping = "block"
    is_within: bool = False

    @property
    def limits(self) -> dict[str, int]:
        """How many steps of a tag may be at work at the same time, as the executors say."""
        executors = (self.executor, *(branch.executor for branch in self.branches))
        return {tag: n for each in executors if each for tag, n in each.limits.items()}

    def within(self) -> Fan:
        """What holds within a task: what is done there is done in its place."""
        return Fan(None, self.on_error, is_within=True)

    @property
    def puts_together(self) -> bool:
        """Whether steps outside of fan-outs are tasks too."""
        return bool(self.branches) or self.grouping != "block"

    @property
    def branch_of(self) -> Callable[[Node], int | None] | None:
        """The number of the branch that a step belongs to, where there are branches."""
        return self.number_of if self.branches else None

    def number_of(self, *nodes: Node) -> int | None:
        """The number of the first branch that one of these belongs to, if one does."""
        numbers = (n for n, branch in enumerate(self.branches) if any(map(branch.has, nodes)))
        return next(numbers, None)


ONE_BY_ONE = Fan()


class At(NamedTuple):
    """Where in a run something happens: in which run, and in which task of it, if in one.

    Args:
        run_id: the run.
        task_id: the task.
        keys: what its item and those around it are called by their own keys, where they have one.
    """

    run_id: str
    task_id: str | None = None
    keys: tuple[str, ...] = ()

    def within(self, task_id: str, key: str | None) -> At:
        """In the task of that id, which is within this."""
        return At(self.run_id, task_id, self.keys if key is None else (*self.keys, key))


class Work:
    """A line of a plan, and what adapters do around it.

    Args:
        line: what is to be done.
        lifecycle: the driver's adapters.
        feeds: whether the line's result is a stream that others read live.
        readers: how many read that.
    """

    def __init__(
        self, line: Line, lifecycle: LifecycleSet, *, feeds: bool = False, readers: int = 0
    ) -> None:
        node = line.node
        self.line, self.node, self.feeds = line, node, feeds
        self.step: Callable[..., Any] = node.callable  # type: ignore[assignment]
        self.slots: tuple[int, ...] | None = line.args if line.simple else None  # type: ignore[assignment]
        self.route = line.route
        self.special = feeds or line.route is not None
        """Whether it is not simply done: it may be skipped, or is read before it is at its end."""
        self.is_stream = node.type.name == STREAM
        self.awaits = node.kind == "coroutine"
        self.around: tuple[Around, ...] = ()
        self.methods: tuple[Hook, ...] = ()
        self.remote: Hook | None = None
        if lifecycle.adapters:
            self.around, self.methods, remote = lifecycle.for_node(node)
            self.remote = None if self.is_stream else remote
        self.needs_context = lifecycle.needs_context
        self.hooks = [h for pair in self.around for h in pair if h] + [*self.methods]
        self.hooks += [self.remote] if self.remote else []
        self.in_loop = node.kind in ("coroutine", "async_generator")
        self.is_async = self.in_loop or any(hook.is_async for hook in self.hooks)
        self.keeps = readers > 1 or bool(self.hooks)
        self.plain = not self.hooks and not self.needs_context and not self.is_stream
        self.direct = self.plain and line.route is None and not wholes(line)
        waits = self.is_stream or any(param.type.name in READ_LIVE for param in node.params)
        self.pace = -1 if waits else int(node.kind == "join")
        """Of a plain function beside an event loop: 1 seen to be quick, -1 not, 0 not yet known."""
        self._strikes = 0
        self.keywords = [name for name, _ in positions(node)][: len(line.args)]
        if node.kind == "field":
            self.keywords = [node.params[0].keyword]
        self.facts = {**facts(node), "is_read_live": feeds} if self.hooks else {}
        self.waits_in_loop = (
            bool(self.methods)
            and self.remote is None
            and node.kind == "function"
            and not self.is_stream
            and all(getattr(m.adapter, "takes_awaitables", False) for m in self.methods)
            and any(getattr(m.adapter, "waits", False) for m in self.methods)
        )
        """Whether beside an event loop its methods run there, and the step alone in a thread: so
        what waits in them holds no thread."""
        self.restarts = self.is_stream and any(
            getattr(method.adapter, "restarts", False) for method in self.methods
        )

    def was_slow(self) -> None:
        """Takes note that the step kept the event loop waiting. A busy machine may be to blame, so
        once is not for good."""
        self._strikes += 1
        self.pace = 0 if self._strikes < 3 else -1

    def is_skipped(self, values: list[Any]) -> bool:
        """Whether the line is not to be done, given the values made so far."""
        if self.route is not None and not self.route.is_taken(values):
            return True
        if self.node.kind != "join":
            return False
        alternatives = self.line._replace(route=None).slots()
        return all(values[slot] is SKIPPED for slot in alternatives)

    def kwargs(self, values: list[Any]) -> dict[str, Any]:
        """What the step is called with, by keyword."""
        line = self.line
        given = {
            name: piece_value(piece, values)
            for name, piece in zip(self.keywords, line.args, strict=False)
        }
        given |= {name: piece_value(piece, values) for name, piece in line.kwargs}
        return given

    def words(self, values: list[Any], at: At) -> dict[str, Any]:
        """All that hooks may ask for, before anything has happened."""
        kwargs = self.kwargs(values)
        return {
            **self.facts,
            "run_id": at.run_id,
            "task_id": at.task_id,
            "kwargs": kwargs,
            "node_kwargs": kwargs,
        }

    def asked(self, words: dict[str, Any]) -> Asked:
        """The line with its hooks around it, to be driven by a loop."""
        return surround(self.around, words)

    def elsewhere(self, words: dict[str, Any], here: Callable[[], Any]) -> Any:
        """What the adapter that does nodes elsewhere gives; it is given what does this one, hooks
        and all, as a function of the keywords.

        Args:
            words: as `words` makes them.
            here: does the line with its hooks, by these words.
        """

        def execute_lifecycle_for_node(**kwargs: Any) -> Any:
            words["kwargs"] = words["node_kwargs"] = kwargs
            return here()

        assert self.remote is not None
        said = {
            "node": self.node,
            "kwargs": words["kwargs"],
            "execute_lifecycle_for_node": execute_lifecycle_for_node,
        }
        return self.remote.call(**{name: said[name] for name in self.remote.takes})

    def call(self, values: list[Any], at: At, pool: Any = None) -> Any:
        """Calls the step itself; gives what it returns.

        Args:
            values: those made so far, by slot.
            at: where in the run this is.
            pool: gives worker threads, beside an event loop.

        Raises:
            TypeError: if a step that is no `async def` returns a coroutine.
        """
        line = self.line
        if self.slots is not None:
            value = self.step(*[values[slot] for slot in self.slots])
        else:
            value = self.step(
                *[piece_value(piece, values) for piece in line.args],
                **{name: piece_value(piece, values) for name, piece in line.kwargs},
            )
        return self._checked(value)

    def _checked(self, value: Any) -> Any:
        if value.__class__ is CoroutineType and not self.awaits:
            refuse_coroutine(self.node, value)
        return value

    def nested(
        self,
        words: dict[str, Any],
        below_async: Callable[[Callable[..., Any], bool], Callable[..., Any]] | None = None,
        step: Callable[..., Any] | None = None,
    ) -> Any:
        """Calls the outermost method, which is given the next as its callable, and so on.

        Args:
            words: as `words` makes them.
            below_async: makes an async function of what an async method is to call, which may
                be awaitable already.
            step: what is called last; unless given, `by_keyword`.
        """
        inner: Callable[..., Any] = step or self.by_keyword
        awaitable = self.in_loop
        for method in reversed(self.methods):
            if below_async is not None and method.is_async:
                inner = below_async(inner, awaitable)
            inner = partial(self._method, method, inner, words)
            awaitable = awaitable or method.is_async
        return inner(**words["kwargs"])

    def by_keyword(self, **kwargs: Any) -> Any:
        """Calls the step with keywords, whatever its signature says; raises as `call` does."""
        by_position = [kwargs.pop(name) for name in self._by_position]
        return self._checked(self.step(*by_position, **kwargs))

    @property
    def _by_position(self) -> Iterator[str]:
        if self.node.kind == "field":
            yield self.node.params[0].keyword
            return
        only = self.node.positional_only
        yield from (name for name in self.keywords if name in only)

    def _method(
        self, hook: Hook, inner: Callable[..., Any], words: dict[str, Any], /, **kwargs: Any
    ) -> Any:
        given = {**words, "node_callable": inner, "node_kwargs": kwargs, "kwargs": kwargs}
        if "node_" in hook.takes:
            given["node_"] = dataclasses.replace(self.node, callable=inner)
        return hook.call(**{name: given[name] for name in hook.takes})


def wholes(line: Line) -> list[int]:
    """The slots of the live streams of which the line needs the whole."""
    if line.simple:
        return []
    waiting: list[Piece] = [*line.args, *(piece for _, piece in line.kwargs)]
    found = []
    for piece in waiting:
        if isinstance(piece, Whole):
            found.append(piece.slot)
        elif isinstance(piece, Maybe):
            waiting.append(piece.piece)
        elif isinstance(piece, Group):
            waiting.extend(piece.pieces)
    return found


class Attribution:
    """Says in a context variable which node is at work, while it is: `with Attribution(…)`."""

    __slots__ = ("_current", "_token", "_variable")

    def __init__(self, at: At, node: str) -> None:
        from stepwell.lifecycle.current import Current, current

        self._current, self._variable = Current(at.run_id, node, at.task_id), current

    def __enter__(self) -> None:
        self._token = self._variable.set(self._current)

    def __exit__(self, *_: object) -> None:
        self._variable.reset(self._token)


def works(plan: Plan, lifecycle: LifecycleSet, fan: Fan = ONE_BY_ONE) -> list[Work]:
    """The work of each line."""
    return [_work(line, plan, lifecycle, fan) for line in plan.lines]


def _work(line: Line, plan: Plan, lifecycle: LifecycleSet, fan: Fan) -> Work:
    if line.block is not None:
        from stepwell.execution.each import BlockWork

        readers = plan.holds[line.slot] if line.slot in plan.live else 0
        return BlockWork(line, line.block, lifecycle, fan, readers=readers)
    if line.bundle is not None:
        from stepwell.execution.bundle import BundleWork

        return BundleWork(line, line.bundle, lifecycle, fan)
    if line.node.kind in ("part", "join"):
        return Work(line, type(lifecycle)())
    if line.slot in plan.live:
        return Work(line, lifecycle, feeds=True, readers=plan.holds[line.slot])
    return Work(line, lifecycle)


def facts(node: Node) -> dict[str, Any]:
    """What hooks may ask of a node that is the same in each run."""
    return {
        "node_": node,
        "node_name": node.name,
        "node_tags": node.tags,
        "node_return_type": node.type,
        "node_input_types": {param.keyword: param.type for param in node.arguments},
        "task_id": None,
        "is_expand": False,
        "is_collect": False,
    }


_numbers = count(1)
_prefix = ""


def new_run_id() -> str:
    """An id that no other run has: cheap, as it is a count after what is random once a process."""
    global _prefix
    if not _prefix:
        from os import urandom

        _prefix = urandom(6).hex()
    return f"{_prefix}-{next(_numbers)}"


def note(error: BaseException, node: Node, at: At) -> None:
    """Writes on an exception in which node it was raised; at the first node that it passes."""
    notes: Sequence[str] = getattr(error, "__notes__", ())
    if not any(at.run_id in written for written in notes):
        attempt = getattr(error, "__stepwell_attempt__", 1)
        keys = f" ({', '.join(at.keys)})" if at.keys else ""
        item = f", item `{at.task_id}`{keys}" if at.task_id else ""
        with suppress(Exception):  # an exception may refuse it, and must arrive all the same
            error.add_note(
                f"in node {node.place}{item}, run {at.run_id}, attempt {attempt}{_given(node)}"
            )
            from stepwell.lifecycle.transient import cure_of

            if cure := cure_of(error):
                error.add_note(cure)


def _given(node: Node) -> str:
    """What a node reads, by name: where a wrong value has come from."""
    names = [*dict.fromkeys(f"`{param.reads}`" for param in node.params)]
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    return f", given {', '.join(names[:NAMED] + more)}" if names else ""


def refuse_coroutine(node: Node, value: Any) -> None:
    """Refuses a coroutine as the result of a step that is not `async def`.

    Raises:
        TypeError: always; the coroutine is closed.
    """
    value.close()
    raise TypeError(
        f"step {node.place} is not `async def` and returns a coroutine, which nobody awaits; "
        "make it `async def` and await what it calls"
    )
