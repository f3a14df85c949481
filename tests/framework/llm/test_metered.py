"""`metered`: what is counted of real requests over a real socket, and that nobody notices."""

import asyncio
import gzip
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from threading import Event, Thread
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from stepwell import Driver, Stream
from stepwell.lifecycle import Retry
from stepwell.llm import Call, Price, TokenAccounting, Usage, metered, record_usage
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
ASKED = 7
"""The tokens that the fake counts in those: its words, as JSON."""

PRICES = {"m": Price(input=1, output=2), "e": Price(input="0.1", output=0)}


@pytest.fixture
def model() -> Iterator[FakeModel]:
    with FakeModel() as running:
        yield running


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    with metered(
        OpenAI(base_url=model.url, api_key="k", max_retries=0, timeout=10), prices=PRICES
    ) as made:
        yield made


def ledger(*steps: Any, adapters: Any = (), targets: Any = None, **options: Any) -> TokenAccounting:
    """The accounting of a run of these steps, which may fail."""
    accounting = TokenAccounting()
    driver = Driver({}, module_of(*steps), adapter=[accounting, *adapters], **options)
    with suppress(openai.OpenAIError, ValueError):
        driver.execute(targets or [step.__name__ for step in steps])
    return accounting


def only(accounting: TokenAccounting) -> Call:
    (call,) = accounting.calls
    return call


def ask(client: OpenAI, **options: Any) -> Any:
    return client.chat.completions.create(model="m", messages=MESSAGES, **options)


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


def test_trap_1_only_the_last_attempt_is_counted(client: OpenAI) -> None:
    """An answer that one's own check rejects has been paid; each attempt has its row."""
    tries: list[int] = []

    def answer() -> None:
        ask(client)
        tries.append(1)
        if len(tries) < 3:
            raise ValueError("not in the form asked for")

    retry = Retry(on=ValueError, sleep=lambda seconds: None)
    accounting = ledger(answer, adapters=[retry])
    assert [(call.attempt, call.number) for call in accounting.calls] == [(1, 1), (2, 2), (3, 3)]
    assert accounting.total().output_tokens == 12
    assert {key: usage.output_tokens for key, usage in accounting.by_attempt().items()} == {
        ("answer", 1): 4,
        ("answer", 2): 4,
        ("answer", 3): 4,
    }
    assert [step.attempts for step in accounting.steps()] == [3]


def test_trap_18_cost_after_an_exception(client: OpenAI) -> None:
    """What was spent before a step failed is in the ledger of the failed run."""

    def answer() -> None:
        ask(client)
        raise ValueError("too late")

    accounting = ledger(answer)
    assert accounting.total().output_tokens == 4
    assert [step.error for step in accounting.steps()] == ["ValueError"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=400), openai.BadRequestError),
        (Reply(status=401), openai.AuthenticationError),
        (Reply(status=403), openai.PermissionDeniedError),
        (Reply(status=404), openai.NotFoundError),
        (Reply(status=400, error={"code": "context_length_exceeded"}), openai.BadRequestError),
        (Reply(status=429, error={"code": "insufficient_quota"}), openai.RateLimitError),
        (Reply(status=400, error={"code": "content_filter"}), openai.BadRequestError),
    ],
    ids=lambda value: str(getattr(value, "status", "")),
)
def test_trap_24_permanent_errors_make_one_request(
    client: OpenAI, model: FakeModel, reply: Reply, error: type[Exception]
) -> None:
    """Exactly one request under a retry of three; it cost nothing, and that is known."""
    model.reply = reply
    accounting = TokenAccounting()

    def answer() -> None:
        ask(client)

    driver = Driver({}, module_of(answer), adapter=[accounting, Retry(sleep=lambda seconds: None)])
    with pytest.raises(error):
        driver.execute(["answer"])
    assert len(model.requests) == 1
    assert only(accounting).usage == Usage(requests=1)
    assert only(accounting).error == str(reply.status)


def test_errors_that_pass_are_retried(client: OpenAI, model: FakeModel) -> None:
    """429 with a wait, 503, a lost connection, then an answer: four requests, three waits."""
    waits: list[float] = []
    model.replies.extend(
        [
            Reply(status=429, headers={"retry-after": "7"}),
            Reply(status=503, body=b"<html>busy</html>"),
            Reply(cut_after=0),
        ]
    )

    def answer() -> None:
        ask(client)

    accounting = ledger(answer, adapters=[Retry(4, sleep=waits.append)])
    assert [call.status for call in accounting.calls] == [429, 503, None, 200]
    assert len(model.requests) == 4
    assert 7 <= waits[0] <= 7.5
    assert accounting.total().unmeasured == 1  # the lost one may have been billed


