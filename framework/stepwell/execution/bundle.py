"""Several steps that are done as one task, here or by an executor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stepwell.execution.item import EachItem, Outcome, Task, TaskHooks, collected, ended
from stepwell.execution.run import Run
from stepwell.execution.sent import (
    light,
    modules_of,
    refuse_loop,
    refuse_unsendable,
    refuse_unsendable_values,
)
from stepwell.execution.streams import close, piece_value
from stepwell.execution.surround import drive, drive_async, surround
from stepwell.execution.work import At, Fan, OnError, Work, works
from stepwell.executors.base import Done, InlineExecutor
from stepwell.lifecycle.dispatch import LifecycleSet
from stepwell.plan import Block, Bundle, Line
from stepwell.spec import Node


class BundleWork(Work):
    """A line that does a plan of its own, as one task; it makes all that others need of it.

    Args:
        line: the line.
        bundle: what is done.
        lifecycle: the driver's adapters.
        fan: where it is done, and the items of what fans out in it.
    """

    def __init__(self, line: Line, bundle: Bundle, lifecycle: LifecycleSet, fan: Fan) -> None:
        super().__init__(line, LifecycleSet())
        self.bundle, self.lifecycle = bundle, lifecycle
        self.block = Block(Node(bundle.id), bundle.plan)
        self.on_error: OnError = "fail"
        own = None if bundle.number is None or fan.is_within else fan.branches[bundle.number]
        self.executor = InlineExecutor() if own is None else own.executor
        self.works = works(bundle.plan, lifecycle, fan if own is None else fan.within())
        if self.executor.pickler:
            self.executor.require()
            refuse_unsendable(bundle.plan.nodes, lifecycle.to_send(), self.executor.pickler)
        self.tasks = TaskHooks(lifecycle)
        self.is_async = (
            bundle.plan.is_async
            or self.executor.is_async
            or any(work.is_async for work in self.works)
            or self.tasks.is_async
        )
        if self.is_async and self.executor.pickler:
            refuse_loop(f"task `{bundle.id}`", self.executor)
        self.in_loop = self.is_async
        self.plain = self.direct = self.quick = False

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules whose functions and classes go along to another process."""
        return modules_of(self.bundle.plan.nodes, self.lifecycle)

    def sent(self) -> tuple[Any, ...]:
        """What another process makes the same of."""
        return light(self.line), self.lifecycle.to_send()

    @property
    def how(self) -> str:
        """What is done here as one task, and where."""
        where = "" if isinstance(self.executor, InlineExecutor) else f", {self.executor}"
        return f"# task `{self.bundle.id}`{where}"

    def call(self, values: list[Any], at: At, pool: Any = None) -> Any:
        """All that others need of it, in the order of its targets."""
        given = [piece_value(piece, values) for piece in self.line.args]
        one = OneTask(self, (), at)
        if self.is_async:
            assert pool is not None
            return _awaited(self, one, one.task(0, given), pool)
        if self.executor.pickler:
            named = zip(self.bundle.plan.given, given, strict=True)
            refuse_unsendable_values(named, self.executor.pickler, self.modules)
        return self._done(one, one.task(0, given))

    def _done(self, one: OneTask, task: Task) -> Any:
        if hooks := self.tasks.submitted:
            drive(surround(hooks, one.words(task)), lambda: None)
        batches = self.executor.map(one, iter([task.item]), one.made.is_over)
        try:
            outcome = _outcome(task, next(batches))
        finally:
            close(batches)
        if hooks := self.tasks.returned:
            drive(surround(hooks, one.words(task) | ended(outcome)), lambda: None)
        one.made.heard(outcome)
        one.made.end()
        return outcome.result


class OneTask(EachItem):
    """Does the plan of a bundle; what it comes to, it never raises."""

    def __init__(self, work: BundleWork, shared: Sequence[Any], at: At) -> None:
        super().__init__(work, shared, at)
        self._id = f"{self._above}{work.bundle.id}"
        self._constant["purpose"] = work.bundle.purpose

    def __reduce__(self) -> tuple[Any, ...]:
        return _one_task, (self.work.sent(), self.at)

    def task(self, number: int, item: Any) -> Task:
        """The task; its item is all that the plan is given."""
        return Task(number, self.at.within(self._id, None), item)

    def name(self, number: int, /) -> str:
        """The task's id."""
        return self._id

    def given(self, task: Task) -> list[Any]:
        """What the plan is given."""
        return [*task.item]


def _one_task(sent: tuple[Line, LifecycleSet], at: At) -> OneTask:
    line, lifecycle = sent
    assert line.bundle is not None
    return OneTask(BundleWork(line, line.bundle, lifecycle, Fan(is_within=True)), (), at)


def _outcome(task: Task, done: Done) -> Outcome:
    return Outcome(task, done.results[0], done.errors.get(0))


async def _awaited(work: BundleWork, one: OneTask, task: Task, pool: Any) -> Any:
    """The same on an event loop."""
    from stepwell.execution.tasks import run_tasks

    tasks, words = work.tasks, one.words

    async def results() -> Any:
        run = Run(work.bundle.plan, one.given(task))
        return collected(await run_tasks(run, work.works, task.at, pool))

    async def nothing() -> None:
        pass

    if tasks.submitted:
        await drive_async(surround(tasks.submitted, words(task)), nothing)
    try:
        made = await drive_async(surround(tasks.around, words(task)), results)
        outcome = Outcome(task, made, None)
    except BaseException as error:
        outcome = Outcome(task, None, error)
    if tasks.returned:
        await drive_async(surround(tasks.returned, words(task) | ended(outcome)), nothing)
    one.made.heard(outcome)
    one.made.end()
    return outcome.result
