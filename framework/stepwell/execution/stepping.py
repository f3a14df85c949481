"""The loop that runs a plan in the caller's thread and gives its events as they happen."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from time import perf_counter
from typing import Any

from stepwell.execution.events import (
    Chunk,
    Event,
    StepFailed,
    StepFinished,
    StepSkipped,
    StepStarted,
    StreamReset,
)
from stepwell.execution.inline import do, results_of
from stepwell.execution.streams import Live, close, whole
from stepwell.execution.surround import enter, finish, outcome
from stepwell.execution.work import At, Attribution, Work, note
from stepwell.lifecycle.made import Restart
from stepwell.plan import Plan
from stepwell.routes import SKIPPED

Stepping = Generator[Event, None, Any]


def stepping(
    plan: Plan, works: Sequence[Work], values: list[Any], at: At
) -> Generator[Event, None, dict[str, Any]]:
    """Yields the events of a run and returns its results; between two events nothing runs.

    Raises:
        BaseException: what a step raises, with a note that names the step.
        HookError: if a hook raised that is no observer's.
    """
    heard: list[Event] = []
    try:
        for work in works:
            name, began = work.node.name, perf_counter()
            if work.is_skipped(values):
                values.append(SKIPPED)
                yield StepSkipped(name)
                _drop_all(values, work.line.frees)
                continue
            yield StepStarted(name)
            try:
                if work.feeds:
                    value: Any = _live(work, values, at, heard)
                elif work.is_stream:
                    value = yield from _chunks(work, values, at, heard)
                else:
                    value = do(work, values, at)
            except GeneratorExit:
                raise
            except BaseException as error:
                yield from _flush(heard)
                yield StepFailed(name, error, perf_counter() - began)
                raise
            values.append(value)
            if not work.feeds:
                yield from _flush(heard)
                yield StepFinished(name, value, perf_counter() - began)
            _drop_all(values, work.line.frees)
        results = results_of(plan, values)
        yield from _flush(heard)
        return results
    finally:
        for slot in plan.live:
            if slot < len(values):
                _drop(values, slot)


def _chunks(work: Work, values: list[Any], at: At, heard: list[Event]) -> Stepping:
    """The chunks of a stream; returns the whole."""
    words = work.words(values, at) if work.hooks else {}
    asked = work.asked(words)
    enter(asked)
    node, name = work.node, work.node.name
    chunks: list[Any] = []
    push = chunks.append
    new = tuple.__new__  # there may be very many chunks, and this takes half as long as a call
    source: Any = None
    try:
        try:
            if work.needs_context:
                source = _attributed(work, values, at, words)
            else:
                source = work.nested(words) if work.methods else work.call(values, at)
            for chunk in source:
                if chunk.__class__ is Restart:
                    chunks.clear()
                    yield StreamReset(name)
                    continue
                push(chunk)
                if heard:
                    yield from _flush(heard)
                yield new(Chunk, (name, chunk))
        except BaseException as error:
            note(error, node, at)
            raise
        finally:
            close(source)
    except BaseException as error:
        return finish(*outcome(asked, None, error))
    return finish(*outcome(asked, whole(chunks, node.type), None))


def _attributed(
    work: Work, values: list[Any], at: At, words: dict[str, Any]
) -> Generator[Any, None, None]:
    """The step's chunks; the context variable names the node while the step is at work."""
    within = Attribution(at, work.node.name)
    with within:
        source = iter(work.nested(words) if work.methods else work.call(values, at))
    try:
        while True:
            with within:
                try:
                    chunk = next(source)
                except StopIteration:
                    return
            yield chunk
    finally:
        close(source)


def _live(work: Work, values: list[Any], at: At, heard: list[Event]) -> Live:
    """A stream whose readers pull it; what they pull is heard on the way."""
    name, began = work.node.name, perf_counter()
    live: Live = do(work, values, at)
    live.seen = lambda chunk: heard.append(Chunk(name, chunk))
    ended = live.ended

    def told(chunks: list[Any], error: BaseException | None) -> None:
        if ended is not None:
            ended(chunks, error)
        seconds = perf_counter() - began
        if error is None:
            heard.append(StepFinished(name, whole(chunks, work.node.type), seconds))
        else:
            heard.append(StepFailed(name, error, seconds))

    live.ended = told
    return live


def _flush(heard: list[Event]) -> Generator[Event, None, None]:
    while heard:
        yield heard.pop(0)


def _drop_all(values: list[Any], slots: Iterable[int]) -> None:
    for slot in slots:
        _drop(values, slot)


def _drop(values: list[Any], slot: int) -> None:
    value, values[slot] = values[slot], None
    if type(value) is Live:
        value.close()
