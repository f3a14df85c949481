"""Streams of a metered client: their usage is asked for, and the caller sees the same chunks."""

import gzip
import json
from collections.abc import Iterator
from threading import Event
from typing import Any

import httpx2
import openai
import pytest
from metered_runs import MESSAGES, PRICES, ask, ledger, only
from openai import AsyncOpenAI, OpenAI

from stepwell import Driver, Stream
from stepwell.llm import TokenAccounting, metered
from stepwell.testing import FakeModel, Reply, module_of

ASKED = 7
"""The tokens that the fake counts in those: its words, as JSON."""


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    with metered(
        OpenAI(base_url=model.url, api_key="k", max_retries=0, timeout=10), prices=PRICES
    ) as made:
        yield made


def test_trap_2_streaming_without_asking_for_usage(client: OpenAI, model: FakeModel) -> None:
    """It is asked for, and the chunk that brings it is not shown to who did not ask."""
    seen: list[Any] = []

    def answer() -> None:
        seen.extend(ask(client, stream=True))

    call = only(ledger(answer))
    assert model.requests[0].body["stream_options"] == {"include_usage": True}
    assert (call.usage.input_tokens, call.usage.output_tokens) == (ASKED, 4)
    assert all(chunk.choices for chunk in seen)
    assert call.first_chunk is not None
    assert 0 < call.first_chunk < call.duration


def test_who_asks_for_usage_sees_it(client: OpenAI) -> None:
    """With `include_usage` of one's own the last chunk arrives, without choices."""
    seen: list[Any] = []

    def answer() -> None:
        seen.extend(ask(client, stream=True, stream_options={"include_usage": True}))

    assert only(ledger(answer)).usage.output_tokens == 4
    assert seen[-1].choices == []
    assert seen[-1].usage.completion_tokens == 4


def test_who_refuses_usage_is_heard(client: OpenAI, model: FakeModel) -> None:
    """`include_usage=False` stays; the tokens are then an estimate, in no total."""

    def answer() -> None:
        list(ask(client, stream=True, stream_options={"include_usage": False}))

    usage = only(ledger(answer)).usage
    assert model.requests[0].body["stream_options"] == {"include_usage": False}
    assert (usage.total_tokens, usage.unmeasured, usage.unpriced) == (0, 1, 1)
    assert usage.estimated_input > 0
    assert usage.estimated_output == 5


def test_a_server_that_refuses_the_option_is_remembered() -> None:
    """It is served without from then on; the refused request is in the ledger, as it was sent."""
    texts: list[str] = []
    with (
        FakeModel(knows_usage_option=False) as model,
        metered(OpenAI(base_url=model.url, api_key="k", max_retries=0)) as client,
    ):

        def answer() -> None:
            for _ in range(2):
                chunks = ask(client, stream=True)
                texts.append("".join(chunk.choices[0].delta.content or "" for chunk in chunks))

        accounting = ledger(answer)
        assert texts == ["Paris is the capital."] * 2
        assert ["stream_options" in request.body for request in model.requests] == [
            True,
            False,
            False,
        ]
    assert [call.status for call in accounting.calls] == [400, 200, 200]
    assert [call.number for call in accounting.calls] == [1, 2, 3]
    assert accounting.total().requests == 3
    assert accounting.total().unmeasured == 2


async def test_an_async_server_that_refuses_the_option() -> None:
    """The same for an async client."""
    async with metered(AsyncOpenAI(base_url="http://unused", api_key="k", max_retries=0)) as client:
        with FakeModel(knows_usage_option=False) as model:
            here = client.with_options(base_url=model.url)
            accounting = TokenAccounting()

            async def answer() -> int:
                stream = await here.chat.completions.create(
                    model="m", messages=MESSAGES, stream=True
                )
                return len([chunk async for chunk in stream])

            driver = Driver({}, module_of(answer), adapter=[accounting])
            assert await driver.aexecute(["answer"]) == {"answer": 5}
            assert [call.status for call in accounting.calls] == [400, 200]


