"""Steps that make their result chunk by chunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from stepwell import Stream
from stepwell.driver import Builder, Driver
from stepwell.execution.events import Chunk, RunFinished, StepFailed, StepFinished, StepStarted
from stepwell.execution.inline import HOT
from stepwell.lifecycle import NodeExecutionHook
from stepwell.testing import module_of


def answer(prompt: str) -> Stream[str]:
    yield from prompt.split()


async def slow_answer(prompt: str) -> Stream[str]:
    for word in prompt.split():
        await asyncio.sleep(0)
        yield word


def shouted(answer: Stream[str]) -> Stream[str]:
    for word in answer:
        yield word.upper()


async def slowly_shouted(answer: Stream[str]) -> Stream[str]:
    async for word in answer:
        yield word.upper()


def counted(answer: Stream[str]) -> int:
    return sum(1 for _ in answer)


def length(answer: str) -> int:
    return len(answer)


def numbers(prompt: str) -> Stream[int]:
    yield from range(len(prompt.split()))


def total(numbers: list[int]) -> int:
    return sum(numbers)


def named(step: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The same step under another name."""
    from types import FunctionType

    copy = FunctionType(step.__code__, step.__globals__, name, step.__defaults__, step.__closure__)
    copy.__annotations__, copy.__module__ = step.__annotations__, step.__module__
    return copy


SYNC = module_of(answer, shouted, counted, length, numbers, total)
ASYNC = module_of(
    named(slow_answer, "answer"),
    named(slowly_shouted, "shouted"),
    counted,
    length,
    numbers,
    total,
)
MIXED = module_of(named(slow_answer, "answer"), shouted, counted, length, numbers, total)
OTHER = module_of(answer, named(slowly_shouted, "shouted"), counted, length, numbers, total)
MODULES = pytest.mark.parametrize("module", [SYNC, ASYNC, MIXED, OTHER], ids=str)

INPUTS = {"prompt": "to be or not"}
RESULTS = {
    "answer": "tobeornot",
    "shouted": "TOBEORNOT",
    "counted": 4,
    "length": 9,
    "numbers": [0, 1, 2, 3],
    "total": 6,
}


class Seen(NodeExecutionHook):
    """Keeps what after-hooks are told."""

    def __init__(self) -> None:
        self.results: dict[str, Any] = {}
        self.errors: dict[str, Any] = {}

    def run_after_node_execution(
        self, *, node_name: str, result: Any, error: Any, **future_kwargs: Any
    ) -> None:
        self.results[node_name] = result
        if error is not None:
            self.errors[node_name] = error


@MODULES
@pytest.mark.parametrize("targets", [[name] for name in RESULTS] + [[*RESULTS]], ids=str)
@pytest.mark.parametrize("adapters", [(), "seen"], ids=["bare", "hooked"])
@pytest.mark.parametrize("threads", [0, 3])
def test_a_stream_is_whole_to_whoever_asks_for_the_whole(
    module: Any, targets: list[str], adapters: Any, threads: int
) -> None:
    """By `execute`, compiled, `aexecute`, threads and events; hooks see the whole too."""
    seen = Seen()
    adapters = [seen] if adapters else []
    expected = {name: RESULTS[name] for name in targets}
    dr = Driver({}, module, adapter=adapters, threads=threads)
    assert dr.execute(targets, INPUTS) == expected
    assert asyncio.run(dr.aexecute(targets, INPUTS)) == expected
    *_, last = dr.stream(targets, INPUTS)
    assert isinstance(last, RunFinished)
    assert last.results == expected
    if adapters:
        assert seen.results == {name: RESULTS[name] for name in seen.results}
        assert set(targets) <= {*seen.results}


@pytest.mark.parametrize("adapters", [(), "seen"], ids=["bare", "hooked"])
def test_a_hot_plan_gives_the_same(adapters: Any) -> None:
    dr = Driver({}, SYNC, adapter=[Seen()] if adapters else [])
    for _ in range(HOT + 2):
        assert dr.execute([*RESULTS], INPUTS) == RESULTS


