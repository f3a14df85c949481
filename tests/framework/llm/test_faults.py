"""What a provider does wrong, by name, over a real socket: what left, who is told, what is left."""

import asyncio
import gc
import logging
import threading
import tracemalloc
from contextlib import suppress
from typing import Any, NamedTuple

import httpx2
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stepwell import Driver
from stepwell.errors import BadAnswer
from stepwell.lifecycle import LogRuns, Retry
from stepwell.lifecycle.transient import transient
from stepwell.llm import Call, TokenAccounting, arguments_in, metered, text_in
from stepwell.testing import FakeModel, Reply, module_of
from stepwell.testing.faults import described
from stepwell.tracing import Tracing

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
KEY = "sk-proj-0123456789abcdefghij"
DEADLINE = 0.3
LARGEST = 1024 * 1024


class Promise(NamedTuple):
    """What is promised of a fault.

    Args:
        fault: its name.
        error: what the caller gets, or `None` where the answer arrives.
        code: the code of a `BadAnswer`.
        row: the error of the ledger's row.
        unmeasured: how many requests may have been paid for and were not reported.
        passes: whether another attempt may help.
        requests: how many left.
    """

    fault: str
    error: type[Exception] | None
    code: str | None = None
    row: str | None = "BadAnswer"
    unmeasured: int = 1
    passes: bool = False
    requests: int = 1


LOST = openai.APIConnectionError
LATE = openai.APITimeoutError

WHOLE = [
    Promise("reset_before_headers", LOST, row="ReadError", passes=True),
    Promise("reset_mid_body", LOST, row="ReadError", passes=True),
    Promise("short_body", LOST, row="RemoteProtocolError", passes=True),
    Promise("garbage", LOST, row="RemoteProtocolError", passes=True),
    Promise("truncated_json", BadAnswer, "cut_off", passes=True),
    Promise("not_json", BadAnswer, "not_json"),
    Promise("empty_body", BadAnswer, "empty", passes=True),
    Promise("invalid_utf8", BadAnswer, "not_utf8"),
    Promise("html_page", BadAnswer, "not_json"),
    Promise("wrong_content_type", None, row=None, unmeasured=0),
    Promise("bad_gateway", openai.InternalServerError, row="502", passes=True),
    Promise("error_in_200", BadAnswer, "overloaded", passes=True),
    Promise("echoed_key", openai.AuthenticationError, "invalid_api_key", "401", unmeasured=0),
    Promise("bad_gzip", LOST, row="cut", passes=True),
    Promise("gzip_bomb", BadAnswer, "too_large"),
    Promise("brotli_bomb", BadAnswer, "packed"),
    Promise("huge", BadAnswer, "too_large"),
    Promise("hang", LATE, row="ReadTimeout", passes=True),
    Promise("slow_body", LATE, row="ReadTimeout", passes=True),
    Promise("slow_headers", LATE, row="ReadTimeout", passes=True),
    Promise("redirect_loop", BadAnswer, "redirected", row=None, unmeasured=0, requests=2),
]

STREAMS = [
    Promise("stream_cut", BadAnswer, "cut_off", passes=True),
    Promise("stream_reset", LOST, row="ReadError", passes=True),
    Promise("stream_stall", LATE, row="ReadTimeout", passes=True),
    Promise("stream_endless", BadAnswer, "too_large"),
    Promise("stream_error", openai.APIError, "overloaded", row="cut", passes=True),
    Promise("stream_bad_json", BadAnswer, "not_json"),
    Promise("stream_comments", None, row=None, unmeasured=0),
    Promise("stream_split_utf8", None, row=None, unmeasured=0),
    Promise("stream_without_done", None, row=None, unmeasured=0),
    Promise("html_page", BadAnswer, "not_json"),
    Promise("reset_before_headers", LOST, row="ReadError", passes=True),
    Promise("empty_body", BadAnswer, "empty", passes=True),
]


