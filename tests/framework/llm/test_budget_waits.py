"""Many at once under one budget: what is reserved is waited for, and no cap is ever passed."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from threading import Event
from typing import Any

import pytest
from budgeted_runs import PRICES, USED, ask, only, run
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI, OpenAI

from stepwell import BudgetExceeded, Driver
from stepwell.llm import Budget, metered
from stepwell.llm.account import Account, Amount, Caps
from stepwell.testing import FakeModel, Reply, module_of


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    made = OpenAI(base_url=model.url, api_key="k", max_retries=2, timeout=10)
    with metered(made, prices=PRICES) as client:
        yield client


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