def test_events_come_as_they_happen() -> None:
    """Chunks of a stream and of its live reader take turns: the first is not held back."""
    dr = Driver({}, SYNC)
    told = [
        (event.node, event.value) if isinstance(event, Chunk) else (type(event).__name__,)
        for event in dr.stream(["shouted"], {"prompt": "to be"})
    ]
    assert told == [
        ("StepStarted",),
        ("StepStarted",),
        ("answer", "to"),
        ("shouted", "TO"),
        ("answer", "be"),
        ("shouted", "BE"),
        ("StepFinished",),
        ("StepFinished",),
        ("RunFinished",),
    ]


@MODULES
def test_a_step_is_told_to_start_and_finish_once(module: Any) -> None:
    events = [*Driver({}, module).stream([*RESULTS], INPUTS)]
    started = [event.node for event in events if isinstance(event, StepStarted)]
    finished = {event.node: event.result for event in events if isinstance(event, StepFinished)}
    assert sorted(started) == sorted(RESULTS)
    assert finished == RESULTS
    chunks = [
        event.value for event in events if isinstance(event, Chunk) and event.node == "answer"
    ]
    assert chunks == ["to", "be", "or", "not"]


def test_nothing_is_pulled_before_it_is_read() -> None:
    """In one thread the step makes a chunk when the caller asks for it."""
    made: list[int] = []

    def count(size: int) -> Stream[int]:
        for number in range(size):
            made.append(number)
            yield number

    events = Driver({}, module_of(count)).stream(["count"], {"size": 1000})
    assert next(events) == StepStarted("count")
    assert next(events) == Chunk("count", 0)
    assert made == [0]


def test_a_caller_who_stops_reading_closes_the_step() -> None:
    """The generator is closed at once, and hooks are told that it did not end well."""
    ended: list[str] = []

    def words(prompt: str) -> Stream[str]:
        try:
            yield from prompt.split()
        finally:
            ended.append("closed")

    seen = Seen()
    events = Driver({}, module_of(words), adapter=[seen]).stream(["words"], INPUTS)
    next(events)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert ended == ["closed"]
    assert isinstance(seen.errors["words"], GeneratorExit)


async def test_an_async_caller_who_stops_reading_closes_the_step() -> None:
    ended: list[str] = []

    async def words(prompt: str) -> Stream[str]:
        try:
            for word in prompt.split():
                yield word
                await asyncio.sleep(3600)
        finally:
            ended.append("closed")

    dr = Driver({}, module_of(words))
    async with aclosing(dr.astream(["words"], INPUTS)) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, Chunk):
                break
    assert ended == ["closed"]
    assert len(asyncio.all_tasks()) == 1


async def test_an_async_caller_who_stops_reading_closes_a_plain_step_too() -> None:
    """It runs in a thread, makes at most one chunk more, and has ended when `aclose` has."""
    made: list[str] = []

    def words(prompt: str) -> Stream[str]:
        try:
            while True:
                made.append("word")
                yield "word"
        finally:
            made.append("closed")

    dr = Driver({}, module_of(words))
    async with aclosing(dr.astream(["words"], INPUTS)) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, Chunk):
                break
    assert made[-1] == "closed"


def test_a_reader_that_has_enough_closes_the_step() -> None:
    """Nobody needs the rest, so nobody makes it."""
    ended: list[str] = []

    def words(prompt: str) -> Stream[str]:
        try:
            for word in prompt.split():
                yield word
                ended.append(word)
        finally:
            ended.append("closed")

    def first(words: Stream[str]) -> str:
        return next(iter(words))

    dr = Driver({}, module_of(words, first))
    assert dr.execute(["first"], INPUTS) == {"first": "to"}
    assert ended == ["closed"]


