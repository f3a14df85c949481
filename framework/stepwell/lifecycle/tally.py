"""What runs and steps use, added up while they go."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from stepwell.lifecycle.listening import listen, unlisten
from stepwell.usage import Call, Failed, Usage


class Tally:
    """Adds up the usage of runs while they go; an adapter has one and tells it of its runs.

    Args:
        failed: is told of each attempt that has failed and is made again.
    """

    def __init__(self, failed: Callable[[Failed], object] | None = None) -> None:
        self._failed = failed
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
        """Passes it on; the calls of that attempt are counted already."""
        if self._failed is not None:
            self._failed(failed)

    def taken(self, run_id: str) -> Usage:
        """What a run has used since this was last asked."""
        with self._lock:
            used, self._runs[run_id] = self._runs[run_id], Usage()
            return used

    def add(self, run_id: str, used: Usage) -> None:
        """Adds what a run has used elsewhere."""
        with self._lock:
            self._runs[run_id] = self._runs.get(run_id, Usage()) + used


class Tallied:
    """An adapter with a tally: what is used in other processes comes home to it."""

    _tally: Tally

    def arrived(self, *, run_id: str) -> None:
        """Called in another process, before its first task."""
        self._tally.begin(run_id)

    def send_home(self, *, run_id: str) -> Usage:
        """Called there: what was used since it was last called."""
        return self._tally.taken(run_id)

    def take_home(self, *, run_id: str, state: Usage) -> None:
        """Called at home, with that."""
        self._tally.add(run_id, state)


def at(node: str, task_id: str | None) -> str:
    """A node, and of which item it is.

    >>> at("summary", "page[3]")
    'summary of page[3]'
    """
    return f"{node} of {task_id}" if task_id else node


def told_failure(failed: Failed) -> str:
    """What is told of an attempt that failed; its text may hold what was said, so its class."""
    again = f", again in {failed.wait:.1f} s" if failed.wait else ""
    what = at(failed.node or "?", failed.task_id)
    return f"{what}: attempt {failed.attempt} failed with {failed.error_type}{again}"
