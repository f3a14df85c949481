"""The internal level: one abstract class for each event, and what makes an adapter of one.

What such an adapter is given are this package's `Node`, `FunctionGraph` and types as Python has
them.
"""

from __future__ import annotations

import abc
from typing import Any, ClassVar

from stepwell.errors import AdapterError
from stepwell.lifecycle.events import base_hook, base_method, base_validator

InvalidLifecycleAdapter = AdapterError


class lifecycle:  # noqa: N801 — the name that its users write
    """Class decorators: `@lifecycle.base_hook("…")`."""

    base_hook = staticmethod(base_hook)
    base_method = staticmethod(base_method)
    base_validator = staticmethod(base_validator)


class Base:
    """An adapter that hears events by methods of their names."""

    HEARS: ClassVar[tuple[str, ...]] = ()


def _base(name: str, event: str) -> Any:
    def heard(self: Any, **keywords: Any) -> Any:
        raise NotImplementedError(event)

    heard.__name__ = heard.__qualname__ = event
    doc = f"Hears `{event}`."
    words = {event: abc.abstractmethod(heard), "HEARS": (event,), "__doc__": doc}
    return abc.ABCMeta(name, (Base,), {**words, "__module__": __name__})


BasePreDoAnythingHook: Any = _base("BasePreDoAnythingHook", "pre_do_anything")
BaseDoCheckEdgeTypesMatch: Any = _base("BaseDoCheckEdgeTypesMatch", "do_check_edge_types_match")
BaseDoValidateInput: Any = _base("BaseDoValidateInput", "do_validate_input")
BaseValidateNode: Any = _base("BaseValidateNode", "validate_node")
BaseValidateGraph: Any = _base("BaseValidateGraph", "validate_graph")
BasePostGraphConstruct: Any = _base("BasePostGraphConstruct", "post_graph_construct")
BasePreGraphExecute: Any = _base("BasePreGraphExecute", "pre_graph_execute")
BasePostGraphExecute: Any = _base("BasePostGraphExecute", "post_graph_execute")
BasePostTaskGroup: Any = _base("BasePostTaskGroup", "post_task_group")
BasePostTaskExpand: Any = _base("BasePostTaskExpand", "post_task_expand")
BasePreTaskSubmission: Any = _base("BasePreTaskSubmission", "pre_task_submission")
BasePreTaskExecute: Any = _base("BasePreTaskExecute", "pre_task_execute")
BasePostTaskExecute: Any = _base("BasePostTaskExecute", "post_task_execute")
BasePostTaskReturn: Any = _base("BasePostTaskReturn", "post_task_return")
BasePreNodeExecute: Any = _base("BasePreNodeExecute", "pre_node_execute")
BaseDoNodeExecute: Any = _base("BaseDoNodeExecute", "do_node_execute")
BaseDoRemoteExecute: Any = _base("BaseDoRemoteExecute", "do_remote_execute")
BasePostNodeExecute: Any = _base("BasePostNodeExecute", "post_node_execute")
BaseDoBuildResult: Any = _base("BaseDoBuildResult", "do_build_result")

# Any of them may be `async def`, so that one class does for both.
BasePostGraphConstructAsync = BasePostGraphConstruct
BasePreGraphExecuteAsync = BasePreGraphExecute
BasePostGraphExecuteAsync = BasePostGraphExecute
BasePreTaskExecuteAsync = BasePreTaskExecute
BasePostTaskExecuteAsync = BasePostTaskExecute
BasePreNodeExecuteAsync = BasePreNodeExecute
BaseDoNodeExecuteAsync = BaseDoNodeExecute
BasePostNodeExecuteAsync = BasePostNodeExecute

LifecycleAdapter = Any
"""Any adapter."""