def test_a_hot_plan_names_the_stream_that_failed() -> None:
    """The note is the stream's, not its reader's, however often the plan has run."""

    def broken(prompt: str) -> Stream[str]:
        yield "to"
        if prompt == "fail":
            raise ValueError("no more")

    def reader(broken: Stream[str]) -> list[str]:
        return [*broken]

    dr = Driver({}, module_of(broken, reader))
    for _ in range(HOT + 1):
        dr.execute(["reader"], {"prompt": "x"})
    with pytest.raises(ValueError, match="no more") as caught:
        dr.execute(["reader"], {"prompt": "fail"})
    (note,) = caught.value.__notes__
    assert note.startswith("in node `broken`")


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("live", [False, True])
def test_an_error_in_the_middle_arrives_as_itself(asynchronous: bool, live: bool) -> None:
    """After the chunks that came; the note names the stream's step, not its reader."""

    def broken(prompt: str) -> Stream[str]:
        yield "to"
        raise ValueError("no more")

    async def broken_too(prompt: str) -> Stream[str]:
        yield "to"
        raise ValueError("no more")

    def reader(broken: Stream[str]) -> Stream[str]:
        yield from broken

    step = named(broken_too, "broken") if asynchronous else broken
    dr = Driver({}, module_of(step, reader))
    events = dr.stream(["reader" if live else "broken"], INPUTS)
    seen: list[Any] = []
    with pytest.raises(ValueError, match="no more") as caught:
        seen.extend(events)
    assert any(isinstance(event, Chunk) for event in seen)
    assert "in node `broken`" in caught.value.__notes__[0]
    assert len(caught.value.__notes__) == 1


def test_a_failed_step_is_an_event() -> None:
    def broken(prompt: str) -> Stream[str]:
        yield "to"
        raise ValueError("no more")

    seen: list[Any] = []

    def read(events: Iterator[Any]) -> None:
        for event in events:
            seen.append(event)

    with pytest.raises(ValueError, match="no more"):
        read(Driver({}, module_of(broken)).stream(["broken"], INPUTS))
    assert [type(event) for event in seen] == [StepStarted, Chunk, StepFailed]
    assert isinstance(seen[-1].error, ValueError)


async def test_two_async_readers_read_one_stream() -> None:
    """Each gets every chunk, live, and the target is whole."""

    async def left(answer: Stream[str]) -> list[str]:
        return [word async for word in answer]

    async def right(answer: Stream[str]) -> list[str]:
        return [word async for word in answer]

    dr = Driver({}, module_of(named(slow_answer, "answer"), left, right))
    words = ["to", "be", "or", "not"]
    assert await dr.aexecute(["left", "right", "answer"], INPUTS) == {
        "left": words,
        "right": words,
        "answer": "tobeornot",
    }


async def test_astream_does_not_wait_for_the_end() -> None:
    """The first chunk is here while the step still waits for its second."""
    gate = asyncio.Event()

    async def words(prompt: str) -> Stream[str]:
        yield "to"
        await gate.wait()
        yield "be"

    events: AsyncIterator[Any] = Driver({}, module_of(words)).astream(["words"], INPUTS)
    assert [await anext(events), await anext(events)] == [
        StepStarted("words"),
        Chunk("words", "to"),
    ]
    gate.set()
    rest = [event async for event in events]
    assert rest[0] == Chunk("words", "be")
    assert rest[-1].results == {"words": "tobe"}


def test_threads_read_a_stream_while_it_is_made() -> None:
    """With two threads the reader gets the first chunk while the step waits for the reader."""
    from threading import Event

    read = Event()

    def words(prompt: str) -> Stream[str]:
        yield "to"
        assert read.wait(10)
        yield "be"

    def reader(words: Stream[str]) -> list[str]:
        found = []
        for word in words:
            found.append(word)
            read.set()
        return found

    dr = Builder().with_modules(module_of(words, reader)).with_threads(2).build()
    assert dr.execute(["reader"], INPUTS) == {"reader": ["to", "be"]}


def test_the_plan_shows_what_becomes_of_a_stream() -> None:
    dr = Driver({}, SYNC)
    text = dr.explain(["length", "total"])
    assert 'answer = "".join(steps.answer(prompt))' in text
    assert "numbers = [*steps.numbers(prompt)]" in text
