"""Traps of counting and repeating, by name, that are no one part's: over a real socket."""

import json
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from threading import Barrier
from typing import Any

import openai
import pytest
from openai import OpenAI

from stepwell import Driver
from stepwell.lifecycle import Retry
from stepwell.lifecycle.listening import Ears
from stepwell.llm import Price, TokenAccounting, Usage, metered
from stepwell.llm.meter import Place, call_key
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
PRICES = {"m": Price(input=1, output=2), "heard": Price(1, 2, audio_input=10, audio_output=20)}


@pytest.fixture
def model() -> Iterator[FakeModel]:
    with FakeModel() as running:
        yield running


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
