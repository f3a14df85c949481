"""`TokenAccounting`: its sums are those of the ledger, and its table says what is not known."""

import asyncio
import json
import pickle
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from stepwell import Driver
from stepwell.lifecycle import Retry
from stepwell.llm import Cost, Price, TokenAccounting, Usage, record_usage
from stepwell.testing import module_of
from stepwell.tracing import Tracing

COUNT = st.integers(0, 10_000)
MONEY = st.decimals(0, 100, places=6)
COSTS = st.lists(st.sampled_from(["EUR", "USD"]), unique=True, max_size=2).flatmap(
    lambda names: st.tuples(*(st.builds(Cost, MONEY, st.just(name)) for name in sorted(names)))
)
USAGE = st.builds(
    Usage,
    input_tokens=COUNT,
    output_tokens=COUNT,
    cached_read=COUNT,
    reasoning=COUNT,
    requests=st.just(1),
    unmeasured=st.integers(0, 1),
    unpriced=st.integers(0, 1),
    costs=COSTS,
)


class Flaky(Exception):
    """An error that passes."""


def printed(accounting: TokenAccounting, width: int = 100) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(accounting.table())
    return capture.get()


@given(st.lists(USAGE, max_size=8))
def test_usage_adds_up_in_any_order(usages: list[Usage]) -> None:
    """Addition has a zero, and neither order nor grouping matters."""
    whole = sum(usages, Usage())
    assert whole == sum(reversed(usages), Usage())
    half = len(usages) // 2
    assert whole == sum(usages[:half], Usage()) + sum(usages[half:], Usage())
    assert whole + Usage() == whole
    assert whole.requests == len(usages)


@settings(deadline=None)  # nothing here asserts a time
@given(st.lists(st.lists(st.lists(USAGE, max_size=3), min_size=1, max_size=3), max_size=4))
def test_sums_equal_the_ledger(runs: list[list[list[Usage]]]) -> None:
    """Runs of two steps in several attempts: each way of summing gives the sum of the rows.

    An inner list is an attempt; all but a step's last fail.
    """
    accounting = TokenAccounting()
    attempts: list[list[Usage]] = []

    def spend() -> None:
        for usage in attempts.pop(0):
            record_usage(usage, operation="chat", model="m")
        if attempts:
            raise Flaky

    def first() -> None:
        spend()

    def second(first: None) -> None:
        record_usage(Usage(input_tokens=1, requests=1), operation="chat", model="n")

    retry = Retry(5, on=Flaky, sleep=lambda seconds: None)
    driver = Driver({}, module_of(first, second), adapter=[accounting, retry])
    for run in runs:
        attempts[:] = run
        driver.execute(["second"])
    rows = sum((call.usage for call in accounting.calls), Usage())
    assert accounting.total() == rows
    for sums in (
        accounting.by_run(),
        accounting.by_step(),
        accounting.by_model(),
        accounting.by_attempt(),
    ):
        assert sum(sums.values(), Usage()) == rows
    assert rows.requests == sum(len(a) for run in runs for a in run) + len(runs)
    assert [s.attempts for s in accounting.steps() if s.node == "first"] == [len(r) for r in runs]
    written = json.loads(accounting.json())
    assert sum(call["usage"]["input_tokens"] for call in written["calls"]) == rows.input_tokens
    for call, later in pairwise(accounting.calls):
        assert call.run_id != later.run_id or call.started <= later.started


def test_trap_9_floats_and_one_currency() -> None:
    """Costs are exact, know their currency, and are never added across two."""
    euros, dollars = Cost(Decimal("0.1"), "EUR"), Cost(Decimal("0.2"), "USD")
    assert (dollars + dollars + dollars).amount == Decimal("0.6")
    with pytest.raises(ValueError, match=r"0\.1 EUR and 0\.2 USD are of two currencies"):
        euros + dollars
    both = Usage(costs=(euros,)) + Usage(costs=(dollars,)) + Usage(costs=(dollars,))
    assert [str(cost) for cost in both.costs] == ["0.1 EUR", "0.4 USD"]
    with pytest.raises(ValueError, match=r"read `costs`"):
        _ = both.cost
    with pytest.raises(TypeError, match=r"`input=0\.1` is a float"):
        Price(input=0.1, output=0)  # type: ignore[arg-type]


def test_trap_5_cache_writes_are_not_one_price() -> None:
    """Cached reads and writes have prices of their own, or that of the input."""
    usage = Usage(input_tokens=1000, cached_read=600, cache_write=100, output_tokens=10)
    plain = Price(input=10, output=0).cost(usage)
    cached = Price(input=10, output=0, cached_read=1, cache_write="12.5").cost(usage)
    assert plain.amount == Decimal("0.01")
    assert cached.amount == Decimal("0.00485")


def table_of(*usages: Usage) -> str:
    accounting = TokenAccounting()

    def answer() -> None:
        for usage in usages:
            record_usage(usage, operation="chat", model="m")

    Driver({}, module_of(answer), adapter=[accounting]).execute(["answer"])
    return printed(accounting)


