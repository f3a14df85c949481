"""From modules to a checked graph, and a `Builder` that names its parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from stepwell.errors import GraphError, RequestError, did_you_mean
from stepwell.execution.work import ONE_BY_ONE, BranchOn, Fan, OnError
from stepwell.graph import Graph
from stepwell.lifecycle.dispatch import given
from stepwell.lifecycle.filters import is_tagged
from stepwell.lifecycle.hook_rules import NO_RULES, HookRules
from stepwell.types import UNKNOWN, fits

if TYPE_CHECKING:
    from stepwell.diagnostic import Diagnostic
    from stepwell.driver.driver import Driver
    from stepwell.driver.materialize import From, To
    from stepwell.executors.base import Executor
    from stepwell.lifecycle.dispatch import LifecycleSet
    from stepwell.plan.grouping import Grouping
    from stepwell.spec import Param, Span


def built(
    config: Mapping[str, Any],
    modules: Sequence[ModuleType],
    lifecycle: LifecycleSet,
    *,
    overriding: bool = False,
    materializers: Sequence[To | From] = (),
) -> Graph:
    """The graph of these modules under this configuration, judged by rules and adapters.

    With `overriding`, a later module's steps take the place of an earlier's of the same names.

    Raises:
        GraphError: if it is not sound; it holds all that is wrong.
        RequestError: if a materializer does not suit it.
    """
    from stepwell.read import runtime
    from stepwell.rules import errors

    lifecycle.call("pre_do_anything")
    with collector_at_rest():
        graph = runtime.graph(modules, config=config, overriding=overriding)
        if materializers:
            from stepwell.driver.materialize import extended

            graph = extended(graph, materializers)
        wrong = errors(_permitted(graph, lifecycle))
    wrong += _refused(graph, modules, config, lifecycle)
    if wrong:
        raise GraphError(wrong)
    lifecycle.call("post_graph_construct", graph=graph, modules=modules, config=config)
    return graph


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Within, no garbage is collected: all that is made is kept, and looking through it again and
    again is what building a large graph would spend most of its time with."""
    import gc

    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


def any_config(modules: Iterable[ModuleType]) -> Graph:
    """The graph of these modules with the steps of every configuration."""
    from stepwell.read import runtime

    return runtime.graph(modules)


def _permitted(graph: Graph, lifecycle: LifecycleSet) -> Graph:
    """The graph to judge: an edge that an adapter permits is one of which no type is known."""
    if not lifecycle.methods("do_check_edge_types_match"):
        return graph
    nodes = graph.nodes

    def judged(param: Param) -> Param:
        maker = nodes.get(param.reads)
        if maker is None or fits(maker.type, param.type) is not False:
            return param
        given, asked = maker.type, param.type
        if lifecycle.permits("do_check_edge_types_match", type_from=given, type_to=asked):
            return param._replace(type=UNKNOWN)
        return param

    written = [replace(node, params=tuple(map(judged, node.params))) for node in graph.written]
    return Graph(written, config=graph.config, problems=graph.problems, modules=graph.modules)


def _refused(
    graph: Graph,
    modules: Sequence[ModuleType],
    config: Mapping[str, Any],
    lifecycle: LifecycleSet,
) -> Iterator[Diagnostic]:
    """What is wrong by the config and by the adapters' validators."""
    from stepwell.diagnostic import Diagnostic

    for name in config:
        if name in graph.nodes:
            node = graph.nodes[name]
            yield Diagnostic(
                "SW110",
                "shadowed-input",
                f"config gives `{name}`, which is a step; to put a value in its place pass it in "
                "`overrides` when you execute",
                span=node.span,
                node=name,
            )
    for node in graph.nodes.values():
        yield from _judged(
            lifecycle, "validate_node", node.name, node.span, created_node=node, node=node
        )
    yield from _judged(
        lifecycle, "validate_graph", "", None, graph=graph, modules=modules, config=config
    )


def _judged(
    lifecycle: LifecycleSet, event: str, name: str, span: Span | None, **words: Any
) -> Iterator[Diagnostic]:
    from stepwell.read.problems import refused

    for hook in lifecycle.validators(event):
        allowed, why = hook.call(**given(hook, words))
        if not allowed:
            yield refused(hook, name, why, span)


def refuse_unknown_branches(graph: Graph, fan: Fan) -> None:
    """Refuses names of steps and tags that no step has.

    Raises:
        RequestError: with one sentence for each.
    """
    steps = {*graph.nodes, *(node.step for node in graph.nodes.values() if node.step)}
    problems = [
        f"`{name}` is to be done {branch.executor}, and is no step{did_you_mean(name, steps)}"
        for branch in fan.branches
        for name in sorted(branch.steps - steps)
    ]
    problems += [
        f"steps tagged `{tag}` are to be done {branch.executor}, and no step is"
        for branch in fan.branches
        for tag in sorted(branch.tags)
        if not any(is_tagged(node.tags, tag) for node in graph.nodes.values())
    ]
    problems += [
        f"at most {count} steps tagged `{tag}` are to be at work at the same time, and no step is"
        for tag, count in fan.limits.items()
        if not any(is_tagged(node.tags, tag) for node in graph.nodes.values())
    ]
    if problems:
        raise RequestError(problems)


