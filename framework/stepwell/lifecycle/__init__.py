"""Adapters: what is called around the steps of a pipeline, and what replaces how they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.lazy import exports

if TYPE_CHECKING:
    from stepwell.lifecycle.api import (
        EdgeConnectionHook,
        GraphAdapter,
        GraphConstructionHook,
        GraphExecutionHook,
        NodeExecutionHook,
        NodeExecutionMethod,
        Observer,
        ResultBuilder,
        StaticValidator,
        TaskExecutionHook,
        TaskGroupingHook,
        TaskReturnHook,
        TaskSubmissionHook,
    )
    from stepwell.lifecycle.checker import FunctionInputOutputTypeChecker
    from stepwell.lifecycle.debugger import PDBDebugger
    from stepwell.lifecycle.events import base_hook, base_method, base_validator
    from stepwell.lifecycle.fallback import Fallback
    from stepwell.lifecycle.graceful import Failure, GracefulErrorAdapter
    from stepwell.lifecycle.hedge import Hedge
    from stepwell.lifecycle.logs import LogRuns, RunIds
    from stepwell.lifecycle.permissive import NoEdgeAndInputTypeChecking
    from stepwell.lifecycle.println import PrintLn
    from stepwell.lifecycle.progress import ProgressBar
    from stepwell.lifecycle.results import DictResult, NumpyResult, PandasResult, PolarsResult
    from stepwell.lifecycle.retry import Retry
    from stepwell.lifecycle.slowdown import SlowDown
    from stepwell.lifecycle.timeout import Timeout

__all__ = [
    "DictResult",
    "EdgeConnectionHook",
    "Failure",
    "Fallback",
    "FunctionInputOutputTypeChecker",
    "GracefulErrorAdapter",
    "GraphAdapter",
    "GraphConstructionHook",
    "GraphExecutionHook",
    "Hedge",
    "LogRuns",
    "NoEdgeAndInputTypeChecking",
    "NodeExecutionHook",
    "NodeExecutionMethod",
    "NumpyResult",
    "Observer",
    "PDBDebugger",
    "PandasResult",
    "PolarsResult",
    "PrintLn",
    "ProgressBar",
    "ResultBuilder",
    "Retry",
    "RunIds",
    "SlowDown",
    "StaticValidator",
    "TaskExecutionHook",
    "TaskGroupingHook",
    "TaskReturnHook",
    "TaskSubmissionHook",
    "Timeout",
    "base_hook",
    "base_method",
    "base_validator",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        ".api": (
            "EdgeConnectionHook GraphAdapter GraphConstructionHook GraphExecutionHook "
            "NodeExecutionHook NodeExecutionMethod Observer ResultBuilder StaticValidator "
            "TaskExecutionHook TaskGroupingHook TaskReturnHook TaskSubmissionHook"
        ),
        ".checker": "FunctionInputOutputTypeChecker",
        ".debugger": "PDBDebugger",
        ".fallback": "Fallback",
        ".events": "base_hook base_method base_validator",
        ".graceful": "Failure GracefulErrorAdapter",
        ".hedge": "Hedge",
        ".logs": "LogRuns RunIds",
        ".permissive": "NoEdgeAndInputTypeChecking",
        ".println": "PrintLn",
        ".progress": "ProgressBar",
        ".results": "DictResult NumpyResult PandasResult PolarsResult",
        ".retry": "Retry",
        ".slowdown": "SlowDown",
        ".timeout": "Timeout",
    },
)
