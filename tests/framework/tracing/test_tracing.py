"""`Tracing`: which spans there are, whose children, with what on them."""

import asyncio
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from openai import APIStatusError, AsyncOpenAI, OpenAI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stepwell import Driver, Stream
from stepwell.lifecycle import Retry
from stepwell.llm import Price, metered
from stepwell.testing import FakeModel, Reply, module_of
from stepwell.tracing import Tracing

MESSAGES = [{"role": "user", "content": "hi"}]


class Spans:
    """Collects spans, and knows them by name."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("test")

    @property
    def all(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def __getitem__(self, name: str) -> ReadableSpan:
        (found,) = (span for span in self.all if span.name == name)
        return found

    def parent(self, name: str) -> str | None:
        """The name of a span's parent."""
        parent = self[name].parent
        if parent is None:
            return None
        return next(span.name for span in self.all if span.context.span_id == parent.span_id)


@pytest.fixture
def spans() -> Spans:
    return Spans()


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    with metered(
        OpenAI(base_url=model.url, api_key="k", max_retries=0), prices={"m": Price(1, 2)}
    ) as made:
        yield made


def test_a_run_its_steps_and_their_calls(spans: Spans, client: OpenAI) -> None:
    """One tree: the run below what the caller had open, steps below the run, calls below steps."""

    def question() -> str:
        return "hi"

    def answer(question: str) -> str:
        made = client.chat.completions.create(model="m", messages=MESSAGES)
        client.embeddings.create(model="m", input=[question])
        return made.choices[0].message.content or ""

    driver = Driver(
        {}, module_of(question, answer), adapter=[Tracing("qa", provider=spans.provider)]
    )
    with spans.tracer.start_as_current_span("request"):
        driver.execute(["answer"])
    assert spans.parent("invoke_workflow qa") == "request"
    assert spans.parent("question") == spans.parent("answer") == "invoke_workflow qa"
    assert spans.parent("chat m") == spans.parent("embeddings m") == "answer"
    assert len({span.context.trace_id for span in spans.all}) == 1
    assert spans["chat m"].kind is trace.SpanKind.CLIENT
    assert spans["answer"].kind is trace.SpanKind.INTERNAL


def test_what_is_on_a_call(spans: Spans, client: OpenAI, model: FakeModel) -> None:
    """Names of the GenAI conventions, and cost under our own."""
    model.reply = Reply(cached=1)

    def answer() -> None:
        client.chat.completions.create(model="m", messages=MESSAGES)

    Driver({}, module_of(answer), adapter=[Tracing(provider=spans.provider)]).execute(["answer"])
    found = dict(spans["chat m"].attributes or {})
    assert {name: found.pop(name) for name in list(found) if name.startswith("gen_ai")} == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "127.0.0.1",
        "gen_ai.request.model": "m",
        "gen_ai.response.model": "m",
        "gen_ai.response.id": "chat-1",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 4,
        "gen_ai.usage.output_tokens": 4,
        "gen_ai.usage.cache_read.input_tokens": 1,
    }
    assert found.pop("stepwell.run.id")
    assert found.pop("server.port")
    assert found == {
        "server.address": "127.0.0.1",
        "openai.api.type": "chat_completions",
        "http.response.status_code": 200,
        "stepwell.cost.amount": 0.000012,
        "stepwell.cost.currency": "USD",
        "stepwell.cost.source": "configured",
        "stepwell.node": "answer",
        "stepwell.attempt": 1,
        "stepwell.call.number": 1,
    }


def test_trap_12_parent_and_child_both_carry_usage(spans: Spans, client: OpenAI) -> None:
    """Usage is on the spans of calls alone, so that a sum over all spans counts it once."""

    def answer() -> None:
        client.chat.completions.create(model="m", messages=MESSAGES)

    Driver({}, module_of(answer), adapter=[Tracing(provider=spans.provider)]).execute(["answer"])
    carrying = [s.name for s in spans.all if "gen_ai.usage.input_tokens" in (s.attributes or {})]
    assert carrying == ["chat m"]


def test_a_retried_call(spans: Spans, client: OpenAI, model: FakeModel) -> None:
    """One span for all attempts, with an event for each failure, and so on the step's span."""
    model.replies.extend([Reply(status=429), Reply(status=503)])

    def answer() -> None:
        client.chat.completions.create(model="m", messages=MESSAGES)

    retry = Retry(sleep=lambda seconds: None)
    tracing = Tracing(provider=spans.provider)
    Driver({}, module_of(answer), adapter=[tracing, retry]).execute(["answer"])
    call = spans["chat m"]
    assert call.status.is_ok
    assert [dict(event.attributes or {}) for event in call.events] == [
        {
            "stepwell.attempt": number,
            "stepwell.call.number": number,
            "error.type": status,
            "http.response.status_code": int(status),
        }
        for number, status in ((1, "429"), (2, "503"))
    ]
    assert call.start_time < call.events[0].timestamp < call.events[1].timestamp < call.end_time
    events = spans["answer"].events
    assert [event.attributes["error.type"] for event in events] == [  # type: ignore[index]
        "RateLimitError",
        "InternalServerError",
    ]
    assert spans["answer"].status.is_ok


