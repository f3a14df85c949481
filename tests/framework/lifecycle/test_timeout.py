"""`Timeout`: async steps are cancelled, requests of plain ones end, and what was paid is kept."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from threading import Event
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from stepwell import Driver, Stream
from stepwell.lifecycle import Retry, Timeout
from stepwell.lifecycle.current import left
from stepwell.llm import RateLimit, TokenAccounting, metered
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]

SHORT = 0.05
ASKED = 1.0
"""Long enough for a request to leave, also where much else is going on."""

LONG = 60.0


@pytest.fixture
def hanging() -> Iterator[FakeModel]:
    """A server that never answers."""
    held = Event()
    with FakeModel(reply=Reply(held=held)) as model:
        yield model
        held.set()


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """A first request, as it takes the SDK some time to get ready."""
    with (
        FakeModel() as model,
        metered(OpenAI(base_url=model.url, api_key="k")) as client,
    ):
        client.chat.completions.create(model="m", messages=MESSAGES)


async def forever() -> None:
    await asyncio.Event().wait()


async def test_an_async_step_is_cancelled() -> None:
    """The error says which step, and after how long."""
    ended: list[str] = []

    async def answer() -> None:
        try:
            await forever()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    driver = Driver({}, module_of(answer), adapter=Timeout(SHORT))
    with pytest.raises(TimeoutError, match=r"`answer` took longer than 0\.05 s"):
        await driver.aexecute(["answer"])
    assert ended == ["cancelled"]


async def test_a_cancellation_from_outside_stays_one() -> None:
    """It is no timeout."""
    begun = asyncio.Event()

    async def answer() -> None:
        begun.set()
        await forever()

    driver = Driver({}, module_of(answer), adapter=Timeout(LONG))
    task = asyncio.create_task(driver.aexecute(["answer"]))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_request_of_a_plain_step_is_ended(hanging: FakeModel) -> None:
    """Also one whose client would wait for ten minutes."""
    with metered(OpenAI(base_url=hanging.url, api_key="k", max_retries=0)) as client:

        def answer() -> None:
            client.chat.completions.create(model="m", messages=MESSAGES)

        ledger = TokenAccounting()
        driver = Driver({}, module_of(answer), adapter=[ledger, Timeout(ASKED)])
        with pytest.raises(TimeoutError, match="`answer` took longer") as caught:
            driver.execute(["answer"])
    assert isinstance(caught.value.__cause__, openai.APITimeoutError)
    assert len(hanging.requests) == 1
    (call,) = ledger.calls
    assert (call.error, call.usage.unmeasured) == ("ReadTimeout", 1)


def test_no_request_begins_after_the_time(hanging: FakeModel) -> None:
    """A step that catches the first error and asks again leaves nothing more."""
    with metered(OpenAI(base_url=hanging.url, api_key="k", max_retries=0)) as client:

        def answer() -> None:
            for _ in range(3):
                with suppress(openai.APITimeoutError):
                    client.chat.completions.create(model="m", messages=MESSAGES)

        driver = Driver({}, module_of(answer), adapter=Timeout(ASKED))
        with pytest.raises(TimeoutError, match="`answer` took longer"):
            driver.execute(["answer"])
    assert len(hanging.requests) == 1


async def test_a_request_of_an_async_step_is_ended(hanging: FakeModel) -> None:
    """By cancellation; the connection is given up."""
    async with metered(AsyncOpenAI(base_url=hanging.url, api_key="k")) as client:

        async def answer() -> None:
            await client.chat.completions.create(model="m", messages=MESSAGES)

        driver = Driver({}, module_of(answer), adapter=Timeout(ASKED))
        with pytest.raises(TimeoutError, match="`answer` took longer"):
            await driver.aexecute(["answer"])
    assert len(hanging.requests) == 1


def test_what_comes_late_is_kept() -> None:
    """A plain step's result may have been paid for."""

    def answer() -> str:
        while left():
            pass
        return "late"

    driver = Driver({}, module_of(answer), adapter=Timeout(0.001))
    assert driver.execute(["answer"]) == {"answer": "late"}


