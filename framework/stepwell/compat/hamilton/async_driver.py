"""The driver of an event loop, as Hamilton's users call it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from stepwell.compat.hamilton import driver
from stepwell.compat.hamilton.errors import as_theirs
from stepwell.driver.materialize import To


class AsyncDriver(driver.Driver):
    """A driver whose `execute` is awaited; sync steps that block don't hold up the loop.

    Args:
        config: as in `Driver`.
        modules: as in `Driver`.
        result_builder: makes what `execute` returns; a frame of pandas where there is none.
        adapters: sync or async, all of them heard.
        allow_module_overrides: as in `Driver`.

    Raises:
        ValueError: if there is more than one result builder, or the steps make no graph.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *modules: ModuleType,
        result_builder: Any = None,
        adapters: list[Any] | None = None,
        allow_module_overrides: bool = False,
        **options: Any,
    ) -> None:
        given = [*(adapters or []), *([result_builder] if result_builder is not None else [])]
        if sum(map(driver.builds_results, given)) > 1:
            raise ValueError("there is more than one result builder; give one")
        super().__init__(
            config,
            *modules,
            adapter=given,
            allow_module_overrides=allow_module_overrides,
            **options,
        )
        self.initialized = False

    async def ainit(self) -> AsyncDriver:
        """The driver itself; what hears of its construction has heard."""
        self.initialized = True
        return self

    async def execute(
        self,
        final_vars: Iterable[driver.FinalVar],
        overrides: driver.Given = None,
        display_graph: bool = False,
        inputs: driver.Given = None,
    ) -> Any:
        """The values asked for, as the result builder makes them.

        Raises:
            ValueError: before anything runs, if it can't.
        """
        if display_graph:
            raise ValueError("`display_graph` is not to be had here; see `visualize_execution`")
        names, given, instead = self._request(final_vars, inputs, overrides)
        with as_theirs():
            return await self._core.aexecute(names, given, instead)

    async def raw_execute(  # type: ignore[override]
        self,
        final_vars: Iterable[driver.FinalVar],
        overrides: driver.Given = None,
        display_graph: bool = False,
        inputs: driver.Given = None,
    ) -> dict[str, Any]:
        """As `execute`; always a dict."""
        whole: Any = self._without_builder(())
        found: dict[str, Any] = await whole.execute(final_vars, overrides, display_graph, inputs)
        return found

    async def materialize(  # type: ignore[override]
        self,
        *materializers: Any,
        additional_vars: Iterable[driver.FinalVar] = (),
        overrides: driver.Given = None,
        inputs: driver.Given = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Loads and saves: what is known of each that was saved, and the values asked for.

        Raises:
            ValueError: before anything runs, if it can't.
        """
        whole: Any = self._without_builder(materializers)
        saved = [str(each.id) for each in materializers if isinstance(each, To)]
        names = whole._names(additional_vars)
        found = await whole.execute([*saved, *names], overrides=overrides, inputs=inputs)
        return {name: found[name] for name in saved}, {name: found[name] for name in names}


class Builder(driver.Builder):
    """Puts a driver together; `await` its `build`."""

    async def build(self) -> AsyncDriver:  # type: ignore[override]
        """The driver, initialised."""
        return await self.build_without_init().ainit()

    def build_without_init(self) -> AsyncDriver:
        """The driver."""
        return AsyncDriver(
            self.config,
            *self.modules,
            adapters=self.adapters,
            allow_module_overrides=self._allow_module_overrides,
            _materializers=self.materializers,
            _executor=self.remote_executor,
            _use_legacy_adapter=False,
        )
