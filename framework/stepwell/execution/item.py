"""One item of a fan-out as a task: what adapters do around it, and what its outcome means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from stepwell.blocks import KEY, item_key
from stepwell.errors import HookError
from stepwell.execution.inline import run_works
from stepwell.execution.surround import drive, surround
from stepwell.execution.work import At
from stepwell.executors.base import Batch, Cancelled, Done
from stepwell.fanout import ItemFailed
from stepwell.lifecycle.dispatch import Around, LifecycleSet
from stepwell.routes import SKIPPED
from stepwell.spec import NOTHING, Node

if TYPE_CHECKING:
    from stepwell.execution.work import OnError, Work
    from stepwell.plan import Block, Line


class Task(NamedTuple):
    """One item to be done.

    Args:
        number: the item's, from 0.
        at: the run, and the task's own id there: `page[3]`, or `page[3].word[0]` where it is
            within another.
        item: what is to be done.
    """

    number: int
    at: At
    item: Any


class Outcome(NamedTuple):
    """What a task came to: a result, or an error."""

    task: Task
    result: Any
    error: BaseException | None


class TaskHooks:
    """What adapters do around the tasks of a run."""

    def __init__(self, lifecycle: LifecycleSet) -> None:
        def before(*events: str) -> tuple[Around, ...]:
            return tuple(Around(hook, None) for event in events for hook in lifecycle.hooks(event))

        self.expanded = before("post_task_expand")
        self.submitted = before("pre_task_submission")
        self.around = lifecycle.around("task")
        self.returned = before("post_task_return")
        pairs = (*self.expanded, *self.submitted, *self.around, *self.returned)
        self.any = bool(pairs)
        self.is_async = any(hook.is_async for pair in pairs for hook in pair if hook is not None)


class Made:
    """What has been made so far: results are given on, and errors are what they mean here."""

    def __init__(self, source: Node, on_error: str, *, may_be_skipped: bool = False) -> None:
        self._source, self._on_error = source, on_error
        self._may_be_skipped = may_be_skipped
        self._count, self._skipped = 0, 0
        self.error: BaseException | None = None
        """Why the whole has failed."""

    def is_over(self) -> bool:
        """Whether nothing more is to be begun."""
        return self.error is not None

    def heard(self, outcome: Outcome) -> Outcome:
        """Takes note of what a task came to, as soon as it is known: nothing more may be begun."""
        if outcome.error is not None:
            self._hear(outcome.error)
        return outcome

    def _hear(self, error: BaseException) -> None:
        is_one_items = isinstance(error, Exception) and not isinstance(error, HookError)
        if self.error is None and (self._on_error == "fail" or not is_one_items):
            self.error = error

    def take(self, done: Done) -> Iterator[Any]:
        """What is collected of a batch: the results, or what stands for them, or nothing."""
        batch, results, errors = done
        for error in errors.values():
            self._hear(error)
        self._count += len(results)
        if self.error is not None:
            return
        if not errors and not self._may_be_skipped:
            yield from results
            return
        for number, result in zip(batch.numbers, results, strict=True):
            error_of = errors.get(number)
            if error_of is None:
                if result is not SKIPPED:
                    yield result
            elif self._on_error == "skip":
                self._skipped += 1
            else:
                assert isinstance(error_of, Exception)
                yield ItemFailed(number, error_of, item_key(self._source, batch.item(number)))

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


class Tasked(Protocol):
    """A line whose plan is done as a task, or as many."""

    line: Line
    block: Block
    works: list[Work]
    tasks: TaskHooks
    lifecycle: LifecycleSet
    on_error: OnError
    quick: bool

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules whose functions and classes go along to another process."""

    def sent(self) -> tuple[Any, ...]:
        """What another process makes the same of."""


