"""Shows how far a run is."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from stepwell.lifecycle.api import (
    GraphExecutionHook,
    NodeExecutionHook,
    Observer,
    TaskReturnHook,
    TaskSubmissionHook,
)
from stepwell.lifecycle.tally import Tallied, Tally, at, told_failure
from stepwell.usage import Failed, seconds, spent

if TYPE_CHECKING:
    from stepwell.spec import Node


class ProgressBar(
    Tallied,
    Observer,
    NodeExecutionHook,
    GraphExecutionHook,
    TaskSubmissionHook,
    TaskReturnHook,
):
    """A bar that fills as nodes finish; one for each run at the same time.

    Where `rich` is not installed, or the output is no terminal, a line is written for each node.
    What the requests of metered clients use is shown as it comes, an attempt that is made again
    when it has failed, and all of it at the end. What is done for each item counts from when the
    item is known.

    Args:
        description: what stands before the bar.
        file: where it is written; standard error unless told otherwise.
    """

    needs_context = True

    def __init__(self, description: str = "running", *, file: TextIO | None = None) -> None:
        self.description, self.file = description, file
        self._tally = Tally(self._attempt_failed)
        self._lock = Lock()
        self._runs: dict[str, _Run] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"description": self.description, "file": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["description"])  # type: ignore[misc]

    def run_before_graph_execution(
        self, *, run_id: str, execution_path: Sequence[str], **future_kwargs: Any
    ) -> None:
        self._tally.begin(run_id)
        with self._lock:
            self._runs[run_id] = _Run(len(execution_path), self._shown())

    def run_before_task_submission(
        self,
        *,
        run_id: str,
        nodes: Sequence[Node],
        spawning_task_id: str | None,
        **future_kwargs: Any,
    ) -> None:
        with self._lock:
            if (run := self._runs.get(run_id)) is not None:
                run.expands([node.name for node in nodes], spawning_task_id)

    def run_after_task_return(
        self, *, run_id: str, task_id: str, nodes: Sequence[Node], **future_kwargs: Any
    ) -> None:
        with self._lock:
            if (run := self._runs.get(run_id)) is not None and run.returned(task_id, len(nodes)):
                run.ends(task_id, spent(self._tally.of_run(run_id)))

    def run_before_node_execution(
        self, *, run_id: str, node_name: str, task_id: str | None, **future_kwargs: Any
    ) -> None:
        with self._lock:
            if (run := self._runs.get(run_id)) is not None:
                run.shown.begins(at(node_name, task_id), spent(self._tally.of_run(run_id)))

    def run_after_node_execution(
        self,
        *,
        run_id: str,
        node_name: str,
        task_id: str | None,
        success: bool,
        **future_kwargs: Any,
    ) -> None:
        with self._lock:
            if (run := self._runs.get(run_id)) is not None:  # else it is another process's
                run.ended(task_id)
                what = at(node_name, task_id) + ("" if success else " failed")
                run.ends(what, spent(self._tally.of_run(run_id)))

    def run_after_graph_execution(
        self, *, run_id: str, error: BaseException | None, **future_kwargs: Any
    ) -> None:
        used = spent(self._tally.end(run_id))
        with self._lock:
            self._runs.pop(run_id).close(self.description, error, used, last=not self._runs)

    def _attempt_failed(self, failed: Failed) -> None:
        with self._lock:
            if failed.run_id is not None and (run := self._runs.get(failed.run_id)) is not None:
                run.shown.tells(told_failure(failed), spent(self._tally.of_run(failed.run_id)))

    def _shown(self) -> _Shown:
        file = self.file or sys.stderr
        drawn = next((r.shown for r in self._runs.values() if isinstance(r.shown, _Bar)), None)
        if drawn is not None:
            return _Bar(drawn.progress, self.description)
        if file.isatty():
            try:
                progress = _drawn(file)
            except ImportError:
                pass
            else:
                progress.start()
                return _Bar(progress, self.description)
        return _Lines(file, self.description)


class _Run:
    """How far one run is: how many nodes there are, as far as is known, and how many are done."""

    def __init__(self, total: int, shown: _Shown) -> None:
        self.total, self.done, self.shown = total, 0, shown
        self._began = perf_counter()
        self._blocks: set[tuple[str | None, tuple[str, ...]]] = set()
        self._heard: Counter[str] = Counter()

    def expands(self, nodes: Sequence[str], spawning_task_id: str | None) -> None:
        """There is one item more: nodes that were counted once are there once for each."""
        block = spawning_task_id, tuple(nodes)
        if block in self._blocks:
            self.total += len(nodes)
        self._blocks.add(block)

    def ended(self, task_id: str | None) -> None:
        """A node is done."""
        self.done += 1
        if task_id is not None:
            self._heard[task_id] += 1

    def returned(self, task_id: str, nodes: int) -> bool:
        """An item is done; whether its nodes were done elsewhere, and only now are known to be."""
        if heard := self._heard.pop(task_id, 0):
            inner = sum(len(names) for above, names in self._blocks if above == task_id)
            self.total -= nodes - heard - inner  # what was not done, as it failed or had no items
            return False
        self.done += nodes
        return True

    def ends(self, what: str, used: str) -> None:
        """Shows what is done."""
        self.shown.ends(what, used, self.done, self.total)

    def close(self, name: str, error: BaseException | None, used: str, *, last: bool) -> None:
        """Tells how it ended."""
        took = seconds(perf_counter() - self._began)
        line = f"{name}: {self.done} of {self.total} nodes in {took}"
        if error is not None:
            line = f"{name} failed with {type(error).__name__} after {took}"
        self.shown.close(f"{line}; {used}" if used else line, last=last)


class _Shown(Protocol):
    """How it is shown."""

    def begins(self, what: str, used: str) -> None: ...

    def tells(self, what: str, used: str) -> None: ...

    def ends(self, what: str, used: str, done: int, total: int) -> None: ...

    def close(self, line: str, *, last: bool) -> None: ...


class _Lines:
    def __init__(self, file: TextIO, description: str) -> None:
        self.file, self.description = file, description

    def begins(self, what: str, used: str) -> None:
        pass

    def tells(self, what: str, used: str) -> None:
        self._print(f"{self.description} {what}")

    def ends(self, what: str, used: str, done: int, total: int) -> None:
        so_far = f" ({used})" if used else ""
        self._print(f"{self.description} {done}/{total} {what}{so_far}")

    def close(self, line: str, *, last: bool) -> None:
        self._print(line)

    def _print(self, line: str) -> None:
        print(line, file=self.file, flush=True)


def _drawn(file: TextIO) -> Any:
    """Where bars are drawn, on lines that never grow wider than the terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.table import Column

    what = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        TextColumn("{task.fields[what]}", markup=False, table_column=what),
        console=Console(file=file),
        transient=True,
        expand=True,
    )


class _Bar:
    def __init__(self, progress: Any, description: str) -> None:
        self.progress = progress
        self.task = progress.add_task(description, total=None, what="")

    def begins(self, what: str, used: str) -> None:
        self.tells(what, used)

    def tells(self, what: str, used: str) -> None:
        self.progress.update(self.task, what=_both(used, what))

    def ends(self, what: str, used: str, done: int, total: int) -> None:
        self.progress.update(self.task, what=_both(used, what), completed=done, total=total)

    def close(self, line: str, *, last: bool) -> None:
        self.progress.remove_task(self.task)
        self.progress.console.print(line, highlight=False, markup=False)
        if last:
            self.progress.stop()


def _both(used: str, what: str) -> str:
    return f"{used}; {what}" if used else what
