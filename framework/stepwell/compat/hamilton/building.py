"""The builder of a driver, as Hamilton's users call it."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from stepwell.compat.hamilton.execution.executors import (
    DefaultExecutionManager,
    MultiThreadingExecutor,
)
from stepwell.driver.materialize import From, To

if TYPE_CHECKING:
    from stepwell.compat.hamilton.driver import Driver


class Builder:
    """Puts a driver together piece by piece; each method gives the builder back."""

    def __init__(self) -> None:
        self.config: dict[str, Any] = {}
        self.modules: list[ModuleType] = []
        self.adapters: list[Any] = []
        self.materializers: list[To | From] = []
        self.v2_executor = False
        self.remote_executor: Any = None
        self.grouping_strategy: Any = None
        self._allow_module_overrides = False

    def with_config(self, config: Mapping[str, Any]) -> Builder:
        """Adds to the configuration; a later value for a key wins."""
        self.config.update(config)
        return self

    def with_modules(self, *modules: ModuleType) -> Builder:
        """Adds modules of steps."""
        self.modules += modules
        return self

    def with_adapter(self, adapter: Any) -> Builder:
        """Adds an adapter."""
        return self.with_adapters(adapter)

    def with_adapters(self, *adapters: Any) -> Builder:
        """Adds adapters, after those already there."""
        self.adapters += adapters
        return self

    def with_materializers(self, *materializers: To | From) -> Builder:
        """Adds nodes that load and save.

        Raises:
            ValueError: if something is neither.
        """
        if any(not isinstance(each, To | From) for each in materializers):
            raise ValueError("`with_materializers` takes `to.…(…)` and `from_.…(…)`, and no list")
        self.materializers += materializers
        return self

    def allow_module_overrides(self) -> Builder:
        """Lets a later module's steps take the place of an earlier's."""
        self._allow_module_overrides = True
        return self

    def enable_dynamic_execution(self, *, allow_experimental_mode: bool = False) -> Builder:
        """Says that items of a `Parallelizable` are done by the remote executor.

        Raises:
            ValueError: unless `allow_experimental_mode` is true, as it always had to be.
        """
        if not allow_experimental_mode:
            raise ValueError("say `allow_experimental_mode=True`")
        self.v2_executor = True
        return self

    def with_remote_executor(self, remote_executor: Any) -> Builder:
        """Where the items of a `Parallelizable` are done.

        Raises:
            ValueError: before `enable_dynamic_execution`, or a second time.
        """
        self._require_dynamic("with_remote_executor")
        if self.remote_executor is not None:
            raise ValueError("there is a remote executor already")
        self.remote_executor = remote_executor
        return self

    def with_local_executor(self, local_executor: Any) -> Builder:
        """Takes the executor of all else, which runs where the driver is anyway.

        Raises:
            ValueError: before `enable_dynamic_execution`.
        """
        self._require_dynamic("with_local_executor")
        return self

    def with_execution_manager(self, execution_manager: DefaultExecutionManager) -> Builder:
        """Takes both executors.

        Raises:
            ValueError: before `enable_dynamic_execution`.
        """
        self._require_dynamic("with_execution_manager")
        return self.with_remote_executor(execution_manager.executors[-1])

    def with_grouping_strategy(self, grouping_strategy: Any) -> Builder:
        """Takes how nodes are parted into tasks.

        Raises:
            ValueError: before `enable_dynamic_execution`.
        """
        self._require_dynamic("with_grouping_strategy")
        self.grouping_strategy = grouping_strategy
        return self

    def copy(self) -> Builder:
        """A builder with the same pieces."""
        other = type(self)()
        other.config, other.modules = dict(self.config), list(self.modules)
        other.adapters, other.materializers = list(self.adapters), list(self.materializers)
        other.v2_executor, other.remote_executor = self.v2_executor, self.remote_executor
        other.grouping_strategy = self.grouping_strategy
        other._allow_module_overrides = self._allow_module_overrides
        return other

    def build(self) -> Driver:
        """The driver; `execute` gives a dict where there is no result builder.

        Raises:
            ValueError: if the steps make no graph.
        """
        from stepwell.compat.hamilton.driver import Driver

        executor = self.remote_executor
        if self.v2_executor and executor is None:
            executor = MultiThreadingExecutor(max_tasks=10)
        return Driver(
            self.config,
            *self.modules,
            adapter=self.adapters,
            allow_module_overrides=self._allow_module_overrides,
            _materializers=self.materializers,
            _executor=executor,
            _grouping=getattr(self.grouping_strategy, "core", "step") if self.v2_executor else None,
            _use_legacy_adapter=False,
        )

    def _require_dynamic(self, method: str) -> None:
        if not self.v2_executor:
            raise ValueError(f"call `enable_dynamic_execution` before `{method}`")
