"""`Budget`: what would pass a cap does not leave, whoever asks at the same time."""

import asyncio
import logging
import pickle
from collections.abc import Iterator
from contextlib import suppress
from contextvars import copy_context
from decimal import Decimal
from random import Random
from threading import Event, Thread
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI, OpenAI

from stepwell import BudgetExceeded, Driver, tag
from stepwell.lifecycle import Retry
from stepwell.llm import Budget, Price, TokenAccounting, Usage, metered, record_usage
from stepwell.llm.account import Account, Amount, Caps
from stepwell.llm.bounds import bound_of, pointer_in
from stepwell.llm.reading import Asked
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
USED = 11
"""The tokens of a question and its answer, as the fake counts them."""

PRICES = {"m": Price(input=1, output=2), "e": Price(input=1, output=0)}


@pytest.fixture
def model() -> Iterator[FakeModel]:
    with FakeModel() as running:
        yield running


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    made = OpenAI(base_url=model.url, api_key="k", max_retries=2, timeout=10)
    with metered(made, prices=PRICES) as client:
        yield client


def ask(client: OpenAI, **options: Any) -> Any:
    return client.chat.completions.create(
        **{"model": "m", "messages": MESSAGES, "max_tokens": 10} | options
    )


def run(budget: Any, *steps: Any, **options: Any) -> dict[str, Any]:
    driver = Driver({}, module_of(*steps), adapter=budget)
    return driver.execute([step.__name__ for step in steps], **options)


def only(budget: Budget) -> Any:
    (standing,) = budget.standing.values()
    return standing


def asks(client: OpenAI, times: int = 1, **options: Any) -> Any:
    def answer() -> None:
        for _ in range(times):
            ask(client, **options)

    return answer


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


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


# --- whose budget it is


def test_each_run_has_its_own(client: OpenAI, model: FakeModel) -> None:
    """Unless told otherwise a cap is for a run."""
    budget = Budget(requests=1)
    driver = Driver({}, module_of(asks(client)), adapter=budget)
    for _ in range(3):
        driver.execute(["answer"])
    assert [standing.spent.requests for standing in budget.standing.values()] == [1, 1, 1]


def test_all_runs_together(client: OpenAI, model: FakeModel) -> None:
    """`per="all"`: of all drivers that have this budget."""
    budget = Budget(requests=3, per="all")
    for _ in range(3):
        run(budget, asks(client))
    with pytest.raises(BudgetExceeded, match="3 requests for all runs"):
        run(budget, asks(client))


def test_each_step_has_its_own(client: OpenAI, model: FakeModel) -> None:
    """`per="step"`: what one uses is nothing to the other."""

    def first() -> None:
        ask(client)

    def second(first: None) -> None:
        ask(client)
        ask(client)

    with pytest.raises(BudgetExceeded, match="`second` asks"):
        run(Budget(requests=1, per="step"), first, second)
    assert len(model.requests) == 2


def test_a_tag_s_values_and_an_input_s(client: OpenAI, model: FakeModel) -> None:
    """An account for each value; a step without the tag is under no cap."""

    @tag(team="search")
    def passages() -> None:
        ask(client)

    @tag(team="answers")
    def answer(passages: None) -> None:
        ask(client)

    def free(answer: None) -> None:
        ask(client)

    budget = Budget(requests=1, per="tag:team")
    run(budget, passages, answer, free)
    assert list(budget.standing) == [("tag", "team", "search"), ("tag", "team", "answers")]
    with pytest.raises(BudgetExceeded, match="`passages` asks"):
        run(budget, passages, answer, free)

    def question(tenant: str) -> None:
        ask(client)

    tenants = Budget(requests=1, per="input:tenant")
    run(tenants, question, inputs={"tenant": "left"})
    run(tenants, question, inputs={"tenant": "right"})
    with pytest.raises(BudgetExceeded):
        run(tenants, question, inputs={"tenant": "left"})


def test_a_window_forgets(client: OpenAI) -> None:
    """So many in any so many seconds."""
    clock = Clock()
    budget = Budget(requests=2, per="all", window=60.0, clock=clock)
    run(budget, asks(client, 2))
    clock.now += 59.0
    with pytest.raises(BudgetExceeded, match="2 requests for all runs in 60 s"):
        run(budget, asks(client))
    clock.now += 1.0
    run(budget, asks(client, 2))


def test_only_the_nodes_it_is_for(client: OpenAI, model: FakeModel) -> None:
    """A node that the filter leaves out is under no cap."""
    run(Budget(requests=1, node_filter="another"), asks(client, 2))
    assert len(model.requests) == 2


