"""`Retry(restart=True)`: a stream that fails after its first chunk is made again, as is said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from openai import OpenAI

from stepwell import Chunk, Driver, RunFinished, StepFinished, Stream, StreamReset
from stepwell.execution.inline import HOT
from stepwell.lifecycle import LogRuns, Retry, Timeout
from stepwell.llm import TokenAccounting, metered
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]


class Passing(Exception):
    """An error that passes."""


def words(fails_at: list[int | None]) -> Any:
    """A step that yields three chunks, and fails at so many in each attempt."""
    attempts = iter(fails_at)

    def answer() -> Stream[str]:
        fails = next(attempts)
        for number, word in enumerate(("a", "b", "c")):
            if number == fails:
                raise Passing(f"at {number}")
            yield word

    return answer


def words_later(fails_at: list[int | None]) -> Any:
    """The same, async."""
    made = words(fails_at)

    async def answer() -> Stream[str]:
        for word in made():
            await asyncio.sleep(0)
            yield word

    return answer


def shown(event: Any) -> str:
    match event:
        case Chunk():
            return str(event.value)
        case StreamReset():
            return f"reset {event.node}"
        case StepFinished():
            return f"= {event.result}"
        case RunFinished():
            return "end"
    return ""


def driver(step: Any, **options: Any) -> Driver:
    return Driver(
        {}, module_of(step), adapter=Retry(4, wait=0, on=Passing, restart=True, **options)
    )


AGAIN = pytest.mark.parametrize(
    ("fails_at", "events"),
    [
        ([None], "a b c = abc|end"),
        ([0, None], "a b c = abc|end"),
        ([2, None], "a b reset answer|a b c = abc|end"),
        ([1, 0, None], "a reset answer|a b c = abc|end"),
        ([1, 2, 1, None], "a reset answer|a b reset answer|a reset answer|a b c = abc|end"),
    ],
)
MAKERS = pytest.mark.parametrize("make", [words, words_later])


def split(text: str) -> list[str]:
    """What events are told as, one after another."""
    found = text.replace("|", " ").replace("reset answer", "reset_answer").replace("= ", "=_")
    return [word.replace("_", " ") for word in found.split()]


@MAKERS
@AGAIN
def test_who_reads_events_is_told(make: Any, fails_at: list[int | None], events: str) -> None:
    """By an event between the chunks that don't count and those of the next attempt."""
    dr = driver(make(fails_at))
    assert [text for event in dr.stream(["answer"]) if (text := shown(event))] == split(events)


@MAKERS
@AGAIN
async def test_who_awaits_events_is_told(
    make: Any, fails_at: list[int | None], events: str
) -> None:
    dr = driver(make(fails_at))
    found = [text async for event in dr.astream(["answer"]) if (text := shown(event))]
    assert found == split(events)


@MAKERS
@AGAIN
@pytest.mark.parametrize("threads", [0, 2])
def test_the_whole_is_that_of_the_last_attempt(
    make: Any, fails_at: list[int | None], events: str, threads: int
) -> None:
    adapters = [TokenAccounting(), Retry(4, wait=0, on=Passing, restart=True)]
    for given in (adapters[1:], adapters):
        dr = Driver({}, module_of(make(fails_at)), adapter=given, threads=threads)
        assert dr.execute(["answer"]) == {"answer": "abc"}
    assert asyncio.run(driver(make(fails_at)).aexecute(["answer"])) == {"answer": "abc"}


def test_a_plan_that_runs_often() -> None:
    fails_at: list[int | None] = [*(None for _ in range(HOT)), 2, 1, None]
    dr = driver(words(fails_at))
    for _ in range(HOT + 1):
        assert dr.execute(["answer"]) == {"answer": "abc"}


@MAKERS
def test_attempts_are_counted_through_all_of_it(make: Any) -> None:
    """Before the first chunk or after it: so many, and the last error is raised as it is."""
    dr = driver(make([1, 0, 2, 1, None]))
    with pytest.raises(Passing) as caught:
        dr.execute(["answer"])
    assert "attempt 4 of 4 at `answer`" in caught.value.__notes__


@MAKERS
def test_an_error_that_stays_is_raised_at_once(make: Any) -> None:
    retry = Retry(4, wait=0, on=KeyError, restart=True)
    dr = Driver({}, module_of(make([1, None])), adapter=retry)
    with pytest.raises(Passing):
        dr.execute(["answer"])


@MAKERS
@pytest.mark.parametrize("threads", [0, 2])
def test_what_another_step_reads_meanwhile_is_left_alone(make: Any, threads: int) -> None:
    """It can't take back what it was given; before its first chunk it is made again as ever."""

    def shouted(answer: Stream[str]) -> Stream[str]:
        for word in answer:
            yield word.upper()

    async def shouted_later(answer: Stream[str]) -> Stream[str]:
        async for word in answer:
            yield word.upper()

    shouted_later.__name__ = "shouted"
    reads = shouted if make is words else shouted_later
    retry = Retry(4, wait=0, on=Passing, restart=True)
    made = Driver({}, module_of(make([0, None]), reads), adapter=retry, threads=threads)
    assert made.execute(["shouted"]) == {"shouted": "ABC"}
    broken = Driver({}, module_of(make([1, None]), reads), adapter=retry, threads=threads)
    with pytest.raises(Passing):
        broken.execute(["shouted"])


def test_who_stops_reading_closes_the_last_attempt() -> None:
    closed: list[int] = []
    attempts = iter((1, 2))

    def answer() -> Stream[str]:
        number = next(attempts)
        try:
            yield "a"
            if number == 1:
                raise Passing
            yield "b"
        finally:
            closed.append(number)

    events: Iterator[Any] = driver(answer).stream(["answer"])
    for event in events:
        if isinstance(event, StreamReset):
            break
    events.close()  # type: ignore[attr-defined]
    assert closed == [1, 2]


def test_a_cut_stream_of_a_provider_is_asked_for_again() -> None:
    """Both requests are in the ledger, each with its attempt."""
    replies = [Reply(text="one two three four", cut_after=2), Reply(text="one two three four")]
    with (
        FakeModel(replies) as model,
        metered(OpenAI(base_url=model.url, api_key="k", max_retries=0)) as client,
    ):

        def answer() -> Stream[str]:
            options: Any = {"model": "m", "messages": MESSAGES, "stream": True}
            for chunk in client.chat.completions.create(**options):
                yield chunk.choices[0].delta.content or "" if chunk.choices else ""

        ledger = TokenAccounting()
        adapters = [ledger, LogRuns(), Timeout(60), Retry(3, wait=0, restart=True)]
        dr = Driver({}, module_of(answer), adapter=adapters)
        events = [*dr.stream(["answer"])]
        assert sum(isinstance(event, StreamReset) for event in events) == 1
        assert isinstance(events[-1], RunFinished)
        assert events[-1].results == {"answer": "one two three four"}
        assert len(model.requests) == 2
    assert [call.attempt for call in ledger.calls] == [1, 2]
    assert [call.status for call in ledger.calls] == [200, 200]
    assert ledger.total().unmeasured == 1
