"""The classes that a user's adapter inherits from."""

from __future__ import annotations

import abc
from typing import Any

from stepwell.compat.hamilton.graph_types import FunctionGraph, HamiltonGraph, HamiltonNode
from stepwell.compat.hamilton.lifecycle import base
from stepwell.compat.hamilton.node import Node, NodeType


class ResultBuilder(base.BaseDoBuildResult, abc.ABC):  # type: ignore[misc]
    """Makes what `execute` returns."""

    @abc.abstractmethod
    def build_result(self, **outputs: Any) -> Any:
        """What `execute` returns, of the targets' values by name."""

    def do_build_result(self, *, outputs: dict[str, Any]) -> Any:
        return self.build_result(**outputs)

    def input_types(self) -> list[Any]:
        """The types that can be put together."""
        return [Any]

    def output_type(self) -> Any:
        """The type of what is made."""
        return Any


class LegacyResultMixin(ResultBuilder, abc.ABC):
    """A result builder whose `build_result` may be static."""

    @staticmethod
    @abc.abstractmethod
    def build_result(**outputs: Any) -> Any:
        """What `execute` returns, of the targets' values by name."""


class NodeExecutionHook(base.BasePreNodeExecute, base.BasePostNodeExecute, abc.ABC):  # type: ignore[misc]
    """Is called before and after every node that runs."""

    @abc.abstractmethod
    def run_before_node_execution(
        self,
        *,
        node_name: str,
        node_tags: dict[str, Any],
        node_kwargs: dict[str, Any],
        node_return_type: Any,
        task_id: str | None,
        run_id: str,
        node_input_types: dict[str, Any],
        **future_kwargs: Any,
    ) -> Any:
        """Called with what the step is about to be given."""

    @abc.abstractmethod
    def run_after_node_execution(
        self,
        *,
        node_name: str,
        node_tags: dict[str, Any],
        node_kwargs: dict[str, Any],
        node_return_type: Any,
        result: Any,
        error: BaseException | None,
        success: bool,
        task_id: str | None,
        run_id: str,
        **future_kwargs: Any,
    ) -> Any:
        """Called with what the step returned, or with the error it raised."""

    def pre_node_execute(
        self, *, run_id: str, node_: Node, kwargs: dict[str, Any], task_id: str | None = None
    ) -> Any:
        return self.run_before_node_execution(
            **_about(node_, kwargs), task_id=task_id, run_id=run_id
        )

    def post_node_execute(
        self,
        *,
        run_id: str,
        node_: Node,
        kwargs: dict[str, Any],
        success: bool,
        error: BaseException | None,
        result: Any,
        task_id: str | None = None,
    ) -> Any:
        return self.run_after_node_execution(
            **_about(node_, kwargs),
            result=result,
            error=error,
            success=success,
            task_id=task_id,
            run_id=run_id,
        )


class NodeExecutionMethod(base.BaseDoNodeExecute, abc.ABC):  # type: ignore[misc]
    """Runs a node in its own way. Several nest in the order given."""

    @abc.abstractmethod
    def run_to_execute_node(
        self,
        *,
        node_name: str,
        node_tags: dict[str, Any],
        node_callable: Any,
        node_kwargs: dict[str, Any],
        task_id: str | None,
        is_expand: bool,
        is_collect: bool,
        **future_kwargs: Any,
    ) -> Any:
        """The node's result."""

    def do_node_execute(
        self, *, run_id: str, node_: Node, kwargs: dict[str, Any], task_id: str | None = None
    ) -> Any:
        return self.run_to_execute_node(
            node_name=node_.name,
            node_tags=node_.tags,
            node_callable=node_.callable,
            node_kwargs=kwargs,
            task_id=task_id,
            is_expand=node_.node_role is NodeType.EXPAND,
            is_collect=node_.node_role is NodeType.COLLECT,
        )