def outcome(
    model: FakeModel, promise: Promise, *, streamed: bool, is_async: bool
) -> tuple[str | None, Exception | None, TokenAccounting]:
    """What a step that asks gets, and what is counted; with no retry anywhere."""
    model.reply = Reply("Käse 👩‍👩‍👧 ist gut.", fault=promise.fault)
    accounting = TokenAccounting()
    options: Any = {"model": "m", "messages": MESSAGES, "stream": streamed}
    settings: Any = {"base_url": model.url, "api_key": KEY, "max_retries": 0, "timeout": 5}
    bounds: Any = {"largest": LARGEST, "deadline": DEADLINE if promise.error is LATE else 60}
    if not is_async:
        client = metered(OpenAI(**settings), **bounds)

        def answer() -> str:
            with client:
                made: Any = client.chat.completions.create(**options)
                if not streamed:
                    return made.choices[0].message.content
                with made:
                    return "".join(c.choices[0].delta.content or "" for c in made)
    else:

        async def answer() -> str:
            async with metered(AsyncOpenAI(**settings), **bounds) as client:
                made: Any = await client.chat.completions.create(**options)
                if not streamed:
                    return made.choices[0].message.content
                async with made:
                    return "".join([c.choices[0].delta.content or "" async for c in made])

    driver = Driver({}, module_of(answer), adapter=[accounting])
    try:
        return driver.execute(["answer"])["answer"], None, accounting
    except Exception as error:
        return None, error, accounting


def threads() -> set[threading.Thread]:
    """Those that are alive."""
    return set(threading.enumerate())


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
@pytest.mark.parametrize(
    ("promise", "streamed"),
    [
        *(pytest.param(p, False, id=p.fault) for p in WHOLE),
        *(pytest.param(p, True, id=f"{p.fault}-stream") for p in STREAMS),
    ],
)
def test_a_fault_has_the_outcome_that_is_promised(
    model: FakeModel, promise: Promise, streamed: bool, is_async: bool
) -> None:
    """One typed error, one request, one row; and no connection, thread or task is left."""
    before = threads()
    text, error, accounting = outcome(model, promise, streamed=streamed, is_async=is_async)
    if promise.error is None:
        assert (text, error) == ("Käse 👩‍👩‍👧 ist gut.", None)
    else:
        assert isinstance(error, promise.error)
        assert isinstance(error, openai.APIError)
        assert error.code == promise.code
        assert transient(error) is promise.passes
    assert len(model.requests) == promise.requests
    if promise.fault != "redirect_loop":
        (call,) = accounting.calls
        assert call.error == promise.row
    total = accounting.total()
    assert total.unmeasured == promise.unmeasured
    if promise.unmeasured:
        assert (total.total_tokens, total.cost) == (0, None)
    assert KEY not in repr(error) + str(error) + str(getattr(error, "body", ""))
    assert model.is_left()
    gc.collect()
    for ending in threads() - before:
        ending.join(10)
        assert not ending.is_alive()


@pytest.mark.parametrize("fault", ["huge", "gzip_bomb", "brotli_bomb", "stream_endless"])
def test_memory_stays_near_the_largest_answer(model: FakeModel, fault: str) -> None:
    """What is kept of an answer that is too large is less than twice what is allowed."""
    largest = 8 * 1024 * 1024
    model.reply = Reply(fault=fault)
    options: Any = {"base_url": model.url, "api_key": KEY, "max_retries": 0}
    with metered(OpenAI(**options), largest=largest) as client:

        def read() -> None:
            asked: Any = {"model": "m", "messages": MESSAGES, "stream": fault == "stream_endless"}
            for _ in client.chat.completions.create(**asked):
                pass

        tracemalloc.start()
        with pytest.raises(BadAnswer):
            read()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2 * largest


NO_TEXT = [
    ("empty_choices", "no_choices", ""),
    ("null_content", "no_text", ""),
    ("refusal", "refusal", ""),
    ("content_filter", "content_filter", ""),
    ("length_stop", "length", "Paris is the"),
]


@pytest.mark.parametrize(("fault", "code", "partial"), NO_TEXT, ids=[row[0] for row in NO_TEXT])
def test_an_answer_without_its_text(model: FakeModel, fault: str, code: str, partial: str) -> None:
    """It passes as it is, paid and counted; `text_in` tells why it is none, and is not retried."""
    model.reply = Reply(fault=fault)
    accounting = TokenAccounting()
    with metered(OpenAI(base_url=model.url, api_key=KEY, max_retries=0)) as client:

        def answer() -> str:
            return text_in(client.chat.completions.create(model="m", messages=MESSAGES))

        driver = Driver({}, module_of(answer), adapter=[accounting, Retry()])
        with pytest.raises(BadAnswer) as caught:
            driver.execute(["answer"])
    assert (caught.value.code, caught.value.partial) == (code, partial)
    assert len(model.requests) == 1
    assert (accounting.total().output_tokens, accounting.total().unmeasured) == (4, 0)


