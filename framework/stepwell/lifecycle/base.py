"""The internal level of the lifecycle: one abstract class for each event.

A subclass of one of these gets what stepwell itself works with (`Node`, `Graph`). `api` has the
classes for users, which get plain names and values and stay stable. Functions take keywords alone
and may be `async def`; a subclass may name only those keywords that it needs.

    hook        returns nothing; any number of adapters may have it
    method      replaces how something is done
    validator   returns `(ok, message)`

There is no event for failure: the `post_…` hooks are told `success` and `error`, and are called
however it ended.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stepwell.lifecycle.events import base_hook, base_method, base_validator

if TYPE_CHECKING:
    from types import ModuleType

    from stepwell.graph import Graph
    from stepwell.spec import Node
    from stepwell.types import Type

__all__ = [
    "DoBuildResult",
    "DoCheckEdgeTypesMatch",
    "DoNodeExecute",
    "DoRemoteExecute",
    "DoValidateInput",
    "PostGraphConstruct",
    "PostGraphExecute",
    "PostNodeExecute",
    "PostTaskExecute",
    "PostTaskExpand",
    "PostTaskGroup",
    "PostTaskReturn",
    "PreDoAnything",
    "PreGraphExecute",
    "PreNodeExecute",
    "PreTaskExecute",
    "PreTaskSubmission",
    "ValidateGraph",
    "ValidateNode",
    "base_hook",
    "base_method",
    "base_validator",
]


@base_hook("pre_do_anything")
class PreDoAnything(abc.ABC):
    """Called first, when a driver is built."""

    @abc.abstractmethod
    def pre_do_anything(self) -> Any: ...


@base_method("do_check_edge_types_match")
class DoCheckEdgeTypesMatch(abc.ABC):
    """Permits an edge that the types refuse, by returning `True`."""

    @abc.abstractmethod
    def do_check_edge_types_match(self, *, type_from: Type, type_to: Type) -> bool: ...


@base_method("do_validate_input")
class DoValidateInput(abc.ABC):
    """Permits an input that its type refuses, by returning `True`."""

    @abc.abstractmethod
    def do_validate_input(self, *, node_type: Type, input_value: Any) -> bool: ...


@base_validator("validate_node")
class ValidateNode(abc.ABC):
    """Judges every node when a driver is built."""

    @abc.abstractmethod
    def validate_node(self, *, created_node: Node) -> tuple[bool, str | None]: ...


@base_validator("validate_graph")
class ValidateGraph(abc.ABC):
    """Judges the graph when a driver is built."""

    @abc.abstractmethod
    def validate_graph(
        self, *, graph: Graph, modules: Sequence[ModuleType], config: Mapping[str, Any]
    ) -> tuple[bool, str | None]: ...


@base_hook("post_graph_construct")
class PostGraphConstruct(abc.ABC):
    """Called when the graph stands and is valid, last in the building of a driver."""

    @abc.abstractmethod
    def post_graph_construct(
        self, *, graph: Graph, modules: Sequence[ModuleType], config: Mapping[str, Any]
    ) -> Any: ...


@base_hook("pre_graph_execute")
class PreGraphExecute(abc.ABC):
    """Called before a run."""

    @abc.abstractmethod
    def pre_graph_execute(
        self,
        *,
        run_id: str,
        graph: Graph,
        final_vars: Sequence[str],
        inputs: Mapping[str, Any],
        overrides: Mapping[str, Any],
    ) -> Any: ...


@base_hook("post_graph_execute")
class PostGraphExecute(abc.ABC):
    """Called after a run, however it ended."""

    @abc.abstractmethod
    def post_graph_execute(
        self,
        *,
        run_id: str,
        graph: Graph,
        success: bool,
        error: BaseException | None,
        results: Any,
    ) -> Any: ...


@base_hook("post_task_group")
class PostTaskGroup(abc.ABC):
    """Called when the nodes of a run are parted into tasks."""

    @abc.abstractmethod
    def post_task_group(self, *, run_id: str, task_ids: Sequence[str]) -> Any: ...


@base_hook("post_task_expand")
class PostTaskExpand(abc.ABC):
    """Called when a task has become one for each item."""

    @abc.abstractmethod
    def post_task_expand(
        self, *, run_id: str, task_id: str, parameters: Mapping[str, Any]
    ) -> Any: ...


@base_hook("pre_task_submission")
class PreTaskSubmission(abc.ABC):
    """Called where the driver runs, before a task is given to its executor."""

    @abc.abstractmethod
    def pre_task_submission(
        self,
        *,
        run_id: str,
        task_id: str,
        nodes: Sequence[Node],
        inputs: Mapping[str, Any],
        overrides: Mapping[str, Any],
        spawning_task_id: str | None,
        purpose: str,
    ) -> Any: ...


@base_hook("pre_task_execute")
class PreTaskExecute(abc.ABC):
    """Called where the task runs, before its first node."""

    @abc.abstractmethod
    def pre_task_execute(
        self,
        *,
        run_id: str,
        task_id: str,
        nodes: Sequence[Node],
        inputs: Mapping[str, Any],
        overrides: Mapping[str, Any],
        spawning_task_id: str | None,
        purpose: str,
    ) -> Any: ...


@base_hook("post_task_execute")
class PostTaskExecute(abc.ABC):
    """Called where the task ran, after its last node, however it ended."""

    @abc.abstractmethod
    def post_task_execute(
        self,
        *,
        run_id: str,
        task_id: str,
        nodes: Sequence[Node],
        results: Mapping[str, Any] | None,
        success: bool,
        error: BaseException | None,
        spawning_task_id: str | None,
        purpose: str,
    ) -> Any: ...


@base_hook("post_task_return")
class PostTaskReturn(abc.ABC):
    """Called where the driver runs, when a task's outcome is back."""

    @abc.abstractmethod
    def post_task_return(
        self,
        *,
        run_id: str,
        task_id: str,
        nodes: Sequence[Node],
        result: Any,
        success: bool,
        error: BaseException | None,
        spawning_task_id: str | None,
        purpose: str,
    ) -> Any: ...


