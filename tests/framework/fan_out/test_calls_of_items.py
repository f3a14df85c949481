"""A retrying step inside a fan-out inside a subdag: what it asks, counts, spends and traces."""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stepwell import Builder
from stepwell.errors import BudgetExceeded
from stepwell.executors import (
    AsyncioExecutor,
    Executor,
    InlineExecutor,
    ProcessesExecutor,
    ThreadsExecutor,
)
from stepwell.llm import Budget, RateLimit, TokenAccounting
from stepwell.store import RunStore
from stepwell.testing import FakeModel, Reply
from stepwell.tracing import Tracing
from stepwell.usage import Usage

PAGES, REFUSED = 6, 2
TEXT = """
from openai import AsyncOpenAI, OpenAI

from stepwell import Collect, Parallelizable, retry, source, subdag
from stepwell.llm import Price, metered

PRICES = {"m": Price(1, 2)}


def asked(page: str) -> dict:
    return {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": page}]}


def _page(pages: list[str]) -> Parallelizable[str]:
    yield from pages


@retry(3, wait=0)
def _summary(page: str, url: str) -> str:
    client = OpenAI(base_url=url, api_key="k", max_retries=0)
    with metered(client, prices=PRICES) as client:
        return client.chat.completions.create(**asked(page)).choices[0].message.content


def _all(summary: Collect[str]) -> list[str]:
    return summary


@subdag(_page, _summary, _all, inputs={"pages": source("pages"), "url": source("url")})
def plain(all: list[str]) -> list[str]:
    return all


@retry(3, wait=0)
async def _awaited(page: str, url: str) -> str:
    client = AsyncOpenAI(base_url=url, api_key="k", max_retries=0)
    async with metered(client, prices=PRICES) as client:
        return (await client.chat.completions.create(**asked(page))).choices[0].message.content


def _all_awaited(awaited: Collect[str]) -> list[str]:
    return awaited


@subdag(_page, _awaited, _all_awaited, inputs={"pages": source("pages"), "url": source("url")})
def awaiting(all_awaited: list[str]) -> list[str]:
    return all_awaited
"""


class Way(NamedTuple):
    """One way to do it: which step, by what, and whether it is awaited."""

    target: str
    executor: Callable[[], Executor]
    awaits: bool = False


WAYS = {
    "one by one": Way("plain", InlineExecutor),
    "threads": Way("plain", lambda: ThreadsExecutor(3)),
    "processes": Way("plain", lambda: ProcessesExecutor(2)),
    "awaited": Way("awaiting", lambda: AsyncioExecutor(3), awaits=True),
    "awaited on its own loop": Way("awaiting", lambda: AsyncioExecutor(3)),
    "plain beside a loop": Way("plain", lambda: AsyncioExecutor(3), awaits=True),
}
every_way = pytest.mark.parametrize(
    "way", [pytest.param(way, id=name) for name, way in WAYS.items()]
)
in_this_process = pytest.mark.parametrize(
    "way", [pytest.param(way, id=name) for name, way in WAYS.items() if name != "processes"]
)


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A module that another process can import as well."""
    folder: Path = tmp_path_factory.mktemp("steps")
    (folder / "asking_steps.py").write_text(TEXT, "utf-8")
    sys.path.insert(0, str(folder))
    try:
        yield import_module("asking_steps")
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("asking_steps")


@pytest.fixture
def model() -> Iterator[FakeModel]:
    """Refuses two requests, whoever makes them, before it answers: nobody's attempts run out."""
    with FakeModel([Reply(status=503)] * REFUSED) as running:
        yield running


def run(steps: Any, model: FakeModel, way: Way, *adapters: object) -> list[str]:
    builder = Builder().with_modules(steps).with_adapters(*adapters)
    dr = builder.with_executor(way.executor()).build()
    inputs = {"pages": [f"page {number}" for number in range(PAGES)], "url": model.url}
    if way.awaits:
        return asyncio.run(dr.aexecute([way.target], inputs))[way.target]  # type: ignore[no-any-return]
    return dr.execute([way.target], inputs)[way.target]  # type: ignore[no-any-return]


