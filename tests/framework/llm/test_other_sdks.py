"""Other SDKs through the same door: Anthropic's over `httpx2`, Groq's over `httpx`."""

import asyncio
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import anthropic
import groq
import httpx
import pytest

from stepwell import BudgetExceeded, Driver
from stepwell.errors import BadAnswer
from stepwell.lifecycle import Retry
from stepwell.llm import Budget, Price, TokenAccounting, metered
from stepwell.testing import FakeModel, Reply, cassette, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
ASKED: Any = {"model": "m", "messages": MESSAGES, "max_tokens": 20}
PRICES = {"m": Price(input=1, output=2, cached_read="0.1", cache_write="1.25", cache_write_1h=2)}
TEXT = "Paris is the capital."


def settings(model: FakeModel, **more: Any) -> dict[str, Any]:
    return {"base_url": model.url.removesuffix("/v1"), "api_key": "k", "max_retries": 0, **more}


def run(step: Callable[..., Any], *adapters: Any) -> tuple[Any, TokenAccounting]:
    """What the step makes, and what was counted."""
    accounting = TokenAccounting()
    driver = Driver({}, module_of(step), adapter=[accounting, *adapters])
    return driver.execute([step.__name__])[step.__name__], accounting


def claude_whole(model: FakeModel) -> str:
    with metered(anthropic.Anthropic(**settings(model)), prices=PRICES) as client:
        assert type(client) is anthropic.Anthropic
        return client.messages.create(**ASKED).content[0].text


def claude_streamed(model: FakeModel) -> str:
    with (
        metered(anthropic.Anthropic(**settings(model)), prices=PRICES) as client,
        client.messages.stream(**ASKED) as stream,
    ):
        return "".join(stream.text_stream)


async def claude_later(model: FakeModel) -> str:
    async with metered(anthropic.AsyncAnthropic(**settings(model)), prices=PRICES) as client:
        return (await client.messages.create(**ASKED)).content[0].text


async def claude_streamed_later(model: FakeModel) -> str:
    async with (
        metered(anthropic.AsyncAnthropic(**settings(model)), prices=PRICES) as client,
        client.messages.stream(**ASKED) as stream,
    ):
        return "".join([text async for text in stream.text_stream])


def groq_whole(model: FakeModel) -> str:
    with metered(groq.Groq(**settings(model)), prices=PRICES) as client:
        assert type(client) is groq.Groq
        return client.chat.completions.create(**ASKED).choices[0].message.content or ""


def groq_streamed(model: FakeModel) -> str:
    with metered(groq.Groq(**settings(model)), prices=PRICES) as client:
        stream = client.chat.completions.create(**ASKED, stream=True)
        return "".join(chunk.choices[0].delta.content or "" for chunk in stream)


async def groq_later(model: FakeModel) -> str:
    async with metered(groq.AsyncGroq(**settings(model)), prices=PRICES) as client:
        made = await client.chat.completions.create(**ASKED)
        return made.choices[0].message.content or ""


async def groq_streamed_later(model: FakeModel) -> str:
    async with metered(groq.AsyncGroq(**settings(model)), prices=PRICES) as client:
        stream = await client.chat.completions.create(**ASKED, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])


