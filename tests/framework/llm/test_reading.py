"""What providers report, brought to one form; and streams, however their bytes are cut."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai import OpenAI

from stepwell import Driver
from stepwell.llm import Call, Price, TokenAccounting, Usage, metered
from stepwell.llm.events import Events, data_of
from stepwell.llm.prices import priced
from stepwell.llm.reading import usage_of
from stepwell.testing import module_of

MESSAGES: Any = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        pytest.param(
            {
                "prompt_tokens": 1000,
                "completion_tokens": 300,
                "prompt_tokens_details": {"cached_tokens": 400, "audio_tokens": 10},
                "completion_tokens_details": {"reasoning_tokens": 200, "audio_tokens": 5},
            },
            Usage(1000, 300, 400, 0, 10, 200, 5, requests=1),
            id="chat completions: subsets are in the totals",
        ),
        pytest.param(
            {
                "input_tokens": 1000,
                "output_tokens": 300,
                "input_tokens_details": {"cached_tokens": 400},
                "output_tokens_details": {"reasoning_tokens": 200},
            },
            Usage(1000, 300, 400, reasoning=200, requests=1),
            id="responses: other names for the same",
        ),
        pytest.param(
            {
                "input_tokens": 100,
                "output_tokens": 300,
                "cache_read_input_tokens": 800,
                "cache_creation_input_tokens": 100,
            },
            Usage(1000, 300, 800, 100, requests=1),
            id="messages: the cache is beside the input",
        ),
        pytest.param(
            {"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": None},
            Usage(7, 2, requests=1),
            id="details may be missing",
        ),
        pytest.param(
            {
                "prompt_tokens": 7,
                "completion_tokens": 2,
                "prompt_tokens_details": {"cached_tokens": 99},
            },
            Usage(7, 2, cached_read=7, requests=1),
            id="a part is never more than the whole",
        ),
        pytest.param(
            {"prompt_tokens": 7.0, "completion_tokens": 2.0},
            Usage(7, 2, requests=1),
            id="whole numbers with a point",
        ),
    ],
)
def test_trap_4_buckets_added_twice(reported: dict[str, Any], usage: Usage) -> None:
    """All providers' reports come to whole totals with named parts."""
    assert usage_of(reported) == usage


def test_trap_8_prices_baked_in() -> None:
    """Each cost carries the table that it comes from, with its version."""
    usage, name = priced(
        Usage(1000, 500, cached_read=400, requests=1),
        model="gpt-4o",
        answered="gpt-4o-2024-08-06",
        url="https://api.openai.com/v1/chat/completions",
        own={},
    )
    assert name == "gpt-4o-2024-08-06"
    assert usage.cost is not None
    assert usage.cost.amount == Decimal("0.0070")
    (source,) = usage.cost.sources
    assert source.startswith("genai-prices ")


@pytest.mark.parametrize(
    ("model", "answered", "amount"),
    [("alias", "real", "0.002"), ("alias", "other", "0.001"), ("alias", None, "0.001")],
)
def test_the_answered_model_s_price_comes_first(
    model: str, answered: str | None, amount: str
) -> None:
    """A router may answer with another model than was asked for."""
    own = {"alias": Price(input=1, output=0), "real": Price(input=2, output=0)}
    usage = priced(Usage(1000, requests=1), model=model, answered=answered, url="", own=own).usage
    assert usage.cost is not None
    assert usage.cost.amount == Decimal(amount)


def test_a_known_model_at_an_unknown_address_has_no_price() -> None:
    """A compatible server's prices are its own."""
    url = "http://127.0.0.1:8000/v1/chat/completions"
    usage = priced(Usage(9, 9, requests=1), model="gpt-4o", answered=None, url=url, own={}).usage
    assert (usage.cost, usage.unpriced) == (None, 1)


EVENT = st.sampled_from([b"data: 1\n\n", b": ping\n\n", b"event: e\r\ndata: {}\r\n\r\n", b"\n\n"])


@given(st.lists(EVENT), st.sampled_from([b"", b"data: cut"]), st.data())
def test_events_do_not_depend_on_how_bytes_are_cut(
    events: list[bytes], rest: bytes, data: st.DataObject
) -> None:
    """Cut anywhere: the same events, and no byte lost."""
    whole = b"".join(events) + rest
    at = data.draw(st.sets(st.integers(0, len(whole))).map(sorted))
    reader, found = Events(), []
    for start, end in zip([0, *at], [*at, len(whole)], strict=True):
        found += reader.feed(whole[start:end])
    left = reader.rest()
    assert b"".join(found) + left == whole
    assert [data_of(e) for e in found if data_of(e)] == [data_of(e) for e in events if data_of(e)]


def chunk(**fields: Any) -> bytes:
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: " + json.dumps(head | fields, ensure_ascii=False).encode() + b"\n\n"


def said(text: str) -> bytes:
    return chunk(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": None}])


STREAM = b"".join(
    [
        b": a comment\n\n",
        said("Käse "),
        said("👩‍👩‍👧 \r\n\n "),
        b": another\n\n",
        chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]),
        chunk(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 2}),
        chunk(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 4}),
        b"data: [DONE]\n\n",
    ]
)


