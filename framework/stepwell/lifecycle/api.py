"""The classes that a user's adapter inherits from.

Each method has a default that does nothing, so an adapter defines only those that it needs; one
adapter may inherit from several classes. A method names the keywords that it needs and takes the
rest as `**future_kwargs`: keywords are added over time and never taken away. Any hook, and
`run_to_execute_node`, may be `async def`.

`error` may be a `KeyboardInterrupt` or a cancellation: those are failures as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stepwell.lifecycle.events import serves

if TYPE_CHECKING:
    from stepwell.graph import Graph
    from stepwell.spec import Node
    from stepwell.types import Type


class Observer:
    """Marks an adapter that only watches: its hooks can never fail a run.

    What one of them raises is logged once, with the hook's name, and the run goes on.
    """


@serves(
    pre_node_execute="run_before_node_execution",
    post_node_execute="run_after_node_execution",
)
class NodeExecutionHook:
    """Is called before and after every node that runs.

    Inputs, overrides and config are no nodes that run. After-hooks are called in the reverse order
    of the before-hooks, and for every adapter whose before-hook was called.
    """

    def run_before_node_execution(
        self,
        *,
        node_name: str,
        node_tags: Mapping[str, str | tuple[str, ...]],
        node_kwargs: dict[str, Any],
        node_return_type: Type,
        task_id: str | None,
        run_id: str,
        node_input_types: Mapping[str, Type],
        **future_kwargs: Any,
    ) -> Any:
        """Called with what the step is about to be given."""

    def run_after_node_execution(
        self,
        *,
        node_name: str,
        node_tags: Mapping[str, str | tuple[str, ...]],
        node_kwargs: dict[str, Any],
        node_return_type: Type,
        result: Any,
        error: BaseException | None,
        success: bool,
        task_id: str | None,
        run_id: str,
        node_input_types: Mapping[str, Type],
        **future_kwargs: Any,
    ) -> Any:
        """Called with what the step returned, or with the error it raised."""


@serves(do_node_execute="run_to_execute_node")
class NodeExecutionMethod:
    """Runs a node in its own way: around it, again, or not at all.

    Adapters nest in the order given: `node_callable` is the next one's method, and at last the
    step. An async step's `node_callable` returns an awaitable; in an `async def` method it always
    does. `is_read_live` is true of a `Stream` whose chunks another step reads while they are made.
    """

    def run_to_execute_node(
        self,
        *,
        node_name: str,
        node_tags: Mapping[str, str | tuple[str, ...]],
        node_callable: Callable[..., Any],
        node_kwargs: dict[str, Any],
        task_id: str | None,
        is_expand: bool,
        is_collect: bool,
        run_id: str,
        node_return_type: Type,
        is_read_live: bool,
        **future_kwargs: Any,
    ) -> Any:
        """The node's result; usually that of `node_callable(**node_kwargs)`."""
        return node_callable(**node_kwargs)


@serves(
    pre_graph_execute="run_before_graph_execution",
    post_graph_execute="run_after_graph_execution",
)
class GraphExecutionHook:
    """Is called before and after every run."""

    def run_before_graph_execution(
        self,
        *,
        graph: Graph,
        final_vars: Sequence[str],
        inputs: Mapping[str, Any],
        overrides: Mapping[str, Any],
        execution_path: Sequence[str],
        run_id: str,
        **future_kwargs: Any,
    ) -> Any:
        """Called with the targets, and with the names of the nodes that will run, in order."""

    def run_after_graph_execution(
        self,
        *,
        graph: Graph,
        success: bool,
        error: BaseException | None,
        results: Any,
        run_id: str,
        **future_kwargs: Any,
    ) -> Any:
        """Called with what the run gives its caller, or with the error that ended it."""


