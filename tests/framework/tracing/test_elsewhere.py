"""Spans of what is done in other processes: they are made again at home, as they were there."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stepwell import Builder
from stepwell.executors import Executor, ProcessesExecutor, ThreadsExecutor
from stepwell.lifecycle import Retry
from stepwell.tracing import Tracing

TEXT = """
from stepwell import Collect, Parallelizable, tag
from stepwell.llm import Usage, record_usage

failed = []

def page(count: int) -> Parallelizable[int]:
    return range(count)

def answer(page: int) -> int:
    record_usage(Usage(input_tokens=page, requests=1), operation="chat", model="m")
    if page == 2 and not failed:
        failed.append(page)
        raise ConnectionError("reset")
    if page == 3:
        raise ValueError("three")
    return page

def report(answer: Collect[int]) -> int:
    return len(answer)
"""


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """A module that another process can import as well."""
    folder: Path = tmp_path_factory.mktemp("steps")
    (folder / "traced_steps.py").write_text(TEXT, "utf-8")
    sys.path.insert(0, str(folder))
    try:
        yield import_module("traced_steps")
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("traced_steps")


def traced(steps: ModuleType, executor: Executor) -> tuple[list[ReadableSpan], set[str]]:
    """The spans of a run, and the names of its metrics."""
    steps.failed.clear()
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider, meters = TracerProvider(), MeterProvider([reader])
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    builder = Builder().with_modules(steps).with_executor(executor, on_error="skip")
    retry = Retry(2, wait=0)
    dr = builder.with_adapters(retry, Tracing(provider=provider, metrics=meters)).build()
    assert dr.execute(["report"], {"count": 5}) == {"report": 4}
    (resource,) = reader.get_metrics_data().resource_metrics  # type: ignore[union-attr]
    names = {metric.name for scope in resource.scope_metrics for metric in scope.metrics}
    return list(exporter.get_finished_spans()), names


def told(spans: list[ReadableSpan]) -> list[object]:
    """What spans say but for times and ids, each with the names of those above it."""
    known = {span.context.span_id: span for span in spans}

    def above(span: ReadableSpan) -> tuple[str, ...]:
        if span.parent is None:
            return (span.name,)
        return (*above(known[span.parent.span_id]), span.name)

    return sorted(
        (
            above(span),
            str((span.attributes or {}).get("stepwell.task.id")),
            span.kind.name,
            span.status.status_code.name,
            len(span.attributes or {}),
            *(event.name for event in span.events),
        )
        for span in spans
    )


def test_spans_and_metrics_are_those_of_a_run_in_one_process(steps: ModuleType) -> None:
    here, measured_here = traced(steps, ThreadsExecutor(1))
    there, measured_there = traced(steps, ProcessesExecutor(2))
    assert told(there) == told(here)
    assert measured_there == measured_here
    assert len({span.context.trace_id for span in there}) == 1
    assert all((span.start_time or 0) <= (span.end_time or 0) for span in there)
