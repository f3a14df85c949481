"""Prints each step of a run as it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from stepwell.lifecycle.api import GraphExecutionHook, NodeExecutionHook
from stepwell.lifecycle.filters import NodeFilter, Tags, selects
from stepwell.lifecycle.tally import Tallied, Tally, at, told_failure
from stepwell.usage import Failed, spent

WIDTH = 60


class PrintLn(Tallied, NodeExecutionHook, GraphExecutionHook):
    """Prints a line for each node that has run, with the time it took.

    Where a metered client made requests, tokens and cost are in it, and in the last line their sum.
    An attempt that fails and is made again has a line of its own.

    Args:
        verbosity: 1 prints a node when it has run; 2 also when it starts, with what it is given,
            and what it made; both are shortened.
        print_fn: what prints a line.
        node_filter: the nodes to print: a name, several, or a function of name and tags.
    """

    needs_context = True

    def __init__(
        self,
        *,
        verbosity: int = 1,
        print_fn: Callable[[str], object] = print,
        node_filter: NodeFilter = None,
    ) -> None:
        self.verbosity, self.print_fn, self.node_filter = verbosity, print_fn, node_filter
        self._started: dict[tuple[str, str | None, str], float] = {}
        self._began: dict[str, float] = {}
        self._tally = Tally(self._attempt_failed)

    def __getstate__(self) -> dict[str, Any]:
        names = ("verbosity", "print_fn", "node_filter")
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def wants_node(self, *, node_name: str, node_tags: Tags) -> bool:
        return selects(self.node_filter, node_name, node_tags)

    def run_before_graph_execution(
        self,
        *,
        run_id: str,
        final_vars: Sequence[str],
        execution_path: Sequence[str],
        **future_kwargs: Any,
    ) -> None:
        self._tally.begin(run_id)
        self._began[run_id] = perf_counter()
        self.print_fn(f"run of {_count(len(execution_path))} for {', '.join(final_vars)}")

    def run_before_node_execution(
        self,
        *,
        node_name: str,
        node_kwargs: dict[str, Any],
        run_id: str,
        task_id: str | None,
        **future_kwargs: Any,
    ) -> None:
        if self.verbosity > 1:
            given = ", ".join(f"{name}={shortened(value)}" for name, value in node_kwargs.items())
            self.print_fn(f"  {at(node_name, task_id)}({given})")
        self._started[run_id, task_id, node_name] = perf_counter()

    def run_after_node_execution(
        self,
        *,
        node_name: str,
        result: Any,
        error: BaseException | None,
        success: bool,
        run_id: str,
        task_id: str | None,
        **future_kwargs: Any,
    ) -> None:
        took = perf_counter() - self._started.pop((run_id, task_id, node_name))
        line = f"  {at(node_name, task_id)}: {duration(took)}"
        if used := spent(self._tally.of_step(run_id, task_id, node_name)):
            line += f", {used}"
        if not success:
            line += f", failed: {type(error).__name__}: {shortened(error)}"
        elif self.verbosity > 1:
            line += f", made {shortened(result)}"
        self.print_fn(line)

    def run_after_graph_execution(
        self, *, run_id: str, success: bool, error: BaseException | None, **future_kwargs: Any
    ) -> None:
        used = spent(self._tally.end(run_id))
        took = duration(perf_counter() - self._began.pop(run_id))
        line = f"run finished in {took}"
        if not success:
            line = f"run failed after {took}: {type(error).__name__}"
        self.print_fn(f"{line}; {used}" if used else line)

    def _attempt_failed(self, failed: Failed) -> None:
        if (failed.run_id, failed.task_id, failed.node) in self._started:
            self.print_fn(f"  {told_failure(failed)}")


def shortened(value: object, width: int = WIDTH) -> str:
    """A value in one line of at most `width` characters, with its length if it is cut.

    >>> shortened("a" * 100, 12)
    "'aaaaaa… (102 characters)"
    """
    try:
        text = str(value) if isinstance(value, BaseException) else repr(value)
    except Exception:
        return f"<{type(value).__name__}>"
    text = text.replace("\n", " ")
    if len(text) <= width:
        return text
    return f"{text[: max(width - 5, 1)]}… ({len(text)} characters)"


def duration(seconds: float) -> str:
    """A time in a unit that suits it.

    >>> duration(0.0000024), duration(0.0123), duration(75)
    ('2.4 µs', '12.3 ms', '75.0 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds * 1e6:.1f} µs"


def _count(nodes: int) -> str:
    return f"{nodes} node" if nodes == 1 else f"{nodes} nodes"
