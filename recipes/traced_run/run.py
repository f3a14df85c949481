"""Runs a pipeline and shows its trace: as a tree here, or in a tracing tool.

OTEL_EXPORTER_OTLP_ENDPOINT sends the spans there. The provider is a fake one, with `--local` and a
model on this machine behind it; OPENAI_API_KEY or OPENAI_BASE_URL choose a real one.
"""

from contextlib import ExitStack
from os import environ
from sys import argv

import pipeline
from openai import OpenAI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from rich import print
from rich.tree import Tree

from stepwell import Driver, local
from stepwell.lifecycle import Retry
from stepwell.llm import metered
from stepwell.testing import FakeModel, Reply
from stepwell.tracing import Tracing

SHOWN = {
    "gen_ai.usage.input_tokens": "in",
    "gen_ai.usage.output_tokens": "out",
    "error.type": "error",
}
MODELS = {"model": "small-model", "embedding_model": "small-vectors"}
REAL = {"model": "gpt-4o-mini", "embedding_model": "text-embedding-3-small"}


def tree(spans: tuple[ReadableSpan, ...]) -> Tree:
    """The spans with their times, each below its parent."""
    root, below = Tree("trace"), {}
    for span in sorted(spans, key=lambda span: span.start_time or 0):
        took = ((span.end_time or 0) - (span.start_time or 0)) / 1e6
        said = [
            f"{name} {span.attributes[key]}"
            for key, name in SHOWN.items()
            if key in span.attributes
        ]
        said += [f"after {event.attributes['error.type']}" for event in span.events]
        parent = below.get(span.parent.span_id, root) if span.parent else root
        label = f"{span.name} [dim]{took:.1f} ms {', '.join(said)}[/dim]"
        below[span.context.span_id] = parent.add(label)
    return root


def run(client: OpenAI, models: dict[str, str], question: str) -> None:
    """One run; its spans go to the program's provider."""
    driver = Driver({}, pipeline, adapter=[Tracing("library"), Retry()])
    inputs = {"client": client, "question": question, **models}
    print(driver.execute(["answer"], inputs=inputs)["answer"], end="\n\n")


def main(stack: ExitStack, question: str, *, locally: bool) -> None:
    """With a provider that is overloaded once, or a real one."""
    if {"OPENAI_API_KEY", "OPENAI_BASE_URL"} & environ.keys():
        chosen = {name: environ.get(f"OPENAI_{name.upper()}", REAL[name]) for name in REAL}
        client = OpenAI(api_key=environ.get("OPENAI_API_KEY", "none"), max_retries=0)
        run(metered(client), chosen, question)
        return
    behind = stack.enter_context(local.ModelServer()).base_url if locally else None
    said = None if locally else Reply("For three weeks.")
    replies = [Reply(), Reply(), Reply(status=503), said]
    fake = stack.enter_context(FakeModel(replies, behind=behind))
    client = OpenAI(base_url=fake.url, api_key="none", max_retries=0)
    run(metered(client), MODELS, question)


if __name__ == "__main__":
    words = [word for word in argv[1:] if word != "--local"]
    provider, memory = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    if "OTEL_EXPORTER_OTLP_ENDPOINT" in environ:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    with ExitStack() as exits:
        asked = " ".join(words) or "How long may I keep a book?"
        main(exits, asked, locally="--local" in argv)
    print(tree(memory.get_finished_spans()))
    provider.shutdown()
