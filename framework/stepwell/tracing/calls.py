"""The span of a call: one for all attempts at it, or the one that is there already."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.errors import require
from stepwell.tracing import names
from stepwell.usage import Call, Said, Usage

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, Tracer

    from stepwell.tracing.content import Content
    from stepwell.tracing.elsewhere import Measured

NANO = 1_000_000_000


class Place(NamedTuple):
    """The step that a call belongs to."""

    run_id: str | None
    node: str | None
    task_id: str | None


@dataclass(slots=True)
class Logical:
    """A call and the failed attempts at it, of which the last may not be over."""

    parent: Context | None
    attempts: list[Call] = field(default_factory=list)


class CallSpans:
    """Makes the spans and metrics of calls.

    An attempt that failed is kept until the next one, or until its step is over: what a client or
    `Retry` makes again is one call and one span, with an event for each attempt that failed.

    Args:
        tracer: makes the spans.
        metrics: takes what is measured.
        content: what is recorded of what is said, if anything.
    """

    def __init__(
        self, tracer: Tracer, metrics: Metrics | Measured, content: Content | None
    ) -> None:
        self._tracer, self._content = tracer, content
        self._trace = require("opentelemetry.trace", extra="otel", what="`Tracing`")
        self.metrics: Any = metrics
        self._lock = Lock()
        self._open: dict[tuple[Place, str], Logical] = {}

    def made(self, call: Call, parent: Span | None, said: Said | None) -> None:
        """Takes a row of the ledger, in the context that the request was made in.

        Args:
            call: the request, which is over.
            parent: the span of its step or run.
            said: what was said in it.
        """
        self.metrics.cost(call)
        here = self._trace.get_current_span()
        if _is_of_a_call(here):
            self._adopt(here, call, said)
            return
        self.metrics.tokens(call)
        place = Place(call.run_id, call.node, call.task_id)
        open_key = place, call.key or ""
        below = here if here.get_span_context().is_valid else parent
        with self._lock:
            logical = self._open.pop(open_key, None)
            if logical is None:
                context = None if below is None else self._trace.set_span_in_context(below)
                logical = Logical(context)
            logical.attempts.append(call)
            if call.error is not None and call.key is not None and _may_come_again(call):
                self._open[open_key] = logical
                return
        self._end(logical, said)

    def over(self, run_id: str, node: str | None = None, task_id: str | None = None) -> None:
        """Ends the spans of calls that are made no more, as their step or run is over."""
        with self._lock:
            keys = [
                (place, key)
                for place, key in self._open
                if place.run_id == run_id
                and (node is None or (place.node, place.task_id) == (node, task_id))
            ]
            ended = [self._open.pop(key) for key in keys]
        for logical in ended:
            self._end(logical, None)

    def workflow(self, name: str, seconds: float, error: str | None) -> None:
        """Takes how long a run took."""
        self.metrics.workflow(name, seconds, error)

    def _end(self, logical: Logical, said: Said | None) -> None:
        *failed, last = logical.attempts
        first = logical.attempts[0]
        span = self._tracer.start_span(
            names.span_name(last),
            context=logical.parent,
            kind=self._trace.SpanKind.CLIENT,
            attributes=names.sampling_attributes(last),
            start_time=int(first.started * NANO),
        )
        for call in failed:
            at = int((call.started + call.duration) * NANO)
            span.add_event(names.RETRIED, names.attempt_attributes(call), timestamp=at)
        usage = sum((call.usage for call in logical.attempts), Usage())
        span.set_attributes(names.result_attributes(replace(last, usage=usage)))
        self._say(span, last, said)
        if last.error is not None:
            span.set_status(self._trace.Status(self._trace.StatusCode.ERROR))
        end = last.started + last.duration
        self.metrics.call(last, end - first.started)
        span.end(int(end * NANO))

    def _adopt(self, span: Span, call: Call, said: Said | None) -> None:
        """Tells what is known on the span that somebody else has made for this call."""
        if not span.is_recording():
            return
        if call.error is not None:
            span.add_event(names.RETRIED, names.attempt_attributes(call))
            return
        span.set_attributes(names.result_attributes(call))
        self._say(span, call, said)

    def _say(self, span: Span, call: Call, said: Said | None) -> None:
        if said is not None and self._content is not None:
            span.set_attributes(self._content.of_call(call, said))


class Metrics:
    """The metrics that the GenAI conventions name, and the cost.

    Args:
        provider: where they come from, if not from the program's global one.
    """

    def __init__(self, provider: MeterProvider | None) -> None:
        metrics: Any = require("opentelemetry.metrics", extra="otel", what="`Tracing`")
        meter = metrics.get_meter("stepwell", meter_provider=provider, schema_url=names.SCHEMA)

        def histogram(name: str, unit: str, bounds: list[float]) -> Any:
            return meter.create_histogram(name, unit, explicit_bucket_boundaries_advisory=bounds)

        self._tokens = histogram(names.TOKEN_METRIC, "{token}", names.TOKEN_BOUNDS)
        self._duration = histogram(names.DURATION_METRIC, "s", names.DURATION_BOUNDS)
        self._first = histogram(names.FIRST_CHUNK_METRIC, "s", names.DURATION_BOUNDS)
        self._run = histogram(names.WORKFLOW_METRIC, "s", names.DURATION_BOUNDS)
        self._cost = meter.create_counter(names.COST_METRIC, "1")

    def tokens(self, call: Call) -> None:
        """Takes what an attempt used; what nobody reported is not there, rather than zero."""
        if call.error is not None or call.usage.unmeasured > 0:
            return
        about = names.metric_attributes(call)
        used = {"input": call.usage.input_tokens, "output": call.usage.output_tokens}
        for kind, count in used.items():
            self._tokens.record(count, {**about, names.TOKEN_TYPE: kind})

    def cost(self, call: Call) -> None:
        """Takes what is known of the cost of an attempt."""
        about = names.metric_attributes(call)
        for cost in call.usage.costs:
            self._cost.add(float(cost.amount), {**about, names.CURRENCY: cost.currency})

    def call(self, call: Call, seconds: float) -> None:
        """Takes how long a call took, all attempts together."""
        about = names.metric_attributes(call)
        self._duration.record(seconds, about)
        if call.first_chunk is not None:
            self._first.record(call.first_chunk, about)

    def workflow(self, name: str, seconds: float, error: str | None) -> None:
        """Takes how long a run took."""
        self._run.record(seconds, names.known({names.WORKFLOW: name, names.ERROR: error}))


def _may_come_again(call: Call) -> bool:
    return call.error != "cut"


def _is_of_a_call(span: Span) -> bool:
    """Whether a span is that of a model's call already, made by an SDK's own instrumentation."""
    scope = getattr(span, "instrumentation_scope", None)
    if getattr(scope, "name", "stepwell") == "stepwell":
        return False
    operation = (getattr(span, "attributes", None) or {}).get(names.OPERATION)
    return operation is not None and operation not in ("invoke_workflow", "invoke_agent")
