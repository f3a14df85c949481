"""Where the items of a `Parallelizable` are done: each class stands for one of stepwell's."""

from __future__ import annotations

from typing import Any

from stepwell.executors import Executor, InlineExecutor, ProcessesExecutor, ThreadsExecutor

TaskExecutor = Executor


class SynchronousLocalTaskExecutor(InlineExecutor):
    """One after the other, where the run is."""


class MultiThreadingExecutor(ThreadsExecutor):
    """In threads, at most `max_tasks` at the same time."""

    def __init__(self, max_tasks: int) -> None:
        super().__init__(max_tasks)


class MultiProcessingExecutor(ProcessesExecutor):
    """In processes, at most `max_tasks` at the same time."""

    def __init__(self, max_tasks: int) -> None:
        super().__init__(max_tasks)


class ExecutionManager:
    """Two executors: for the items of a fan-out (`remote`), and for all else (`local`)."""

    def __init__(self, executors: list[Any]) -> None:
        self.executors = executors


class DefaultExecutionManager(ExecutionManager):
    """As `ExecutionManager`; by default the items are done in ten threads."""

    def __init__(
        self, local_executor: Executor | None = None, remote_executor: Executor | None = None
    ) -> None:
        self.local_executor = local_executor or SynchronousLocalTaskExecutor()
        self.remote_executor = remote_executor or MultiThreadingExecutor(max_tasks=10)
        super().__init__([self.local_executor, self.remote_executor])
