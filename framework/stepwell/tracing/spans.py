"""`Tracing`: a span for each run, step and call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any

from stepwell.errors import require
from stepwell.lifecycle.api import (
    GraphExecutionHook,
    NodeExecutionHook,
    NodeExecutionMethod,
    Observer,
)
from stepwell.lifecycle.listening import listen, unlisten
from stepwell.lifecycle.made import as_made
from stepwell.tracing import names
from stepwell.tracing.calls import NANO, CallSpans, Metrics
from stepwell.tracing.content import Content
from stepwell.usage import Call, Failed, Said

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from stepwell.tracing.elsewhere import Ended, Kept

Key = tuple[str, "str | None", str]


class Tracing(Observer, NodeExecutionHook, NodeExecutionMethod, GraphExecutionHook):
    """Makes a span for each run, for each step in it, and for each call of a metered client.

    The run's span is a child of the caller's, as that of a web request. While a step runs its span
    is the current one, in threads and tasks too, so that whatever else makes spans puts them below
    it. Names follow the GenAI conventions (`stepwell.tracing.names`). Spans go where the program's
    OpenTelemetry sends them; the standard environment variables decide. Nothing of the content is
    recorded, unless `content` is given, and never what looks like a key. It can never fail a run.

    A call has one span for all attempts at it, with an event for each that failed. Where an
    instrumentation of the SDK makes a span for it already, what is known is told on that one.
    Tokens, cost and times are metrics too.

    Args:
        name: the pipeline's name, in the run's span.
        provider: where spans come from, if not from the program's global one.
        content: turns a step's arguments, its result, and the messages of a call into the text to
            record, or into `None`; here is the place to leave out what must not be seen.
        metrics: where metrics come from, if not from the program's global provider.

    Raises:
        MissingExtra: if OpenTelemetry is not installed.
    """

    needs_context = True
    takes_awaitables = True

    def __init__(
        self,
        name: str = "pipeline",
        *,
        provider: TracerProvider | None = None,
        content: Callable[[object], str | None] | None = None,
        metrics: MeterProvider | None = None,
    ) -> None:
        self.name, self.content = name, content
        self.wants_said = content is not None
        self._provider, self._meters = provider, metrics
        self._content = Content(content) if content is not None else None
        self._trace = require("opentelemetry.trace", extra="otel", what="`Tracing`")
        self._context = require("opentelemetry.context", extra="otel", what="`Tracing`")
        self._tracer = self._trace.get_tracer(
            "stepwell", tracer_provider=provider, schema_url=names.SCHEMA
        )
        self._calls = CallSpans(self._tracer, Metrics(metrics), self._content)
        self._kept: Kept | None = None
        self._began: dict[str, float] = {}
        self._lock = Lock()
        self._runs: dict[str, Span] = {}
        self._steps: dict[Key, Span] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        if self._provider is not None or self._meters is not None:
            raise TypeError(
                "`Tracing` with `provider` or `metrics` can't be pickled; without them it uses the"
                " program's"
            )
        return _tracing, (self.name, self.content)

    def to_send(self) -> Tracing:
        """What goes to a worker process in its place: it needs no provider there."""
        return Tracing(self.name, content=self.content)

    def arrived(self, *, run_id: str) -> None:
        """In a worker process: keeps what it makes, to be made again at home."""
        from stepwell.tracing.elsewhere import Kept

        if self._kept is None:
            self._kept = Kept()
            self._tracer = self._kept.provider.get_tracer("stepwell", schema_url=names.SCHEMA)
            self._calls = CallSpans(self._tracer, self._kept.metrics, self._content)
        listen(run_id, self)

    def left(self, *, run_id: str) -> None:
        """In a worker process: hears no more of that run."""
        unlisten(run_id, self)

    def send_home(self, *, run_id: str) -> tuple[list[Ended], list[Any]]:
        """In a worker process: the spans and measurements since this was last asked."""
        return self._kept.taken() if self._kept is not None else ([], [])

    def take_home(self, *, run_id: str, state: tuple[list[Ended], list[Any]]) -> None:
        """Makes the spans of a worker process again, below the run's."""
        from stepwell.tracing.elsewhere import made_again, told_again

        made_again(state[0], self._tracer, self._below(self._runs.get(run_id)))
        told_again(state[1], self._calls.metrics)

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
            self._began[run_id] = perf_counter()
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
            | {names.STEP_INPUT: self._content.of(node_kwargs) if self._content else None}
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
        return as_made(
            result,
            awaited=partial(self._awaited, span),
            stream=partial(self._stream, span),
            async_stream=partial(self._async_stream, span),
        )

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
        self._calls.over(run_id, node_name, task_id)
        if span is None:
            return
        if self._content and error is None and (text := self._content.of(result)) is not None:
            span.set_attribute(names.STEP_OUTPUT, text)
        self._end(span, error)

    def run_after_graph_execution(
        self, *, error: BaseException | None, run_id: str, **future_kwargs: Any
    ) -> None:
        unlisten(run_id, self)
        with self._lock:
            span = self._runs.pop(run_id, None)
            began = self._began.pop(run_id, None)
        self._calls.over(run_id)
        if span is not None:
            self._end(span, error)
        if began is not None:
            self._calls.workflow(self.name, perf_counter() - began, _name(error))

    def call_made(self, call: Call, said: Said | None = None) -> None:
        """Takes a request, which is over by now."""
        parent = None
        if call.run_id is not None:
            step = self._steps.get((call.run_id, call.task_id, call.node or ""))
            parent = step or self._runs.get(call.run_id)
        self._calls.made(call, parent, said)

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
        if error is not None and (name := _name(error)) is not None:
            span.set_attribute(names.ERROR, name)
            words = type(error).__name__
            span.set_status(self._trace.Status(self._trace.StatusCode.ERROR, words))
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


def _name(error: BaseException | None) -> str | None:
    return None if error is None else f"{type(error).__module__}.{type(error).__qualname__}"


def _tracing(name: str, content: Callable[[object], str | None] | None) -> Tracing:
    return Tracing(name, content=content)
