"""A call has one span, whatever attempts and instrumentations; its metrics; what is said in it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import openai
import pytest
from openai import OpenAI
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stepwell import Driver
from stepwell.lifecycle import Retry
from stepwell.llm import Price, TokenAccounting, metered
from stepwell.testing import FakeModel, Reply, module_of
from stepwell.tracing import Tracing

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
KEY = "sk-proj-0123456789abcdefghij"


class Backend:
    """Where spans and metrics go."""

    def __init__(self) -> None:
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader])

    def tracing(self, **options: Any) -> Tracing:
        return Tracing("qa", provider=self.provider, metrics=self.meters, **options)

    def calls(self) -> list[ReadableSpan]:
        """The spans of calls."""
        found = self.exporter.get_finished_spans()
        return [s for s in found if "gen_ai.request.model" in (s.attributes or {})]

    def points(self, name: str) -> list[Any]:
        """The data points of a metric."""
        data = self.reader.get_metrics_data()
        scopes = [s for r in data.resource_metrics for s in r.scope_metrics] if data else []
        return [
            point
            for scope in scopes
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


@pytest.fixture
def backend() -> Iterator[Backend]:
    made = Backend()
    yield made
    made.meters.shutdown()


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    plain = OpenAI(base_url=model.url, api_key=KEY, max_retries=0)
    with metered(plain, prices={"m": Price(1, 2)}) as made:
        yield made


def run(step: Any, *adapters: Any) -> None:
    with suppress(openai.OpenAIError, ValueError):
        Driver({}, module_of(step), adapter=adapters).execute([step.__name__])


def test_a_call_that_fails_for_good(backend: Backend, client: OpenAI, model: FakeModel) -> None:
    """One span, an error, with the attempts before the last as events."""
    model.reply = Reply(status=503)

    def answer() -> None:
        client.chat.completions.create(model="m", messages=MESSAGES)

    run(answer, backend.tracing(), Retry(sleep=lambda seconds: None))
    (span,) = backend.calls()
    assert not span.status.is_ok
    assert len(span.events) == 2
    assert span.attributes is not None
    assert span.attributes["error.type"] == "503"


def test_answers_that_a_check_refuses_are_calls(backend: Backend, client: OpenAI) -> None:
    """What was answered is a call of its own, though the step is made again; usage adds up."""
    tries: list[int] = []

    def answer() -> None:
        client.chat.completions.create(model="m", messages=MESSAGES)
        tries.append(1)
        if len(tries) < 3:
            raise ValueError("not in the form asked for")

    accounting = TokenAccounting()
    retry = Retry(on=ValueError, sleep=lambda seconds: None)
    run(answer, accounting, backend.tracing(), retry)
    used = [span.attributes["gen_ai.usage.output_tokens"] for span in backend.calls()]  # type: ignore[index]
    assert len(used) == 3
    assert sum(used) == accounting.total().output_tokens  # type: ignore[arg-type]


def test_metrics(backend: Backend, client: OpenAI, model: FakeModel) -> None:
    """Tokens by type, one duration for a call of two attempts, the cost, the run's time."""
    model.replies.append(Reply(status=503))

    def answer() -> None:
        client.chat.completions.create(model="m", messages=MESSAGES)

    run(answer, backend.tracing(), Retry(sleep=lambda seconds: None))
    tokens = backend.points("gen_ai.client.token.usage")
    assert {point.attributes["gen_ai.token.type"]: point.sum for point in tokens} == {
        "input": 7,
        "output": 4,
    }
    (duration,) = backend.points("gen_ai.client.operation.duration")
    assert duration.count == 1
    assert duration.attributes["gen_ai.request.model"] == "m"
    (cost,) = backend.points("stepwell.cost")
    assert (cost.value, cost.attributes["stepwell.cost.currency"]) == (0.000015, "USD")
    (workflow,) = backend.points("gen_ai.invoke_workflow.duration")
    assert workflow.attributes["gen_ai.workflow.name"] == "qa"


def test_what_nobody_reported_is_in_no_metric(
    backend: Backend, client: OpenAI, model: FakeModel
) -> None:
    """Unknown is not zero, in metrics either."""
    model.reply = Reply(usage=None)

    def answer() -> None:
        client.chat.completions.create(model="m", messages=MESSAGES)

    run(answer, backend.tracing())
    assert backend.points("gen_ai.client.token.usage") == []


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
def test_what_is_said(backend: Backend, client: OpenAI, model: FakeModel, streamed: bool) -> None:
    """Messages are recorded through one's own function, and keys never; else nothing is."""
    model.reply = Reply(f"Paris, and {KEY}.")

    def answer() -> None:
        messages: Any = [{"role": "user", "content": f"my name is Jane, my key {KEY}"}]
        made = client.chat.completions.create(model="m", messages=messages, stream=streamed)
        list(made)  # type: ignore[call-overload]

    run(answer, backend.tracing(content=lambda value: str(value).replace("Jane", "…")))
    (span,) = backend.calls()
    attributes = dict(span.attributes or {})
    given, made = attributes["gen_ai.input.messages"], attributes["gen_ai.output.messages"]
    assert "my name is …, my key *****" in str(given)
    assert '"content": "Paris, and *****' in str(made)
    assert '"finish_reason": "stop"' in str(made)
    assert KEY not in "".join(s.to_json() for s in backend.exporter.get_finished_spans())
    backend.exporter.clear()
    run(answer, backend.tracing())
    assert "Jane" not in "".join(s.to_json() for s in backend.exporter.get_finished_spans())


