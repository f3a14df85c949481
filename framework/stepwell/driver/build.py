"""From modules to a checked graph, and a `Builder` that names its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from stepwell.errors import GraphError
from stepwell.graph import Graph

if TYPE_CHECKING:
    from stepwell.driver.driver import Driver


def graph_of(config: Mapping[str, Any], modules: Iterable[ModuleType]) -> Graph:
    """The graph of these modules under this configuration.

    Raises:
        GraphError: if it is not sound; it holds all that is wrong.
    """
    from stepwell.read import runtime
    from stepwell.rules import check

    graph = runtime.graph(modules, config=config)
    errors = [found for found in check(graph) if found.severity == "error"]
    if errors:
        raise GraphError(errors)
    return graph


class Builder:
    """Puts a driver together piece by piece; each method gives the builder back.

    >>> Builder().with_config({"k": 3}).build().config
    {'k': 3}
    """

    def __init__(self) -> None:
        self._config: dict[str, Any] = {}
        self._modules: list[ModuleType] = []
        self._adapters: list[object] = []
        self._threads = 0

    def with_config(self, config: Mapping[str, Any]) -> Builder:
        """Adds to the configuration; a later value for a key wins."""
        self._config.update(config)
        return self

    def with_modules(self, *modules: ModuleType) -> Builder:
        """Adds modules of steps."""
        self._modules += modules
        return self

    def with_adapters(self, *adapters: object) -> Builder:
        """Adds lifecycle adapters, after those already there."""
        self._adapters += adapters
        return self

    def with_threads(self, threads: int) -> Builder:
        """Runs steps that don't need each other at the same time, at most `threads` of them."""
        self._threads = threads
        return self

    def copy(self) -> Builder:
        """A builder with the same pieces, which may go its own way from here."""
        other = Builder()
        other._config, other._modules = dict(self._config), list(self._modules)
        other._adapters, other._threads = list(self._adapters), self._threads
        return other

    def build(self) -> Driver:
        """The driver.

        Raises:
            GraphError: if the steps make no sound graph.
        """
        from stepwell.driver.driver import Driver

        return Driver(self._config, *self._modules, adapter=self._adapters, threads=self._threads)