@every_way
def test_fan_out_in_a_subdag_each_attempt_is_in_the_ledger(
    steps: Any, model: FakeModel, way: Way
) -> None:
    """A row for each request that left, in its item's place; the totals are their sum."""
    ledger = TokenAccounting()
    assert run(steps, model, way, ledger) == ["Paris is the capital."] * PAGES
    assert len(model.requests) == len(ledger.calls) == PAGES + REFUSED
    attempts: dict[str | None, list[int]] = defaultdict(list)
    for call in ledger.calls:
        attempts[call.task_id].append(call.attempt)
    assert set(attempts) == {f"{way.target}.page[{number}]" for number in range(PAGES)}
    assert all(sorted(made) == [*range(1, len(made) + 1)] for made in attempts.values())
    (node,) = {call.node for call in ledger.calls}
    assert node is not None
    assert node.startswith(f"{way.target}.")
    told = {step.task_id: step.attempts for step in ledger.steps() if step.node == node}
    assert told == {item: len(made) for item, made in attempts.items()}
    assert ledger.total() == sum((call.usage for call in ledger.calls), Usage())
    assert ledger.by_step()[node] == ledger.total()
    assert ledger.by_item() == {(node, item): of_item(ledger, item) for item in attempts}
    assert sum(ledger.by_attempt().values(), Usage()) == ledger.total()


def of_item(ledger: TokenAccounting, item: str | None) -> Usage:
    return sum((call.usage for call in ledger.calls if call.task_id == item), Usage())


@every_way
def test_fan_out_in_a_subdag_an_items_attempts_have_one_key(
    steps: Any, model: FakeModel, way: Way
) -> None:
    """Which no other item has; it is that of the ledger."""
    ledger = TokenAccounting()
    run(steps, model, way, ledger)
    keys: dict[str | None, set[str | None]] = defaultdict(set)
    for call in ledger.calls:
        keys[call.task_id].add(call.key)
    assert all(len(found) == 1 for found in keys.values())
    sent = [request.headers["idempotency-key"] for request in model.requests]
    assert {key for found in keys.values() for key in found} == {*sent}
    assert len({*sent}) == PAGES


@in_this_process
def test_fan_out_in_a_subdag_budgets_and_limits_hold(
    steps: Any, model: FakeModel, way: Way
) -> None:
    """What stands on the account is what the ledger says; no gate keeps anything."""
    ledger, budget = TokenAccounting(), Budget("1", tokens=10_000, requests=PAGES + REFUSED)
    run(steps, model, way, ledger, budget, RateLimit(requests=1000))
    (standing,) = budget.standing.values()
    total = ledger.total()
    assert standing.spent.requests == PAGES + REFUSED
    assert standing.spent.tokens == total.input_tokens + total.output_tokens
    assert total.cost is not None
    assert standing.spent.money == total.cost.amount
    assert (standing.reserved.requests, standing.reserved.tokens) == (0, 0)


def test_fan_out_in_a_subdag_processes_share_a_budget(
    steps: Any, model: FakeModel, tmp_path: Path
) -> None:
    """By a run store: together they send what the cap allows, and not one request more."""
    ledger, cap = TokenAccounting(), PAGES + REFUSED - 1
    budget = Budget("1", requests=cap, store=RunStore(tmp_path / "runs.db"))
    with pytest.raises(BudgetExceeded):
        run(steps, model, WAYS["processes"], ledger, budget)
    assert len(model.requests) == len(ledger.calls) == cap


@in_this_process
def test_fan_out_in_a_subdag_is_one_trace(steps: Any, model: FakeModel, way: Way) -> None:
    """A span for each call, below its item's step, with an event for each attempt that failed."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    run(steps, model, way, Tracing(provider=provider))
    spans: dict[int, ReadableSpan] = {
        span.context.span_id: span for span in exporter.get_finished_spans()
    }
    (root,) = [span for span in spans.values() if span.parent is None]
    assert root.name == "invoke_workflow pipeline"
    assert {span.context.trace_id for span in spans.values()} == {root.context.trace_id}
    calls = [span for span in spans.values() if span.name == "chat m"]
    assert len(calls) == PAGES
    above = [spans[span.parent.span_id] for span in calls if span.parent is not None]
    assert len({span.context.span_id for span in above}) == PAGES
    assert sum(len(span.events) for span in calls) == REFUSED
