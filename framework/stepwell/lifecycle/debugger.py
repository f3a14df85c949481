"""Stops in Python's debugger before, in, or after the steps of one's choice."""

from __future__ import annotations

from collections.abc import Callable
from pdb import Pdb
from typing import Any

from stepwell.lifecycle.api import NodeExecutionHook, NodeExecutionMethod
from stepwell.lifecycle.filters import NodeFilter, Tags, selects


class PDBDebugger(NodeExecutionHook, NodeExecutionMethod):
    """Opens the debugger around a step, or in it.

    Before a step, `node_name` and `node_kwargs` are there to look at; after it `result` and
    `error` too. During it, the debugger stands at the step's first line (for an `async def` step,
    just before it is awaited: `s` goes in). `c` goes on.

    Args:
        node_filter: the nodes to stop at: a name, several, or a function of name and tags.
        before: whether to stop before a node runs.
        during: whether to run the node in the debugger.
        after: whether to stop after a node ran, or failed.
        debugger: the debugger's class.
    """

    def __init__(
        self,
        *,
        node_filter: NodeFilter = None,
        before: bool = False,
        during: bool = False,
        after: bool = False,
        debugger: Callable[..., Pdb] = Pdb,
    ) -> None:
        self.node_filter, self.debugger = node_filter, debugger
        self.before, self.during, self.after = before, during, after

    def wants_node(self, *, node_name: str, node_tags: Tags) -> bool:
        return selects(self.node_filter, node_name, node_tags)

    def run_before_node_execution(
        self, *, node_name: str, node_kwargs: dict[str, Any], **future_kwargs: Any
    ) -> None:
        if self.before:
            self.debugger().set_trace()

    def run_to_execute_node(
        self,
        *,
        node_name: str,
        node_callable: Callable[..., Any],
        node_kwargs: dict[str, Any],
        **future_kwargs: Any,
    ) -> Any:
        if not self.during:
            return node_callable(**node_kwargs)
        # Between here and the step lies stepwell's own code, which is not what one came to see.
        result = self.debugger(skip=["stepwell.*"]).runcall(node_callable, **node_kwargs)
        return self._awaited(result) if hasattr(result, "__await__") else result

    async def _awaited(self, result: Any) -> Any:
        self.debugger().set_trace()
        return await result

    def run_after_node_execution(
        self,
        *,
        node_name: str,
        node_kwargs: dict[str, Any],
        result: Any,
        error: BaseException | None,
        **future_kwargs: Any,
    ) -> None:
        if self.after:
            self.debugger().set_trace()
