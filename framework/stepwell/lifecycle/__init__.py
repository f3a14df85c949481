"""Adapters: what is called around the steps of a pipeline, and what replaces how they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    from stepwell.lifecycle.graceful import Failure, GracefulErrorAdapter
    from stepwell.lifecycle.permissive import NoEdgeAndInputTypeChecking
    from stepwell.lifecycle.println import PrintLn
    from stepwell.lifecycle.progress import ProgressBar
    from stepwell.lifecycle.results import DictResult, NumpyResult, PandasResult, PolarsResult
    from stepwell.lifecycle.retry import Retry
    from stepwell.lifecycle.slowdown import SlowDown

__all__ = [
    "DictResult",
    "EdgeConnectionHook",
    "Failure",
    "FunctionInputOutputTypeChecker",
    "GracefulErrorAdapter",
    "GraphAdapter",
    "GraphConstructionHook",
    "GraphExecutionHook",
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
    "SlowDown",
    "StaticValidator",
    "TaskExecutionHook",
    "TaskGroupingHook",
    "TaskReturnHook",
    "TaskSubmissionHook",
    "base_hook",
    "base_method",
    "base_validator",
]

_HOME = {
    "DictResult": "results",
    "Failure": "graceful",
    "FunctionInputOutputTypeChecker": "checker",
    "GracefulErrorAdapter": "graceful",
    "NoEdgeAndInputTypeChecking": "permissive",
    "NumpyResult": "results",
    "PDBDebugger": "debugger",
    "PandasResult": "results",
    "PolarsResult": "results",
    "PrintLn": "println",
    "ProgressBar": "progress",
    "Retry": "retry",
    "SlowDown": "slowdown",
    "base_hook": "events",
    "base_method": "events",
    "base_validator": "events",
}
"""Where a name is defined; all others are in `api`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOME.get(name, 'api')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