def test_what_comes_in_time_passes() -> None:
    """A result, an error, a stream: as without it."""

    def words() -> Stream[str]:
        yield "a"
        yield "b"

    def broken() -> str:
        raise ValueError("a mistake")

    assert Driver({}, module_of(words), adapter=Timeout(LONG)).execute(["words"]) == {"words": "ab"}
    with pytest.raises(ValueError, match="a mistake"):
        Driver({}, module_of(broken), adapter=Timeout(LONG)).execute(["broken"])


def test_a_stream_has_so_long_from_its_beginning_to_its_end() -> None:
    """The chunks that came are seen; the next is not asked for."""
    seen: list[str] = []

    def words() -> Stream[str]:
        yield "a"
        while left():
            pass
        seen.append("b is made")
        yield "b"
        seen.append("c is asked for")
        yield "c"

    driver = Driver({}, module_of(words), adapter=Timeout(0.02))
    with pytest.raises(TimeoutError, match="`words` took longer"):
        driver.execute(["words"])
    assert seen == ["b is made"]


async def test_an_async_stream_too() -> None:
    """It is cancelled where it waits."""

    async def words() -> Stream[str]:
        yield "a"
        await forever()

    driver = Driver({}, module_of(words), adapter=Timeout(SHORT))
    with pytest.raises(TimeoutError, match="`words` took longer"):
        await driver.aexecute(["words"])


async def test_each_attempt_has_its_time() -> None:
    """`Retry(timeout=…)`: an attempt that takes too long is one that failed, and made again."""
    calls: list[int] = []

    async def answer() -> str:
        calls.append(1)
        if len(calls) < 3:
            await forever()
        return "made"

    driver = Driver({}, module_of(answer), adapter=Retry(3, wait=0, timeout=SHORT))
    assert await driver.aexecute(["answer"]) == {"answer": "made"}
    assert len(calls) == 3


def test_each_attempt_of_a_plain_step_has_its_time(hanging: FakeModel) -> None:
    """Also where the plan has been compiled, as it is after many runs."""
    with metered(OpenAI(base_url=hanging.url, api_key="k", max_retries=0)) as client:

        def answer(asks: bool) -> None:
            if asks:
                client.chat.completions.create(model="m", messages=MESSAGES)

        driver = Driver({}, module_of(answer), adapter=Retry(2, wait=0, timeout=ASKED))
        for _ in range(120):
            driver.execute(["answer"], inputs={"asks": False})
        with pytest.raises(TimeoutError):
            driver.execute(["answer"], inputs={"asks": True})
    assert len(hanging.requests) == 2


async def test_all_attempts_together() -> None:
    """`Timeout` before `Retry`: a wait that would end after the time is not begun."""

    class Passing(Exception):
        pass

    calls: list[int] = []

    async def answer() -> None:
        calls.append(1)
        raise Passing

    adapters = [Timeout(5.0), Retry(9, wait=1e9, longest=1e9, deadline=1e12, on=Passing, seed=1)]
    with pytest.raises(Passing) as caught:
        await Driver({}, module_of(answer), adapter=adapters).aexecute(["answer"])
    assert len(calls) == 1
    assert "past the end of its time" in "\n".join(caught.value.__notes__)


def test_a_wait_for_a_turn_that_would_end_after_the_time() -> None:
    """Is not begun."""
    with (
        FakeModel([Reply(status=429, headers={"retry-after": "100"})]) as model,
        metered(OpenAI(base_url=model.url, api_key="k", max_retries=0)) as client,
    ):

        def answer() -> None:
            with pytest.raises(openai.RateLimitError):
                client.chat.completions.create(model="m", messages=MESSAGES)
            client.chat.completions.create(model="m", messages=MESSAGES)

        driver = Driver({}, module_of(answer), adapter=[RateLimit(), Timeout(30.0)])
        with pytest.raises(TimeoutError, match=r"`answer` would have to wait 100"):
            driver.execute(["answer"])
        assert len(model.requests) == 1


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_no_time_at_all(seconds: float) -> None:
    """Is told when it is made."""
    with pytest.raises(ValueError, match="is no time to wait"):
        Timeout(seconds)
    with pytest.raises(ValueError, match="is no time to wait"):
        Retry(timeout=seconds)
