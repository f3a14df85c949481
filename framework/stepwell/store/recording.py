"""`RunStore`: writes down what runs and their steps do."""

from __future__ import annotations

import os
import sys
from asyncio import CancelledError
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from inspect import getblock
from linecache import getlines
from logging import getLogger
from pathlib import Path
from threading import Lock
from time import perf_counter, time
from tokenize import TokenError
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from stepwell.errors import StoreError
from stepwell.lifecycle.api import GraphExecutionHook, NodeExecutionHook, Observer
from stepwell.lifecycle.listening import listen, unlisten
from stepwell.store import rows
from stepwell.store.file import reading
from stepwell.store.place import named, root_of, store_path
from stepwell.store.reading import Runs
from stepwell.store.shared import Shared
from stepwell.store.text import text_digest
from stepwell.store.writing import Row, writer

if TYPE_CHECKING:
    from stepwell.graph import Graph
    from stepwell.spec import Node
    from stepwell.usage import Call, Failed, Usage

KEEP = 200
"""So many runs are kept, unless told otherwise."""


class _Open(NamedTuple):
    """A run that is recorded here. `news` is what is sent home, where the file is not at hand."""

    began: float
    clocks: dict[tuple[str, str | None], tuple[float, float]]
    attempts: dict[tuple[str, str | None], int]
    news: list[Row] | None
    files: frozenset[str]


class _Known(NamedTuple):
    """What is known of a graph before it runs."""

    digest: str
    modules: tuple[tuple[str, str], ...]
    steps: dict[str, rows.Known]


