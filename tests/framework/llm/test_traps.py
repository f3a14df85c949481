"""Traps of counting and repeating, by name, that are no one part's: over a real socket."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from threading import Barrier
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI

from stepwell import Builder, Collect, Driver, Parallelizable
from stepwell.executors import InlineExecutor, ThreadsExecutor
from stepwell.lifecycle import Retry
from stepwell.lifecycle.listening import Ears
from stepwell.llm import Call, Price, TokenAccounting, Usage, metered
from stepwell.llm.meter import Place, call_key
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
PRICES = {"m": Price(input=1, output=2), "heard": Price(1, 2, audio_input=10, audio_output=20)}


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    with metered(OpenAI(base_url=model.url, api_key="k", max_retries=0), prices=PRICES) as made:
        yield made


def ledger(step: Any, *adapters: Any) -> TokenAccounting:
    """The accounting of a run of this step, which may fail."""
    accounting = TokenAccounting()
    driver = Driver({}, module_of(step), adapter=[accounting, *adapters])
    with suppress(openai.OpenAIError, ValueError):
        driver.execute([step.__name__])
    return accounting


AUDIO = {
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "prompt_tokens_details": {"audio_tokens": 40},
    "completion_tokens_details": {"audio_tokens": 30},
}


@pytest.mark.parametrize(
    ("name", "usage", "amount", "unpriced"),
    [
        ("m", {"prompt_tokens": 100, "completion_tokens": 50}, "0.0002", 0),
        ("m", AUDIO, "0.0001", 1),
        ("heard", AUDIO, "0.0011", 0),
        ("m", {"prompt_tokens": 9, "completion_tokens": 0, "num_search_queries": 2}, "0.000009", 1),
        (
            "m",
            {
                "input_tokens": 9,
                "output_tokens": 0,
                "server_tool_use": {"web_search_requests": 1},
            },
            "0.000009",
            1,
        ),
        (
            "m",
            {"input_tokens": 9, "output_tokens": 4, "output_tokens_details": {"image_tokens": 4}},
            "0.000009",
            1,
        ),
    ],
    ids=["text", "audio-unknown", "audio-known", "searches", "server-tools", "images"],
)
def test_trap_6_other_charges_than_text(
    client: OpenAI, model: FakeModel, name: str, usage: Any, amount: str, unpriced: int
) -> None:
    """What has no price makes the cost a lower bound, never a number that looks whole."""
    model.reply = Reply(usage=usage)

    def answer() -> None:
        client.chat.completions.with_raw_response.create(model=name, messages=MESSAGES)

    total = ledger(answer).total()
    assert total.cost is not None
    assert (total.cost.amount, total.unpriced) == (Decimal(amount), unpriced)


def test_trap_6_tools_of_the_server(client: OpenAI, model: FakeModel) -> None:
    """A search that the provider's own tool has made is in the answer, and not in its usage."""
    usage = {"input_tokens": 9, "output_tokens": 1, "total_tokens": 10}
    found = {"id": "r", "model": "m", "output": [{"type": "web_search_call"}], "usage": usage}
    model.reply = Reply(body=json.dumps(found).encode())

    def answer() -> None:
        client.responses.with_raw_response.create(model="m", input="hi")

    assert ledger(answer).total().unpriced == 1


def asked_at(client_url: str, reply: Reply, **options: Any) -> Call:
    """The row of one request to a provider by its address, which answers so."""
    with FakeModel(reply=reply) as model:

        def here(request: httpx2.Request) -> httpx2.Response:
            path = request.url.path.removeprefix("/v1")
            return httpx2.post(model.url + path, content=request.content)

        http = httpx2.Client(transport=httpx2.MockTransport(here))
        plain = OpenAI(base_url=client_url, api_key="k", max_retries=0, http_client=http)
        with metered(plain, prices=options.pop("prices", None)) as client:

            def answer() -> None:
                client.responses.with_raw_response.create(
                    **{"model": "gpt-5", "input": "hi", **options}
                )

            (call,) = ledger(answer).calls
    return call


def said(**more: Any) -> Reply:
    """An answer that has used a thousand tokens each way."""
    usage = {"input_tokens": 1000, "output_tokens": 1000, "total_tokens": 2000}
    made = {"id": "r", "model": "gpt-5", "status": "completed", "output": []}
    usage |= more.pop("usage", {})
    return Reply(body=json.dumps({**made, "usage": usage, **more}).encode())


OPENAI = "https://api.openai.com/v1"
TIERED = {"gpt-5": Price(1, 1, tiers={"flex": Price("0.5", "0.5"), "batch": Price("0.4", 0)})}