def test_the_text_of_good_answers(model: FakeModel) -> None:
    """Of both interfaces; one that was cut off too, if asked for."""
    with metered(OpenAI(base_url=model.url, api_key=KEY, max_retries=0)) as client:
        said = client.chat.completions.create(model="m", messages=MESSAGES)
        assert text_in(said) == text_in(client.responses.create(model="m", input="hi"))
        model.reply = Reply(fault="length_stop")
        said = client.chat.completions.create(model="m", messages=MESSAGES)
        assert text_in(said, cut=True) == "Paris is the"


def test_tool_arguments_that_are_no_json(model: FakeModel) -> None:
    """A typed error with the tool's name, the text kept."""
    model.reply = Reply(fault="bad_tool_args")
    with metered(OpenAI(base_url=model.url, api_key=KEY, max_retries=0)) as client:
        said: Any = client.chat.completions.create(model="m", messages=MESSAGES)
    (call,) = said.choices[0].message.tool_calls
    with pytest.raises(BadAnswer, match="for the tool `look_up` are no JSON object") as caught:
        arguments_in(call)
    assert (caught.value.code, caught.value.partial) == ("bad_arguments", '{"city": "Par')
    call.function.arguments = '{"city": "Paris"}'
    assert arguments_in(call) == {"city": "Paris"}