class RunStore(Observer, NodeExecutionHook, GraphExecutionHook):
    """Records every run: its steps with times, attempts and errors, its calls with tokens and cost.

    A call is written before its answer is handed on, steps soon after they end: so they are there
    however the run ends, in one file that several processes may use at once. No values are kept, no
    prompts and no keys: of an error its class and its place, of inputs their names. What can't be
    written is logged once; it never fails a run.

    Given to a `Budget` or a `RateLimit`, it makes these count for all processes that use the file.

    Args:
        path: the file; by default `.stepwell/runs.db` beside the nearest `pyproject.toml`, or what
            `STEPWELL_STORE` names.
        keep: how many runs are kept, the latest.

    Raises:
        StoreError: if the file is damaged, something else, of a newer stepwell, or can't be made.
    """

    needs_context = True

    def __init__(self, path: str | Path | None = None, *, keep: int = KEEP) -> None:
        if keep < 1:
            raise ValueError(f"`keep={keep}` keeps no run; give 1 or more")
        self._set_up((store_path() if path is None else Path(path).expanduser()).absolute(), keep)
        with self._writer.file.transaction():
            reading(self.path).close()

    def _set_up(self, path: Path, keep: int) -> None:
        self.path, self.keep = path, keep
        self._root = root_of(self.path)
        self._lock = Lock()
        self._open: dict[str, _Open] = {}
        self._graphs: WeakKeyDictionary[Graph, _Known] = WeakKeyDictionary()
        self._writer = writer(self.path)

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "keep": self.keep}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set_up(**state)  # on another machine no file is to be made

    def __repr__(self) -> str:
        return f"RunStore({str(self.path)!r})"

    @property
    def runs(self) -> Runs:
        """What is remembered."""
        return Runs(self.path)

    @property
    def shared(self) -> Shared:
        """State that the processes which use this file have in common."""
        return Shared(self._writer)

    def used_before(self, nodes: Mapping[str, Node]) -> dict[str, list[Usage]]:
        """What each of these nodes used in each run that is kept and in which it did not fail.

        Raises:
            StoreError: if the file can't be used.
        """
        modules = {name: node.module for name, node in nodes.items()}
        found: dict[str, list[Usage]] = {}
        for step in self.runs.steps():
            if modules.get(step.node) == step.module and not step.failures:
                found.setdefault(step.node, []).append(step.usage)
        return found

    def run_before_graph_execution(
        self,
        *,
        run_id: str,
        graph: Graph,
        final_vars: Sequence[str],
        inputs: Mapping[str, Any],
        execution_path: Sequence[str],
        **future_kwargs: Any,
    ) -> None:
        digest, modules, known = self._known(graph)
        files = frozenset(step.file for step in known.values())
        if not self._begins(run_id, None, files):
            return
        process = self._writer.process
        began = rows.Begun(
            run_id, process, os.getpid(), time(), digest, modules, tuple(final_vars), tuple(inputs)
        )
        steps = [known[name] for name in execution_path if name in known]
        self._writer.write(Row(rows.begin, (began, steps, self.keep)))

    def run_before_node_execution(
        self, *, run_id: str, node_name: str, task_id: str | None, **future_kwargs: Any
    ) -> None:
        if (run := self._open.get(run_id)) is not None:
            run.clocks[node_name, task_id] = time(), perf_counter()

    def run_after_node_execution(
        self,
        *,
        run_id: str,
        node_name: str,
        task_id: str | None,
        error: BaseException | None,
        **future_kwargs: Any,
    ) -> None:
        if (run := self._open.get(run_id)) is None:
            return
        key = node_name, task_id
        if (clock := run.clocks.pop(key, None)) is None:
            return
        started, counted = clock
        took = perf_counter() - counted
        attempts = 1 + run.attempts.pop(key, 0)
        values = run_id, node_name, started, attempts, took, *self._told(error, run.files)
        step = Row(rows.step, values)
        if run.news is None:
            self._writer.tell(step)
        else:
            run.news.append(step)

    def run_after_graph_execution(
        self, *, run_id: str, error: BaseException | None, **future_kwargs: Any
    ) -> None:
        if (run := self._ends(run_id)) is None:
            return
        ended = "finished"
        if error is not None:
            stopped = isinstance(error, CancelledError | KeyboardInterrupt | GeneratorExit)
            ended = "cancelled" if stopped else "failed"
        values = (run_id, perf_counter() - run.began, ended, *self._told(error, run.files))
        self._writer.tell(Row(rows.end, values))
        self._release(run_id)

    def call_made(self, call: Call) -> None:
        """Records a row of the ledger."""
        row = Row(rows.call, (call,))
        run = self._open.get(call.run_id) if call.run_id is not None else None
        if run is not None and run.news is not None:
            run.news.append(row)
        elif run is not None or call.run_id is None:
            self._writer.write(row)

    def attempt_failed(self, failed: Failed) -> None:
        """Counts an attempt that is made again."""
        run = self._open.get(failed.run_id) if failed.run_id is not None else None
        if run is not None:
            key = failed.node, failed.task_id
            run.attempts[key] = run.attempts.get(key, 0) + 1

    def arrived(self, *, run_id: str) -> None:
        """In a worker process: records what happens there, in the file if it is at hand."""
        at_hand = False
        with suppress(StoreError):
            at_hand = self.runs.knows(run_id)
        self._begins(run_id, None if at_hand else [])

    def left(self, *, run_id: str) -> None:
        """In a worker process: hears no more of that run."""
        if self._ends(run_id) is not None:
            self._release(run_id)

    def send_home(self, *, run_id: str) -> list[Row]:
        """In a worker process: what could not be recorded there."""
        run = self._open.get(run_id)
        if run is None or run.news is None:
            self._writer.flush()
            return []
        count = len(run.news)
        told, run.news[:count] = run.news[:count], []  # another thread may add to it meanwhile
        return told

    def take_home(self, *, run_id: str, state: list[Row]) -> None:
        """Records what happened in a worker process."""
        for row in state:
            self._writer.write(row)

    def _begins(
        self, run_id: str, news: list[Row] | None, files: frozenset[str] = frozenset()
    ) -> bool:
        """Whether this is the first to record that run, which it is ready for then."""
        with self._lock:
            if run_id in self._open:
                return False
            if news is None:
                try:
                    self._writer.hold()
                except StoreError as failure:
                    getLogger("stepwell").warning("run %s is not recorded: %s", run_id, failure)
                    return False
            self._open[run_id] = _Open(perf_counter(), {}, {}, news, files)
        listen(run_id, self)
        return True

    def _modules(self, graph: Graph) -> tuple[tuple[str, str], ...]:
        """The modules of a graph, each with its file as the store names it."""
        files = ((name, getattr(sys.modules.get(name), "__file__", None)) for name in graph.modules)
        return tuple((name, named(file, self._root) if file else "") for name, file in files)

    def _ends(self, run_id: str) -> _Open | None:
        """The run, if it was recorded here, which it is no more."""
        with self._lock:
            run = self._open.pop(run_id, None)
        if run is not None:
            unlisten(run_id, self)
        return run if run is not None and run.news is None else None

    def _release(self, run_id: str) -> None:
        try:
            self._writer.release()
        except StoreError as failure:
            getLogger("stepwell").warning("run %s is not recorded whole: %s", run_id, failure)

    def _known(self, graph: Graph) -> _Known:
        """What is known of a graph and of each of its nodes before it runs."""
        if (known := self._graphs.get(graph)) is None:
            steps = {name: self._step(node) for name, node in graph.nodes.items()}
            known = self._graphs[graph] = _Known(graph.digest(), self._modules(graph), steps)
        return known

    def _step(self, node: Node) -> rows.Known:
        if node.span is None:
            return rows.Known(node.name, node.step, node.module, "", 0, "")
        file, line = node.span.file, node.span.line
        text: list[str] = []
        with suppress(SyntaxError, TokenError):  # of a file that has changed since it was imported
            text = getblock(getlines(file)[line - 1 :])
        digest = text_digest(text) if text else ""
        return rows.Known(node.name, node.step, node.module, named(file, self._root), line, digest)

    def _told(
        self, error: BaseException | None, files: Collection[str]
    ) -> tuple[str | None, str | None]:
        """The class of an error, and its place: the last line in the project or in these files.

        Where there is none it is the line that raised it, in whatever library.
        """
        if error is None:
            return None, None
        places = [
            (named(frame.f_code.co_filename, self._root), line)
            for frame, line in walk_tb(error.__traceback__)
        ]
        own = [
            (file, line)
            for file, line in places
            if file in files or not (os.path.isabs(file) or "site-packages/" in file)
        ]
        file, line = (own or places or [("", 0)])[-1]
        return type(error).__name__, f"{file}:{line}" if file else None
