"""Spans and metrics of what is done in another process: kept there, and made again at home.

A worker process knows nothing of where the program's spans go. So there they go to a list, which
travels home with the results; here they are made once more, below the run's span, with the times
that they had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

    from stepwell.tracing.calls import Metrics
    from stepwell.usage import Call


class Ended(NamedTuple):
    """A span that has ended, as plain data.

    Args:
        id: its own id, there.
        parent: that of the one above it, if there is one there.
        name: its name.
        kind: the number of its kind.
        times: when it began and ended, in nanoseconds.
        attributes: what is known of it.
        events: what happened in it: name, attributes, time.
        status: the number of its status, and the words.
    """

    id: int
    parent: int | None
    name: str
    kind: int
    times: tuple[int, int]
    attributes: Mapping[str, Any]
    events: tuple[tuple[str, Mapping[str, Any], int], ...]
    status: tuple[int, str | None]


class Kept:
    """In a worker process: the spans that have ended, and what was measured.

    It is a processor of spans of the SDK. Spans are given away once the topmost of theirs is over.
    """

    def __init__(self) -> None:
        from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON

        kept = self

        class Processor(SpanProcessor):
            def on_end(self, span: Any) -> None:
                kept.ended(span)

        self.provider = TracerProvider(sampler=ALWAYS_ON, shutdown_on_exit=False)
        self.provider.add_span_processor(Processor())
        self.metrics = Measured()
        self._lock = Lock()
        self._below: dict[int, list[Ended]] = {}
        self._whole: list[Ended] = []

    def ended(self, span: Any) -> None:
        """Takes a span."""
        trace = span.context.trace_id
        with self._lock:
            spans = self._below.setdefault(trace, [])
            spans.append(_as_data(span))
            if span.parent is None:
                self._whole += self._below.pop(trace)

    def taken(self) -> tuple[list[Ended], list[tuple[str, tuple[Any, ...]]]]:
        """What there is, given away."""
        with self._lock:
            spans, self._whole = self._whole, []
            measured, self.metrics.told = self.metrics.told, []
        return spans, measured


class Measured:
    """In a worker process: what `Metrics` is told, to be told at home."""

    def __init__(self) -> None:
        self.told: list[tuple[str, tuple[Any, ...]]] = []

    def tokens(self, call: Call) -> None:
        """As `Metrics.tokens`."""
        self.told.append(("tokens", (call,)))

    def cost(self, call: Call) -> None:
        """As `Metrics.cost`."""
        self.told.append(("cost", (call,)))

    def call(self, call: Call, seconds: float) -> None:
        """As `Metrics.call`."""
        self.told.append(("call", (call, seconds)))

    def workflow(self, name: str, seconds: float, error: str | None) -> None:
        """As `Metrics.workflow`."""
        self.told.append(("workflow", (name, seconds, error)))


def told_again(measured: Iterable[tuple[str, tuple[Any, ...]]], metrics: Metrics) -> None:
    """Tells at home what was measured elsewhere."""
    for what, given in measured:
        getattr(metrics, what)(*given)


def made_again(spans: Sequence[Ended], tracer: Tracer, above: Context | None) -> None:
    """Makes spans once more, at home; those that had none above them are below `above`."""
    from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

    made: dict[int, Span] = {}
    for each in sorted(spans, key=lambda span: span.times[0]):
        parent = made.get(each.parent) if each.parent is not None else None
        span = tracer.start_span(
            each.name,
            context=above if parent is None else set_span_in_context(parent),
            kind=SpanKind(each.kind),
            attributes=each.attributes,
            start_time=each.times[0],
        )
        made[each.id] = span
        for name, attributes, at in each.events:
            span.add_event(name, attributes, timestamp=at)
        code, words = each.status
        if code:
            span.set_status(Status(StatusCode(code), words))
    for each in spans:
        made[each.id].end(each.times[1])


def _as_data(span: Any) -> Ended:
    return Ended(
        span.context.span_id,
        span.parent.span_id if span.parent is not None else None,
        span.name,
        span.kind.value,
        (span.start_time, span.end_time),
        dict(span.attributes),
        tuple((event.name, dict(event.attributes), event.timestamp) for event in span.events),
        (span.status.status_code.value, span.status.description),
    )