def test_seconds_are_counted_from_the_beginning(client: OpenAI, model: FakeModel) -> None:
    """After that no request leaves."""
    clock = Clock()

    def answer() -> None:
        ask(client)
        clock.now += 10.0
        ask(client)

    with pytest.raises(BudgetExceeded, match=r"10\.0 s after the beginning, past the budget"):
        run(Budget(seconds=10.0, clock=clock), answer)
    assert len(model.requests) == 1


def test_a_thread_of_one_s_own(client: OpenAI, caplog: pytest.LogCaptureFixture) -> None:
    """With the context it is under the cap; without, the log says once that it is under none."""
    budget, errors = Budget(requests=1), []

    def answer() -> None:
        def work() -> None:
            try:
                ask(client)
            except BudgetExceeded as error:
                errors.append(error)

        def alone(function: Any, *args: Any) -> None:
            thread = Thread(target=function, args=args)
            thread.start()
            thread.join()

        for _ in range(2):
            alone(work)
            alone(copy_context().run, work)

    with caplog.at_level(logging.WARNING, "stepwell"):
        run(budget, answer)
    assert len(errors) == 1
    assert sum("belongs to no step" in record.getMessage() for record in caplog.records) == 1


def test_a_soft_limit_warns_once(client: OpenAI, caplog: pytest.LogCaptureFixture) -> None:
    """From the share on that was asked for."""
    with caplog.at_level(logging.WARNING, "stepwell"):
        run(Budget(requests=4, warn_at=0.5), asks(client, 4))
    assert [r.getMessage() for r in caplog.records] == [
        "50 % of the budget of 4 requests per run is spent"
    ]


def test_recorded_calls_count(client: OpenAI) -> None:
    """What no metered client has made is counted when it is recorded."""
    budget = Budget(tokens=1000)

    def ranked() -> None:
        record_usage(Usage(input_tokens=995, requests=1), operation="rerank", model="m")
        ask(client)

    with pytest.raises(BudgetExceeded, match="995 is spent"):
        run(budget, ranked)


def test_two_budgets_and_a_ledger(client: OpenAI, model: FakeModel) -> None:
    """What the second refuses, the first takes back; a refusal is no row of the ledger."""
    ledger, wide, narrow = TokenAccounting(), Budget(requests=9), Budget(requests=1)
    with pytest.raises(BudgetExceeded):
        run([ledger, wide, narrow], asks(client, 2))
    assert only(wide).reserved == Amount()
    assert only(wide).spent.requests == len(ledger.calls) == 1


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


# --- waiting for what others leave


async def test_what_others_have_reserved_is_waited_for(model: FakeModel) -> None:
    """There is enough for one at a time: one after another they go, and none is refused."""
    budget = Budget(tokens=600, per="all")
    async with metered(AsyncOpenAI(base_url=model.url, api_key="k", max_retries=0)) as client:

        async def answer() -> None:
            await ask(client, max_tokens=300)  # type: ignore[arg-type]

        driver = Driver({}, module_of(answer), adapter=budget)
        await asyncio.gather(*(driver.aexecute(["answer"]) for _ in range(8)))
    assert len(model.requests) == 8
    assert only(budget).spent.tokens == 8 * USED
    assert only(budget).reserved == Amount()


def test_on_threads_too(client: OpenAI, model: FakeModel) -> None:
    """The same."""
    budget = Budget(tokens=600)

    def step(number: int) -> Any:
        def answer() -> None:
            ask(client, max_tokens=300)

        answer.__name__ = f"answer_{number}"
        return answer

    steps = [step(number) for number in range(8)]
    driver = Driver({}, module_of(*steps), adapter=budget, threads=4)
    driver.execute([step.__name__ for step in steps])
    assert only(budget).spent[1:] == (8 * USED, 8)


@pytest.mark.parametrize("patience", [0.0, 0.01])
def test_who_waits_for_itself_is_refused_in_the_end(client: OpenAI, patience: float) -> None:
    """A step that asks while its stream is open: nobody else will leave it anything."""

    def answer() -> None:
        with ask(client, stream=True, max_tokens=300):
            ask(client, max_tokens=300)

    with pytest.raises(BudgetExceeded, match="0 is spent and 470 is reserved") as caught:
        run(Budget(tokens=600, patience=patience), answer)
    assert caught.value.spent == 0


