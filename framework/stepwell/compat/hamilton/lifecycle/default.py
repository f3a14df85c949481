"""The adapters that are there, by the names and arguments that Hamilton's users know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepwell import lifecycle as core
from stepwell.compat.hamilton.function_modifiers import tag
from stepwell.compat.hamilton.lifecycle.api import NodeExecutionMethod
from stepwell.lifecycle import FunctionInputOutputTypeChecker as FunctionInputOutputTypeChecker
from stepwell.lifecycle import NoEdgeAndInputTypeChecking as NoEdgeAndInputTypeChecking

INJECTION_ALLOWED = "injection is requested"
SENTINEL_DEFAULT = None


class PrintLn(core.PrintLn):
    """Prints a line for each node that has run; see `stepwell.lifecycle.PrintLn`."""

    def __init__(
        self,
        verbosity: int = 1,
        print_fn: Callable[[str], object] = print,
        node_filter: Any = None,
    ) -> None:
        super().__init__(verbosity=verbosity, print_fn=print_fn, node_filter=node_filter)


class PDBDebugger(core.PDBDebugger):
    """Opens a debugger at nodes; see `stepwell.lifecycle.PDBDebugger`."""

    def __init__(
        self,
        node_filter: Any = None,
        before: bool = False,
        during: bool = False,
        after: bool = False,
    ) -> None:
        super().__init__(node_filter=node_filter, before=before, during=during, after=after)


class SlowDownYouMoveTooFast(core.SlowDown):
    """Waits before each node, for a demonstration; times in seconds."""

    def __init__(self, sleep_time_mean: float, sleep_time_std: float) -> None:
        super().__init__(sleep_time_mean, sleep_time_std)


def accept_error_sentinels(func: Any) -> Any:
    """The step is called also with what stands in the place of a failed one's result."""
    allowed = {"hamilton.error_sentinel": INJECTION_ALLOWED}
    return tag(bypass_reserved_namespaces_=True, **allowed)(func)


class GracefulErrorAdapter(NodeExecutionMethod):
    """Lets a run go on past steps that failed; what reads one is skipped.

    Args:
        error_to_catch: the exceptions to catch.
        sentinel_value: what stands in the place of a failed step's result, and of what needs it.
        try_all_parallel: of a step that fans out, what came before the error is kept.
        allow_injection: whether `accept_error_sentinels` counts.
    """

    def __init__(
        self,
        error_to_catch: type[BaseException] | tuple[type[BaseException], ...],
        sentinel_value: Any = SENTINEL_DEFAULT,
        try_all_parallel: bool = True,
        allow_injection: bool = True,
    ) -> None:
        self.error_to_catch, self.sentinel_value = error_to_catch, sentinel_value
        self.try_all_parallel, self.allow_injection = try_all_parallel, allow_injection

    def run_to_execute_node(
        self,
        *,
        node_tags: dict[str, Any],
        node_callable: Any,
        node_kwargs: dict[str, Any],
        is_expand: bool,
        **future_kwargs: Any,
    ) -> Any:
        skipped = [self.sentinel_value] if is_expand else self.sentinel_value
        allowed = node_tags.get("hamilton.error_sentinel") == INJECTION_ALLOWED
        if not (allowed and self.allow_injection) and any(
            type(value) is type(self.sentinel_value) and value == self.sentinel_value
            for value in node_kwargs.values()
        ):
            return skipped
        try:
            result = node_callable(**node_kwargs)
        except self.error_to_catch:
            return skipped
        if is_expand:
            return self._items(result)
        return self._awaited(result) if hasattr(result, "__await__") else result

    def _items(self, given: Any) -> list[Any]:
        items: list[Any] = []
        try:
            items.extend(given)
        except self.error_to_catch:
            items = [*items, self.sentinel_value] if self.try_all_parallel else []
            return items or [self.sentinel_value]
        return items

    async def _awaited(self, result: Any) -> Any:
        try:
            return await result
        except self.error_to_catch:
            return self.sentinel_value
