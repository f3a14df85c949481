"""`Budget`: what would pass a cap does not leave, whoever asks at the same time."""

import asyncio
import pickle
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from threading import Event
from typing import Any

import openai
import pytest
from budgeted_runs import MESSAGES, PRICES, USED, ask, asks, only, run
from openai import AsyncOpenAI, OpenAI

from stepwell import BudgetExceeded, Driver
from stepwell.lifecycle import Retry
from stepwell.llm import Budget, Price, metered
from stepwell.llm.account import Amount
from stepwell.llm.bounds import bound_of, pointer_in
from stepwell.llm.reading import Asked
from stepwell.testing import FakeModel, Reply, module_of


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    made = OpenAI(base_url=model.url, api_key="k", max_retries=2, timeout=10)
    with metered(made, prices=PRICES) as client:
        yield client


# --- what leaves, and what does not


def test_what_would_pass_the_cap_does_not_leave(client: OpenAI, model: FakeModel) -> None:
    """The caller gets the error itself, without a retry of the SDK; it says all that counts."""
    budget = Budget(requests=2)
    with pytest.raises(BudgetExceeded) as caught:
        run(budget, asks(client, 3))
    error = caught.value
    assert len(model.requests) == 2
    assert (error.node, error.unit, error.cap) == ("answer", "requests", 2)
    assert (error.spent, error.reserved, error.asked) == (2, 0, 1)
    assert str(error) == (
        "`answer` asks for up to 1 request; of the budget of 2 requests per run, 2 is spent and 0"
        " is reserved; raise `requests`"
    )


def test_money_is_reserved_at_list_price_and_settled(client: OpenAI) -> None:
    """While it is under way the most that it can cost; afterwards what it did cost."""
    budget, seen = Budget("1"), []

    def answer() -> None:
        for _ in ask(client, stream=True):
            seen.append(only(budget).reserved)

    run(budget, answer)
    assert seen[0].money > Decimal("0.00002")
    assert seen[0].tokens > 10
    assert seen[0].requests == 1
    assert only(budget).reserved == Amount()
    assert only(budget).spent == Amount(Decimal("0.000015"), USED, 1)


def test_tokens_are_bounded_by_the_size_of_the_request(client: OpenAI, model: FakeModel) -> None:
    """A request whose text alone is larger than the cap is refused, as is a long answer."""
    for options in (
        {"messages": [{"role": "user", "content": "x" * 1000}]},
        {"max_tokens": 1000},
        {"max_completion_tokens": 600, "n": 2, "max_tokens": openai.omit},
    ):
        with pytest.raises(BudgetExceeded, match="0 is reserved; raise `tokens`, or ask for less"):
            run(Budget(tokens=1000), asks(client, **options))
    assert model.requests == []
    run(Budget(tokens=1000), asks(client))
    assert len(model.requests) == 1


def test_a_loop_without_an_end_ends(client: OpenAI, model: FakeModel) -> None:
    """A step that never has enough is stopped, whatever it makes of its answers."""

    def agent() -> None:
        while True:
            ask(client)

    with pytest.raises(BudgetExceeded):
        run(Budget("0.0020"), agent)
    assert 0 < len(model.requests) * Decimal("0.000015") <= Decimal("0.0020")


def test_a_step_may_catch_it(client: OpenAI, model: FakeModel) -> None:
    """It is an exception as any other: a step may go on without the call."""

    def answer() -> str:
        try:
            return ask(client).choices[0].message.content
        except BudgetExceeded:
            return "too dear"

    assert run(Budget(tokens=5), answer) == {"answer": "too dear"}


def test_it_is_not_retried(client: OpenAI, model: FakeModel) -> None:
    """`Retry` asks once: nothing gets cheaper by waiting."""
    waits: list[float] = []
    with pytest.raises(BudgetExceeded):
        run([Budget(tokens=5), Retry(sleep=waits.append)], asks(client))
    assert (model.requests, waits) == ([], [])


