"""`TokenAccounting`: the ledger of a driver's runs, and its sums."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass
from threading import Lock
from time import perf_counter, time
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from stepwell.errors import require
from stepwell.lifecycle.api import GraphExecutionHook, NodeExecutionHook
from stepwell.lifecycle.listening import listen, unlisten
from stepwell.usage import Call, Failed, Usage

if TYPE_CHECKING:
    from rich.table import Table

    from stepwell.spec import Node
    from stepwell.store import RunStore

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")

UNFLAT = ("usage", "server", "reported")
"""What of a call is no value of one cell."""

LOST = 10_000
"""So many calls are remembered that no step could be found for."""


@dataclass(slots=True)
class Step:
    """One node of one run: when it ran, for how long, in how many attempts, and how it ended."""

    run_id: str
    node: str
    task_id: str | None
    started: float
    duration: float = 0.0
    attempts: int = 1
    error: str | None = None


News: TypeAlias = "tuple[list[Call], list[Step], list[Any]]"
"""What a worker process sends home: calls, steps, and what its store could not write."""


class _Run:
    """What is remembered of one run."""

    __slots__ = ("began", "calls", "clocks", "duration", "error", "failed", "started", "steps")

    def __init__(self) -> None:
        self.started, self.began, self.duration = time(), perf_counter(), 0.0
        self.error: str | None = None
        self.calls: list[Call] = []
        self.steps: list[Step] = []
        self.clocks: dict[tuple[str, str | None], float] = {}
        self.failed: dict[tuple[str, str | None], int] = {}


def _taken(rows: list[Row]) -> list[Row]:
    """The rows so far, taken out; one that another thread adds meanwhile stays."""
    count = len(rows)
    taken, rows[:count] = rows[:count], []
    return taken


class TokenAccounting(NodeExecutionHook, GraphExecutionHook):
    """Knows what every run, step, model and attempt used, what it cost and how long it took.

    `calls` is the ledger: one row for each request of a metered client, failed and repeated ones
    too. Every sum is a sum of its rows. What is not known is not counted as zero: a total with
    `unmeasured` or `unpriced` requests is a lower bound, and the table says `≥`. Requests that no
    step could be found for are in `unattributed`, and in no run's sum.

    Args:
        keep: how many runs are remembered, the latest.
        store: where runs are written as well, while they go on; it need be no adapter besides.
    """

    needs_context = True

    def __init__(self, *, keep: int = 1000, store: RunStore | None = None) -> None:
        self.keep, self.store = keep, store
        self._unattributed: deque[Call] = deque(maxlen=LOST)
        self._lock = Lock()
        self._runs: dict[str, _Run] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"keep": self.keep, "store": self.store}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def run_before_graph_execution(self, *, run_id: str, **words: Any) -> None:
        self._begin(run_id)
        if self.store is not None:
            self.store.run_before_graph_execution(run_id=run_id, **words)

    def _begin(self, run_id: str) -> None:
        with self._lock:
            self._runs[run_id] = _Run()
            while len(self._runs) > self.keep:
                del self._runs[next(iter(self._runs))]
        listen(run_id, self)

    def run_before_node_execution(
        self, *, run_id: str, node_name: str, task_id: str | None, **future_kwargs: Any
    ) -> None:
        if (run := self._runs.get(run_id)) is not None:
            run.clocks[node_name, task_id] = perf_counter()
        if self.store is not None:
            self.store.run_before_node_execution(
                run_id=run_id, node_name=node_name, task_id=task_id
            )

    def run_after_node_execution(
        self,
        *,
        run_id: str,
        node_name: str,
        task_id: str | None,
        error: BaseException | None,
        **future_kwargs: Any,
    ) -> None:
        if self.store is not None:
            self.store.run_after_node_execution(
                run_id=run_id, node_name=node_name, task_id=task_id, error=error
            )
        if (run := self._runs.get(run_id)) is None:
            return
        key = node_name, task_id
        took = perf_counter() - run.clocks.pop(key)
        failure = type(error).__name__ if error is not None else None
        attempts = 1 + run.failed.get(key, 0)
        run.steps.append(Step(run_id, *key, time() - took, took, attempts, failure))

    def run_after_graph_execution(
        self, *, run_id: str, error: BaseException | None, **future_kwargs: Any
    ) -> None:
        unlisten(run_id, self)
        if (run := self._runs.get(run_id)) is not None:
            run.duration = perf_counter() - run.began
            run.error = type(error).__name__ if error is not None else None
        if self.store is not None:
            self.store.run_after_graph_execution(run_id=run_id, error=error)

    def arrived(self, *, run_id: str) -> None:
        """In a worker process: hears of what happens there."""
        self._begin(run_id)
        if self.store is not None:
            self.store.arrived(run_id=run_id)

    def send_home(self, *, run_id: str) -> News:
        """In a worker process: what has happened there since this was last asked."""
        run = self._runs[run_id]
        news = [] if self.store is None else self.store.send_home(run_id=run_id)
        return _taken(run.calls), _taken(run.steps), news

    def left(self, *, run_id: str) -> None:
        """In a worker process: hears no more of that run."""
        unlisten(run_id, self)
        self._runs.pop(run_id, None)
        if self.store is not None:
            self.store.left(run_id=run_id)

    def take_home(self, *, run_id: str, state: News) -> None:
        """Takes what happened in a worker process."""
        if (run := self._runs.get(run_id)) is not None:
            run.calls += state[0]
            run.steps += state[1]
        if self.store is not None:
            self.store.take_home(run_id=run_id, state=state[2])

    def call_made(self, call: Call) -> None:
        """Takes a row of the ledger."""
        if call.run_id is None:
            self._unattributed.append(call)
        elif (run := self._runs.get(call.run_id)) is not None:
            run.calls.append(call)

    def attempt_failed(self, failed: Failed) -> None:
        """Counts an attempt that is made again."""
        run = self._runs.get(failed.run_id) if failed.run_id is not None else None
        if run is not None:
            key = failed.node, failed.task_id
            run.failed[key] = run.failed.get(key, 0) + 1

    @property
    def runs(self) -> list[str]:
        """The ids of the runs that are remembered, in the order in which they began."""
        return list(self._runs)

    @property
    def unattributed(self) -> list[Call]:
        """The calls that no step could be found for, the latest."""
        return list(self._unattributed)

    @property
    def calls(self) -> list[Call]:
        """The ledger of all remembered runs."""
        return self.calls_of()

    def calls_of(self, run_id: str | None = None) -> list[Call]:
        """The ledger of one run, or of all."""
        return [call for run in self._chosen(run_id).values() for call in list(run.calls)]

    def steps(self, run_id: str | None = None) -> list[Step]:
        """The steps that have run, in the order in which they ended."""
        return [step for run in self._chosen(run_id).values() for step in list(run.steps)]

    def duration(self, run_id: str | None = None) -> float:
        """How long a run took, or all together, in seconds."""
        return sum(run.duration for run in self._chosen(run_id).values())

    def total(self, run_id: str | None = None) -> Usage:
        """What one run used, or all of them."""
        return sum((call.usage for call in self.calls_of(run_id)), Usage())

    def by_run(self) -> dict[str, Usage]:
        """What each run used."""
        return {run_id: self.total(run_id) for run_id in self.runs}

    def by_step(self, run_id: str | None = None) -> dict[str, Usage]:
        """What each node used, all its attempts together."""
        return _sums(self.calls_of(run_id), lambda call: call.node or "")

    def by_item(self, run_id: str | None = None) -> dict[tuple[str, str | None], Usage]:
        """What each node used for each item of a fan-out, by the item's task; else by `None`."""
        return _sums(self.calls_of(run_id), lambda call: (call.node or "", call.task_id))

    def by_model(self, run_id: str | None = None) -> dict[str, Usage]:
        """What each model used, by the name that the provider gives it."""
        return _sums(self.calls_of(run_id), lambda call: call.answered_model or call.model or "")

    def by_attempt(self, run_id: str | None = None) -> dict[tuple[str, int], Usage]:
        """What each attempt at each node used."""
        return _sums(self.calls_of(run_id), lambda call: (call.node or "", call.attempt))

    def used_before(self, nodes: Mapping[str, Node]) -> dict[str, list[Usage]]:
        """What each of these nodes used in each run in which it did not fail."""
        found: dict[str, list[Usage]] = {}
        for run_id in self.runs:
            used = self.by_step(run_id)
            for step in self.steps(run_id):
                if step.error is None and step.node in nodes:
                    found.setdefault(step.node, []).append(used.get(step.node, Usage()))
        return found

    def table(self, run_id: str | None = None) -> Table:
        """A table to print with rich: each step's time, attempts, tokens and cost.

        Raises:
            MissingExtra: if rich is not installed.
        """
        from stepwell.llm.table import table

        return table(self, run_id)

    def frame(self, run_id: str | None = None) -> Any:
        """The ledger as a pandas frame, one row for each request.

        Raises:
            MissingExtra: if pandas is not installed.
        """
        pandas = require("pandas", extra="pandas", what="`TokenAccounting.frame`")
        rows = [_flat(call) for call in self.calls_of(run_id)]
        names = list(_flat(Call("", "", None, Usage())))
        return pandas.DataFrame(rows, columns=names)

    def json(self, run_id: str | None = None) -> str:
        """Totals, steps and ledger as JSON; amounts of money are texts, as they are exact."""
        import json

        written = {
            "total": asdict(self.total(run_id)),
            "steps": [asdict(step) for step in self.steps(run_id)],
            "calls": [asdict(call) for call in self.calls_of(run_id)],
            "unattributed": [asdict(call) for call in self.unattributed],
        }
        return json.dumps(written, default=str, indent=2)

    def _chosen(self, run_id: str | None) -> Mapping[str, _Run]:
        if run_id is None:
            return dict(self._runs)
        if (run := self._runs.get(run_id)) is None:
            raise KeyError(f"no run `{run_id}` is remembered; `runs` lists those that are")
        return {run_id: run}


def _sums(calls: Iterable[Call], key: Callable[[Call], Key]) -> dict[Key, Usage]:
    sums: dict[Key, Usage] = {}
    for call in calls:
        sums[key(call)] = sums.get(key(call), Usage()) + call.usage
    return sums


def _flat(call: Call) -> dict[str, Any]:
    row = {name: getattr(call, name) for name in Call.__slots__ if name not in UNFLAT}
    row |= {name: getattr(call.usage, name) for name in Usage.__slots__ if name != "costs"}
    cost = call.usage.cost
    row["cost"] = cost.amount if cost else None
    row["currency"] = cost.currency if cost else None
    row["price_source"] = ", ".join(cost.sources) if cost else None
    return row
