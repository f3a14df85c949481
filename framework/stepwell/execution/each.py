"""What is done for each item of a fan-out, where more has to be done than a loop over functions.

Each item is a task: a run of the block's plan by the same loops that run the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, cast

from stepwell.blocks import policy
from stepwell.errors import HookError, RequestError
from stepwell.execution.inline import run_works
from stepwell.execution.streams import close, piece_value
from stepwell.execution.surround import drive, surround
from stepwell.execution.work import At, Attribution, Fan, OnError, Work, note, works
from stepwell.executors.base import Cancelled, InlineExecutor, Outcome, Task
from stepwell.fanout import ItemFailed
from stepwell.graph import Graph
from stepwell.lifecycle.dispatch import Around, LifecycleSet
from stepwell.plan import Block, Line
from stepwell.spec import NOTHING, Node


class TaskHooks:
    """What adapters do around the tasks of a run."""

    def __init__(self, lifecycle: LifecycleSet) -> None:
        def before(*events: str) -> tuple[Around, ...]:
            return tuple(Around(hook, None) for event in events for hook in lifecycle.hooks(event))

        self.submitted = before("post_task_expand", "pre_task_submission")
        self.around = lifecycle.around("task")
        self.returned = before("post_task_return")
        pairs = (*self.submitted, *self.around, *self.returned)
        self.any = bool(pairs)
        self.is_async = any(hook.is_async for pair in pairs for hook in pair if hook is not None)


class Made:
    """What has been made so far: results are given on, and errors are what they mean here."""

    def __init__(self, source: Node, on_error: str) -> None:
        self._source, self._on_error = source, on_error
        self._count, self._skipped = 0, 0
        self.error: BaseException | None = None
        """Why the whole has failed."""

    def is_over(self) -> bool:
        """Whether nothing more is to be begun."""
        return self.error is not None

    def heard(self, outcome: Outcome) -> Outcome:
        """Takes note of what a task came to, as soon as it is known: nothing more may be begun."""
        error = outcome.error
        if error is not None and self.error is None and self._is_the_end(error):
            self.error = error
        return outcome

    def take(self, outcome: Outcome) -> Iterator[Any]:
        """What is collected of one task: its result, or what stands for it, or nothing."""
        error = self.heard(outcome).error
        self._count += 1
        if self.error is not None:
            return
        if error is None:
            yield outcome.result
        elif self._on_error == "skip":
            self._skipped += 1
        else:
            assert isinstance(error, Exception)
            yield ItemFailed(outcome.task.number, error)

    def _is_the_end(self, error: BaseException) -> bool:
        is_one_items = isinstance(error, Exception) and not isinstance(error, HookError)
        return self._on_error == "fail" or not is_one_items

    def end(self) -> None:
        """Says how it ended.

        Raises:
            BaseException: that of the first task to fail, in the order of items.
        """
        if self._skipped:
            from logging import getLogger

            getLogger("stepwell").warning(
                "%d of %d items of `%s` failed and were left out",
                self._skipped,
                self._count,
                self._source.name,
            )
        try:
            if self.error is not None:
                raise self.error
        finally:
            self.error = None  # it knows this frame, which would keep it alive


class OneItem:
    """Does the plan of a block for one item; what it comes to, it never raises.

    Args:
        work: the block.
        shared: what all items are given besides.
        at: where in the run the block is.
        made: is told at once of what fails, and says when nothing more is to be begun.
    """

    def __init__(
        self, work: BlockWork, shared: Sequence[Any], at: At, made: Made | None = None
    ) -> None:
        self.work, self.shared, self.at, self._made = work, shared, at, made
        self._above = f"{at.task_id}." if at.task_id else ""
        self._constant = {
            "run_id": at.run_id,
            "nodes": work.block.plan.nodes if work.tasks.any else (),
            "overrides": NOTHING,
            "spawning_task_id": at.task_id,
            "purpose": "block",
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return _one_item, (self.work.sent(), self.shared, self.at)

    def task(self, number: int, item: Any) -> Task:
        """The task of the item of that number."""
        return Task(number, f"{self._above}{self.work.block.source.name}[{number}]", item)

    def words(self, task: Task) -> dict[str, Any]:
        """All that hooks around a task may ask for."""
        given = (task.item, *self.shared)
        inputs = dict(zip(self.work.block.plan.given, given, strict=True))
        parameters = {self.work.block.source.name: task.item}
        return {**self._constant, "task_id": task.id, "inputs": inputs, "parameters": parameters}

    def __call__(self, task: Task) -> Outcome:
        at, around, made = At(self.at.run_id, task.id), self.work.tasks.around, self._made
        if made is not None and made.is_over():
            return Outcome(task, None, Cancelled())
        try:
            if around:
                results = drive(surround(around, self.words(task)), lambda: self._results(task, at))
            else:
                results = self._results(task, at)
        except BaseException as error:
            outcome = Outcome(task, None, error)
            return outcome if made is None else made.heard(outcome)
        return Outcome(task, collected(results), None)

    def arrived(self) -> None:
        for _, adapter in self._travelling("arrived"):
            adapter.arrived(run_id=self.at.run_id)

    def news(self) -> Any:
        run_id = self.at.run_id
        return [(place, a.send_home(run_id=run_id)) for place, a in self._travelling("send_home")]

    def take_news(self, news: Any) -> None:
        adapters = self.work.lifecycle.adapters
        for place, state in news:
            adapters[place].take_home(run_id=self.at.run_id, state=state)

    def _travelling(self, method: str) -> Iterator[tuple[int, Any]]:
        """The adapters that tell at home what they came to know elsewhere."""
        for place, adapter in enumerate(self.work.lifecycle.adapters):
            if hasattr(adapter, method):
                yield place, adapter

    def _results(self, task: Task, at: At) -> dict[str, Any]:
        return run_works(self.work.block.plan, self.work.works, [task.item, *self.shared], at)


def _one_item(sent: tuple[Any, ...], shared: Sequence[Any], at: At) -> OneItem:
    line, lifecycle, fan = sent
    return OneItem(BlockWork(line, line.block, lifecycle, fan), shared, at)


def collected(results: dict[str, Any]) -> Any:
    """What a block's chunk is: the one thing collected, or all of them together."""
    values = (*results.values(),)
    return values[0] if len(values) == 1 else values