def test_attempts_count_together(client: OpenAI, model: FakeModel) -> None:
    """A retried step pays for each attempt from one budget."""
    model.reply = Reply(status=503, headers={"retry-after-ms": "1"})
    single = client.with_options(max_retries=0)
    with pytest.raises(BudgetExceeded):
        run([Budget(requests=3), Retry(9, sleep=lambda seconds: None)], asks(single))
    assert len(model.requests) == 3


# --- what becomes of what was reserved


@pytest.mark.parametrize(
    ("reply", "spent"),
    [
        (Reply(status=400), 0),
        (Reply(status=401), 0),
        (Reply(status=429), 0),
        (Reply(status=500), 0),
        (Reply(), USED),
        (Reply(usage={"prompt_tokens": 20, "completion_tokens": 7}), 27),
    ],
    ids=lambda value: str(getattr(value, "status", value)),
)
def test_a_refused_request_releases(
    client: OpenAI, model: FakeModel, reply: Reply, spent: int
) -> None:
    """A request that failed has used nothing but itself."""
    model.reply = reply
    budget = Budget(tokens=1000)
    with suppress(openai.OpenAIError):
        run(budget, asks(client.with_options(max_retries=0)))
    assert only(budget).reserved == Amount()
    assert only(budget).spent[1:] == (spent, 1)


@pytest.mark.parametrize(
    "reply",
    [Reply(cut_after=0), Reply(status=504), Reply(usage=None), Reply(usage={"prompt_tokens": -1})],
    ids=["lost", "gateway", "unreported", "senseless"],
)
def test_what_may_have_been_billed_stays_spent(
    client: OpenAI, model: FakeModel, reply: Reply
) -> None:
    """What nobody can tell counts as the most that it can have been."""
    model.reply = reply
    budget, seen = Budget(tokens=1000), []

    def answer() -> None:
        with suppress(openai.OpenAIError):
            ask(client.with_options(max_retries=0))
        seen.append(only(budget))

    run(budget, answer)
    assert seen[0].reserved == Amount()
    assert seen[0].spent.tokens > USED
    assert seen[0].spent.requests == 1


def test_what_could_not_be_sent_releases_all() -> None:
    """No server there: not even a request is counted."""
    budget = Budget(requests=1, tokens=1000)
    with metered(OpenAI(base_url="http://127.0.0.1:9/v1", api_key="k", max_retries=0)) as client:

        def answer() -> None:
            for _ in range(3):
                with pytest.raises(openai.APIConnectionError):
                    ask(client)

        run(budget, answer)
    assert only(budget).spent == only(budget).reserved == Amount()


async def test_a_cancelled_request_is_settled(model: FakeModel) -> None:
    """Nothing stays reserved after a cancellation; what was sent may have been billed."""
    model.reply = Reply(held=Event())
    budget = Budget(tokens=1000)
    async with metered(AsyncOpenAI(base_url=model.url, api_key="k")) as client:

        async def answer() -> None:
            await client.chat.completions.create(model="m", messages=MESSAGES, max_tokens=10)

        driver = Driver({}, module_of(answer), adapter=budget)
        task = asyncio.create_task(driver.aexecute(["answer"]))
        await asyncio.to_thread(model.came.wait)
        assert only(budget).reserved.requests == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert only(budget).reserved == Amount()
        assert only(budget).spent.requests == 1
        assert model.reply.held is not None
        model.reply.held.set()


# --- what can't be bounded


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"max_tokens": openai.omit}, "names no limit for its answer"),
        ({"model": "nobody-knows"}, "`nobody-knows` has no known price"),
        (
            {"messages": [{"role": "user", "content": [{"type": "file", "file_id": "f-1"}]}]},
            "has input that is more than its text (`file`)",
        ),
    ],
)
def test_what_can_not_be_bounded_is_refused(
    client: OpenAI, model: FakeModel, options: Any, why: str
) -> None:
    """With the reason and the cure; unless it is allowed."""
    with pytest.raises(BudgetExceeded) as caught:
        run(Budget("1"), asks(client, **options))
    assert why in str(caught.value)
    assert caught.value.unit == "unknown"
    assert model.requests == []
    run(Budget("1", unknown="allow"), asks(client, **options))
    run(Budget(requests=1), asks(client, **options))
    assert len(model.requests) == 2


