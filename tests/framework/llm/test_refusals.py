"""Every refusal that passes, and every way of not getting through, over a real socket."""

import socket
from dataclasses import replace
from email.utils import formatdate
from time import time
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from stepwell import Driver
from stepwell.lifecycle import Retry
from stepwell.lifecycle.transient import transient
from stepwell.llm import TokenAccounting, metered, text_in
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
WAIT = 20.0
"""The bound of a first wait of one's own, in seconds."""


def dated(reply: Reply) -> Reply:
    """With a date in the place of `in SECONDS`, as it is now."""
    headers = dict(reply.headers)
    for name, value in reply.headers.items():
        if value.startswith("in "):
            headers[name] = formatdate(time() + float(value[3:]), usegmt=True)
    return replace(reply, headers=headers)


REFUSALS = [
    pytest.param(Reply(status=408), 0, WAIT, id="408"),
    pytest.param(Reply(status=409), 0, WAIT, id="409"),
    pytest.param(Reply(status=429), 0, WAIT, id="429-says-nothing"),
    pytest.param(Reply(status=429, headers={"retry-after": "7"}), 7, 27, id="429-seconds"),
    pytest.param(Reply(status=429, headers={"retry-after": "2.5"}), 2.5, 22.5, id="429-float"),
    pytest.param(Reply(status=429, headers={"retry-after-ms": "900"}), 0.9, 20.9, id="429-ms"),
    pytest.param(
        Reply(status=429, headers={"retry-after-ms": "900", "retry-after": "7"}),
        0.9,
        20.9,
        id="429-ms-before-seconds",
    ),
    pytest.param(Reply(status=429, headers={"retry-after": "in 3600"}), 3590, 3621, id="429-date"),
    pytest.param(Reply(status=429, headers={"retry-after": "in -60"}), 0, WAIT, id="429-past"),
    pytest.param(Reply(status=429, headers={"retry-after": "-3"}), 0, WAIT, id="429-negative"),
    pytest.param(Reply(status=429, headers={"retry-after": "soon"}), 0, WAIT, id="429-garbage"),
    pytest.param(Reply(status=400, headers={"x-should-retry": "true"}), 0, WAIT, id="should-retry"),
    pytest.param(Reply(status=500), 0, WAIT, id="500"),
    pytest.param(Reply(fault="bad_gateway"), 0, WAIT, id="502-page"),
    pytest.param(Reply(status=503, headers={"retry-after": "1"}), 1, 21, id="503-seconds"),
    pytest.param(Reply(status=504), 0, WAIT, id="504"),
    pytest.param(Reply(status=529, error={"type": "overloaded_error"}), 0, WAIT, id="529"),
]


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
@pytest.mark.parametrize(("refusal", "least", "most"), REFUSALS)
async def test_a_refusal_that_passes(
    model: FakeModel, refusal: Reply, least: float, most: float, is_async: bool
) -> None:
    """Two requests under one key, one wait that is never shorter than asked, two rows."""
    model.replies.append(dated(refusal))
    accounting, waits = TokenAccounting(), list[float]()
    settings: Any = {"base_url": model.url, "api_key": "k", "max_retries": 0}

    def plain() -> str:
        with metered(OpenAI(**settings)) as client:
            return text_in(client.chat.completions.create(model="m", messages=MESSAGES))

    async def awaited() -> str:
        async with metered(AsyncOpenAI(**settings)) as client:
            return text_in(await client.chat.completions.create(model="m", messages=MESSAGES))

    async def later(seconds: float) -> None:
        waits.append(seconds)

    step: Any = awaited if is_async else plain
    retry = Retry(2, wait=WAIT, deadline=4000, sleep=waits.append, async_sleep=later)
    driver = Driver({}, module_of(step), adapter=[accounting, retry])
    assert await driver.aexecute([step.__name__]) == {step.__name__: "Paris is the capital."}
    (wait,) = waits
    assert least <= wait <= most
    assert len(model.requests) == 2
    refused, made = accounting.calls
    assert (refused.attempt, made.attempt, refused.key) == (1, 2, made.key)
    assert refused.error == str(refused.status)
    assert accounting.total().output_tokens == 4
    assert model.is_left()


