"""What is done for each item of a fan-out, where more has to be done than a loop over functions.

Each item is a task: a run of the block's plan by the same loops that run the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from stepwell.blocks import policy
from stepwell.execution.item import EachItem, Outcome, TaskHooks, ended
from stepwell.execution.sent import (
    light,
    modules_of,
    refuse_loop,
    refuse_unsendable,
    refuse_unsendable_values,
)
from stepwell.execution.streams import close, piece_value
from stepwell.execution.surround import drive, surround
from stepwell.execution.work import At, Attribution, Fan, OnError, Work, note, works
from stepwell.executors.base import Done, InlineExecutor
from stepwell.lifecycle.dispatch import LifecycleSet
from stepwell.plan import Block, Line


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
        own = fan.number_of(block.source, *block.plan.nodes) if not fan.is_within else None
        asked = fan.executor if own is None else fan.branches[own].executor
        self.executor = asked or InlineExecutor()
        self.on_error = cast(OnError, policy(block.source) or fan.on_error)
        # What is done within an item is done in its place: no executor waits for itself.
        self.works = works(block.plan, lifecycle, fan.within())
        if self.executor.pickler:
            self.executor.require()
            pickler = self.executor.pickler
            refuse_unsendable(block.plan.nodes, lifecycle.to_send(), pickler)
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
        if self.is_async and self.executor.pickler:
            refuse_loop(f"fan-out `{source.name}`", self.executor)
        self.in_loop = self.is_async
        self.quick = (
            self.on_error == "fail"
            and not self.tasks.any
            and not self.is_async
            and not block.plan.has_streams
            and all(work.plain for work in self.works)
        )
        """Whether nobody does anything around the steps, so that they are a loop."""
        self.plain = self.quick and isinstance(self.executor, InlineExecutor) and not self.feeds

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules whose functions and classes go along to another process."""
        return modules_of(self.block.plan.nodes, self.lifecycle)

    def sent(self) -> tuple[Any, ...]:
        """What another process makes the same of."""
        fan = Fan(None, self.on_error)
        return light(self.line), self.lifecycle.to_send(), fan

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
        if self.executor.pickler:
            named = zip(self.block.plan.given[1:], shared, strict=True)
            refuse_unsendable_values(named, self.executor.pickler, self.modules)
        one = EachItem(self, shared, at)
        made = one.made
        source = self._submitted(self.drawn(items, at), one)
        batches = self.executor.map(one, source, made.is_over)
        try:
            for done in batches:
                self._returned(one, done)
                yield from made.take(done)
            made.end()
        except GeneratorExit:
            one.stop()
            for done in batches:
                self._returned(one, done)
            raise
        finally:
            close(batches)
            close(source)

    def _submitted(self, source: Iterator[Any], one: EachItem) -> Iterator[Any]:
        """The items, each told to those who hear it."""
        hooks = (*self.tasks.expanded, *self.tasks.submitted)
        try:
            if not hooks:
                yield from source
                return
            for number, item in enumerate(source):
                drive(surround(hooks, one.words(one.task(number, item))), _nothing)
                yield item
        except GeneratorExit:
            raise
        except BaseException as error:
            one.made.error = one.made.error or error
        finally:
            close(source)

    def _returned(self, one: EachItem, done: Done) -> None:
        hooks = self.tasks.returned
        if not hooks:
            return
        batch, results, errors = done
        for number, item, result in zip(batch.numbers, batch.items, results, strict=True):
            outcome = Outcome(one.task(number, item), result, errors.get(number))
            drive(surround(hooks, one.words(outcome.task) | ended(outcome)), _nothing)

    def drawn(self, items: Any, at: At) -> Iterator[Any]:
        """The items as the source gives them; what it raises is its own."""
        node, source = self.block.source, None
        try:
            if self.draws_in_context:
                with Attribution(at, node.name):
                    source = iter(items)
                yield from _within(lambda: Attribution(at, node.name), source)
            else:
                source = iter(items)
                yield from source
        except GeneratorExit:
            raise
        except BaseException as error:
            note(error, node, at)
            raise
        finally:
            close(source)


def _within(attribution: Callable[[], Attribution], source: Iterator[Any]) -> Iterator[Any]:
    """The items, each asked for where the context variable names the source."""
    within = attribution()
    while True:
        with within:
            try:
                item = next(source)
            except StopIteration:
                return
        yield item
