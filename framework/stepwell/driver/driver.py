"""The driver: modules of steps in, results out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from stepwell.driver.build import (
    any_config,
    built,
    collector_at_rest,
    import_modules,
    names_of,
    refuse_unknown_branches,
)
from stepwell.driver.prepared import Prepared
from stepwell.driver.request import (
    Target,
    problems_of,
    refuse_shapes,
    target_names,
    warn_of_unread,
)
from stepwell.driver.told import GraphViews, Targets
from stepwell.errors import RequestError
from stepwell.execution.pools import Pools
from stepwell.execution.work import ONE_BY_ONE, Fan, new_run_id
from stepwell.graph import Graph
from stepwell.lifecycle.dispatch import LifecycleSet
from stepwell.lifecycle.filters import asks_for_itself
from stepwell.lifecycle.hook_rules import NO_RULES, HookRules
from stepwell.plan import Plan, plan
from stepwell.spec import NOTHING

if TYPE_CHECKING:
    from typing import Unpack

    from stepwell.draw import Looks
    from stepwell.driver.materialize import From, To
    from stepwell.driver.views import Picture
    from stepwell.execution.events import Event
    from stepwell.llm.forecast import Estimate, History

Given = Mapping[str, Any]
Key = tuple[tuple[Target, ...] | str, tuple[str, ...], tuple[str, ...]]

_NONE: dict[str, Any] = {}

KEPT = 1000
"""So many plans at most are kept; a service may be asked for ever new sets of names."""

WORKERS = 64
"""So many worker threads at most do what would block an event loop."""


class Driver(GraphViews):
    """Turns modules of steps into a graph, and runs what is asked for.

    A driver never changes, so any number of threads and tasks may use it at once.

    Args:
        config: decides which steps exist (`config.when`), and gives values by name as inputs do.
        modules: the modules whose functions are the steps.
        adapter: one lifecycle adapter or several, in the order in which their hooks run.
        threads: so many steps that don't need each other run at the same time; see `Builder`.
        fan: how what is done for each item of a `Parallelizable` is done; see `Builder`.
        hooks: what the adapters' hooks may do; see `Builder.with_hooks`.
        allow_module_overrides: a later module's steps take the place of an earlier's of the same
            names; without it, two of one name are an error.
        materializers: nodes that load and save; see `Builder.with_materializers`.

    Raises:
        GraphError: if the steps make no sound graph; it holds all that is wrong.
        AdapterError: if an adapter can't be used.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        *modules: ModuleType,
        adapter: object = (),
        threads: int = 0,
        fan: Fan = ONE_BY_ONE,
        hooks: HookRules = NO_RULES,
        allow_module_overrides: bool = False,
        materializers: Iterable[To | From] = (),
    ) -> None:
        adapters = tuple(adapter) if isinstance(adapter, (list, tuple)) else (adapter,)
        self.config: Mapping[str, Any] = dict(config or NOTHING)
        self.modules = modules
        self._adapters = tuple(a for a in adapters if a is not None)
        self.lifecycle = LifecycleSet(self._adapters, hooks)
        self._overriding = allow_module_overrides
        self._materializers = tuple(materializers)
        self.graph: Graph = built(
            self.config,
            modules,
            self.lifecycle,
            overriding=allow_module_overrides,
            materializers=self._materializers,
        )
        own: list[object] = []
        if any(asks_for_itself(node.tags) for node in self.graph.nodes.values()):
            from stepwell.lifecycle.own import own_adapters

            own += own_adapters(self.graph.nodes.values())
        if limits := fan.limits:
            from stepwell.lifecycle.slots import SlotsOfTags

            own.append(SlotsOfTags(limits))  # the last: no place is taken while a retry waits
        if own:
            self.lifecycle = LifecycleSet((*self._adapters, *own), hooks)
        self._threads, self._fan = threads, fan
        refuse_unknown_branches(self.graph, fan)
        self._prepared: dict[Key, Prepared] = {}
        self.pool = Pools(max(WORKERS, threads))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (self.config, names_of(self.modules), self._options)

    @property
    def _options(self) -> dict[str, Any]:
        return {
            "adapter": self._adapters,
            "threads": self._threads,
            "fan": self._fan,
            "hooks": self.lifecycle.rules,
            "allow_module_overrides": self._overriding,
            "materializers": self._materializers,
        }

    def __repr__(self) -> str:
        modules = ", ".join(module.__name__ for module in self.modules)
        return f"<stepwell driver of {modules or 'no module'}: {len(self.graph.nodes)} nodes>"

    # What to run.

    def execute(
        self,
        targets: Targets,
        inputs: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Any:
        """The targets by name (or what a result builder makes of them), all upstream having run.

        Args:
            targets: names of nodes or inputs, or functions.
            inputs: values for names that no step makes.
            overrides: values to put in the place of nodes; nothing above those runs.

        Raises:
            RequestError: before anything runs, if it can't; it holds all that is wrong.
            HookError: if a hook raised that is no observer's.
            BaseException: what a step raises arrives as itself, with a note that names the step.
        """
        given: Mapping[str, Any] = _NONE if inputs is None else inputs
        instead: Mapping[str, Any] = _NONE if overrides is None else overrides
        try:
            prepared = self._prepared[
                targets if targets.__class__ is str else (*targets,),  # type: ignore[misc]
                (*given,),
                (*instead,),
            ]
        except (KeyError, TypeError):
            prepared = self._prepare(targets, given, instead)
        else:
            for name, exact in prepared.exact:
                if given[name].__class__ is not exact:
                    prepared.refuse(given)
                    break
        hot = prepared.hot
        if hot is None:
            return self._execute(prepared, given, instead)
        run_id = new_run_id() if prepared.needs_run_id else ""
        try:
            return hot(given, instead, self.config, run_id)
        except BaseException as error:
            come_to = prepared.inline.explained(error, run_id)
            if come_to is error:
                raise
            raise come_to from come_to.__cause__

    def _execute(self, prepared: Prepared, inputs: Given, overrides: Given) -> Any:
        from stepwell.driver import running

        if prepared.is_async:
            return running.on_own_loop(self, prepared, inputs, overrides)
        if self._threads > 1 or prepared.branches > 1 or not prepared.bare:
            return running.here(self, prepared, inputs, overrides)
        results = prepared.inline(inputs, overrides)
        prepared.hot = prepared.inline.function
        return results

    async def aexecute(
        self,
        targets: Targets,
        inputs: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Any:
        """As `execute`, awaited: async steps share the event loop, what blocks goes to threads.

        Branches run at the same time. When one step fails, or this is cancelled, the others are
        cancelled and have ended before the error arrives.

        Raises:
            RequestError: before anything runs, if it can't; it holds all that is wrong.
            HookError: if a hook raised that is no observer's.
            BaseException: what a step raises arrives as itself, with a note that names the step.
        """
        from stepwell.driver import running

        inputs, overrides = inputs or NOTHING, overrides or NOTHING
        prepared = self._prepare(targets, inputs, overrides)
        return await running.on_this_loop(self, prepared, inputs, overrides)

    def stream(
        self,
        targets: Targets,
        inputs: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Iterator[Event]:
        """The events of a run as they happen; the last is `RunFinished`, with the results.

        Whoever stops reading (`close`, or `break` and letting go) ends the run and its generators.

        Raises:
            RequestError: at once, if it can't run.
            BaseException: while reading, what a step raises.
        """
        from stepwell.driver import running

        inputs, overrides = inputs or NOTHING, overrides or NOTHING
        prepared = self._prepare(targets, inputs, overrides)
        if prepared.is_async or self._threads > 1 or prepared.reads_live:
            return running.stream_on_own_loop(self, prepared, inputs, overrides)
        return running.stream_here(prepared, inputs, overrides)

    def astream(
        self,
        targets: Targets,
        inputs: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[Event]:
        """The events of a run as they happen; as `stream`, for `async for`.

        Raises:
            RequestError: at once, if it can't run.
            BaseException: while reading, what a step raises.
        """
        from stepwell.driver import running

        inputs, overrides = inputs or NOTHING, overrides or NOTHING
        prepared = self._prepare(targets, inputs, overrides)
        return running.stream_on_this_loop(self, prepared, inputs, overrides)

    def validate_execution(
        self,
        targets: Targets,
        inputs: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        """Raises what `execute` would raise before anything runs; runs nothing.

        Raises:
            RequestError: if it can't run; it holds all that is wrong.
        """
        self._prepare(targets, inputs or NOTHING, overrides or NOTHING)

    def explain(
        self,
        targets: Targets,
        inputs: Iterable[str] = (),
        overrides: Iterable[str] = (),
    ) -> str:
        """The plan for these targets as straight-line Python: the text that a hot plan runs.

        Inputs that a step can't do without are taken for given; name those with defaults.

        Raises:
            RequestError: if a name is unknown.
        """
        names, overrides = target_names(self.graph, targets), tuple(overrides)
        first = plan(self.graph, names, {*inputs, *overrides, *self.config})
        needed = dict.fromkeys(inputs)
        needed |= {missing.name: None for missing in first.missing}
        needed |= {name: None for name in names if name in self.graph.inputs}
        return self._plan((names, (*needed,), overrides)).text().source

    def materialize(
        self,
        *materializers: To | From,
        additional_vars: Targets = (),
        inputs: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Loads and saves as told: what is known of each that was saved, and what was asked for.

        Raises:
            RequestError: before anything runs, if it can't; it holds all that is wrong.
        """
        from stepwell.driver.materialize import Materialized

        made = Materialized(self, materializers, additional_vars)
        return made.of(made.driver.execute(made.names, inputs, overrides))

    async def amaterialize(
        self,
        *materializers: To | From,
        additional_vars: Targets = (),
        inputs: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """As `materialize`, in the event loop that runs."""
        from stepwell.driver.materialize import Materialized

        made = Materialized(self, materializers, additional_vars)
        return made.of(await made.driver.aexecute(made.names, inputs, overrides))

    def validate_materialization(
        self,
        *materializers: To | From,
        additional_vars: Targets = (),
        inputs: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        """Raises what `materialize` would raise before anything runs; runs nothing.

        Raises:
            RequestError: if it can't run; it holds all that is wrong.
        """
        from stepwell.driver.materialize import Materialized

        made = Materialized(self, materializers, additional_vars)
        made.driver.validate_execution(made.names, inputs, overrides)

    def visualize_materialization(
        self,
        *materializers: To | From,
        additional_vars: Targets = (),
        inputs: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
        **looks: Unpack[Looks],
    ) -> Picture:
        """What `materialize` uses; keywords as those of `visualize_execution`.

        Raises:
            RequestError: if it can't run.
        """
        from stepwell.driver.materialize import Materialized

        made = Materialized(self, materializers, additional_vars)
        return made.driver.visualize_execution(made.names, inputs, overrides, **looks)

    def export_execution(
        self,
        targets: Targets,
        inputs: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> str:
        """What a run of these targets would do, as JSON: its nodes in order, with what they read.

        Values are left out, those given as well.

        Raises:
            RequestError: if it can't run.
        """
        from stepwell.driver import views

        return views.exported(self._prepare(targets, inputs or NOTHING, overrides or NOTHING).plan)

    def estimate(
        self,
        targets: Targets,
        inputs: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
        *,
        history: History | None = None,
        currency: str = "USD",
    ) -> Estimate:
        """What a run of these targets will use, in tokens and money, by step, with ranges.

        Steps run, without adapters, up to their first request, which does not leave; what needs an
        answer is not run. So input is known exactly where a prompt can be made before any answer
        and its tokens can be counted (extra `tokens`). A stand-in in `overrides` lets more be made,
        and keeps what is not to run from running. Only requests of `metered` clients are held back.

        Args:
            targets: names of nodes or inputs, or functions.
            inputs: values for names that no step makes.
            overrides: values to put in the place of nodes.
            history: what remembers earlier runs, for what can't be made beforehand: a
                `TokenAccounting`, a `RunStore`.
            currency: that of the costs; prices in others count as not known.

        Raises:
            RequestError: if it can't run; it holds all that is wrong.
        """
        from stepwell.llm.forecast import estimate

        inputs, overrides = inputs or NOTHING, overrides or NOTHING
        prepared = self._prepare(targets, inputs, overrides)
        values = prepared.values(inputs, overrides)
        return estimate(prepared.plan, values, history=history, currency=currency)

    # How it is done.

    @property
    def failed_hooks(self) -> dict[str, int]:
        """How often each observer's hook has raised so far, which fails no run, by its name."""
        return self.lifecycle.raised

    @property
    def threads(self) -> int:
        """How many steps may run at the same time in `execute`."""
        return max(self._threads, 1)

    def _prepare(
        self, targets: Targets, inputs: Mapping[str, Any], overrides: Mapping[str, Any]
    ) -> Prepared:
        try:
            key: Key = targets, (*inputs,), (*overrides,)  # type: ignore[assignment]
            if targets.__class__ is not str:
                key = (targets,) if callable(targets) else (*targets,), *key[1:]
            prepared = self._prepared.get(key)
        except TypeError:
            refuse_shapes(targets, inputs, overrides)
            target_names(self.graph, targets)
            raise
        if prepared is None:
            refuse_shapes(targets, inputs, overrides)
            prepared = self._plan(key)
            if len(self._prepared) >= KEPT:
                self._prepared.clear()
            self._prepared[key] = prepared
        prepared.refuse(inputs)
        return prepared

    def _planned(self, targets: Targets, inputs: Given, overrides: Given) -> Plan:
        return self._prepare(targets, inputs, overrides).plan

    def _plan(self, key: Key) -> Prepared:
        targets, inputs, overrides = key
        names = target_names(self.graph, targets)
        with collector_at_rest():
            made: Plan = plan(self.graph, names, {*inputs, *overrides, *self.config})
        problems = problems_of(
            made,
            inputs=inputs,
            overrides=overrides,
            config=self.config,
            under_any_config=lambda: any_config(self.modules),
        )
        if problems:
            raise RequestError(problems)
        warn_of_unread(made, inputs, stacklevel=4)
        if self._fan.puts_together:
            from stepwell.plan.grouping import grouped

            made = grouped(made, self._fan.grouping, self._fan.branch_of)
        return Prepared(
            made, self.lifecycle, self._fan, inputs=inputs, overrides=overrides, config=self.config
        )


def _rebuilt(
    config: Mapping[str, Any], modules: tuple[str, ...], options: dict[str, Any]
) -> Driver:
    return Driver(config, *import_modules(modules), **options)
