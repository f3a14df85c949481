"""Adapters: what is called around the steps of a pipeline, and what replaces how they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stepwell.lifecycle.api import EdgeConnectionHook as EdgeConnectionHook
    from stepwell.lifecycle.api import GraphAdapter as GraphAdapter
    from stepwell.lifecycle.api import GraphConstructionHook as GraphConstructionHook
    from stepwell.lifecycle.api import GraphExecutionHook as GraphExecutionHook
    from stepwell.lifecycle.api import NodeExecutionHook as NodeExecutionHook
    from stepwell.lifecycle.api import NodeExecutionMethod as NodeExecutionMethod
    from stepwell.lifecycle.api import Observer as Observer
    from stepwell.lifecycle.api import ResultBuilder as ResultBuilder
    from stepwell.lifecycle.api import StaticValidator as StaticValidator
    from stepwell.lifecycle.api import TaskExecutionHook as TaskExecutionHook
    from stepwell.lifecycle.api import TaskGroupingHook as TaskGroupingHook
    from stepwell.lifecycle.api import TaskReturnHook as TaskReturnHook
    from stepwell.lifecycle.api import TaskSubmissionHook as TaskSubmissionHook
    from stepwell.lifecycle.current import Current as Current
    from stepwell.lifecycle.current import current as current
    from stepwell.lifecycle.dispatch import LifecycleSet as LifecycleSet
    from stepwell.lifecycle.events import base_hook as base_hook
    from stepwell.lifecycle.events import base_method as base_method
    from stepwell.lifecycle.events import base_validator as base_validator

_HOME = {
    "EdgeConnectionHook": "api",
    "GraphAdapter": "api",
    "GraphConstructionHook": "api",
    "GraphExecutionHook": "api",
    "NodeExecutionHook": "api",
    "NodeExecutionMethod": "api",
    "Observer": "api",
    "ResultBuilder": "api",
    "StaticValidator": "api",
    "TaskExecutionHook": "api",
    "TaskGroupingHook": "api",
    "TaskReturnHook": "api",
    "TaskSubmissionHook": "api",
    "LifecycleSet": "dispatch",
    "base_hook": "events",
    "base_method": "events",
    "base_validator": "events",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if (home := _HOME.get(name)) is None:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
