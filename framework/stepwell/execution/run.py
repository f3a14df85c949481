"""The state of one run: what is ready, and what each outcome means.

It does no I/O, never sleeps or awaits, and starts nothing: loops do that. A loop on threads guards
it with a lock of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stepwell.execution.streams import Feed, piece_value
from stepwell.plan import Plan


class Run:
    """One run of a plan.

    Args:
        plan: what to run.
        given: the given values, in the order of `plan.given`.
    """

    __slots__ = ("_first", "_holds", "_readers", "_waits", "error", "left", "plan", "values")

    def __init__(self, plan: Plan, given: Sequence[Any]) -> None:
        self.plan = plan
        self.left = len(plan.lines)
        self.values: list[Any] = [*given, *(None,) * self.left]
        self.error: BaseException | None = None
        self._first = len(given)
        self._waits = [*plan.waits]
        self._holds = [*plan.holds]
        self._readers = plan.readers

    def ready(self) -> list[int]:
        """The positions of the lines that need no other line."""
        return [position for position, waits in enumerate(self._waits) if not waits]

    def done(self, position: int, value: Any) -> list[int]:
        """Takes the result of a line; gives those lines that it was the last to keep waiting.

        Results that nobody needs any more are dropped. Once the run has failed nothing is ready.
        """
        values, holds, waits = self.values, self._holds, self._waits
        made = self._first + position
        self.left -= 1
        if holds[made]:
            values[made] = value
        for slot in self.plan.reads[position]:
            holds[slot] -= 1
            if not holds[slot]:
                dropped, values[slot] = values[slot], None
                if dropped.__class__ is Feed:
                    dropped.close()
        ready = []
        for reader in self._readers[position]:
            waits[reader] -= 1
            if not waits[reader]:
                ready.append(reader)
        return ready if self.error is None else []

    def failed(self, error: BaseException) -> None:
        """Takes an error. The first one is the run's; nothing is ready from now on."""
        if self.error is None:
            self.error = error

    def results(self) -> dict[str, Any]:
        """The targets by name."""
        plan = self.plan
        return {
            name: piece_value(result, self.values)
            for name, result in zip(plan.targets, plan.results, strict=True)
        }

    def close(self) -> None:
        """Ends the streams that are still open."""
        for slot in self.plan.live:
            value = self.values[slot]
            if isinstance(value, Feed):
                value.close()