class GraphExecutionHook(base.BasePreGraphExecute, base.BasePostGraphExecute, abc.ABC):  # type: ignore[misc]
    """Is called before and after every run."""

    @abc.abstractmethod
    def run_before_graph_execution(
        self,
        *,
        graph: HamiltonGraph,
        final_vars: list[str],
        inputs: dict[str, Any] | None,
        overrides: dict[str, Any] | None,
        execution_path: list[str],
        run_id: str,
        **future_kwargs: Any,
    ) -> Any:
        """Called with the targets, and with the names of what they need."""

    @abc.abstractmethod
    def run_after_graph_execution(
        self,
        *,
        graph: HamiltonGraph,
        success: bool,
        error: BaseException | None,
        results: Any,
        run_id: str,
        **future_kwargs: Any,
    ) -> Any:
        """Called with what the run gives, or with the error that ended it."""

    def pre_graph_execute(
        self,
        *,
        run_id: str,
        graph: FunctionGraph,
        final_vars: list[str],
        inputs: dict[str, Any],
        overrides: dict[str, Any],
    ) -> Any:
        over = dict(overrides) if overrides else None
        return self.run_before_graph_execution(
            graph=HamiltonGraph.from_graph(graph),
            final_vars=list(final_vars),
            inputs=dict(inputs) if inputs else None,
            overrides=over,
            execution_path=_path(graph, final_vars, over or {}),
            run_id=run_id,
        )

    def post_graph_execute(
        self,
        *,
        run_id: str,
        graph: FunctionGraph,
        success: bool,
        error: BaseException | None,
        results: Any,
    ) -> Any:
        return self.run_after_graph_execution(
            graph=HamiltonGraph.from_graph(graph),
            success=success,
            error=error,
            results=results,
            run_id=run_id,
        )


class GraphConstructionHook(base.BasePostGraphConstruct, abc.ABC):  # type: ignore[misc]
    """Is called when a driver is built."""

    @abc.abstractmethod
    def run_after_graph_construction(
        self, *, graph: HamiltonGraph, config: dict[str, Any], **future_kwargs: Any
    ) -> Any:
        """Called with the graph, which is valid."""

    def post_graph_construct(
        self, *, graph: FunctionGraph, modules: Any, config: dict[str, Any]
    ) -> Any:
        made = HamiltonGraph.from_graph(graph)
        return self.run_after_graph_construction(graph=made, config=config)


class EdgeConnectionHook(base.BaseDoCheckEdgeTypesMatch, base.BaseDoValidateInput, abc.ABC):  # type: ignore[misc]
    """Permits more edges and inputs than the types do."""

    @abc.abstractmethod
    def check_edge_types_match(self, type_from: Any, type_to: Any, **kwargs: Any) -> bool:
        """`True` where a result of `type_from` may be read as a `type_to` all the same."""

    @abc.abstractmethod
    def validate_input(self, node_type: Any, input_value: Any, **kwargs: Any) -> bool:
        """`True` where this value may be given for an input of `node_type` all the same."""

    def do_check_edge_types_match(self, *, type_from: Any, type_to: Any) -> bool:
        return self.check_edge_types_match(type_from=type_from, type_to=type_to)

    def do_validate_input(self, *, node_type: Any, input_value: Any) -> bool:
        return self.validate_input(node_type=node_type, input_value=input_value)


class StaticValidator(base.BaseValidateNode, base.BaseValidateGraph):  # type: ignore[misc]
    """Judges nodes and graph when a driver is built."""

    def run_to_validate_node(
        self, *, node: HamiltonNode, **future_kwargs: Any
    ) -> tuple[bool, str | None]:
        """Whether the node is allowed, and if not, why not."""
        return True, None

    def run_to_validate_graph(
        self, graph: HamiltonGraph, **future_kwargs: Any
    ) -> tuple[bool, str | None]:
        """Whether the graph is allowed, and if not, why not."""
        return True, None

    def validate_node(self, *, created_node: Node) -> tuple[bool, str | None]:
        return self.run_to_validate_node(node=HamiltonNode.from_node(created_node))

    def validate_graph(
        self, *, graph: FunctionGraph, modules: Any, config: dict[str, Any]
    ) -> tuple[bool, str | None]:
        return self.run_to_validate_graph(graph=HamiltonGraph.from_graph(graph))


class TaskGroupingHook(base.BasePostTaskGroup, base.BasePostTaskExpand, abc.ABC):  # type: ignore[misc]
    """Is called when a run's nodes are parted into tasks."""

    @abc.abstractmethod
    def run_after_task_grouping(
        self, *, run_id: str, task_ids: list[str], **future_kwargs: Any
    ) -> Any:
        """Called with all tasks that are known before the run."""

    @abc.abstractmethod
    def run_after_task_expansion(
        self, *, run_id: str, task_id: str, parameters: dict[str, Any], **future_kwargs: Any
    ) -> Any:
        """Called when a task has become one for each item."""

    def post_task_group(self, **given: Any) -> Any:
        return self.run_after_task_grouping(**given)

    def post_task_expand(self, **given: Any) -> Any:
        return self.run_after_task_expansion(**given)