def test_a_price_in_another_currency(client: OpenAI) -> None:
    """Is no known price: currencies don't add up."""
    with pytest.raises(BudgetExceeded, match="its price is in USD"):
        run(Budget("1", currency="EUR"), asks(client))


def test_a_bound_of_one_s_own(client: OpenAI, model: FakeModel) -> None:
    """`output` stands in for a missing `max_tokens`, `count` for the size of the body."""
    run(Budget(tokens=1000, output=10), asks(client, max_tokens=openai.omit))
    run(Budget(tokens=20, count=lambda body: 9), asks(client))
    with pytest.raises(BudgetExceeded):
        run(Budget(tokens=20, count=lambda body: 12), asks(client))
    assert len(model.requests) == 2


def test_a_dearer_service_tier_is_reserved_as_such(model: FakeModel) -> None:
    """What the tier that is asked for costs counts; one without a price is not known."""
    prices = {"m": Price(1, 2, tiers={"priority": Price(10, 20)})}
    plain = OpenAI(base_url=model.url, api_key="k", max_retries=0)
    with metered(plain, prices=prices) as client:
        run(Budget("0.0005"), asks(client))
        with pytest.raises(BudgetExceeded, match="asks for up to"):
            run(Budget("0.0005"), asks(client, service_tier="priority"))
        run(Budget("0.005"), asks(client, service_tier="priority"))
        with pytest.raises(BudgetExceeded, match="no known price"):
            run(Budget("0.005"), asks(client, service_tier="flex"))
    assert len(model.requests) == 2


def test_embeddings_have_no_output(client: OpenAI) -> None:
    """So they need no limit for it."""
    budget = Budget("1")

    def vectors() -> None:
        client.embeddings.create(model="e", input=["one", "two"])

    run(budget, vectors)
    assert only(budget).spent == Amount(Decimal("0.000002"), 2, 1)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"messages": [{"role": "user", "content": "see https://x.example"}]}, ""),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "why"}]}]}, ""),
        ({"input": [{"content": [{"type": "input_file", "file_url": "https://x"}]}]}, "input_file"),
        (
            {"messages": [{"content": [{"image_url": {"url": "data:image/png;base64,AA"}}]}]},
            "image_url",
        ),
        ({"input": [{"type": "item_reference", "id": "m-1"}]}, "item_reference"),
        ({"input": "more", "previous_response_id": "resp-1"}, "previous_response_id"),
        ({"input": "more", "conversation": "c-1"}, "conversation"),
        ({"prompt": {"id": "p-1"}}, "prompt"),
        ({"prompt": "Once"}, ""),
        ({"input": "news", "tools": [{"type": "web_search"}]}, "web_search"),
        ({"input": "news", "tools": [{"type": "function", "name": "f"}]}, ""),
    ],
)
def test_pointers_at_more_input(body: Any, found: str) -> None:
    """What is more than text, or elsewhere, has no bound in the request."""
    assert pointer_in(body) == found
    assert (bound_of(Asked("chat", "responses", "m", False, body), 100).input is None) == bool(
        found
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "without a cap"),
        ({"requests": 1, "per": "tag"}, "`per='tag'` is none of"),
        ({"requests": 1, "per": "run:x"}, "is none of"),
        ({"seconds": 1, "window": 1.0}, "which a `window` forgets"),
    ],
)
def test_wrong_budgets(options: Any, message: str) -> None:
    """Told when it is made."""
    with pytest.raises(ValueError, match=message):
        Budget(**options)


def test_money_is_no_float() -> None:
    """A float holds no exact amount."""
    with pytest.raises(TypeError, match=r'write "0\.1"'):
        Budget(0.1)  # type: ignore[arg-type]


def test_it_pickles() -> None:
    """As its caps; what was spent stays here."""
    budget = pickle.loads(pickle.dumps(Budget("1.50", per="step")))
    assert str(budget) == "1.5 USD per step"