WAYS = [
    claude_whole,
    claude_streamed,
    claude_later,
    claude_streamed_later,
    groq_whole,
    groq_streamed,
    groq_later,
    groq_streamed_later,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_call_is_counted_as_the_provider_reports_it(
    model: FakeModel, way: Callable[..., Any]
) -> None:
    """The text is the SDK's own; one request, one row, its tokens, cost and place."""

    def answer() -> Any:
        made = way(model)
        return asyncio.run(made) if asyncio.iscoroutine(made) else made

    text, accounting = run(answer)
    (call,) = accounting.calls
    assert text == TEXT
    assert (call.usage.input_tokens, call.usage.output_tokens, call.usage.unmeasured) == (7, 4, 0)
    assert call.usage.cost is not None
    assert call.usage.cost.amount == Decimal("0.000015")
    assert (call.operation, call.node, call.status, call.model) == ("chat", "answer", 200, "m")
    assert call.streamed is ("streamed" in way.__name__)
    assert call.finish_reasons == (("end_turn",) if "claude" in way.__name__ else ("stop",))
    assert model.is_left()


def test_caches_are_part_of_the_input(model: FakeModel) -> None:
    """Anthropic counts what went through a cache apart; here the input is whole, with its parts."""
    model.reply = Reply(
        usage={
            "input_tokens": 10,
            "output_tokens": 4,
            "cache_read_input_tokens": 1000,
            "cache_creation_input_tokens": 500,
            "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 100},
            "service_tier": "standard",
        }
    )
    usages = []
    for way in (claude_whole, claude_streamed):

        def answer(way: Callable[..., str] = way) -> str:
            return way(model)

        (call,) = run(answer)[1].calls
        assert call.tier == "standard"
        usages.append(call.usage)
    whole, streamed = usages
    assert whole == streamed
    assert (whole.input_tokens, whole.cached_read, whole.cache_write) == (1510, 1000, 500)
    assert whole.cache_write_1h == 100
    assert whole.cost is not None
    # 10 plain, 1000 read, 400 written for minutes, 100 for an hour, 4 made
    assert whole.cost.amount == Decimal("0.000818")


def test_a_stream_that_is_left_early_is_a_lower_bound(model: FakeModel) -> None:
    """Its first event has counts already; they are in the total, which says that it is not all."""

    def answer() -> None:
        with (
            metered(anthropic.Anthropic(**settings(model)), prices=PRICES) as client,
            client.messages.create(**ASKED, stream=True) as stream,
        ):
            next(iter(stream))

    usage = run(answer)[1].total()
    assert (usage.input_tokens, usage.output_tokens) == (7, 1)
    assert (usage.unmeasured, usage.unpriced) == (1, 1)


CLIENTS: dict[str, Callable[..., Any]] = {
    "anthropic": lambda model, **more: anthropic.Anthropic(**settings(model, **more)),
    "groq": lambda model, **more: groq.Groq(**settings(model, **more)),
}


def ask(client: Any) -> Any:
    """The SDK's own way to ask."""
    asks = client.messages if isinstance(client, anthropic.Anthropic) else client.chat.completions
    return asks.create(**ASKED)


@pytest.mark.parametrize("sdk", CLIENTS)
def test_no_retry_is_uncounted_and_none_multiplies(model: FakeModel, sdk: str) -> None:
    """What the SDK repeats itself is in the ledger; with 0 there, under a retry, it is ours."""
    client = metered(CLIENTS[sdk](model, max_retries=2))

    def answer() -> bool:
        return bool(ask(client))

    model.replies.extend([Reply(status=503, headers={"retry-after": "0.01"})] * 2)
    accounting = run(answer)[1]
    client.close()
    assert [call.status for call in accounting.calls] == [503, 503, 200]
    assert len({call.key for call in accounting.calls}) == 1
    model.replies.extend([Reply(status=503)] * 2)
    client = metered(CLIENTS[sdk](model))
    accounting = run(answer, Retry(sleep=lambda seconds: None))[1]
    client.close()
    assert [(call.status, call.attempt) for call in accounting.calls] == [
        (503, 1),
        (503, 2),
        (200, 3),
    ]
    assert len(model.requests) == 6


def test_a_bad_answer_is_an_error_of_anthropic_s(model: FakeModel) -> None:
    """Who catches the SDK's errors catches it, once and without a repetition of the SDK's."""
    model.reply = Reply(fault="truncated_json")
    with (
        metered(anthropic.Anthropic(**settings(model, max_retries=2))) as client,
        pytest.raises(anthropic.APIError) as caught,
    ):
        ask(client)
    assert isinstance(caught.value, BadAnswer)
    assert caught.value.code == "cut_off"
    assert len(model.requests) == 1
    travelled = pickle.loads(pickle.dumps(caught.value))
    assert type(travelled) is type(caught.value)
    assert vars(travelled) == vars(caught.value)


def test_a_refusal_of_a_budget_is_not_taken_for_a_lost_connection(model: FakeModel) -> None:
    """It arrives as itself, at once, though the SDK would wrap and repeat what it does not know."""
    with metered(anthropic.Anthropic(**settings(model, max_retries=2)), prices=PRICES) as client:

        def answer() -> str:
            return ask(client).content[0].text

        with pytest.raises(BudgetExceeded, match="asks for up to") as caught:
            run(answer, Budget("0.00001"))
    assert isinstance(caught.value, anthropic.AnthropicError)
    assert model.requests == []


@pytest.mark.parametrize("fault", ["slow_headers", "slow_body"])
def test_an_httpx_client_keeps_its_deadline(model: FakeModel, fault: str) -> None:
    """What drips ends, as the SDK's own timeout error; nothing is left."""
    model.reply = Reply(fault=fault)
    with (
        metered(groq.Groq(**settings(model)), deadline=0.3) as client,
        pytest.raises(groq.APITimeoutError),
    ):
        ask(client)
    assert model.is_left()


@pytest.mark.parametrize(
    ("fault", "error"),
    [("reset_before_headers", "ReadError"), ("short_body", "RemoteProtocolError")],
)
def test_an_httpx_client_s_errors_are_its_own(model: FakeModel, fault: str, error: str) -> None:
    """A lost connection is what it was without the door, before the head and in the body."""
    model.reply = Reply(fault=fault)
    plain = groq.Groq(**settings(model))
    causes = []
    for client in (plain, metered(groq.Groq(**settings(model)))):
        with pytest.raises(groq.APIConnectionError) as caught:
            ask(client)
        causes.append(type(caught.value.__cause__))
        client.close()
    assert causes[0] is causes[1] is getattr(httpx, error)


def test_an_httpx_client_is_metered_once_and_shares_its_pool(model: FakeModel) -> None:
    """Metered again it is the same; a bare client will do; another transport too."""
    client = metered(groq.Groq(**settings(model)))
    assert metered(client) is client
    client.close()
    http = metered(httpx.Client(), prices=PRICES)

    def answer() -> int:
        with http:
            return http.post(f"{model.url}/chat/completions", json=ASKED).status_code

    status, accounting = run(answer)
    assert (status, accounting.total().output_tokens) == (200, 4)
    made = httpx.Response(200, json={"choices": [], "usage": {"prompt_tokens": 5}})
    mocked = metered(httpx.Client(transport=httpx.MockTransport(lambda request: made)))
    assert mocked.post("http://here/v1/chat/completions", json={}).json()["choices"] == []


def test_a_form_with_a_file_passes(model: FakeModel) -> None:
    """It is sent as it is read."""
    model.reply = Reply(body=b'{"text": "hi"}')
    with metered(groq.Groq(**settings(model))) as client:

        def heard() -> str:
            made = client.audio.transcriptions.create(model="m", file=("a.wav", b"RIFF"))
            return made.text

        text, accounting = run(heard)
    assert text == "hi"
    assert [call.operation for call in accounting.calls] == ["transcriptions"]


@pytest.mark.parametrize("sdk", CLIENTS)
def test_a_cassette_for_other_sdks(model: FakeModel, sdk: str, tmp_path: Any) -> None:
    """Recorded once, played without a provider."""
    made = []
    for record in (True, False):
        client = cassette(CLIENTS[sdk](model), tmp_path / "tape.json", record=record)
        made.append(ask(client).model_dump())
        client.close()
    assert made[0] == made[1]
    assert len(model.requests) == 1