def test_a_key_is_in_no_log_and_no_trace(
    model: FakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    """A refusal that repeats the key, tried three times: not in errors, logs, notes or spans."""
    model.reply = Reply(fault="echoed_key")
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    accounting = TokenAccounting()
    with metered(OpenAI(base_url=model.url, api_key=KEY, max_retries=0)) as client:

        def answer() -> None:
            client.chat.completions.create(model="m", messages=MESSAGES)

        retry = Retry(on=openai.APIError, sleep=lambda seconds: None)
        tracing = Tracing(provider=provider, content=str)
        adapters = [accounting, tracing, retry, LogRuns()]
        driver = Driver({}, module_of(answer), adapter=adapters)
        with (
            caplog.at_level(logging.DEBUG),
            pytest.raises(openai.AuthenticationError) as caught,
        ):
            driver.execute(["answer"])
    error = caught.value
    seen = [str(error), repr(error), str(error.body), error.response.text, *error.__notes__]
    seen += [str(vars(record)) for record in caplog.records if record.name.startswith("stepwell")]
    seen += [span.to_json() for span in exporter.get_finished_spans()]
    assert KEY not in " ".join([*seen, accounting.json()])
    assert len(model.requests) == 3


async def test_a_thousand_calls_through_eight_connections(model: FakeModel) -> None:
    """Every call has its row and its answer; the pool's limit holds, and nothing is left."""
    accounting = TokenAccounting()
    limits = httpx2.Limits(max_connections=8)
    http = httpx2.AsyncClient(limits=limits, timeout=120)
    plain = AsyncOpenAI(base_url=model.url, api_key=KEY, max_retries=0, http_client=http)
    async with metered(plain) as client:

        async def answers() -> int:
            asked = (
                client.chat.completions.create(model="m", messages=MESSAGES) for _ in range(1000)
            )
            return len([text_in(made) for made in await asyncio.gather(*asked)])

        driver = Driver({}, module_of(answers), adapter=[accounting])
        assert await driver.aexecute(["answers"]) == {"answers": 1000}
    assert accounting.total().output_tokens == 4000 == 4 * len(model.requests)
    assert sorted(call.number for call in accounting.calls) == list(range(1, 1001))
    assert len({call.key for call in accounting.calls}) == 1000
    assert model.most_open <= 8
    assert model.is_left()


def test_all_faults_are_tried() -> None:
    """The table holds every fault there is, but for those that have a test of their own."""
    tried = {promise.fault for promise in (*WHOLE, *STREAMS)}
    tried |= {fault for fault, _, _ in NO_TEXT}
    assert set(described()) - tried == {"redirect_away", "bad_tool_args"}


@pytest.mark.parametrize(
    ("accepts", "sent"),
    [("gzip, deflate, br, zstd", "gzip, deflate"), ("gzip", "gzip"), ("identity", "identity")],
)
def test_only_what_can_be_bounded_is_asked_for(model: FakeModel, accepts: str, sent: str) -> None:
    """Packings whose size nobody can tell beforehand are not in the request's wishes."""
    options: Any = {"base_url": model.url, "api_key": KEY, "max_retries": 0}
    with metered(OpenAI(**options, default_headers={"accept-encoding": accepts})) as client:
        assert client.chat.completions.create(model="m", messages=MESSAGES).choices
    told = {name.lower(): value for name, value in model.requests[0].headers.items()}
    assert told["accept-encoding"] == sent


def test_a_redirection_to_another_server_takes_no_key_along(model: FakeModel) -> None:
    """The prompt goes where the server sends it, once; the key does not, in any header."""
    with FakeModel() as other:
        model.reply = Reply(fault="redirect_away", to=other.url + "/chat/completions")
        headers = {"api-key": KEY, "x-api-key": KEY}
        with metered(
            OpenAI(base_url=model.url, api_key=KEY, max_retries=0, default_headers=headers)
        ) as client:
            assert client.chat.completions.create(model="m", messages=MESSAGES).choices
        (sent,) = other.requests
    assert KEY not in str(sent.headers)
    assert sent.body["messages"] == MESSAGES


def test_what_came_of_a_stream_that_was_cut(model: FakeModel) -> None:
    """The error has the text that came, the request's name, and where it happened."""
    promise = Promise("stream_cut", BadAnswer)
    _, error, _ = outcome(model, promise, streamed=True, is_async=False)
    assert isinstance(error, BadAnswer)
    assert error.partial == "Käse 👩‍👩‍👧 ist "
    assert (error.request_id, error.status) == ("req-1", 200)
    assert "a stream that ends before its end (status 200, request `req-1`" in str(error)
    assert "in node `answer`" in "".join(error.__notes__)


def test_who_does_not_want_it_judged(model: FakeModel) -> None:
    """`checked=False`: the SDK's own ways, a text in place of an answer among them."""
    model.reply = Reply(fault="html_page")
    with metered(OpenAI(base_url=model.url, api_key=KEY), checked=False) as client:
        made: Any = client.chat.completions.create(model="m", messages=MESSAGES)
    assert isinstance(made, str)


@pytest.mark.parametrize("fault", ["truncated_json", "reset_mid_body", "empty_body", "stream_cut"])
def test_a_retry_is_one_layer(model: FakeModel, fault: str) -> None:
    """Under a retry of three the SDK's two add nothing to an answer that is none."""
    retries = 0 if fault == "reset_mid_body" else 2
    streamed = fault == "stream_cut"
    model.reply = Reply(fault=fault)
    accounting = TokenAccounting()
    with metered(OpenAI(base_url=model.url, api_key=KEY, max_retries=retries)) as client:

        def answer() -> None:
            made: Any = client.chat.completions.create(
                model="m", messages=MESSAGES, stream=streamed
            )
            list(made)

        retry = Retry(sleep=lambda seconds: None)
        driver = Driver({}, module_of(answer), adapter=[accounting, retry])
        with pytest.raises(openai.APIError):
            driver.execute(["answer"])
    assert len(model.requests) == 3
    assert [call.attempt for call in accounting.calls] == [1, 2, 3]
    assert accounting.total().unmeasured == 3


@pytest.mark.parametrize("when", ["head", "body", "stream"])
def test_cancelled_in_each_phase(model: FakeModel, when: str) -> None:
    """Cancelled before the head, in the body, between two chunks: one row, and nothing is left."""
    faults = {"head": "hang", "body": "slow_body", "stream": "stream_stall"}
    model.reply = Reply(fault=faults[when])
    accounting = TokenAccounting()

    async def main() -> None:
        began = asyncio.Event()

        async def answer() -> None:
            async with metered(AsyncOpenAI(base_url=model.url, api_key=KEY)) as client:
                made: Any = await client.chat.completions.create(
                    model="m", messages=MESSAGES, stream=when == "stream"
                )
                async for _ in made:
                    began.set()

        driver = Driver({}, module_of(answer), adapter=[accounting])
        task = asyncio.create_task(driver.aexecute(["answer"]))
        if when == "stream":
            await began.wait()
        else:
            await asyncio.to_thread(model.came.wait, 10)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    calls: list[Call] = accounting.calls
    assert [call.usage.unmeasured for call in calls] == [1]
    assert model.is_left()


def test_a_fault_that_there_is_not() -> None:
    """A name that is none is told at once, with the nearest."""
    with pytest.raises(ValueError, match="did you mean `stream_cut`"):
        Reply(fault="stream_cat")
