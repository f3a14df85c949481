"""Shows how far a run is."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from threading import Lock
from typing import Any, TextIO

from stepwell.lifecycle.api import GraphExecutionHook, NodeExecutionHook, Observer
from stepwell.lifecycle.tally import Tally
from stepwell.usage import spent


class ProgressBar(Observer, NodeExecutionHook, GraphExecutionHook):
    """A bar that fills as nodes finish; one for each run at the same time.

    Where `rich` is not installed, or the output is no terminal, a line is written for each node.
    What the requests of metered clients use is shown as it comes, and told at the end.

    Args:
        description: what stands before the bar.
        file: where it is written; standard error unless told otherwise.
    """

    needs_context = True

    def __init__(self, description: str = "running", *, file: TextIO | None = None) -> None:
        self.description, self.file = description, file
        self._tally = Tally()
        self._lock = Lock()
        self._runs: dict[str, _Lines | _Bar] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"description": self.description, "file": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["description"])  # type: ignore[misc]

    def run_before_graph_execution(
        self, *, run_id: str, execution_path: Sequence[str], **future_kwargs: Any
    ) -> None:
        self._tally.begin(run_id)
        with self._lock:
            drawn = next((run for run in self._runs.values() if isinstance(run, _Bar)), None)
            self._runs[run_id] = self._bar(len(execution_path), drawn)

    def run_before_node_execution(
        self, *, run_id: str, node_name: str, **future_kwargs: Any
    ) -> None:
        self._runs[run_id].begins(node_name, spent(self._tally.of_run(run_id)))

    def run_after_node_execution(
        self, *, run_id: str, node_name: str, success: bool, **future_kwargs: Any
    ) -> None:
        with self._lock:
            self._runs[run_id].ends(node_name, success, spent(self._tally.of_run(run_id)))

    def run_after_graph_execution(
        self, *, run_id: str, success: bool, **future_kwargs: Any
    ) -> None:
        used = spent(self._tally.end(run_id))
        with self._lock:
            self._runs.pop(run_id).close(used, last=not self._runs)

    def _bar(self, total: int, drawn: _Bar | None) -> _Lines | _Bar:
        file = self.file or sys.stderr
        if drawn is not None:
            return _Bar(drawn.progress, self.description, total)
        if not file.isatty():
            return _Lines(file, self.description, total)
        try:
            from rich.console import Console
            from rich.progress import Progress
        except ImportError:
            return _Lines(file, self.description, total)
        progress = Progress(console=Console(file=file), transient=True)
        progress.start()
        return _Bar(progress, self.description, total)


class _Lines:
    def __init__(self, file: TextIO, description: str, total: int) -> None:
        self.file, self.description, self.total, self.done = file, description, total, 0

    def begins(self, node_name: str, used: str) -> None:
        pass

    def ends(self, node_name: str, success: bool, used: str) -> None:
        self.done += 1
        word = "" if success else " failed"
        print(
            f"{self.description} {self.done}/{self.total} {node_name}{word}",
            file=self.file,
            flush=True,
        )

    def close(self, used: str, *, last: bool) -> None:
        if used:
            print(f"{self.description}: {used}", file=self.file, flush=True)


class _Bar:
    def __init__(self, progress: Any, description: str, total: int) -> None:
        self.progress, self.description = progress, description
        self.task = progress.add_task(description, total=total)

    def begins(self, node_name: str, used: str) -> None:
        self._shows(node_name, used)

    def ends(self, node_name: str, success: bool, used: str) -> None:
        self._shows(node_name, used)
        self.progress.advance(self.task)

    def _shows(self, node_name: str, used: str) -> None:
        shown = f"{self.description} {node_name}" + (f" ({used})" if used else "")
        self.progress.update(self.task, description=shown)

    def close(self, used: str, *, last: bool) -> None:
        self.progress.remove_task(self.task)
        if used:
            self.progress.console.print(f"{self.description}: {used}", highlight=False)
        if last:
            self.progress.stop()