def test_trap_3_interrupted_streams_count_as_zero(client: OpenAI) -> None:
    """Closed in the midst: an estimate marked as such, and a total that says `at least`."""

    def answer() -> None:
        stream = ask(client, stream=True)
        next(iter(stream))
        stream.close()

    accounting = ledger(answer)
    call = only(accounting)
    assert call.error == "cut"
    assert call.usage.unmeasured == 1
    assert call.usage.estimated_input > 0
    assert call.usage.estimated_output == 1
    assert (accounting.total().total_tokens, accounting.total().cost) == (0, None)


@pytest.mark.parametrize("after", [1, 3])
def test_a_stream_that_breaks_off(client: OpenAI, model: FakeModel, after: int) -> None:
    """The server goes away: the caller gets the SDK's error, the ledger the row."""
    model.reply = Reply(cut_after=after)
    errors: list[str] = []

    def answer() -> None:
        try:
            list(ask(client, stream=True))
        except openai.APIConnectionError as error:
            errors.append(type(error).__name__)
            raise

    call = only(ledger(answer))
    assert errors == ["APIConnectionError"]
    assert call.error == "RemoteProtocolError"
    assert (call.usage.unmeasured, call.usage.estimated_output) == (1, after)


def test_a_packed_stream(client: OpenAI, model: FakeModel) -> None:
    """A proxy may compress a stream; it is passed on as it is, and read at its end."""
    events = b"".join(
        b"data: " + json.dumps(event).encode() + b"\n\n"
        for event in (
            {"model": "m", "choices": [{"index": 0, "delta": {"content": "a"}}]},
            {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 6}},
        )
    )
    headers = {"content-encoding": "gzip", "content-type": "text/event-stream"}
    model.reply = Reply(body=gzip.compress(events + b"data: [DONE]\n\n"), headers=headers)

    def answer() -> None:
        list(ask(client, stream=True))

    assert only(ledger(answer)).usage.total_tokens == 11


def test_a_stream_step_is_counted_to_its_end(client: OpenAI) -> None:
    """A step that yields is attributed while it is read, and closed when its reader stops."""

    def words() -> Stream[str]:
        with ask(client, stream=True) as chunks:
            for chunk in chunks:
                yield chunk.choices[0].delta.content or ""

    accounting = TokenAccounting()
    driver = Driver({}, module_of(words), adapter=[accounting])
    assert driver.execute(["words"]) == {"words": "Paris is the capital."}
    assert (only(accounting).node, only(accounting).usage.output_tokens) == ("words", 4)
    events = driver.stream(["words"])
    while type(next(events)).__name__ != "Chunk":
        pass
    events.close()
    assert [call.error for call in accounting.calls] == [None, "cut"]


def test_granularity_is_kept(client: OpenAI, model: FakeModel) -> None:
    """A chunk is passed on before the next one is there."""
    accounting, gate = TokenAccounting(), Event()
    first = b'data: {"choices": [{"index": 0, "delta": {"content": "a"}}]}\n\n'

    class Slow:
        """Bytes of which the second half comes when the first has been seen."""

        def __iter__(self) -> Iterator[bytes]:
            yield first[:20]
            yield first[20:]
            assert gate.wait(10)
            yield b"data: [DONE]\n\n"

    def serve(request: httpx2.Request) -> httpx2.Response:
        head = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=head, content=iter(Slow()))

    http = httpx2.Client(transport=httpx2.MockTransport(serve))
    slow = metered(OpenAI(base_url="http://here", api_key="k", http_client=http))

    def answer() -> str:
        stream = iter(ask(slow, stream=True))
        text = next(stream).choices[0].delta.content
        gate.set()
        assert not list(stream)
        return text

    driver = Driver({}, module_of(answer), adapter=[accounting])
    assert driver.execute(["answer"]) == {"answer": "a"}