def names_of(modules: Iterable[ModuleType]) -> tuple[str, ...]:
    """The names by which another process imports these modules.

    Raises:
        PicklingError: if one can't be imported.
    """
    import sys
    from pickle import PicklingError

    for module in modules:
        if sys.modules.get(module.__name__) is not module:
            raise PicklingError(
                f"module `{module.__name__}` can't be imported by its name, so a driver of it "
                "can't be pickled; put its steps into a file"
            )
    return tuple(module.__name__ for module in modules)


def import_modules(names: Iterable[str]) -> list[ModuleType]:
    """The modules of these names."""
    from importlib import import_module

    return [import_module(name) for name in names]


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
        self._fan = ONE_BY_ONE
        self._hooks = NO_RULES
        self._overriding = False
        self._materializers: list[To | From] = []

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

    def with_hooks(self, *, strict: bool = False, seconds: float | None = None) -> Builder:
        """Says what the adapters' hooks may do.

        Args:
            strict: what an observer's hook raises fails the run too, as any other hook's does.
            seconds: no hook takes longer. Of one that does, an async one is cancelled; a plain one,
                which is called in a thread of its own for that, is left behind. It is not called
                again, and has raised a `TimeoutError`: an observer's is logged, any other fails the
                run.

        Raises:
            ValueError: if the seconds are not more than 0.
        """
        if seconds is not None and not seconds > 0:
            raise ValueError(f"`seconds={seconds}` is no time for a hook; give more than 0")
        self._hooks = HookRules(strict, seconds)
        return self

    def with_threads(self, threads: int) -> Builder:
        """Runs steps that don't need each other at the same time, at most `threads` of them."""
        self._threads = threads
        return self

    def with_executor(self, executor: Executor, *, on_error: OnError = "fail") -> Builder:
        """Says how what is done for each item of a `Parallelizable` is done.

        Args:
            executor: where, and how many at the same time: `ThreadsExecutor(8)`.
            on_error: what it means when an item fails: `fail` ends the run, `skip` leaves the item
                out, `collect` puts an `ItemFailed` in its place. A source's own tag `on_error`
                says it for that source.
        """
        from stepwell.blocks import POLICIES

        if on_error not in POLICIES:
            known = ", ".join(f"`{name}`" for name in POLICIES)
            raise ValueError(f"`on_error={on_error!r}` is none of {known}")
        self._fan = self._fan._replace(executor=executor, on_error=on_error)
        return self

    def with_executor_for(
        self, executor: Executor, *, steps: Iterable[str] = (), tags: Iterable[str] = ()
    ) -> Builder:
        """Says where a branch is done: these steps, and fan-outs that have one of them.

        Steps outside of fan-outs that need each other are one task, which the executor does as a
        whole; tasks that don't need each other are done at the same time. The items of a fan-out
        that has such a step are done by it rather than by that of `with_executor`.

        Args:
            executor: where: `ProcessesExecutor(2)`, `RayExecutor()`.
            steps: names of steps.
            tags: tags of steps: `gpu`, or `size=large` where its value is to be that.
        """
        branch = BranchOn(executor, frozenset(steps), frozenset(tags))
        self._fan = self._fan._replace(branches=(*self._fan.branches, branch))
        return self

    def with_grouping(self, grouping: Grouping) -> Builder:
        """Says what is a task, which task hooks surround and which has an id.

        Args:
            grouping: `block`, an item of a fan-out, and nothing besides, as without this; `step`,
                each step by itself as well; `level`, all steps that have as many others one after
                the other before them; `all`, all that is asked for.
        """
        from stepwell.plan.grouping import GROUPINGS

        if grouping not in GROUPINGS:
            known = ", ".join(f"`{name}`" for name in GROUPINGS)
            raise ValueError(f"`grouping={grouping!r}` is none of {known}")
        self._fan = self._fan._replace(grouping=grouping)
        return self

    def with_materializers(self, *materializers: To | From) -> Builder:
        """Adds nodes that load (`from_.json(…)`) and save (`to.json(…)`), asked for by name."""
        self._materializers += materializers
        return self

    def allow_module_overrides(self) -> Builder:
        """Lets a later module's steps take the place of an earlier's of the same names.

        Without it, two steps of one name are an error.
        """
        self._overriding = True
        return self

    def copy(self) -> Builder:
        """A builder with the same pieces, which may go its own way from here."""
        other = Builder()
        other._config, other._modules = dict(self._config), list(self._modules)
        other._adapters, other._threads = list(self._adapters), self._threads
        other._fan, other._hooks = self._fan, self._hooks
        other._overriding, other._materializers = self._overriding, list(self._materializers)
        return other

    def build(self) -> Driver:
        """The driver.

        Raises:
            GraphError: if the steps make no sound graph.
        """
        from stepwell.driver.driver import Driver

        return Driver(
            self._config,
            *self._modules,
            adapter=self._adapters,
            threads=self._threads,
            fan=self._fan,
            hooks=self._hooks,
            allow_module_overrides=self._overriding,
            materializers=self._materializers,
        )
