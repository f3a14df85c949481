"""`CircuitBreaker`: who fails again and again is left alone, and tried with one request."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from threading import Event
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from stepwell import Driver, Unavailable
from stepwell.lifecycle import Fallback, Retry
from stepwell.llm import CircuitBreaker, metered
from stepwell.llm.breaker import Circuit
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    with metered(OpenAI(base_url=model.url, api_key="k", max_retries=0)) as client:
        yield client


def times(client: OpenAI, count: int, breaker: CircuitBreaker, model: str = "m") -> None:
    """So many runs of one request, each of which may fail as a provider's do."""

    def answer() -> None:
        client.chat.completions.create(model=model, messages=MESSAGES)

    driver = Driver({}, module_of(answer), adapter=breaker)
    for _ in range(count):
        with suppress(openai.APIError):
            driver.execute(["answer"])


def test_it_opens_after_failures_in_a_row(client: OpenAI, model: FakeModel) -> None:
    """What is refused raises at once, says for how long, and nothing leaves."""
    model.reply, clock = Reply(status=503), Clock()
    breaker = CircuitBreaker(failures=3, pause=30.0, clock=clock)
    times(client, 3, breaker)
    clock.now += 10.0
    with pytest.raises(Unavailable, match="left alone for 20 s more") as caught:
        times(client, 1, breaker)
    assert caught.value.wait == 20.0
    assert len(model.requests) == 3


def test_an_answer_in_between_begins_anew(client: OpenAI, model: FakeModel) -> None:
    """Failures count only in a row; a refusal is an answer."""
    model.reply = Reply(status=500)
    breaker = CircuitBreaker(failures=3, clock=Clock())
    for reply in (Reply(), Reply(status=400), Reply(status=404)):
        model.replies.extend([Reply(status=500), Reply(status=502), reply])
    times(client, 9, breaker)
    times(client, 3, breaker)
    with pytest.raises(Unavailable):
        times(client, 1, breaker)
    assert len(model.requests) == 12


def test_too_many_requests_is_neither(client: OpenAI, model: FakeModel) -> None:
    """That a provider has too much to do is for `RateLimit`."""
    model.reply = Reply(status=429)
    times(client, 9, CircuitBreaker(failures=3, clock=Clock()))
    assert len(model.requests) == 9


def test_lost_connections_count(client: OpenAI, model: FakeModel) -> None:
    """As those that can't be had do."""
    model.reply = Reply(cut_after=0)
    breaker = CircuitBreaker(failures=2, clock=Clock())
    times(client, 2, breaker)
    with pytest.raises(Unavailable):
        times(client, 1, breaker)
    with metered(OpenAI(base_url="http://127.0.0.1:9/v1", api_key="k", max_retries=0)) as nobody:
        times(nobody, 2, breaker)
        with pytest.raises(Unavailable):
            times(nobody, 1, breaker)


def test_one_request_tries_again(client: OpenAI, model: FakeModel) -> None:
    """After the pause; if it fails the pause is twice as long, if it succeeds all may go."""
    model.reply, clock = Reply(status=503), Clock()
    breaker = CircuitBreaker(failures=1, pause=10.0, clock=clock)
    times(client, 1, breaker)
    clock.now += 10.0
    times(client, 1, breaker)
    clock.now += 10.0
    with pytest.raises(Unavailable, match="for 10 s more"):
        times(client, 1, breaker)
    clock.now += 10.0
    model.reply = Reply()
    times(client, 3, breaker)
    assert len(model.requests) == 5


async def test_only_one_tries(model: FakeModel) -> None:
    """While it is under way the others are refused; cancelled, it leaves the trial to another."""
    model.reply, clock, held = Reply(status=503), Clock(), Event()
    breaker = CircuitBreaker(failures=1, pause=10.0, clock=clock)
    async with metered(AsyncOpenAI(base_url=model.url, api_key="k", max_retries=0)) as client:

        async def answer() -> None:
            await client.chat.completions.create(model="m", messages=MESSAGES)

        driver = Driver({}, module_of(answer), adapter=breaker)
        with pytest.raises(openai.InternalServerError):
            await driver.aexecute(["answer"])
        clock.now += 10.0
        model.reply = Reply(held=held)
        model.came.clear()
        trial = asyncio.create_task(driver.aexecute(["answer"]))
        await asyncio.to_thread(model.came.wait)
        with pytest.raises(Unavailable):
            await driver.aexecute(["answer"])
        trial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trial
        model.reply = Reply()
        await driver.aexecute(["answer"])
        held.set()


def test_another_model_has_a_circuit_of_its_own(client: OpenAI, model: FakeModel) -> None:
    """So a fallback goes on where the first is left alone, without trying it each time."""
    model.replies.extend([Reply(status=503), Reply(), Reply(status=503)])
    breaker = CircuitBreaker(failures=2, clock=Clock())

    def answer() -> None:
        client.chat.completions.create(model="large", messages=MESSAGES)

    adapters = [Fallback(model="small"), breaker]
    driver = Driver({}, module_of(answer), adapter=adapters)
    for _ in range(4):
        driver.execute(["answer"])
    asked = [request.body["model"] for request in model.requests]
    assert asked == ["large", "small", "large", "small", "small", "small"]


def test_a_retry_does_not_knock_on_a_closed_door(client: OpenAI, model: FakeModel) -> None:
    """`Unavailable` is not retried."""
    model.reply, waits = Reply(status=503), []

    def answer() -> None:
        client.chat.completions.create(model="m", messages=MESSAGES)

    breaker = CircuitBreaker(failures=2, clock=Clock())
    driver = Driver({}, module_of(answer), adapter=[Retry(9, sleep=waits.append), breaker])
    with pytest.raises(Unavailable):
        driver.execute(["answer"])
    assert (len(model.requests), len(waits)) == (2, 2)


def test_pauses_grow_to_a_limit() -> None:
    """Twice as long after each failed trial, at most ten times the first."""
    circuit, now, waits = Circuit(failures=1, pause=1.0), 0.0, []
    circuit.failed(now=now)
    for _ in range(6):
        wait = circuit.enter(now=now)
        assert wait is not None
        waits.append(wait)
        now += wait
        assert circuit.enter(now=now) is None
        assert circuit.state == "trying"
        circuit.failed(now=now)
    assert waits == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


@pytest.mark.parametrize("options", [{"failures": 0}, {"pause": 0.0}])
def test_wrong_numbers(options: Any) -> None:
    """Are told when it is made."""
    with pytest.raises(ValueError, match="give numbers more than 0"):
        CircuitBreaker(**options)