def test_what_is_said_is_in_no_ledger(backend: Backend, client: OpenAI) -> None:
    """Accounting beside a tracing that records content keeps none of it."""
    accounting = TokenAccounting()

    def answer() -> None:
        client.chat.completions.create(model="m", messages=MESSAGES)

    run(answer, accounting, backend.tracing(content=str))
    assert "capital" not in accounting.json()


INSTRUMENTED = """
import json, sys
from contextlib import suppress
from openai import OpenAI
from opentelemetry.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from stepwell import Driver
from stepwell.lifecycle import Retry
from stepwell.llm import Price, metered
from stepwell.testing import FakeModel, Reply, module_of
from stepwell.tracing import Tracing

exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
provider, meters = TracerProvider(), MeterProvider([reader])
provider.add_span_processor(SimpleSpanProcessor(exporter))
OpenAIInstrumentor().instrument(tracer_provider=provider, meter_provider=meters)
streamed = sys.argv[1] == "stream"
with FakeModel([Reply(status=503)]) as model:
    plain = OpenAI(base_url=model.url, api_key="k", max_retries=0)
    client = metered(plain, prices={"m": Price(1, 2)})

    def answer() -> None:
        said = [{"role": "user", "content": "What is the capital?"}]
        list(client.chat.completions.create(model="m", messages=said, stream=streamed))

    retry = Retry(sleep=lambda seconds: None)
    tracing = Tracing("qa", provider=provider, metrics=meters)
    Driver({}, module_of(answer), adapter=[tracing, retry]).execute(["answer"])
data = reader.get_metrics_data()
scopes = [scope for found in data.resource_metrics for scope in found.scope_metrics]
print(json.dumps({
    "spans": [[span.name, span.instrumentation_scope.name, dict(span.attributes)]
              for span in exporter.get_finished_spans()],
    "metrics": [[scope.scope.name, metric.name] for scope in scopes for metric in scope.metrics],
}))
"""


@pytest.mark.parametrize("way", ["whole", "stream"])
def test_trap_13_two_instrumentations_for_one_call(way: str) -> None:
    """With the SDK's own instrumentation there is its span alone; cost and step are told on it.

    In a process of its own, as that instrumentation can't be taken off again.
    """
    ran = subprocess.run(
        [sys.executable, "-c", INSTRUMENTED, way], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    calls = [span for span in found["spans"] if "gen_ai.operation.name" in span[2]]
    theirs = "opentelemetry.instrumentation.openai.v1"
    assert [(name, scope) for name, scope, _ in calls if "workflow" not in name] == [
        ("openai.chat", theirs),
        ("openai.chat", theirs),
    ]
    failed, good, _run = (span[2] for span in calls)
    assert "stepwell.cost.amount" not in failed
    assert good["stepwell.cost.amount"] == 0.000015
    assert (good["stepwell.node"], good["gen_ai.usage.output_tokens"]) == ("answer", 4)
    ours = [name for scope, name in found["metrics"] if scope == "stepwell"]
    assert sorted(ours) == ["gen_ai.invoke_workflow.duration", "stepwell.cost"]


def test_a_span_of_one_s_own_within_a_step(backend: Backend, client: OpenAI) -> None:
    """The call is below what is open where it is made."""
    tracer = backend.provider.get_tracer("mine")

    def answer() -> None:
        with tracer.start_as_current_span("agent turn"):
            client.chat.completions.create(model="m", messages=MESSAGES)

    run(answer, backend.tracing())
    by_name = {span.name: span for span in backend.exporter.get_finished_spans()}
    assert by_name["chat m"].parent == by_name["agent turn"].context
    assert by_name["agent turn"].parent == by_name["answer"].context


def test_a_response_that_is_fetched_later(backend: Backend) -> None:
    """Its span has no usage, as the conventions ask; its tokens are told once, and metered."""
    with (
        FakeModel() as model,
        metered(
            OpenAI(base_url=model.url, api_key="k", max_retries=0), prices={"m": Price(1, 2)}
        ) as client,
    ):

        def answer() -> str:
            made = client.responses.create(model="m", input="one two", background=True)
            return client.responses.retrieve(made.id).output_text

        Driver({}, module_of(answer), adapter=[backend.tracing()]).execute(["answer"])
    asked, fetched = (dict(span.attributes or {}) for span in backend.calls())
    assert asked["gen_ai.operation.name"] == "chat"
    assert asked["stepwell.unmeasured"] is True
    assert fetched["gen_ai.operation.name"] == "fetch_response"
    assert not [name for name in fetched if name.endswith("put_tokens") and "usage" in name]
    assert (
        fetched["stepwell.fetched.input_tokens"],
        fetched["stepwell.fetched.output_tokens"],
    ) == (
        2,
        4,
    )
    assert sum(point.sum for point in backend.points("gen_ai.client.token.usage")) == 6