async def test_who_is_cancelled_waits_no_more(model: FakeModel) -> None:
    """Nothing is left of it, and what is under way goes on."""
    model.reply = Reply(held=Event())
    budget = Budget(tokens=600, per="all", patience=1e6)
    async with metered(AsyncOpenAI(base_url=model.url, api_key="k", max_retries=0)) as client:

        async def answer() -> None:
            await ask(client, max_tokens=300)  # type: ignore[arg-type]

        driver = Driver({}, module_of(answer), adapter=budget)
        first = asyncio.create_task(driver.aexecute(["answer"]))
        await asyncio.to_thread(model.came.wait)
        second = asyncio.create_task(driver.aexecute(["answer"]))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert model.reply.held is not None
        model.reply.held.set()
        await first
    assert len(model.requests) == 1
    assert only(budget).spent.tokens == USED


# --- many at once


@pytest.mark.parametrize("way", ["threads", "tasks"])
async def test_64_branches_never_pass_the_cap(way: str) -> None:
    """They ask at the same time; what the server has served is under the cap, and near it."""
    with FakeModel() as model:
        options: Any = {"base_url": model.url, "api_key": "k", "max_retries": 0}
        budget = Budget("0.0050", tokens=5000)
        refused: list[BudgetExceeded] = []
        with metered(OpenAI(**options), prices=PRICES) as client:
            async with metered(AsyncOpenAI(**options), prices=PRICES) as later:

                def plain(number: int) -> Any:
                    def step() -> None:
                        try:
                            for _ in range(3):
                                ask(client)
                        except BudgetExceeded as error:
                            refused.append(error)

                    step.__name__ = f"step_{number}"
                    return step

                def awaited(number: int) -> Any:
                    async def step() -> None:
                        try:
                            for _ in range(3):
                                await ask(later)  # type: ignore[arg-type]
                        except BudgetExceeded as error:
                            refused.append(error)

                    step.__name__ = f"step_{number}"
                    return step

                make = plain if way == "threads" else awaited
                steps = [make(number) for number in range(64)]
                driver = Driver({}, module_of(*steps), adapter=budget, threads=16)
                targets = [step.__name__ for step in steps]
                if way == "threads":
                    await asyncio.to_thread(driver.execute, targets)
                else:
                    await driver.aexecute(targets)
        served = len(model.requests)
    assert served * USED <= 5000
    assert only(budget).spent == Amount(Decimal("0.000015") * served, USED * served, served)
    assert only(budget).reserved == Amount()
    assert all(error.unit in ("money", "tokens") for error in refused)


def schedule(seed: int, branches: int = 64) -> Account:
    """Branches that reserve and settle in a random order; the cap is looked at all the time."""
    random = Random(seed)
    caps = Caps(Decimal(random.randrange(1, 5000)) / 1000, random.randrange(1, 20_000), 48)
    window = random.choice([None, None, 5.0])
    account = Account(caps, window=window)
    waiting, flying, now = branches, [], 0.0
    while waiting or flying:
        now += random.random()
        if waiting and (not flying or random.random() < 0.6):
            waiting -= 1
            tokens = random.randrange(1000)
            asked = Amount(Decimal(tokens) / 10_000, tokens, 1)
            if account.reserve(asked, now=now) is None:
                flying.append(asked)
        else:
            asked = flying.pop(random.randrange(len(flying)))
            used = random.choice([0, asked.tokens, random.randrange(asked.tokens + 1)])
            account.settle(
                asked, Amount(Decimal(used) / 10_000, used, random.choice([0, 1])), now=now
            )
        for cap, spent, reserved in zip(caps, account.spent, account.reserved, strict=True):
            assert cap is None or spent + reserved <= cap
    return account


def test_10_000_schedules_of_64_branches_never_pass_the_cap() -> None:
    """The law of the ledger, in a simulation that is the same each time."""
    for seed in range(10_000):
        assert schedule(seed).reserved == Amount()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.booleans()), max_size=40))
def test_reserving_and_settling_is_exact(moves: list[tuple[int, int, bool]]) -> None:
    """What is spent is the sum of what was used, and nothing stays reserved."""
    account, used = Account(Caps(tokens=200)), 0
    for asked, part, fails in moves:
        amount = Amount(tokens=asked)
        if account.reserve(amount, now=0.0) is not None:
            assert account.spent.tokens + asked > 200
            continue
        spent = 0 if fails else min(part, asked)
        account.settle(amount, Amount(tokens=spent), now=0.0)
        used += spent
    assert (account.spent.tokens, account.reserved.tokens) == (used, 0)