class TaskSubmissionHook(base.BasePreTaskSubmission, abc.ABC):  # type: ignore[misc]
    """Is called where the driver runs, before a task is given to its executor."""

    @abc.abstractmethod
    def run_before_task_submission(self, **future_kwargs: Any) -> Any:
        """Called with the task's nodes and what they are given."""

    def pre_task_submission(self, **given: Any) -> Any:
        return self.run_before_task_submission(**given)


class TaskReturnHook(base.BasePostTaskReturn, abc.ABC):  # type: ignore[misc]
    """Is called where the driver runs, when a task's outcome is back."""

    @abc.abstractmethod
    def run_after_task_return(self, **future_kwargs: Any) -> Any:
        """Called with the task's result, or with the error that ended it."""

    def post_task_return(self, **given: Any) -> Any:
        return self.run_after_task_return(**given)


class TaskExecutionHook(base.BasePreTaskExecute, base.BasePostTaskExecute, abc.ABC):  # type: ignore[misc]
    """Is called where a task runs, before its first node and after its last."""

    @abc.abstractmethod
    def run_before_task_execution(self, **future_kwargs: Any) -> Any:
        """Called with the task's nodes and what they are given."""

    @abc.abstractmethod
    def run_after_task_execution(self, **future_kwargs: Any) -> Any:
        """Called with what the task's nodes gave, or with the error that ended it."""

    def pre_task_execute(self, **given: Any) -> Any:
        return self.run_before_task_execution(**_seen(given))

    def post_task_execute(self, **given: Any) -> Any:
        return self.run_after_task_execution(**_seen(given))


class GraphAdapter(
    base.BaseDoNodeExecute,  # type: ignore[misc]
    LegacyResultMixin,
    base.BaseDoValidateInput,  # type: ignore[misc]
    base.BaseDoCheckEdgeTypesMatch,  # type: ignore[misc]
    abc.ABC,
):
    """Several in one: what is permitted, how a node runs, what is returned."""

    @staticmethod
    @abc.abstractmethod
    def check_input_type(node_type: Any, input_value: Any) -> bool:
        """Whether this value may be given for an input of that type."""

    @staticmethod
    @abc.abstractmethod
    def check_node_type_equivalence(node_type: Any, input_type: Any) -> bool:
        """Whether these types may be taken for one."""

    @abc.abstractmethod
    def execute_node(self, node: Node, kwargs: dict[str, Any]) -> Any:
        """The node's result."""

    def do_node_execute(
        self, *, run_id: str, node_: Node, kwargs: dict[str, Any], task_id: str | None = None
    ) -> Any:
        return self.execute_node(node_, kwargs)

    def do_validate_input(self, *, node_type: Any, input_value: Any) -> bool:
        return self.check_input_type(node_type, input_value)

    def do_check_edge_types_match(self, *, type_from: Any, type_to: Any) -> bool:
        return self.check_node_type_equivalence(type_to, type_from)


def _about(node: Node, kwargs: dict[str, Any]) -> dict[str, Any]:
    return {
        "node_name": node.name,
        "node_tags": node.tags,
        "node_kwargs": kwargs,
        "node_return_type": node.type,
        "node_input_types": {name: type_ for name, (type_, _) in node.input_types.items()},
    }


def _seen(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "nodes": [HamiltonNode.from_node(each) for each in given["nodes"]]}


def _path(graph: FunctionGraph, final_vars: list[str], overrides: dict[str, Any]) -> list[str]:
    """The names of the steps that the targets need, each after what it needs itself."""
    nodes, done = graph.nodes, dict[str, None]()
    waiting = [(name, False) for name in reversed(final_vars)]
    while waiting:
        name, entered = waiting.pop()
        if name in done or name not in nodes:
            continue
        if entered or name in overrides:
            done[name] = None
            continue
        waiting.append((name, True))
        waiting += [(each, False) for each in nodes[name].input_types]
    return [name for name in done if not nodes[name].user_defined]
