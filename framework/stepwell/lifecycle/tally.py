"""What runs and steps use, added up while they go."""

from __future__ import annotations

from threading import Lock

from stepwell.lifecycle.listening import listen, unlisten
from stepwell.usage import Call, Failed, Usage


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