def test_trap_19_nested_retries_multiply(
    client: OpenAI, model: FakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that retries under a retrying step is told of, with the product; once."""
    model.reply = Reply(status=500, headers={"retry-after-ms": "1"})
    own = metered(OpenAI(base_url=model.url, api_key="k", max_retries=2))

    def answer() -> None:
        ask(own)

    with caplog.at_level(logging.WARNING, "stepwell"):
        ledger(answer, adapters=[Retry(sleep=lambda seconds: None)])
        ledger(answer, adapters=[Retry(sleep=lambda seconds: None)])
    own.close()
    assert len(model.requests) == 18
    (record,) = caplog.records
    assert "up to 9 requests" in record.getMessage()
    assert "max_retries=0" in record.getMessage()


async def test_trap_10_one_global_counter(model: FakeModel) -> None:
    """A hundred interleaved runs of three calls each: every row with its own run and node."""
    accounting = TokenAccounting()
    async with metered(AsyncOpenAI(base_url=model.url, api_key="k", max_retries=0)) as client:

        async def call(name: str) -> None:
            await client.chat.completions.create(model=name, messages=MESSAGES)

        async def left(question: str) -> None:
            await asyncio.gather(*(call(f"left {question}") for _ in range(2)))

        async def right(question: str) -> None:
            await call(f"right {question}")

        driver = Driver({}, module_of(left, right), adapter=[accounting])
        await asyncio.gather(
            *(
                driver.aexecute(["left", "right"], inputs={"question": str(number)})
                for number in range(100)
            )
        )
    assert len(accounting.calls) == 300
    for run_id in accounting.runs:
        calls = accounting.calls_of(run_id)
        assert len({(call.model or "").split()[1] for call in calls}) == 1
        assert sorted((call.node, call.number) for call in calls) == [
            ("left", 1),
            ("left", 2),
            ("right", 1),
        ]
        assert all((call.model or "").startswith(call.node or "?") for call in calls)


def test_trap_11_threads_lose_the_context(client: OpenAI) -> None:
    """The driver's threads keep it; in a pool of one's own a call is *unattributed*, and said."""

    def kept() -> None:
        ask(client)

    def lost() -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(ask, client).result()

    accounting = ledger(kept, lost, threads=2)
    assert [call.node for call in accounting.calls] == ["kept"]
    assert [call.node for call in accounting.unattributed] == [None]
    assert accounting.total().requests == 1


@pytest.mark.parametrize("way", ["execute", "threads", "aexecute", "stream", "astream"])
def test_every_way_to_run_attributes_alike(client: OpenAI, model: FakeModel, way: str) -> None:
    """Plain, yielding and (where they can run) async steps: each call belongs to its step."""
    accounting = TokenAccounting()

    def plain() -> str:
        return ask(client).choices[0].message.content

    def words(plain: str) -> Stream[str]:
        with ask(client, stream=True) as chunks:
            for chunk in chunks:
                yield chunk.choices[0].delta.content or ""

    def text(words: str) -> int:
        ask(client)
        return len(words)

    def live(words: Stream[str]) -> int:
        ask(client)
        return len(list(words))

    steps = module_of(plain, words, text, live)
    driver = Driver({}, steps, adapter=[accounting], threads=2 if way == "threads" else 0)
    targets = ["text", "live"]
    if way in ("execute", "threads"):
        assert driver.execute(targets) == {"text": 21, "live": 5}
    elif way == "aexecute":
        assert asyncio.run(driver.aexecute(targets)) == {"text": 21, "live": 5}
    elif way == "stream":
        list(driver.stream(targets))
    else:

        async def read() -> None:
            async for _ in driver.astream(targets):
                pass

        asyncio.run(read())
    assert sorted((call.node, call.number, call.error) for call in accounting.calls) == [
        ("live", 1, None),
        ("plain", 1, None),
        ("text", 1, None),
        ("words", 1, None),
    ]
    assert accounting.unattributed == []


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


def test_what_has_no_client_is_recorded() -> None:
    """`record_usage` puts a row where a metered client would."""

    def rerank() -> None:
        record_usage(
            Usage(input_tokens=50, requests=1), operation="rerank", model="e", prices=PRICES
        )

    call = only(ledger(rerank))
    assert (call.operation, call.node, call.usage.input_tokens) == ("rerank", "rerank", 50)
    assert call.usage.cost is not None


def test_outside_a_run_nothing_is_measured(client: OpenAI, model: FakeModel) -> None:
    """With nobody listening a stream is not even asked for its usage."""
    list(ask(client, stream=True))
    assert "stream_options" not in model.requests[0].body


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
