"""Where the items of a fan-out are done, and how many of them at the same time.

Builder().with_modules(pipeline).with_executor(ThreadsExecutor(8)).build()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.lazy import exports

if TYPE_CHECKING:
    from stepwell.executors.base import Executor, InlineExecutor
    from stepwell.executors.dask import DaskExecutor
    from stepwell.executors.processes import ProcessesExecutor
    from stepwell.executors.ray import RayExecutor
    from stepwell.executors.spark import SparkExecutor
    from stepwell.executors.tasks import AsyncioExecutor
    from stepwell.executors.threads import ThreadsExecutor

__all__ = [
    "AsyncioExecutor",
    "DaskExecutor",
    "Executor",
    "InlineExecutor",
    "ProcessesExecutor",
    "RayExecutor",
    "SparkExecutor",
    "ThreadsExecutor",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "stepwell.executors.base": "Executor InlineExecutor",
        "stepwell.executors.dask": "DaskExecutor",
        "stepwell.executors.processes": "ProcessesExecutor",
        "stepwell.executors.ray": "RayExecutor",
        "stepwell.executors.spark": "SparkExecutor",
        "stepwell.executors.tasks": "AsyncioExecutor",
        "stepwell.executors.threads": "ThreadsExecutor",
    },
)
