"""Runs and steps as records of the standard `logging`, with their ids."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import Any

from stepwell.lifecycle.api import GraphExecutionHook, NodeExecutionHook, Observer
from stepwell.lifecycle.current import current
from stepwell.lifecycle.tally import Tallied, Tally
from stepwell.usage import Usage, spent


class LogRuns(Tallied, Observer, NodeExecutionHook, GraphExecutionHook):
    """Logs each step and run that is over, and adds their ids to what is logged in between.

    Every record has `run_id`, `node`, `task_id` and `seconds`, and, where a metered client made
    requests, `calls`, `input_tokens`, `output_tokens`, `cost` and `currency`, as attributes that a
    structured formatter writes. A failure is a warning with the class of the error as `error`; its
    text, which may hold what was said, is left to who handles the error.

    Args:
        logger: where to, by name.
        level: how important what succeeds is.
    """

    needs_context = True

    def __init__(self, logger: str = "stepwell.run", *, level: int = logging.INFO) -> None:
        self.logger, self.level = logger, level
        self._tally = Tally()
        self._began: dict[tuple[str, str | None, str | None], float] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"logger": self.logger, "level": self.level}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def run_before_graph_execution(self, *, run_id: str, **future_kwargs: Any) -> None:
        self._tally.begin(run_id)
        self._began[run_id, None, None] = perf_counter()

    def run_before_node_execution(
        self, *, run_id: str, node_name: str, task_id: str | None, **future_kwargs: Any
    ) -> None:
        self._began[run_id, task_id, node_name] = perf_counter()

    def run_after_node_execution(
        self,
        *,
        run_id: str,
        node_name: str,
        task_id: str | None,
        error: BaseException | None,
        **future_kwargs: Any,
    ) -> None:
        usage = self._tally.of_step(run_id, task_id, node_name)
        what = f"step `{node_name}`" + (f" of `{task_id}`" if task_id else "")
        self._log(what, (run_id, task_id, node_name), usage, error)

    def run_after_graph_execution(
        self, *, run_id: str, error: BaseException | None, **future_kwargs: Any
    ) -> None:
        self._log("run", (run_id, None, None), self._tally.end(run_id), error)

    def _log(
        self,
        what: str,
        key: tuple[str, str | None, str | None],
        usage: Usage,
        error: BaseException | None,
    ) -> None:
        seconds = perf_counter() - self._began.pop(key)
        logger = logging.getLogger(self.logger)
        level = self.level if error is None else logging.WARNING
        if not logger.isEnabledFor(level):
            return
        run_id, task_id, node = key
        known: dict[str, Any] = {"run_id": run_id, "node": node, "task_id": task_id}
        known["seconds"] = seconds
        if usage.requests:
            known |= {"calls": usage.requests, "unmeasured": usage.unmeasured}
            known |= {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
            if len(usage.costs) == 1:
                known |= {"cost": usage.costs[0].amount, "currency": usage.costs[0].currency}
        ended = "finished" if error is None else f"failed with {type(error).__name__}"
        if error is not None:
            known["error"] = type(error).__name__
        used = spent(usage)
        text = f"{what} {ended} in {seconds:.3f} s" + (f", {used}" if used else "")
        logger.log(level, text, extra=known)


class RunIds(logging.Filter):
    """Gives every record that is made within a step the `run_id` and `node` it belongs to.

    Add it to a handler: `handler.addFilter(RunIds())`. Outside of a step, and in a driver without
    an adapter that asks which step is running, they are `None`. It lets every record pass.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        now = current.get()
        for name in ("run_id", "node", "task_id", "attempt"):
            if not hasattr(record, name):
                setattr(record, name, getattr(now, name) if now is not None else None)
        return True
