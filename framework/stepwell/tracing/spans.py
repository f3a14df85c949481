"""`Tracing`: a span for each run, step and call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from threading import Lock
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any

from stepwell.errors import require
from stepwell.lifecycle.api import (
    GraphExecutionHook,
    NodeExecutionHook,
    NodeExecutionMethod,
    Observer,
)
from stepwell.lifecycle.listening import listen, unlisten
from stepwell.tracing import names
from stepwell.usage import Call, Failed

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider

Key = tuple[str, "str | None", str]

NANO = 1_000_000_000


class Tracing(Observer, NodeExecutionHook, NodeExecutionMethod, GraphExecutionHook):
    """Makes a span for each run, for each step in it, and for each request of a metered client.

    The run's span is a child of the caller's, as that of a web request. While a step runs its span
    is the current one, in threads and tasks too, so that whatever else makes spans puts them below
    it. Names follow the GenAI conventions (`stepwell.tracing.names`). Spans go where the program's
    OpenTelemetry sends them; the standard environment variables decide. Nothing of the content is
    recorded, unless `content` is given. It can never fail a run.

    Args:
        name: the pipeline's name, in the run's span.
        provider: where spans come from, if not from the program's global one.
        content: turns a step's arguments and its result into the text to record, or into `None`;
            here is the place to leave out what must not be seen.

    Raises:
        MissingExtra: if OpenTelemetry is not installed.
    """

    needs_context = True

    def __init__(
        self,
        name: str = "pipeline",
        *,
        provider: TracerProvider | None = None,
        content: Callable[[object], str | None] | None = None,
    ) -> None:
        self.name, self.content = name, content
        self._provider = provider
        self._trace = require("opentelemetry.trace", extra="otel", what="`Tracing`")
        self._context = require("opentelemetry.context", extra="otel", what="`Tracing`")
        self._tracer = self._trace.get_tracer(
            "stepwell", tracer_provider=provider, schema_url=names.SCHEMA
        )
        self._lock = Lock()
        self._runs: dict[str, Span] = {}
        self._steps: dict[Key, Span] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        if self._provider is not None:
            raise TypeError(
                "`Tracing` with a `provider` can't be pickled; without one it uses the program's"
            )
        return _tracing, (self.name, self.content)

    def run_before_graph_execution(self, *, run_id: str, **future_kwargs: Any) -> None:
        span = self._tracer.start_span(
            f"invoke_workflow {self.name}",
            attributes={
                names.OPERATION: "invoke_workflow",
                names.WORKFLOW: self.name,
                names.RUN: run_id,
            },
        )
        with self._lock:
            self._runs[run_id] = span
        listen(run_id, self)

    def run_before_node_execution(
        self,
        *,
        node_name: str,
        node_kwargs: dict[str, Any],
        task_id: str | None,
        run_id: str,
        **future_kwargs: Any,
    ) -> None:
        attributes = names.known(
            {names.NODE: node_name, names.RUN: run_id, names.TASK: task_id}
            | {names.INPUT_MESSAGES: self.content(node_kwargs) if self.content else None}
        )
        span = self._tracer.start_span(
            node_name, context=self._below(self._runs.get(run_id)), attributes=attributes
        )
        with self._lock:
            self._steps[run_id, task_id, node_name] = span

    def run_to_execute_node(
        self,
        *,
        node_name: str,
        node_callable: Callable[..., Any],
        node_kwargs: dict[str, Any],
        task_id: str | None,
        run_id: str,
        **future_kwargs: Any,
    ) -> Any:
        span = self._steps.get((run_id, task_id, node_name))
        if span is None:
            return node_callable(**node_kwargs)
        with self._trace.use_span(
            span, end_on_exit=False, record_exception=False, set_status_on_exception=False
        ):
            result = node_callable(**node_kwargs)
        kind = type(result)
        if kind is CoroutineType:
            return self._awaited(span, result)
        if kind is GeneratorType:
            return self._stream(span, result)
        if kind is AsyncGeneratorType:
            return self._async_stream(span, result)
        return result

    def run_after_node_execution(
        self,
        *,
        node_name: str,
        result: Any,
        error: BaseException | None,
        task_id: str | None,
        run_id: str,
        **future_kwargs: Any,
    ) -> None:
        with self._lock:
            span = self._steps.pop((run_id, task_id, node_name), None)
        if span is None:
            return
        if self.content and error is None and (text := self.content(result)) is not None:
            span.set_attribute(names.OUTPUT_MESSAGES, text)
        self._end(span, error)

    def run_after_graph_execution(
        self, *, error: BaseException | None, run_id: str, **future_kwargs: Any
    ) -> None:
        unlisten(run_id, self)
        with self._lock:
            span = self._runs.pop(run_id, None)
        if span is not None:
            self._end(span, error)

    def call_made(self, call: Call) -> None:
        """Makes the span of a request, which is over by now."""
        parent = None
        if call.run_id is not None:
            step = self._steps.get((call.run_id, call.task_id, call.node or ""))
            parent = step or self._runs.get(call.run_id)
        start = int(call.started * NANO)
        span = self._tracer.start_span(
            names.span_name(call),
            context=self._below(parent),
            kind=self._trace.SpanKind.CLIENT,
            attributes=names.sampling_attributes(call),
            start_time=start,
        )
        span.set_attributes(names.result_attributes(call))
        if call.error is not None:
            span.set_status(self._trace.Status(self._trace.StatusCode.ERROR))
        span.end(start + int(call.duration * NANO))

    def attempt_failed(self, failed: Failed) -> None:
        """Notes on a step's span that an attempt has failed and will be made again."""
        span = self._steps.get((failed.run_id or "", failed.task_id, failed.node))
        if span is not None:
            span.add_event(
                names.RETRIED,
                {
                    names.ATTEMPT: failed.attempt,
                    names.ERROR: failed.error_type,
                    names.WAIT: failed.wait,
                },
                timestamp=int(failed.at * NANO),
            )

    def _below(self, parent: Span | None) -> Any:
        return None if parent is None else self._trace.set_span_in_context(parent)

    def _end(self, span: Span, error: BaseException | None) -> None:
        if error is not None:
            kind = type(error)
            span.set_attribute(names.ERROR, f"{kind.__module__}.{kind.__qualname__}")
            span.set_status(self._trace.Status(self._trace.StatusCode.ERROR, kind.__name__))
        span.end()

    async def _awaited(self, span: Span, result: Awaitable[Any]) -> Any:
        token = self._context.attach(self._below(span))
        try:
            return await result
        finally:
            self._context.detach(token)

    def _stream(self, span: Span, source: Any) -> Iterator[Any]:
        """Each chunk is made below the span; between two of them it is not the current one."""
        try:
            while True:
                token = self._context.attach(self._below(span))
                try:
                    chunk = next(source)
                except StopIteration:
                    return
                finally:
                    self._context.detach(token)
                yield chunk
        finally:
            source.close()

    async def _async_stream(self, span: Span, source: Any) -> AsyncIterator[Any]:
        try:
            while True:
                token = self._context.attach(self._below(span))
                try:
                    chunk = await anext(source)
                except StopAsyncIteration:
                    return
                finally:
                    self._context.detach(token)
                yield chunk
        finally:
            await source.aclose()


def _tracing(name: str, content: Callable[[object], str | None] | None) -> Tracing:
    return Tracing(name, content=content)