@pytest.mark.parametrize(
    ("asked", "answered", "prices", "amount"),
    [
        (None, None, None, "0.01125"),
        (None, "default", None, "0.01125"),
        ("flex", "flex", None, "0.005625"),
        ("auto", "priority", None, "0.0225"),
        ("flex", None, None, "0.005625"),
        ("priority", "default", None, "0.01125"),
        (None, "default", TIERED, "0.002"),
        ("flex", "flex", TIERED, "0.001"),
        ("priority", "priority", TIERED, None),
    ],
)
def test_trap_5_service_tiers(
    asked: str | None, answered: str | None, prices: Any, amount: str | None
) -> None:
    """The tier that answered has its own price, or none; what was asked for counts if none did."""
    told = {} if answered is None else {"service_tier": answered}
    wish = {} if asked is None else {"service_tier": asked}
    call = asked_at(OPENAI, said(**told), prices=prices, **wish)
    cost = call.usage.cost
    assert (cost.amount if cost else None) == (Decimal(amount) if amount else None)
    assert call.usage.unpriced == (0 if amount else 1)
    assert call.tier == (answered or asked)


def test_trap_5_a_tier_that_is_in_no_list_has_no_price() -> None:
    """The usual price would be a guess."""
    call = asked_at(OPENAI, said(model="gpt-4o", service_tier="flex"), model="gpt-4o")
    assert (call.usage.cost, call.usage.unpriced) == (None, 1)


def test_trap_5_a_long_context() -> None:
    """Above some size all of a request has another price: each is priced by itself."""
    address = "https://api.anthropic.com/v1"
    costs = []
    for size in (200_000, 200_001):
        usage = {"input_tokens": size, "output_tokens": 10}
        call = asked_at(address, said(model="claude-sonnet-4-5", usage=usage))
        assert call.usage.cost is not None
        costs.append(call.usage.cost.amount)
    assert costs == [Decimal("0.60015"), Decimal("1.200231")]


@pytest.mark.parametrize(
    ("usage", "headers", "prices", "amount", "source"),
    [
        ({"cost": 0.0123}, {}, None, "0.0123", "reported by openrouter.ai"),
        ({"cost": {"total_cost": 0.5}}, {}, None, "0.5", "reported by openrouter.ai"),
        ({}, {"x-litellm-response-cost": "0.25"}, None, "0.25", "reported by openrouter.ai"),
        ({"cost": 0.0123}, {}, {"gpt-5": Price(1, 1)}, "0.002", "configured"),
        ({"cost": -1}, {}, {"gpt-5": Price(1, 1)}, "0.002", "configured"),
    ],
    ids=["in the usage", "in parts", "in a header", "own prices", "nonsense"],
)
def test_trap_8_what_the_provider_says_it_cost(
    usage: Any, headers: Any, prices: Any, amount: str, source: str
) -> None:
    """A gateway knows what it charges: that comes before any list, and is marked as its word."""
    reply = replace(said(usage=usage), headers=headers)
    call = asked_at("https://openrouter.ai/api/v1", reply, prices=prices)
    assert call.usage.cost is not None
    assert (call.usage.cost.amount, call.usage.cost.sources) == (Decimal(amount), (source,))
    assert (call.usage.unpriced, call.priced_as) == (0, "gpt-5")


def test_trap_6_seconds_in_place_of_tokens(client: OpenAI, model: FakeModel) -> None:
    """A transcription that is charged by the second: neither tokens nor a cost are known."""
    body = json.dumps({"text": "hi", "usage": {"type": "duration", "seconds": 3}}).encode()
    model.reply = Reply(body=body)

    def heard() -> None:
        client.audio.transcriptions.create(model="m", file=("a.wav", b"RIFF"))

    accounting = ledger(heard)
    assert [call.operation for call in accounting.calls] == ["transcriptions"]
    assert (accounting.total().unmeasured, accounting.total().cost) == (1, None)


def test_trap_14_fan_out_totals(client: OpenAI, model: FakeModel) -> None:
    """A branch that fails keeps what it spent; the total is the ledger's and the server's."""
    together = Barrier(2, timeout=10)

    def paid() -> None:
        client.chat.completions.create(model="m", messages=MESSAGES)
        together.wait()

    def failing() -> None:
        client.chat.completions.create(model="m", messages=MESSAGES)
        together.wait()
        raise ValueError("after it was paid")

    accounting = TokenAccounting()
    driver = Driver({}, module_of(paid, failing), adapter=[accounting], threads=2)
    with pytest.raises(ValueError, match="after it was paid"):
        driver.execute(["paid", "failing"])
    assert {step: usage.output_tokens for step, usage in accounting.by_step().items()} == {
        "paid": 4,
        "failing": 4,
    }
    assert accounting.total().output_tokens == 4 * len(model.requests)
    assert accounting.total() == sum(accounting.by_step().values(), Usage())


