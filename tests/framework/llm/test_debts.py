"""Usage that comes later: background responses, batches, and streams that are taken up again."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import openai
import pytest
from openai import OpenAI

from stepwell import Driver
from stepwell.llm import Price, TokenAccounting, Usage, metered
from stepwell.testing import FakeModel, Reply, module_of

PRICES = {
    "m": Price(input=1, output=2, tiers={"batch": Price(input="0.5", output=1)}),
    "flat": Price(input=1, output=2),
}


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    with metered(OpenAI(base_url=model.url, api_key="k", max_retries=0), prices=PRICES) as made:
        yield made


def ledger(*steps: Callable[..., Any]) -> TokenAccounting:
    """The accounting of a run of these steps."""
    accounting = TokenAccounting()
    Driver({}, module_of(*steps), adapter=[accounting]).execute([steps[-1].__name__])
    return accounting


def test_a_background_response_is_counted_once(client: OpenAI, model: FakeModel) -> None:
    """Unmeasured until it is fetched, then known; polling it and fetching it again adds nothing."""
    model.reply = Reply(polls=2)

    def answer() -> str:
        made = client.responses.create(model="m", input="one two", background=True)
        while made.status != "completed":
            made = client.responses.retrieve(made.id)
        client.responses.retrieve(made.id)
        return made.output_text

    accounting = ledger(answer)
    asked, fetched = accounting.calls
    assert (asked.operation, asked.usage.unmeasured, asked.usage.requests) == ("chat", 1, 1)
    assert (fetched.operation, fetched.usage.requests) == ("fetch_response", 0)
    assert (fetched.response_id, fetched.key) == (asked.response_id, asked.key)
    total = accounting.total()
    assert (total.input_tokens, total.output_tokens, total.requests) == (2, 4, 1)
    assert (total.unmeasured, total.unpriced, total.estimated_input) == (0, 0, 0)
    assert total.cost is not None
    assert total.cost.amount == Decimal("0.000010")
    assert len(model.requests) == 5


def test_it_has_the_price_of_the_tier_that_was_asked_for(client: OpenAI) -> None:
    """Where the answer that is fetched does not say another."""

    def answer() -> str:
        made = client.responses.create(
            model="m", input="one two", background=True, extra_body={"service_tier": "batch"}
        )
        return client.responses.retrieve(made.id).output_text

    accounting = ledger(answer)
    assert [call.tier for call in accounting.calls] == ["batch", "batch"]
    cost = accounting.total().cost
    assert cost is not None
    assert cost.amount == Decimal("0.000005")


def test_another_step_may_fetch_it(client: OpenAI) -> None:
    """It is the usage of the step that has asked for it, and of its attempt."""

    def job() -> str:
        return client.responses.create(model="m", input="one two", background=True).id

    def answer(job: str) -> str:
        return client.responses.retrieve(job).output_text

    accounting = ledger(job, answer)
    assert [(call.node, call.number) for call in accounting.calls] == [("job", 1), ("job", 2)]
    assert list(accounting.by_step()) == ["job"]


def test_a_later_run_may_fetch_it(client: OpenAI) -> None:
    """The sums of the run that asked stay a lower bound; the tokens are in that which fetches."""
    accounting = TokenAccounting()

    def job() -> str:
        return client.responses.create(model="m", input="one two", background=True).id

    def answer(job_id: str) -> str:
        return client.responses.retrieve(job_id).output_text

    driver = Driver({}, module_of(job, answer), adapter=[accounting])
    job_id = driver.execute(["job"])["job"]
    driver.execute(["answer"], inputs={"job_id": job_id})
    first, second = accounting.by_run().values()
    assert (first.total_tokens, first.unmeasured) == (0, 1)
    assert (second.total_tokens, second.requests, second.unmeasured) == (6, 0, 0)


def test_a_response_that_somebody_else_asked_for_adds_nothing(client: OpenAI) -> None:
    """Only what this client asked for is owed."""

    def answer() -> None:
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve("resp-9")

    assert ledger(answer).calls == []


def test_cancelling_tells_the_usage_too(client: OpenAI) -> None:
    """What a background response has used by then."""

    def answer() -> None:
        made = client.responses.create(model="m", input="one two", background=True)
        client.responses.cancel(made.id)

    assert ledger(answer).total().total_tokens == 6


def test_a_stream_taken_up_again(client: OpenAI, model: FakeModel) -> None:
    """One that broke off has its name; who fetches the rest hears the usage."""
    created = {"type": "response.created", "response": {"id": "resp-2", "status": "in_progress"}}
    events = f"event: response.created\ndata: {json.dumps(created)}\n\n".encode()
    head = {"content-type": "text/event-stream"}

    def answer() -> None:
        model.reply = Reply(body=events, headers=head)
        with pytest.raises(openai.APIError, match="ends before its end"):
            list(client.responses.create(model="m", input="one two", stream=True))
        model.reply = Reply()
        model.puts_off("/v1/responses", {"model": "m", "input": "one two"}, Reply())
        client.responses.retrieve("resp-2")

    accounting = ledger(answer)
    assert [call.usage.unmeasured for call in accounting.calls] == [1, -1]
    assert accounting.total().total_tokens == 6


def test_a_continued_response_is_a_request_of_its_own(client: OpenAI, model: FakeModel) -> None:
    """What the provider reports for it holds the earlier turns; nothing is added to that."""
    usage = {"input_tokens": 20, "output_tokens": 3, "total_tokens": 23}
    model.replies.extend([Reply(), Reply(usage=usage)])

    def answer() -> None:
        first = client.responses.create(model="m", input="one two")
        client.responses.create(model="m", input="and?", previous_response_id=first.id)

    accounting = ledger(answer)
    assert [call.usage.input_tokens for call in accounting.calls] == [2, 20]
    assert model.requests[1].body["previous_response_id"] == "resp-1"


@pytest.mark.parametrize(("name", "cost"), [("m", "0.000115"), ("flat", None)])
def test_a_batch(client: OpenAI, model: FakeModel, name: str, cost: str | None) -> None:
    """Its file is no request; its usage comes when it is done, at the batch's own price or none."""
    usage = {"input_tokens": 200, "output_tokens": 15, "total_tokens": 215}
    uploaded = json.dumps({"id": "file-1", "object": "file", "purpose": "batch"}).encode()
    model.replies.extend([Reply(body=uploaded), Reply(usage=usage, model=name, polls=1)])

    def answers() -> str:
        file = client.files.create(file=b"{}\n", purpose="batch")
        job = client.batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
        )
        while job.status != "completed":
            job = client.batches.retrieve(job.id)
        return job.id

    accounting = ledger(answers)
    assert [(call.operation, call.tier) for call in accounting.calls] == [
        ("batch", "batch"),
        ("fetch_response", "batch"),
    ]
    total = accounting.total()
    assert (total.input_tokens, total.output_tokens, total.unmeasured) == (200, 15, 0)
    known = total.cost.amount if total.cost is not None else None
    assert (known, total.unpriced) == (Decimal(cost) if cost else None, 0 if cost else 1)


def test_sums_equal_the_ledger(client: OpenAI) -> None:
    """By step, attempt, model and run: what is taken back is taken back in each."""

    def job() -> str:
        return client.responses.create(model="m", input="one two", background=True).id

    def answer(job: str) -> str:
        return client.responses.retrieve(job).output_text

    accounting = ledger(job, answer)
    for sums in (
        accounting.by_step(),
        accounting.by_model(),
        accounting.by_attempt(),
        accounting.by_run(),
    ):
        assert sum(sums.values(), Usage()) == accounting.total()