@serves(post_graph_construct="run_after_graph_construction")
class GraphConstructionHook:
    """Is called when a driver is built."""

    def run_after_graph_construction(
        self, *, graph: Graph, config: Mapping[str, Any], **future_kwargs: Any
    ) -> Any:
        """Called with the graph, which is valid."""


@serves(
    do_check_edge_types_match="check_edge_types_match",
    do_validate_input="validate_input",
)
class EdgeConnectionHook:
    """Permits more edges and inputs than the types do; it can't refuse any."""

    def check_edge_types_match(
        self, *, type_from: Type, type_to: Type, **future_kwargs: Any
    ) -> bool:
        """`True` where a result of `type_from` may be read as a `type_to` all the same."""
        return False

    def validate_input(self, *, node_type: Type, input_value: Any, **future_kwargs: Any) -> bool:
        """`True` where this value may be given for an input of `node_type` all the same."""
        return False


@serves(
    validate_node="run_to_validate_node",
    validate_graph="run_to_validate_graph",
)
class StaticValidator:
    """Judges nodes and graph when a driver is built; what it refuses stops the build."""

    def run_to_validate_node(self, *, node: Node, **future_kwargs: Any) -> tuple[bool, str | None]:
        """Whether the node is allowed, and if not, why not."""
        return True, None

    def run_to_validate_graph(
        self, *, graph: Graph, **future_kwargs: Any
    ) -> tuple[bool, str | None]:
        """Whether the graph is allowed, and if not, why not."""
        return True, None


@serves(
    post_task_group="run_after_task_grouping",
    post_task_expand="run_after_task_expansion",
)
class TaskGroupingHook:
    """Is called when a run's nodes are parted into tasks."""

    def run_after_task_grouping(
        self, *, run_id: str, task_ids: Sequence[str], **future_kwargs: Any
    ) -> Any:
        """Called with all tasks that are known before the run."""

    def run_after_task_expansion(
        self, *, run_id: str, task_id: str, parameters: Mapping[str, Any], **future_kwargs: Any
    ) -> Any:
        """Called when a task has become one for each item."""


@serves(pre_task_submission="run_before_task_submission")
class TaskSubmissionHook:
    """Is called where the driver runs, before a task is given to its executor."""

    def run_before_task_submission(
        self,
        *,
        run_id: str,
        task_id: str,
        nodes: Sequence[Node],
        inputs: Mapping[str, Any],
        overrides: Mapping[str, Any],
        spawning_task_id: str | None,
        purpose: str,
        **future_kwargs: Any,
    ) -> Any:
        """Called with the task's nodes and what they are given."""


@serves(
    pre_task_execute="run_before_task_execution",
    post_task_execute="run_after_task_execution",
)
class TaskExecutionHook:
    """Is called where a task runs, before its first node and after its last."""

    def run_before_task_execution(
        self,
        *,
        run_id: str,
        task_id: str,
        nodes: Sequence[Node],
        inputs: Mapping[str, Any],
        overrides: Mapping[str, Any],
        spawning_task_id: str | None,
        purpose: str,
        **future_kwargs: Any,
    ) -> Any:
        """Called with the task's nodes and what they are given."""

    def run_after_task_execution(
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
        **future_kwargs: Any,
    ) -> Any:
        """Called with what the task's nodes gave, or with the error that ended it."""


@serves(post_task_return="run_after_task_return")
class TaskReturnHook:
    """Is called where the driver runs, when a task's outcome is back."""

    def run_after_task_return(
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
        **future_kwargs: Any,
    ) -> Any:
        """Called with the task's result, or with the error that ended it."""


@serves(do_build_result="build_result")
class ResultBuilder:
    """Makes what `execute` returns; a driver has one at most."""

    def build_result(self, **outputs: Any) -> Any:
        """What `execute` returns, of the targets' values by name."""
        return outputs


class GraphAdapter(EdgeConnectionHook, NodeExecutionMethod, ResultBuilder):
    """Several of the above in one: what is permitted, how a node runs, what is returned."""