@base_hook("pre_node_execute")
class PreNodeExecute(abc.ABC):
    """Called before a node runs."""

    @abc.abstractmethod
    def pre_node_execute(
        self, *, run_id: str, node_: Node, kwargs: dict[str, Any], task_id: str | None
    ) -> Any: ...


@base_method("do_node_execute")
class DoNodeExecute(abc.ABC):
    """Runs a node: what it returns is the node's result.

    `node_.callable` is the next one: the same method of the next adapter, and at last the step.
    """

    @abc.abstractmethod
    def do_node_execute(
        self, *, run_id: str, node_: Node, kwargs: dict[str, Any], task_id: str | None
    ) -> Any: ...


@base_method("do_remote_execute")
class DoRemoteExecute(abc.ABC):
    """Runs a node elsewhere, its hooks included: `execute_lifecycle_for_node(**kwargs)` is both."""

    @abc.abstractmethod
    def do_remote_execute(
        self,
        *,
        node: Node,
        kwargs: dict[str, Any],
        execute_lifecycle_for_node: Callable[..., Any],
    ) -> Any: ...


@base_hook("post_node_execute")
class PostNodeExecute(abc.ABC):
    """Called after a node ran, however it ended."""

    @abc.abstractmethod
    def post_node_execute(
        self,
        *,
        run_id: str,
        node_: Node,
        kwargs: dict[str, Any],
        success: bool,
        error: BaseException | None,
        result: Any,
        task_id: str | None,
    ) -> Any: ...


@base_method("do_build_result")
class DoBuildResult(abc.ABC):
    """Makes of the targets' values what `execute` returns; a driver has one at most."""

    @abc.abstractmethod
    def do_build_result(self, *, outputs: dict[str, Any]) -> Any: ...
