"""The driver and its builder, as Hamilton's users call them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import stepwell
from stepwell.compat.hamilton.building import Builder
from stepwell.compat.hamilton.errors import as_theirs
from stepwell.compat.hamilton.function_modifiers.base import InvalidDecoratorException
from stepwell.compat.hamilton.function_modifiers.delayed import under
from stepwell.compat.hamilton.graph_types import FunctionGraph, HamiltonNode
from stepwell.compat.hamilton.lifecycle.bridge import bridged
from stepwell.compat.hamilton.node import input_of, matches_query, narrowest, node_of
from stepwell.compat.hamilton.plugins.h_threadpool import FutureAdapter
from stepwell.driver.build import import_modules, names_of
from stepwell.driver.materialize import From, To
from stepwell.driver.views import Picture
from stepwell.errors import ModifierError, RequestError
from stepwell.graph import Graph
from stepwell.lifecycle import EdgeConnectionHook
from stepwell.lifecycle.events import EVENTS
from stepwell.read import runtime

Variable = HamiltonNode
FinalVar = str | Callable[..., Any] | HamiltonNode
Given = Mapping[str, Any] | None


class Driver:
    """A driver of these modules.

    What differs from `stepwell.Driver`: the order of arguments; an `execute` that gives a frame of
    pandas where the constructor is given no result builder; overrides, inputs and keys of the
    config that nobody knows are left alone; a key of the config that names a step takes its place.

    Args:
        config: decides which steps exist, and gives values.
        modules: the modules of steps.
        adapter: adapters of this package's classes or of stepwell's.
        allow_module_overrides: a later module's steps take the place of an earlier's.

    Raises:
        ValueError: if the steps make no graph.
        InvalidDecoratorException: if a decorator was given what it can't use.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *modules: ModuleType,
        adapter: Any = None,
        allow_module_overrides: bool = False,
        _materializers: Iterable[To | From] = (),
        _executor: Any = None,
        _grouping: Any = None,
        _use_legacy_adapter: bool = True,
    ) -> None:
        adapters = list(adapter) if isinstance(adapter, list | tuple) else [adapter]
        adapters = [each for each in adapters if each is not None]
        pools = [each for each in adapters if isinstance(each, FutureAdapter)]
        adapters = [each for each in adapters if each not in pools]
        adapters += [pool.result_builder for pool in pools if pool.result_builder is not None]
        if _use_legacy_adapter and not any(map(builds_results, adapters)):
            from stepwell.compat.hamilton.base import PandasDataFrameResult

            adapters.append(PandasDataFrameResult())
        self.config, self.graph_modules, self.adapters = dict(config), modules, adapters
        self._options: dict[str, Any] = {
            "overriding": allow_module_overrides,
            "materializers": tuple(_materializers),
            "executor": _executor,
            "grouping": _grouping,
            "threads": max((pool.threads for pool in pools), default=0),
        }
        self._core, self._instead = self._built(adapters, self._options["materializers"])

    def __reduce__(self) -> tuple[Any, ...]:
        options = {key: value for key, value in self.__dict__.items() if key in _CARRIED}
        return _rebuilt, (type(self), names_of(self.graph_modules), options)

    def _built(
        self, adapters: Iterable[Any], materializers: Iterable[To | From]
    ) -> tuple[stepwell.Driver, dict[str, Any]]:
        """The driver that does it, and the values of the config that stand for steps."""
        config, overriding = dict(self.config), self._options["overriding"]
        with as_theirs(), under(self.config):
            known = runtime.graph(self.graph_modules, config=config, overriding=overriding)
            instead = {name: config.pop(name) for name in self.config if name in known.nodes}
            _check(materializers, known)
            builder = (
                stepwell.Builder()
                .with_config(config)
                .with_modules(*self.graph_modules)
                .with_adapters(*map(bridged, adapters), NoneIsAnything())
                .with_materializers(*materializers)
            )
            builder.with_threads(self._options["threads"])
            if overriding:
                builder.allow_module_overrides()
            if self._options["grouping"] is not None and any(map(_hears_tasks, adapters)):
                builder.with_grouping(self._options["grouping"])
            if self._options["executor"] is not None:
                builder.with_executor(self._options["executor"])
            return builder.build(), instead

    # What to run.

    def execute(
        self,
        final_vars: Iterable[FinalVar],
        overrides: Given = None,
        display_graph: bool = False,
        inputs: Given = None,
    ) -> Any:
        """The values asked for, as the result builder makes them.

        Raises:
            ValueError: before anything runs, if it can't.
        """
        names, given, instead = self._request(final_vars, inputs, overrides)
        if display_graph:
            self.visualize_execution(names, "test-output/execute.gv", {}, inputs)
        with as_theirs():
            return self._core.execute(names, given, instead)

    def raw_execute(
        self,
        final_vars: Iterable[FinalVar],
        overrides: Given = None,
        display_graph: bool = False,
        inputs: Given = None,
    ) -> dict[str, Any]:
        """As `execute`; always a dict."""
        found: dict[str, Any] = self._without_builder(()).execute(
            final_vars, overrides, display_graph, inputs
        )
        return found

    def validate_execution(
        self, final_vars: Iterable[FinalVar], overrides: Given = None, inputs: Given = None
    ) -> None:
        """Raises what `execute` would raise before anything runs.

        Raises:
            ValueError: if it can't run.
        """
        names, given, instead = self._request(final_vars, inputs, overrides)
        with as_theirs():
            self._core.validate_execution(names, given, instead)

    def materialize(
        self,
        *materializers: To | From,
        additional_vars: Iterable[FinalVar] = (),
        overrides: Given = None,
        inputs: Given = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Loads and saves: what is known of each that was saved, and the values asked for.

        Raises:
            ValueError: before anything runs, if it can't.
        """
        whole = self._without_builder(materializers)
        saved = [str(each.id) for each in materializers if isinstance(each, To)]
        names = whole._names(additional_vars)
        found = whole.execute([*saved, *names], overrides=overrides, inputs=inputs)
        return {name: found[name] for name in saved}, {name: found[name] for name in names}

    def validate_materialization(
        self,
        *materializers: To | From,
        additional_vars: Iterable[FinalVar] = (),
        overrides: Given = None,
        inputs: Given = None,
    ) -> None:
        """Raises what `materialize` would raise before anything runs.

        Raises:
            ValueError: if it can't run.
        """
        whole = self._without_builder(materializers)
        saved = [str(each.id) for each in materializers if isinstance(each, To)]
        names = [*saved, *whole._names(additional_vars)]
        whole.validate_execution(names, overrides=overrides, inputs=inputs)

    def export_execution(
        self, final_vars: Iterable[str], inputs: Given = None, overrides: Given = None
    ) -> str:
        """What a run would do, as JSON: its nodes."""
        names, given, instead = self._request(final_vars, inputs, overrides)
        with as_theirs():
            plan = json.loads(self._core.export_execution(names, given, instead))
        used = {*plan["given"], *(node["name"] for node in plan["nodes"])}
        nodes = [v.as_dict() for v in self.list_available_variables() if v.name in used]
        return json.dumps({"nodes": nodes})

    # What there is.

    @property
    def graph(self) -> FunctionGraph:
        """The graph, by this package's nodes."""
        return FunctionGraph(self._core.graph)

    def list_available_variables(
        self, *, tag_filter: Mapping[str, str | list[str] | None] | None = None
    ) -> list[HamiltonNode]:
        """All nodes and inputs, or those whose tags answer the filter.

        Raises:
            ValueError: if a value of the filter is neither a text, nor texts, nor `None`.
        """
        for value in (tag_filter or {}).values():
            if not isinstance(value, str | list | None):
                raise ValueError("a value of `tag_filter` is a text, a list of texts, or `None`")
        found = [HamiltonNode.from_node(node) for node in self.graph.nodes.values()]
        return [each for each in found if matches_query(each.tags, tag_filter or {})]

    def has_cycles(self, final_vars: Iterable[FinalVar], _fn_graph: Any = None) -> bool:
        """`False`: a driver of a graph with a cycle can't be built."""
        return False

    def what_is_upstream_of(self, *node_names: str) -> list[HamiltonNode]:
        """These nodes and all that they need."""
        with as_theirs():
            return self._variables(self._core.what_is_upstream_of(*node_names))

    def what_is_downstream_of(self, *node_names: str) -> list[HamiltonNode]:
        """These nodes and all that needs them."""
        with as_theirs():
            return self._variables(self._core.what_is_downstream_of(*node_names))

    def what_is_the_path_between(
        self, upstream_node_name: str, downstream_node_name: str
    ) -> list[HamiltonNode]:
        """All that lies on a way from the one to the other."""
        with as_theirs():
            found = self._core.what_is_the_path_between(upstream_node_name, downstream_node_name)
        return self._variables(found)

    # Pictures.

    def display_all_functions(
        self, output_file_path: Any = None, render_kwargs: Any = None, **options: Any
    ) -> Picture:
        """The whole graph."""
        return _drawn(self._core.display_all_functions(**_look(options)), output_file_path)

    def visualize_execution(
        self,
        final_vars: Iterable[FinalVar],
        output_file_path: Any = None,
        render_kwargs: Any = None,
        inputs: Given = None,
        graphviz_kwargs: Any = None,
        overrides: Given = None,
        **options: Any,
    ) -> Picture:
        """What a run uses."""
        names, given, instead = self._request(final_vars, inputs, overrides)
        with as_theirs():
            picture = self._core.visualize_execution(names, given, instead, **_look(options))
        return _drawn(picture, output_file_path)

    def visualize_materialization(
        self,
        *materializers: To | From,
        output_file_path: Any = None,
        additional_vars: Iterable[FinalVar] = (),
        inputs: Given = None,
        overrides: Given = None,
        **options: Any,
    ) -> Picture:
        """What `materialize` uses."""
        whole = self._without_builder(materializers)
        saved = [str(each.id) for each in materializers if isinstance(each, To)]
        names = [*saved, *whole._names(additional_vars)]
        return whole.visualize_execution(
            names, output_file_path, None, inputs, None, overrides, **options
        )

    def display_upstream_of(
        self, *node_names: str, output_file_path: Any = None, **options: Any
    ) -> Picture:
        """These nodes and all that they need."""
        return _drawn(
            self._core.display_upstream_of(*node_names, **_look(options)), output_file_path
        )

    def display_downstream_of(
        self, *node_names: str, output_file_path: Any = None, **options: Any
    ) -> Picture:
        """These nodes and all that needs them."""
        return _drawn(
            self._core.display_downstream_of(*node_names, **_look(options)), output_file_path
        )

    def visualize_path_between(
        self,
        upstream_node_name: str,
        downstream_node_name: str,
        output_file_path: Any = None,
        **options: Any,
    ) -> Picture:
        """All that lies on a way from the one to the other."""
        between = self._core.visualize_path_between(
            upstream_node_name, downstream_node_name, **_look(options)
        )
        return _drawn(between, output_file_path)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        return self._core.display_all_functions()._repr_mimebundle_(**options)

    # How it is asked.

    def _names(self, final_vars: Iterable[FinalVar]) -> list[str]:
        with as_theirs():
            from stepwell.driver.request import target_names

            given = [v.name if isinstance(v, HamiltonNode) else v for v in final_vars]
            return [*target_names(self._core.graph, given)]

    def _request(
        self, final_vars: Iterable[FinalVar], inputs: Given, overrides: Given
    ) -> tuple[list[str], dict[str, Any], dict[str, Any]]:
        """Targets, inputs and overrides as stepwell asks for them."""
        if isinstance(final_vars, str):
            raise ValueError(f"`final_vars` is a list of names; got `{final_vars}` alone")
        graph, config = self._core.graph, self._core.config
        names, given = self._names(final_vars), dict(inputs or {})
        if shared := [name for name in given if name in self.config]:
            raise ValueError(f"`{shared[0]}` is in the config and in `inputs`; give it in one")
        over = {**self._instead, **(overrides or {})}
        instead = {name: value for name, value in over.items() if name in graph.nodes}
        given |= {
            name: value
            for name, value in over.items()
            if name in graph.inputs and name not in config
        }
        known = {*graph.inputs, *names} - {*graph.nodes, *config}
        return names, {name: v for name, v in given.items() if name in known}, instead

    def _without_builder(self, materializers: Iterable[To | From]) -> Driver:
        """A driver of the same, without its result builder, with more that loads and saves."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.adapters = [each for each in self.adapters if not builds_results(each)]
        more = (*self._options["materializers"], *materializers)
        other._core, other._instead = self._built(other.adapters, more)
        return other

    def _variables(self, found: Iterable[Any]) -> list[HamiltonNode]:
        graph = self._core.graph
        return [
            HamiltonNode.from_node(
                node_of(graph.nodes[each.name])
                if each.name in graph.nodes
                else input_of(each.name, narrowest([p.type for _, p in graph.inputs[each.name]]))
            )
            for each in found
        ]


_CARRIED = ("config", "adapters", "_options", "initialized")


def _rebuilt(kind: type[Driver], modules: tuple[str, ...], carried: Mapping[str, Any]) -> Driver:
    """A driver as it was, in another process."""
    made = object.__new__(kind)
    made.__dict__.update(carried, graph_modules=tuple(import_modules(modules)))
    made._core, made._instead = made._built(made.adapters, made._options["materializers"])
    return made


class NoneIsAnything(EdgeConnectionHook):
    """Permits `None` for an input of any type."""

    def validate_input(self, *, node_type: Any, input_value: Any, **future_kwargs: Any) -> bool:
        return input_value is None


def builds_results(adapter: Any) -> bool:
    """Whether an adapter makes what `execute` returns."""
    return hasattr(adapter, "do_build_result") or hasattr(adapter, "build_result")


def _check(materializers: Iterable[To | From], graph: Graph) -> None:
    """Refuses what loads or saves a type that it can't.

    Raises:
        InvalidDecoratorException: if one does.
    """
    for each in materializers:
        try:
            each.nodes(graph)
        except ModifierError as error:
            raise InvalidDecoratorException(str(error), argument=error.argument) from None
        except RequestError:
            continue  # which is told with all else that is wrong


def _hears_tasks(adapter: Any) -> bool:
    """Whether an adapter asks for tasks; where none does, nobody parts a run into them."""
    return any(callable(getattr(adapter, event, None)) for event in EVENTS if "_task_" in event)


def _look(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a picture, by stepwell's names; those that it has no counterpart of are let go."""
    look: dict[str, Any] = {"direction": str(options.get("orient", "LR"))}
    if options.get("hide_inputs"):
        look["with_inputs"] = False
    if options.get("show_legend", True):
        look["legend"] = True
    return look


def _drawn(picture: Picture, output_file_path: Any) -> Picture:
    if output_file_path is not None:
        path = Path(output_file_path)
        known: Collection[str] = (".svg", ".png", ".dot", ".mmd", ".md", ".html")
        path = path if path.suffix in known else path.with_name(path.name + ".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    return picture


__all__ = ["Builder", "Driver", "Variable"]