class EachItem:
    """Does the plan of a block for each item; what it comes to, it never raises.

    Args:
        work: the block.
        shared: what all items are given besides.
        at: where in the run the block is.
    """

    purpose: ClassVar[str] = "block"

    def __init__(self, work: Tasked, shared: Sequence[Any], at: At) -> None:
        self.work, self.shared, self.at = work, shared, at
        routed = any(line.route is not None for line in work.block.plan.lines)
        self.made = Made(work.block.source, work.on_error, may_be_skipped=routed)
        self._source = work.block.source
        self._has_keys = KEY in self._source.tags
        self._above = f"{at.task_id}." if at.task_id else ""
        self._prefix = f"{self._above}{self._source.name}["
        self._constant = {
            "run_id": at.run_id,
            "nodes": work.block.plan.nodes if work.tasks.any else (),
            "overrides": NOTHING,
            "spawning_task_id": at.task_id,
            "purpose": self.purpose,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return _each_item, (self.work.sent(), self.shared, self.at)

    def task(self, number: int, item: Any) -> Task:
        """The task of the item of that number."""
        run_id, _, keys = self.at
        if self._has_keys and (key := item_key(self._source, item)) is not None:
            keys = (*keys, key)
        return Task(number, At(run_id, f"{self._prefix}{number}]", keys), item)

    def name(self, number: int, /) -> str:
        """The id of that task."""
        return f"{self._prefix}{number}]"

    def given(self, task: Task) -> list[Any]:
        """What the plan is given for it."""
        return [task.item, *self.shared]

    def words(self, task: Task) -> dict[str, Any]:
        """All that hooks around a task may ask for."""
        inputs = dict(zip(self.work.block.plan.given, self.given(task), strict=True))
        parameters = {self.work.block.source.name: task.item}
        task_id = task.at.task_id
        return {**self._constant, "task_id": task_id, "inputs": inputs, "parameters": parameters}

    def __call__(self, batch: Batch) -> Done:
        if self.work.quick:
            return self._looped(batch)
        results: list[Any] = []
        errors: dict[int, BaseException] = {}
        for number, item in enumerate(batch.items, batch.first):
            outcome = self._done(self.task(number, item))
            results.append(outcome.result)
            if outcome.error is not None:
                errors[number] = outcome.error
        return Done(batch, results, errors)

    def _looped(self, batch: Batch) -> Done:
        """The items done by the loop that the block is: nobody does anything around its steps."""
        from stepwell.execution.loops import items_at, loop_of, noted

        line = self.work.line
        results: list[Any] = []
        errors: dict[int, BaseException] = {}
        try:
            results = loop_of(line)(self._until_over(batch.items), *self.shared)
        except BaseException as error:
            at = self.at.within("", None)
            noted(error, line, at, first=batch.first, above=self._above)
            done_before = items_at(error, line)
            errors = {batch.first + done_before: error}
            self.made.heard(Outcome(Task(batch.first + done_before, at, None), None, error))
        left = len(batch.items) - len(results)
        if left:
            results = [*results, *[None] * left]
            for number in batch.numbers[-left:]:
                errors.setdefault(number, Cancelled())
        return Done(batch, results, errors)

    def _until_over(self, items: Iterable[Any]) -> Iterator[Any]:
        made = self.made
        for item in items:
            if made.error is not None:
                return
            yield item

    def _done(self, task: Task) -> Outcome:
        around = self.work.tasks.around
        if self.made.is_over():
            return Outcome(task, None, Cancelled())
        try:
            if around:
                results = drive(surround(around, self.words(task)), lambda: self._results(task))
            else:
                results = self._results(task)
        except BaseException as error:
            return self.made.heard(Outcome(task, None, error))
        return Outcome(task, collected(results), None)

    def _results(self, task: Task) -> dict[str, Any]:
        work = self.work
        return run_works(work.block.plan, work.works, self.given(task), task.at)

    # Where it is done in another process.

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules whose functions and classes it takes along."""
        return self.work.modules

    def stop(self) -> None:
        """No further item is to be begun."""
        self.made.error = self.made.error or Cancelled()

    def arrived(self) -> None:
        """In a worker process: adapters begin to listen."""
        for _, adapter in self._travelling("arrived"):
            adapter.arrived(run_id=self.at.run_id)

    def left(self) -> None:
        """There: they listen no more."""
        for _, adapter in self._travelling("left"):
            adapter.left(run_id=self.at.run_id)

    def news(self) -> Any:
        """There: what the adapters came to know since they were last asked."""
        run_id = self.at.run_id
        return [(place, a.send_home(run_id=run_id)) for place, a in self._travelling("send_home")]

    def take_news(self, news: Any) -> None:
        """At home: tells it to the adapters here."""
        adapters = self.work.lifecycle.adapters
        for place, state in news:
            adapters[place].take_home(run_id=self.at.run_id, state=state)

    def _travelling(self, method: str) -> Iterator[tuple[int, Any]]:
        """The adapters that tell at home what they came to know elsewhere."""
        for place, adapter in enumerate(self.work.lifecycle.adapters):
            if hasattr(adapter, method):
                yield place, adapter


def _each_item(sent: tuple[Any, ...], shared: Sequence[Any], at: At) -> EachItem:
    from stepwell.execution.each import BlockWork

    line, lifecycle, fan = sent
    return EachItem(BlockWork(line, line.block, lifecycle, fan), shared, at)


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