def test_a_failed_step(spans: Spans, client: OpenAI, model: FakeModel) -> None:
    """Status and class of the error on the call, the step and the run; never its text."""
    model.reply = Reply(status=401, error={"message": "Incorrect API key provided: sk-secret"})

    def answer() -> None:
        client.chat.completions.create(model="m", messages=MESSAGES)

    driver = Driver({}, module_of(answer), adapter=[Tracing(provider=spans.provider)])
    with pytest.raises(APIStatusError):
        driver.execute(["answer"])
    for name in ("chat m", "answer", "invoke_workflow pipeline"):
        assert not spans[name].status.is_ok
    assert spans["answer"].attributes["error.type"] == "openai.AuthenticationError"  # type: ignore[index]
    assert "sk-secret" not in "".join(span.to_json() for span in spans.all)


def test_content_is_recorded_only_when_asked_for(spans: Spans) -> None:
    """Off by default; a function turns it on and leaves out what must not be seen."""

    def answer(question: str) -> str:
        return question + "!"

    def run(tracing: Tracing) -> None:
        Driver({}, module_of(answer), adapter=[tracing]).execute(
            ["answer"], inputs={"question": "secret"}
        )

    run(Tracing(provider=spans.provider))
    assert "secret" not in "".join(span.to_json() for span in spans.all)
    spans.exporter.clear()
    run(Tracing(provider=spans.provider, content=lambda value: str(value).replace("secret", "…")))
    attributes = dict(spans["answer"].attributes or {})
    assert attributes["stepwell.input"] == "{'question': '…'}"
    assert attributes["stepwell.output"] == "…!"


def test_trap_11_threads_lose_the_context(spans: Spans) -> None:
    """On threads too a step's span is the current one while it runs."""

    def left() -> None:
        spans.tracer.start_span("in left").end()

    def right() -> None:
        spans.tracer.start_span("in right").end()

    def both(left: None, right: None) -> None:
        spans.tracer.start_span("in both").end()

    Driver(
        {}, module_of(left, right, both), adapter=[Tracing(provider=spans.provider)], threads=2
    ).execute(["both"])
    assert {spans.parent(f"in {name}") for name in ("left", "right", "both")} == {
        "left",
        "right",
        "both",
    }


async def test_async_branches_never_mix(spans: Spans, model: FakeModel) -> None:
    """A hundred runs at once: every call is a child of its own run's step."""
    client = metered(AsyncOpenAI(base_url=model.url, api_key="k", max_retries=0))

    async def answer(question: str) -> str:
        await asyncio.sleep(0)
        spans.tracer.start_span(f"inside {question}").end()
        await client.chat.completions.create(model=f"m{question}", messages=MESSAGES)
        return question

    driver = Driver({}, module_of(answer), adapter=[Tracing(provider=spans.provider)])
    runs = (driver.aexecute(["answer"], inputs={"question": str(i)}) for i in range(100))
    await asyncio.gather(*runs)
    await client.close()
    by_id = {span.context.span_id: span for span in spans.all}
    for number in range(100):
        call, inside = spans[f"chat m{number}"], spans[f"inside {number}"]
        assert call.parent == inside.parent
        assert by_id[call.parent.span_id].name == "answer"  # type: ignore[union-attr]
    assert len({span.context.trace_id for span in spans.all}) == 100


@pytest.mark.parametrize("read_all", [True, False])
def test_a_stream_s_span(
    spans: Spans, client: OpenAI, caplog: pytest.LogCaptureFixture, read_all: bool
) -> None:
    """It lasts to the last chunk read, the call's below it, and no context is left behind."""

    def words() -> Stream[str]:
        with client.chat.completions.create(model="m", messages=MESSAGES, stream=True) as chunks:
            for chunk in chunks:
                spans.tracer.start_span("a chunk").end()
                yield chunk.choices[0].delta.content or ""

    driver = Driver({}, module_of(words), adapter=[Tracing(provider=spans.provider)])
    with caplog.at_level(logging.WARNING):
        events = driver.stream(["words"])
        for event in events:
            assert trace.get_current_span() is trace.INVALID_SPAN
            if not read_all and type(event).__name__ == "Chunk":
                break
        events.close()
    assert not caplog.records
    assert spans.parent("chat m") == "words"
    assert "gen_ai.response.time_to_first_chunk" in (spans["chat m"].attributes or {})
    inner = {s.parent.span_id for s in spans.all if s.name == "a chunk" and s.parent}
    assert inner == {spans["words"].context.span_id}


def test_spans_reach_a_collector_by_otlp() -> None:
    """The tree arrives at an OTLP/HTTP receiver, over a real socket."""
    received: list[ExportTraceServiceRequest] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    def answer() -> str:
        return "made"

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        provider = TracerProvider()
        url = f"http://127.0.0.1:{server.server_address[1]}/v1/traces"
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=url)))
        Driver({}, module_of(answer), adapter=[Tracing(provider=provider)]).execute(["answer"])
        provider.shutdown()
        server.shutdown()
    scopes = [s for r in received for resource in r.resource_spans for s in resource.scope_spans]
    assert {span.name for scope in scopes for span in scope.spans} == {
        "answer",
        "invoke_workflow pipeline",
    }
    assert {scope.scope.name for scope in scopes} == {"stepwell"}


def test_a_broken_exporter_fails_no_run() -> None:
    """An observer's trouble is logged, and the run goes on."""

    class Broken(TracerProvider):
        def get_tracer(self, *args: object, **kwargs: object) -> trace.Tracer:
            class Tracer(trace.NoOpTracer):
                def start_span(self, *args: object, **kwargs: object) -> trace.Span:
                    raise RuntimeError("no spans today")

            return Tracer()

    def answer() -> str:
        return "made"

    driver = Driver({}, module_of(answer), adapter=[Tracing(provider=Broken())])
    assert driver.execute(["answer"]) == {"answer": "made"}