def test_the_table_shows_steps_and_their_sum() -> None:
    """Every step has a line with its time; those that asked nobody have no tokens."""
    accounting = TokenAccounting()

    def question() -> str:
        return "?"

    def answer(question: str) -> None:
        record_usage(
            Usage(1234, 5, requests=1), operation="chat", model="m", prices={"m": Price(1, 1)}
        )

    Driver({}, module_of(question, answer), adapter=[accounting]).execute(["answer"])
    lines = [line.split() for line in printed(accounting).splitlines()]
    assert ["step", "time", "attempts", "calls", "tokens", "in", "tokens", "out", "cost"] in lines
    found = {line[0]: line for line in lines if line}
    assert found["question"][2:] == ["ms", "1"]
    assert found["answer"][2:] == ["ms", "1", "1", "1,234", "5", "$0.00124"]
    assert found["run"][2:] == ["ms", "2", "1", "1,234", "5", "$0.00124"]


@pytest.mark.parametrize(
    ("usage", "shown"),
    [
        (Usage(5, 5, requests=1, unpriced=1), "unknown"),
        (Usage(5, 5, requests=1, costs=(Cost(Decimal(0)),)), "$0"),
        (Usage(5, 5, requests=1, unmeasured=1, unpriced=1), "≥ 5"),
        (Usage(5, 5, requests=2, unpriced=1, costs=(Cost(Decimal("0.1")),)), "≥ $0.1"),
        (Usage(5, 5, requests=1, costs=(Cost(Decimal("0.1"), "EUR"),)), "€0.1"),
        (Usage(5, 5, requests=1, costs=(Cost(Decimal("12.345678")),)), "$12.3457"),
        (Usage(5, 5, requests=1, costs=(Cost(Decimal("0.00000315")),)), "$0.00000315"),
        (Usage(5, 5, requests=1, costs=(Cost(Decimal(1), "CHF"),)), "1 CHF"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_known_is_not_zero(usage: Usage, shown: str) -> None:
    """Unknown cost is said, a lower bound is marked, a price of zero is zero."""
    assert shown in table_of(usage)


def test_two_runs_are_told_apart() -> None:
    """Sums are of one run where one is named, else of all; the oldest are forgotten."""
    accounting = TokenAccounting(keep=2)

    def answer(tokens: int) -> None:
        record_usage(Usage(tokens, requests=1), operation="chat")

    driver = Driver({}, module_of(answer), adapter=[accounting])
    for tokens in (1, 10, 100):
        driver.execute(["answer"], inputs={"tokens": tokens})
    assert [usage.input_tokens for usage in accounting.by_run().values()] == [10, 100]
    assert accounting.total(accounting.runs[-1]).input_tokens == 100
    with pytest.raises(KeyError, match="no run `lost` is remembered"):
        accounting.total("lost")
    assert "2 runs" in printed(accounting)


async def test_one_accounting_serves_runs_at_once() -> None:
    """Fifty runs that overlap: each run's sum is its own."""
    accounting = TokenAccounting()

    async def answer(tokens: int) -> str:
        await asyncio.sleep(0)
        record_usage(Usage(tokens, requests=1), operation="chat")
        return f"{tokens}"

    driver = Driver({}, module_of(answer), adapter=[accounting])
    await asyncio.gather(*(driver.aexecute(["answer"], inputs={"tokens": n}) for n in range(50)))
    assert sorted(usage.input_tokens for usage in accounting.by_run().values()) == [*range(50)]


def test_a_frame_of_the_ledger() -> None:
    """One row for each request, also where there is none."""
    accounting = TokenAccounting()
    assert list(accounting.frame()["cost"]) == []

    def answer() -> None:
        for _ in range(2):
            record_usage(
                Usage(3, 4, requests=1), operation="chat", model="m", prices={"m": Price(1, 1)}
            )

    Driver({}, module_of(answer), adapter=[accounting]).execute(["answer"])
    frame = accounting.frame()
    assert frame["input_tokens"].sum() == 6
    assert list(frame["cost"]) == [Decimal("0.000007")] * 2
    assert list(frame["node"]) == ["answer", "answer"]


def test_adapters_can_be_pickled() -> None:
    """Their settings travel with a driver, what they have seen stays."""
    assert pickle.loads(pickle.dumps(TokenAccounting(keep=7))).keep == 7
    assert pickle.loads(pickle.dumps(Retry(7))).attempts == 7
    assert pickle.loads(pickle.dumps(Tracing("qa"))).name == "qa"


def test_nothing_is_heard_after_a_run() -> None:
    """A call outside a run belongs to nobody."""
    accounting: Any = TokenAccounting()

    def answer() -> None:
        """Asks nobody."""

    Driver({}, module_of(answer), adapter=[accounting]).execute(["answer"])
    record_usage(Usage(1, requests=1), operation="chat")
    assert (accounting.calls, accounting.unattributed) == ([], [])
