"""`metered`: what is counted of real requests over a real socket, and that nobody notices."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from threading import Event, Thread
from typing import Any

import httpx2
import openai
import pytest
from metered_runs import MESSAGES, PRICES, ask, ledger, only
from openai import AsyncOpenAI, OpenAI

from stepwell import Driver
from stepwell.llm import TokenAccounting, Usage, metered, record_usage
from stepwell.testing import FakeModel, Reply, module_of

ASKED = 7
"""The tokens that the fake counts in those: its words, as JSON."""


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    with metered(
        OpenAI(base_url=model.url, api_key="k", max_retries=0, timeout=10), prices=PRICES
    ) as made:
        yield made


def test_a_chat_completion(client: OpenAI) -> None:
    """Tokens, cost, model and place of one request."""

    def answer() -> str:
        return ask(client).choices[0].message.content

    call = only(ledger(answer))
    assert (call.usage.input_tokens, call.usage.output_tokens) == (ASKED, 4)
    assert call.usage.cost is not None
    assert call.usage.cost.amount == Decimal("0.000015")
    assert (call.operation, call.api, call.model, call.answered_model) == (
        "chat",
        "chat_completions",
        "m",
        "m",
    )
    assert (call.node, call.attempt, call.number, call.status) == ("answer", 1, 1, 200)
    assert call.finish_reasons == ("stop",)
    assert call.first_chunk is None
    assert call.duration > 0


def test_trap_15_embeddings(client: OpenAI) -> None:
    """An operation of its own, with no output, at its own price."""

    def vectors() -> list[float]:
        return client.embeddings.create(model="e", input=["one two", "three"]).data[0].embedding

    call = only(ledger(vectors))
    assert (call.operation, call.usage.input_tokens, call.usage.output_tokens) == (
        "embeddings",
        3,
        0,
    )
    assert call.usage.cost is not None
    assert call.usage.cost.amount == Decimal("3E-7")


@pytest.mark.parametrize("streamed", [False, True])
def test_trap_17_responses_api_is_not_chat_completions(client: OpenAI, streamed: bool) -> None:
    """Its fields have other names, and its stream another end."""

    def answer() -> None:
        made = client.responses.create(model="m", input="one two", stream=streamed)
        if streamed:
            list(made)  # type: ignore[call-overload]

    call = only(ledger(answer))
    assert (call.api, call.usage.input_tokens, call.usage.output_tokens) == ("responses", 2, 4)
    assert (call.response_id, call.finish_reasons) == ("resp-1", ("completed",))


def test_fetching_a_response_adds_nothing(client: OpenAI, model: FakeModel) -> None:
    """Only what makes something is a call; a GET is not."""

    def answer() -> None:
        client.get("/responses/resp-1", cast_to=httpx2.Response)

    assert ledger(answer).calls == []


def test_trap_7_unknown_model_priced_as_zero(model: FakeModel) -> None:
    """No price is unknown, in the row and in the sum."""
    with metered(OpenAI(base_url=model.url, api_key="k"), prices=PRICES) as client:

        def answer() -> None:
            ask(client)
            client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

        accounting = ledger(answer)
    first, second = accounting.calls
    assert second.usage.cost is None
    assert second.usage.unpriced == 1
    assert accounting.total().cost == first.usage.cost
    assert accounting.total().unpriced == 1


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        [],
        "many",
        {"prompt_tokens": None, "completion_tokens": 1},
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": 10**30, "completion_tokens": 1},
        {"prompt_tokens": 1.5, "completion_tokens": 1},
        {"prompt_tokens": True, "completion_tokens": 1},
        {"prompt_tokens": "3", "completion_tokens": 1},
        {"completion_tokens": 1},
    ],
    ids=repr,
)
def test_malformed_usage(client: OpenAI, model: FakeModel, usage: Any) -> None:
    """The run goes on; what makes no sense is unknown, never zero and never negative."""
    model.reply = Reply(usage=usage)

    def answer() -> None:
        client.chat.completions.with_raw_response.create(model="m", messages=MESSAGES)

    call = only(ledger(answer))
    assert call.status == 200
    assert call.usage.unmeasured == 1
    assert call.usage.input_tokens == 0
    assert 0 <= call.usage.output_tokens <= 1


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"id": "x", "usa', b"\xff\xfe", b"[]", b"[" * 9999]
)
def test_an_answer_that_is_no_answer(client: OpenAI, model: FakeModel, body: bytes) -> None:
    """Nothing of ours raises; the row says that it knows nothing."""
    model.reply = Reply(body=body)

    def answer() -> None:
        client.chat.completions.with_raw_response.create(model="m", messages=MESSAGES)

    assert only(ledger(answer)).usage.unmeasured == 1


def test_a_packed_answer(client: OpenAI, model: FakeModel) -> None:
    """Usage is read out of a compressed body; the caller unpacks it himself as ever."""
    answered = {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 6}}
    packed = gzip.compress(json.dumps(answered).encode())
    model.reply = Reply(body=packed, headers={"content-encoding": "gzip"})
    seen: list[Any] = []

    def answer() -> None:
        seen.append(ask(client))

    assert only(ledger(answer)).usage.total_tokens == 11
    assert seen[0].usage.prompt_tokens == 5


def test_the_caller_sees_the_same(model: FakeModel) -> None:
    """Type, settings, answers and errors of a metered client are those of the plain one."""
    plain = OpenAI(base_url=model.url, api_key="k", timeout=12.5, max_retries=0)
    client = metered(plain)
    assert type(client) is OpenAI
    assert (client.timeout, client.max_retries) == (12.5, 0)
    assert client.base_url == plain.base_url
    assert metered(client) is client

    def answer() -> tuple[Any, Any]:
        return ask(plain).model_dump(), ask(client).model_dump()

    accounting = TokenAccounting()
    driver = Driver({}, module_of(answer), adapter=[accounting])
    ours, theirs = driver.execute(["answer"])["answer"]
    assert ours == theirs
    assert len(accounting.calls) == 1
    model.reply = Reply(status=404)
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client)
    assert caught.value.response.request.url.path == "/v1/chat/completions"
    assert caught.value.body == {"message": "it failed", "type": "error", "code": None}
    plain.close()


def test_a_dropped_client_leaves_the_pool_to_the_other(model: FakeModel) -> None:
    """`metered(OpenAI())` keeps the pool that the dropped client would close, and the reverse."""
    client = metered(OpenAI(base_url=model.url, api_key="k"))
    assert ask(client).choices
    plain = OpenAI(base_url=model.url, api_key="k")
    metered(plain)
    assert not plain.is_closed()
    assert ask(plain).choices
    client.close()
    plain.close()


def test_other_things_are_refused() -> None:
    """What has no such transport is named."""
    with pytest.raises(TypeError, match=r"can't measure a `builtins\.dict`"):
        metered({})


def test_a_bare_http_client(model: FakeModel) -> None:
    """Any SDK over `httpx2` is measured by its HTTP client."""
    with metered(httpx2.Client(), prices=PRICES) as http:

        def answer() -> None:
            http.post(f"{model.url}/chat/completions", json={"model": "m", "messages": MESSAGES})

        assert only(ledger(answer)).usage.output_tokens == 4


def test_cancelled_in_each_phase(model: FakeModel) -> None:
    """Cancelled while it waits for the head: a row without a status, nothing left running."""
    released = Event()
    model.reply = Reply(held=released)
    accounting = TokenAccounting()

    async def main() -> None:
        async with metered(AsyncOpenAI(base_url=model.url, api_key="k")) as client:

            async def answer() -> None:
                await client.chat.completions.create(model="m", messages=MESSAGES)

            driver = Driver({}, module_of(answer), adapter=[accounting])
            task = asyncio.create_task(driver.aexecute(["answer"]))
            await asyncio.to_thread(model.came.wait, 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    released.set()
    call = only(accounting)
    assert (call.status, call.error, call.usage.unmeasured) == (None, "CancelledError", 1)


def test_what_has_no_client_is_recorded() -> None:
    """`record_usage` puts a row where a metered client would."""

    def rerank() -> None:
        record_usage(
            Usage(input_tokens=50, requests=1), operation="rerank", model="e", prices=PRICES
        )

    call = only(ledger(rerank))
    assert (call.operation, call.node, call.usage.input_tokens) == ("rerank", "rerank", 50)
    assert call.usage.cost is not None


def test_many_calls_through_few_connections(model: FakeModel) -> None:
    """The client's pool is kept: its limits hold, and every call has its row."""
    limits = httpx2.Limits(max_connections=4)
    http = httpx2.Client(limits=limits, timeout=60)
    accounting = TokenAccounting()
    with metered(OpenAI(base_url=model.url, api_key="k", http_client=http)) as client:

        def answer() -> None:
            ask(client)

        driver = Driver({}, module_of(answer), adapter=[accounting])
        threads = [Thread(target=driver.execute, args=(["answer"],)) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(accounting.calls) == 50
    assert accounting.total().output_tokens == 200