@pytest.mark.parametrize("executor", [InlineExecutor(), ThreadsExecutor(4)], ids=["one", "four"])
@pytest.mark.parametrize("on_error", ["fail", "skip"])
def test_trap_14_items_that_fail_are_left_out_or_end_the_run(
    client: OpenAI, model: FakeModel, on_error: Any, executor: Any
) -> None:
    """Each item has what it spent, those that failed too; the run's total is the server's."""

    def question() -> Parallelizable[int]:
        yield from range(6)

    def answer(question: int) -> str:
        made = client.chat.completions.create(model="m", messages=MESSAGES)
        if question == 2:
            raise ValueError("after it was paid")
        return made.choices[0].message.content or ""

    def answers(answer: Collect[str]) -> int:
        return len(list(answer))

    accounting = TokenAccounting()
    built = Builder().with_modules(module_of(question, answer, answers)).with_adapters(accounting)
    driver = built.with_executor(executor, on_error=on_error).build()
    if on_error == "skip":
        assert driver.execute(["answers"]) == {"answers": 5}
        assert len(model.requests) == 6
    else:
        with pytest.raises(ValueError, match="after it was paid"):
            driver.execute(["answers"])
    total = accounting.total()
    assert (total.requests, total.output_tokens) == (len(model.requests), 4 * len(model.requests))
    assert total == sum(accounting.by_item().values(), Usage())
    assert len(accounting.by_item()) == len(model.requests)
    assert [step.error for step in accounting.steps() if step.node == "answer"].count(
        "ValueError"
    ) == 1


def test_trap_16_tool_call_loops(client: OpenAI, model: FakeModel) -> None:
    """Each turn sends the history again and is a row of its own, never one for the agent."""

    def agent() -> None:
        history = list(MESSAGES)
        for _ in range(3):
            made = client.chat.completions.create(model="m", messages=history)
            history.append({"role": "assistant", "content": made.choices[0].message.content})
            history.append({"role": "user", "content": "and the next?"})

    accounting = ledger(agent)
    assert [call.number for call in accounting.calls] == [1, 2, 3]
    given = [call.usage.input_tokens for call in accounting.calls]
    assert given == sorted(set(given))
    assert len({call.key for call in accounting.calls}) == 3
    assert accounting.total().input_tokens == sum(given)


def test_trap_25_idempotency(client: OpenAI, model: FakeModel) -> None:
    """An attempt sends what the one before it sent, under the same key; another call does not."""
    model.replies.extend([Reply(), Reply(fault="reset_mid_body")])

    def answer() -> None:
        for _ in range(2):
            client.chat.completions.create(model="m", messages=MESSAGES)
        client.chat.completions.create(model="m", messages=[*MESSAGES, *MESSAGES])

    accounting = ledger(answer, Retry(sleep=lambda seconds: None))
    keys = [request.headers["idempotency-key"] for request in model.requests]
    first, second = keys[:2]
    assert keys == [first, second, first, second, keys[-1]]
    assert len(set(keys)) == 3
    assert [call.key for call in accounting.calls] == keys
    assert all(len(key) == 32 for key in keys)


def test_trap_25_the_client_s_own_retries(model: FakeModel) -> None:
    """Sent again by the SDK itself it is the same call."""
    model.replies.append(Reply(status=503, headers={"retry-after-ms": "1"}))
    with metered(OpenAI(base_url=model.url, api_key="k", max_retries=1)) as client:

        def answer() -> None:
            client.chat.completions.create(model="m", messages=MESSAGES)

        assert len({call.key for call in ledger(answer).calls}) == 1
    assert len(model.requests) == 2


def test_trap_25_a_key_of_one_s_own_stays(client: OpenAI, model: FakeModel) -> None:
    """Who sends one himself knows better."""

    def answer() -> None:
        headers = {"Idempotency-Key": "mine"}
        client.chat.completions.create(model="m", messages=MESSAGES, extra_headers=headers)

    ledger(answer)
    sent = {name.lower(): value for name, value in model.requests[0].headers.items()}
    assert sent["idempotency-key"] == "mine"


def test_trap_28_retries_across_resume() -> None:
    """A later process that goes on with a run asks under the keys of the first."""
    place = Place("run-1", "answer", "item-3", 1, 1)

    def keys(*attempts: int) -> list[str]:
        ears = Ears(())
        return [
            call_key(ears, place._replace(attempt=attempt), b"said", again=False)
            for attempt in attempts
        ]

    assert keys(1, 2) == keys(3, 4)
    assert len(set(keys(1, 2))) == 1
    assert len(set(keys(1, 1))) == 2
    other = call_key(Ears(()), place._replace(run_id="run-2"), b"said", again=False)
    assert other not in keys(1)