@pytest.mark.parametrize("form", ["86400", "in 86000"])
def test_a_wait_past_the_deadline_is_not_begun(model: FakeModel, form: str) -> None:
    """It fails at once, with the provider's error, and says why."""
    model.reply = dated(Reply(status=429, headers={"retry-after": form}))
    with metered(OpenAI(base_url=model.url, api_key="k", max_retries=0)) as client:

        def answer() -> None:
            client.chat.completions.create(model="m", messages=MESSAGES)

        with pytest.raises(openai.RateLimitError) as caught:
            Driver({}, module_of(answer), adapter=[Retry(9)]).execute(["answer"])
    assert len(model.requests) == 1
    assert "past" in "".join(caught.value.__notes__)


def test_a_server_that_takes_no_connection() -> None:
    """A connect timeout: nothing left, nothing may have been paid, and it passes."""
    accounting = TokenAccounting()
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(deaf.getsockname())
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1"
        with metered(OpenAI(base_url=url, api_key="k", max_retries=0, timeout=0.3)) as client:

            def answer() -> None:
                client.chat.completions.create(model="m", messages=MESSAGES)

            with pytest.raises(openai.APITimeoutError) as caught:
                Driver({}, module_of(answer), adapter=[accounting]).execute(["answer"])
        for each in waiting:
            each.close()
    assert isinstance(caught.value.__cause__, httpx2.ConnectTimeout)
    assert transient(caught.value)
    (call,) = accounting.calls
    assert (call.error, call.usage.requests, call.usage.unmeasured) == ("ConnectTimeout", 0, 0)


async def test_a_pool_that_stays_full(model: FakeModel) -> None:
    """Who gets no connection in time has sent nothing."""
    accounting = TokenAccounting()
    model.reply = Reply(fault="hang")
    limits, timeout = httpx2.Limits(max_connections=1), httpx2.Timeout(5, pool=0.2)
    http = httpx2.AsyncClient(limits=limits, timeout=timeout)
    plain = AsyncOpenAI(base_url=model.url, api_key="k", max_retries=0, http_client=http)
    async with metered(plain) as client:

        async def answer() -> None:
            import asyncio

            asked = (
                client.chat.completions.create(model="m", messages=MESSAGES, timeout=timeout)
                for _ in range(2)
            )
            tasks = [asyncio.ensure_future(each) for each in asked]
            done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            for task in done:
                task.result()

        with pytest.raises(openai.APITimeoutError):
            await Driver({}, module_of(answer), adapter=[accounting]).aexecute(["answer"])
    assert {call.error: call.usage.requests for call in accounting.calls} == {
        "PoolTimeout": 0,
        "CancelledError": 1,
    }
    assert len(model.requests) == 1


async def test_a_permanent_refusal_ends_the_fan_out(model: FakeModel) -> None:
    """Of forty items no more are asked for than were under way when the key was refused."""
    from stepwell import Collect, Parallelizable

    model.reply = Reply(status=401)
    accounting = TokenAccounting()
    with metered(OpenAI(base_url=model.url, api_key="k", max_retries=0)) as client:

        def question() -> Parallelizable[int]:
            yield from range(40)

        def answer(question: int) -> str:
            return text_in(client.chat.completions.create(model="m", messages=MESSAGES))

        def answers(answer: Collect[str]) -> int:
            return len(list(answer))

        adapters = [accounting, Retry(sleep=lambda seconds: None)]
        driver = Driver({}, module_of(question, answer, answers), adapter=adapters)
        with pytest.raises(openai.AuthenticationError) as caught:
            driver.execute(["answers"])
    assert len(model.requests) == 1
    assert "in node `answer`" in "".join(caught.value.__notes__)
