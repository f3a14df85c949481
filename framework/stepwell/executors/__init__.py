"""Where the items of a fan-out are done, and how many of them at the same time.

Builder().with_modules(pipeline).with_executor(ThreadsExecutor(8)).build()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.lazy import exports

if TYPE_CHECKING:
    from stepwell.executors.base import Executor, InlineExecutor
    from stepwell.executors.processes import ProcessesExecutor
    from stepwell.executors.tasks import AsyncioExecutor
    from stepwell.executors.threads import ThreadsExecutor

__all__ = [
    "AsyncioExecutor",
    "Executor",
    "InlineExecutor",
    "ProcessesExecutor",
    "ThreadsExecutor",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "stepwell.executors.base": "Executor InlineExecutor",
        "stepwell.executors.processes": "ProcessesExecutor",
        "stepwell.executors.tasks": "AsyncioExecutor",
        "stepwell.executors.threads": "ThreadsExecutor",
    },
)
