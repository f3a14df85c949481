"""Whatever a provider does wrong: the gates keep nothing of a request that is over."""

import asyncio
from contextlib import suppress
from threading import Event
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from stepwell import Driver
from stepwell.llm import BadAnswer, Budget, CircuitBreaker, RateLimit, TokenAccounting, metered
from stepwell.llm.account import Amount
from stepwell.testing import FakeModel, Reply, module_of
from stepwell.testing.faults import described

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
FAILURES = (openai.APIError, BadAnswer)
BOUNDS: Any = {"deadline": 0.3, "largest": 2**20}
OPTIONS: Any = {"api_key": "k", "max_retries": 0}


def adapters() -> tuple[TokenAccounting, Budget, list[Any]]:
    ledger, budget = TokenAccounting(), Budget(tokens=100_000, per="all")
    return ledger, budget, [ledger, budget, CircuitBreaker(failures=1000), RateLimit()]


def spent(budget: Budget) -> Amount:
    """What is spent, where nothing is reserved."""
    standing = budget.standing["all",]
    assert standing.reserved == Amount()
    return standing.spent


@pytest.mark.parametrize("fault", described())
@pytest.mark.parametrize("way", ["plain", "async"])
async def test_nothing_is_kept_of_a_request_that_is_over(fault: str, way: str) -> None:
    """Nothing stays reserved, requests count as in the ledger, and the next one goes."""
    streamed = fault.startswith("stream")
    ledger, budget, gates = adapters()
    with FakeModel([Reply(fault=fault)]) as model:
        asked: Any = {"model": "m", "messages": MESSAGES, "max_tokens": 9, "stream": streamed}
        client = metered(OpenAI(base_url=model.url, **OPTIONS), **BOUNDS)
        later = metered(AsyncOpenAI(base_url=model.url, **OPTIONS), **BOUNDS)
        with client, metered(OpenAI(base_url=model.url, **OPTIONS)) as calm:
            async with later:

                def plain() -> None:
                    with suppress(*FAILURES):
                        made = client.chat.completions.create(**asked)
                        for _ in made if streamed else ():
                            pass
                    calm.chat.completions.create(**asked | {"stream": False})

                async def awaited() -> None:
                    with suppress(*FAILURES):
                        made = await later.chat.completions.create(**asked)
                        if streamed:
                            async for _ in made:
                                pass
                    calm.chat.completions.create(**asked | {"stream": False})

                step = plain if way == "plain" else awaited
                driver = Driver({}, module_of(step), adapter=gates)
                await driver.aexecute([step.__name__])
    used = spent(budget)
    total = ledger.total()
    assert used.requests == total.requests
    assert used.tokens >= total.total_tokens > 0
    assert ledger.calls[-1].status == 200


async def test_1000_calls_through_8_connections() -> None:
    """All gates at once: everything comes, each is counted once, nothing is left."""
    from httpx2 import AsyncClient, Limits

    ledger, budget, gates = adapters()
    with FakeModel() as model:
        pool = AsyncClient(limits=Limits(max_connections=8), timeout=60)
        made = AsyncOpenAI(base_url=model.url, http_client=pool, **OPTIONS)
        async with metered(made) as client:

            async def answer(count: int) -> int:
                asked = (
                    client.chat.completions.create(model="m", messages=MESSAGES, max_tokens=9)
                    for _ in range(count)
                )
                return len(await asyncio.gather(*asked))

            driver = Driver({}, module_of(answer), adapter=[*gates])
            runs = (driver.aexecute(["answer"], inputs={"count": 125}) for _ in range(8))
            ended = await asyncio.gather(*runs, return_exceptions=True)
        served = len(model.requests)
    refused = [error for error in ended if isinstance(error, BaseException)]
    assert {type(error).__name__ for error in refused} <= {"BudgetExceeded"}
    assert spent(budget).requests == ledger.total().requests
    assert ledger.total().requests == served
    assert spent(budget).tokens <= 100_000
    assert served >= 125


async def test_cancelled_in_each_phase() -> None:
    """Before an answer, and in the midst of a stream: nothing stays reserved."""
    held = Event()
    ledger, budget, gates = adapters()
    with FakeModel([Reply(held=held), Reply(fault="stream_stall")]) as model:
        made = AsyncOpenAI(base_url=model.url, timeout=60, **OPTIONS)
        async with metered(made, deadline=60) as client:
            first = asyncio.Event()

            async def answer(streamed: bool) -> None:
                asked: Any = {"model": "m", "messages": MESSAGES, "max_tokens": 9}
                stream: Any = await client.chat.completions.create(**asked, stream=streamed)
                async for _ in stream:
                    first.set()

            driver = Driver({}, module_of(answer), adapter=gates)
            for streamed, reached in ((False, model.came), (True, first)):
                task = asyncio.create_task(driver.aexecute(["answer"], {"streamed": streamed}))
                if isinstance(reached, Event):
                    await asyncio.to_thread(reached.wait)
                else:
                    await reached.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                spent(budget)
            held.set()
    assert ledger.total().unmeasured == 2
    assert spent(budget).requests == 2
