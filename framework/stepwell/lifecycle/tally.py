"""What runs and steps use, added up while they go, and how it is shown in a line."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

from stepwell.lifecycle.listening import listen, unlisten
from stepwell.usage import Call, Failed, Usage

SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


class Tally:
    """Adds up the usage of runs while they go; an adapter has one and tells it of its runs."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._runs: dict[str, Usage] = {}
        self._steps: dict[tuple[str, str | None, str | None], Usage] = {}

    def begin(self, run_id: str) -> None:
        """Listens to a run."""
        self._runs[run_id] = Usage()
        listen(run_id, self)

    def end(self, run_id: str) -> Usage:
        """Ends that; gives what the run has used."""
        unlisten(run_id, self)
        with self._lock:
            for key in [key for key in self._steps if key[0] == run_id]:
                del self._steps[key]
            return self._runs.pop(run_id, Usage())

    def of_run(self, run_id: str) -> Usage:
        """What a run has used so far."""
        return self._runs.get(run_id, Usage())

    def of_step(self, run_id: str, task_id: str | None, node: str) -> Usage:
        """What a step has used that is over; it is asked for once."""
        with self._lock:
            return self._steps.pop((run_id, task_id, node), Usage())

    def call_made(self, call: Call) -> None:
        """Adds a call to its run and step."""
        run_id = call.run_id
        if run_id is None or run_id not in self._runs:
            return
        key = run_id, call.task_id, call.node
        with self._lock:
            self._runs[run_id] = self._runs[run_id] + call.usage
            self._steps[key] = self._steps.get(key, Usage()) + call.usage

    def attempt_failed(self, failed: Failed) -> None:
        """Does nothing: the calls of an attempt that failed are counted already."""


def spent(usage: Usage) -> str:
    """Tokens and cost in a few words, or nothing where nothing was asked.

    >>> spent(Usage(input_tokens=1200, output_tokens=30, requests=2, unpriced=2))
    '2 calls, 1,200 tokens in, 30 out, cost unknown'
    >>> spent(Usage())
    ''
    """
    if not usage.requests:
        return ""
    calls = f"{usage.requests:,} call{'' if usage.requests == 1 else 's'}"
    least = "≥ " if usage.unmeasured else ""
    cost = money(usage)
    cost = f"cost {cost}" if cost in ("unknown", "0") else cost
    into, out = f"{usage.input_tokens:,}", f"{usage.output_tokens:,}"
    return f"{calls}, {least}{into} tokens in, {least}{out} out, {cost}"


def money(usage: Usage) -> str:
    """What is known of the cost, with `≥` where something isn't.

    >>> from decimal import Decimal
    >>> from stepwell.usage import Cost
    >>> money(Usage(requests=2, unpriced=1, costs=(Cost(Decimal("0.00650")),)))
    '≥ $0.0065'
    >>> money(Usage(requests=1, unpriced=1))
    'unknown'
    """
    known = " + ".join(_amounts(usage))
    if not known:
        return "unknown" if usage.unpriced else "0"
    return f"≥ {known}" if usage.unpriced else known


def _amounts(usage: Usage) -> Iterable[str]:
    for cost in usage.costs:
        # four places, or three digits that matter
        places = max(4, 2 - cost.amount.adjusted()) if cost.amount else 0
        amount = f"{round(cost.amount, places):f}"
        if "." in amount:
            amount = amount.rstrip("0").rstrip(".")
        sign = SIGNS.get(cost.currency)
        yield f"{sign}{amount}" if sign else f"{amount} {cost.currency}"
