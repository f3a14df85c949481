"""Which account of a budget a request is on: per run, step, tag, input, window."""

import logging
from collections.abc import Iterator
from contextvars import copy_context
from threading import Thread
from typing import Any

import pytest
from budgeted_runs import PRICES, ask, asks, only, run
from openai import OpenAI

from stepwell import BudgetExceeded, Driver, tag
from stepwell.llm import Budget, TokenAccounting, Usage, metered, record_usage
from stepwell.llm.account import Amount
from stepwell.testing import FakeModel, module_of


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    made = OpenAI(base_url=model.url, api_key="k", max_retries=2, timeout=10)
    with metered(made, prices=PRICES) as client:
        yield client


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


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