def through(parts: list[bytes], *, checked: bool = True, **options: Any) -> tuple[list[Any], Call]:
    """What a caller reads of a stream in these parts, and the row of the ledger."""

    def serve(request: httpx2.Request) -> httpx2.Response:
        head = {"content-type": "text/event-stream; charset=utf-8"}
        return httpx2.Response(200, headers=head, content=iter(parts))

    http = httpx2.Client(transport=httpx2.MockTransport(serve))
    accounting = TokenAccounting()
    plain = OpenAI(base_url="http://x", api_key="k", http_client=http)
    with metered(plain, checked=checked) as client:

        def answer() -> list[Any]:
            return list(
                client.chat.completions.create(model="m", messages=MESSAGES, stream=True, **options)
            )

        seen = Driver({}, module_of(answer), adapter=[accounting]).execute(["answer"])["answer"]
    (call,) = accounting.calls
    return seen, call


@settings(deadline=None, max_examples=30)
@given(st.sets(st.integers(0, len(STREAM))).map(sorted))
def test_a_stream_is_read_the_same_however_it_is_cut(at: list[int]) -> None:
    """Cut inside characters too: the same text, and usage that comes twice counts once."""
    parts = [STREAM[a:b] for a, b in zip([0, *at], [*at, len(STREAM)], strict=True)]
    seen, call = through(parts)
    assert "".join(c.choices[0].delta.content or "" for c in seen) == "Käse 👩‍👩‍👧 \r\n\n "
    assert len(seen) == 3
    assert (call.usage.input_tokens, call.usage.output_tokens) == (3, 4)
    assert call.finish_reasons == ("stop",)


def test_a_transport_for_tests_that_has_its_answer_whole() -> None:
    """What was read before it came here is measured and filtered as well."""

    def serve(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=STREAM)

    accounting = TokenAccounting()
    http = httpx2.Client(transport=httpx2.MockTransport(serve))
    with metered(OpenAI(base_url="http://x", api_key="k", http_client=http)) as client:

        def answer() -> int:
            chunks = client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
            return len([chunk.choices[0] for chunk in chunks])

        driver = Driver({}, module_of(answer), adapter=[accounting])
        assert driver.execute(["answer"]) == {"answer": 3}
    assert accounting.total().output_tokens == 4


def test_usage_that_arrives_twice_growing() -> None:
    """Who asked for it sees both; the larger one counts, not their sum."""
    seen, call = through([STREAM], stream_options={"include_usage": True})
    assert len(seen) == 5
    assert call.usage.output_tokens == 4


def test_a_stream_without_its_end() -> None:
    """No `[DONE]`, no usage, and none who judges it: an estimate, and nothing is held back."""
    seen, call = through([STREAM[: STREAM.index(b": another")]], checked=False)
    assert len(seen) == 2
    assert call.error is None
    assert (call.usage.unmeasured, call.usage.estimated_output) == (1, 2)


def test_input_first_and_output_last() -> None:
    """Usage in two events, as Anthropic sends it, through a bare HTTP client."""
    start = {
        "message": {"model": "c", "id": "m1", "usage": {"input_tokens": 9, "output_tokens": 1}}
    }
    events = [
        {"type": "message_start", **start},
        {"type": "content_block_delta", "delta": {"text": "hi"}},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 6},
        },
        {"type": "message_stop"},
    ]
    body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)

    def serve(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(
            200, headers={"content-type": "text/event-stream"}, content=iter([body])
        )

    accounting = TokenAccounting()
    with metered(httpx2.Client(transport=httpx2.MockTransport(serve))) as http:

        def answer() -> str:
            return http.post("https://api.anthropic.com/v1/messages", json={"model": "c"}).text

        text = Driver({}, module_of(answer), adapter=[accounting]).execute(["answer"])["answer"]
    (call,) = accounting.calls
    assert text.encode() == body
    assert (call.usage.input_tokens, call.usage.output_tokens) == (9, 6)
    assert (call.api, call.answered_model, call.response_id) == ("messages", "c", "m1")


def test_a_request_that_is_sent_as_it_is_read() -> None:
    """A body that can't be looked at beforehand is passed on, and its answer measured."""
    answered = {"usage": {"prompt_tokens": 1, "completion_tokens": 2}, "model": "m"}

    def serve(request: httpx2.Request) -> httpx2.Response:
        assert request.read() == b'{"model": "m"}'
        return httpx2.Response(200, json=answered)

    def sent() -> Iterator[bytes]:
        yield b'{"model": '
        yield b'"m"}'

    accounting = TokenAccounting()
    with metered(httpx2.Client(transport=httpx2.MockTransport(serve))) as http:

        def answer() -> None:
            http.post("http://x/v1/chat/completions", content=sent())

        Driver({}, module_of(answer), adapter=[accounting]).execute(["answer"])
    (call,) = accounting.calls
    assert (call.model, call.answered_model, call.usage.total_tokens) == (None, "m", 3)