def ended(outcome: Outcome) -> dict[str, Any]:
    """What hooks may ask of a task that is over."""
    return {
        "result": outcome.result,
        "results": outcome.result,
        "success": outcome.error is None,
        "error": outcome.error,
    }


def _refuse_unsendable(nodes: Sequence[Node], lifecycle: LifecycleSet) -> None:
    """Refuses what can't be done in another process, before anything runs.

    Raises:
        RequestError: with one sentence for each.
    """
    problems = []
    for node in nodes:
        if node.kind in ("coroutine", "async_generator"):
            problems.append(
                f"{node.place} is async, and items are done in processes; use `AsyncioExecutor`"
            )
        elif not _can_be_sent(node.callable):
            problems.append(
                f"{node.place} can't be pickled and so not be sent to another process; define it "
                "at the top of a module that can be imported"
            )
    problems += [
        f"adapter `{type(adapter).__name__}` can't be pickled and so not be sent to another process"
        for adapter in lifecycle.adapters
        if not _can_be_sent(adapter)
    ]
    if problems:
        raise RequestError(problems)


def _can_be_sent(thing: object) -> bool:
    import pickle

    try:
        pickle.dumps(thing)
    except Exception:
        return False
    return True


def _light(line: Line) -> Line:
    """The line as it travels: without the graph, and without what is worked out here."""
    if line.block is None:
        return line
    plan = line.block.plan
    lines = tuple(map(_light, plan.lines))
    light = replace(plan, graph=Graph(()), blocks=None, lines=lines)
    return line._replace(block=Block(line.block.source, light))


def _nothing() -> None:
    pass


