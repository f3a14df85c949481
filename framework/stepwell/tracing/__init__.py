"""Runs, steps and calls as OpenTelemetry spans."""

from stepwell.tracing.spans import Tracing

__all__ = ["Tracing"]