class BlockWork(Work):
    """A line that does a plan of its own for each item; its chunks are what is made for each.

    Args:
        line: the line.
        block: what is done for each item.
        lifecycle: the driver's adapters.
        fan: how items are done.
        readers: how many read what is made while it is made, if any does.
    """

    def __init__(
        self, line: Line, block: Block, lifecycle: LifecycleSet, fan: Fan, *, readers: int = 0
    ) -> None:
        super().__init__(line, LifecycleSet(), feeds=bool(readers), readers=readers)
        self.block, self.lifecycle = block, lifecycle
        self.executor = fan.executor or InlineExecutor()
        self.on_error = cast(OnError, policy(block.source) or fan.on_error)
        # What is done within an item is done in its place: no executor waits for itself.
        self.works = works(block.plan, lifecycle, fan._replace(executor=None))
        if self.executor.sends:
            _refuse_unsendable(block.plan.nodes, lifecycle)
        self.tasks = TaskHooks(lifecycle)
        self.draws_in_context = lifecycle.needs_context
        source = block.source
        self.is_async = (
            block.plan.is_async
            or source.kind == "async_generator"
            or self.executor.is_async
            or any(work.is_async for work in self.works)
            or self.tasks.is_async
        )
        self.in_loop = self.is_async
        self.plain = (
            isinstance(self.executor, InlineExecutor)
            and not self.feeds
            and self.on_error == "fail"
            and not self.tasks.any
            and not self.is_async
            and all(work.plain for work in self.works)
        )

    def sent(self) -> tuple[Any, ...]:
        """What another process makes the same of."""
        fan = Fan(None, self.on_error)
        return _light(self.line), self.lifecycle, fan

    @property
    def how(self) -> str:
        """How the items are done, as a comment where there is something to say."""
        said = [] if isinstance(self.executor, InlineExecutor) else [str(self.executor)]
        if self.on_error != "fail":
            said.append(f"errors: {self.on_error}")
        return f"  # {'; '.join(said)}" if said else ""

    def call(self, values: list[Any], at: At, pool: Any = None) -> Any:
        """What is made for each item, in their order, as it is made."""
        items, *shared = (piece_value(piece, values) for piece in self.line.args)
        if self.is_async:
            from stepwell.execution.each_async import each_async

            assert pool is not None
            return each_async(self, items, shared, at, pool)
        return self._each(items, shared, at)

    def _each(self, items: Any, shared: Sequence[Any], at: At) -> Iterator[Any]:
        if self.executor.sends:
            self._refuse_unsendable(shared)
        made = Made(self.block.source, self.on_error)
        one = OneItem(self, shared, at, made)
        source = self.drawn(items, at)
        outcomes = self.executor.map(one, self._submitted(source, one, made), made.is_over)
        try:
            for outcome in outcomes:
                self._returned(one, outcome)
                yield from made.take(outcome)
            made.end()
        except GeneratorExit:
            made.error = made.error or Cancelled()
            for outcome in outcomes:
                self._returned(one, outcome)
            raise
        finally:
            close(outcomes)
            close(source)

    def _refuse_unsendable(self, shared: Sequence[Any]) -> None:
        from stepwell.executors.processes import unsendable

        for name, value in zip(self.block.plan.given[1:], shared, strict=True):
            if not _can_be_sent(value):
                raise unsendable(f"`{name}`", type(value).__name__)

    def _submitted(self, source: Iterator[Any], one: OneItem, made: Made) -> Iterator[Task]:
        """The tasks, each told to those who hear it, until one has failed."""
        try:
            for number, item in enumerate(source):
                task = one.task(number, item)
                if self.tasks.submitted:
                    drive(surround(self.tasks.submitted, one.words(task)), _nothing)
                yield task
                if made.is_over():
                    return
        except GeneratorExit:
            raise
        except BaseException as error:
            made.error = made.error or error

    def _returned(self, one: OneItem, outcome: Outcome) -> None:
        if self.tasks.returned:
            words = one.words(outcome.task)
            drive(surround(self.tasks.returned, words | ended(outcome)), _nothing)

    def drawn(self, items: Any, at: At) -> Iterator[Any]:
        """The items as the source gives them; what it raises is its own."""
        node = self.block.source
        within: Any = Attribution(at, node.name) if self.draws_in_context else nullcontext()
        source = None
        try:
            with within:
                source = iter(items)
            while True:
                with within:
                    try:
                        item = next(source)
                    except StopIteration:
                        return
                yield item
        except GeneratorExit:
            raise
        except BaseException as error:
            note(error, node, at)
            raise
        finally:
            close(source)
