"""One request as a driver keeps it: the plan for a set of names, and how to run it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stepwell.driver.request import Check, checks_of
from stepwell.errors import RequestError
from stepwell.execution.inline import Inline
from stepwell.execution.run import Run
from stepwell.execution.work import ONE_BY_ONE, Fan, Work, works
from stepwell.lifecycle.dispatch import Around, LifecycleSet
from stepwell.plan import READ_LIVE, Plan

if TYPE_CHECKING:
    from stepwell.execution.text import Text


class Prepared:
    """A plan for one set of targets, inputs and overrides, worked out once.

    Args:
        plan: the plan; nothing is missing from it.
        lifecycle: the driver's adapters.
        fan: how what is done for each item is done.
        inputs: the names of the inputs given.
        overrides: the names of the overrides given.
        config: the driver's config.
    """

    def __init__(
        self,
        plan: Plan,
        lifecycle: LifecycleSet,
        fan: Fan = ONE_BY_ONE,
        *,
        inputs: Iterable[str],
        overrides: Iterable[str],
        config: Mapping[str, Any],
    ) -> None:
        self.plan, self.lifecycle, self.config, self.fan = plan, lifecycle, config, fan
        self._overrides = frozenset(overrides)
        self.checks: list[Check] = checks_of(plan, inputs)
        self.exact = [(check.name, check.exact) for check in self.checks]
        self.hot: Callable[..., Any] | None = None
        """The compiled plan, once it is hot, if nobody does anything around the run."""
        self.around = lifecycle.around("graph")
        self._tasks = [*_tasks(plan)]
        bundles = [line.bundle for line in plan.lines if line.bundle is not None]
        self.branches = sum(bundle.number is not None for bundle in bundles)
        """How many tasks go to executors of their own."""
        if self._tasks:
            grouped = lifecycle.hooks("post_task_group")
            self.around = (*self.around, *(Around(hook, None) for hook in grouped))
        self.build = lifecycle.method("do_build_result")
        hooks = [hook for pair in self.around for hook in pair if hook is not None]
        hooks += [self.build] if self.build is not None else []
        self.bare = not hooks
        plain = not lifecycle.adapters and not plan.has_streams and not bundles
        self.needs_run_id = not (plain or all(work.plain for work in self.works))
        self.is_async = (
            plan.is_async
            or any(hook.is_async for hook in hooks)
            or (not plain and any(work.is_async for work in self.works))
        )
        self.inline = Inline(
            plan, lambda: self.works, self.text, config, bare=not self.needs_run_id
        )

    @cached_property
    def works(self) -> list[Work]:
        """The work of each line; a plan that adapters have no part in can do without for long."""
        return works(self.plan, self.lifecycle, self.fan)

    @property
    def reads_live(self) -> bool:
        """Whether a step that is no stream itself reads one chunk by chunk."""
        return bool(self.plan.live) and any(
            param.type.name in READ_LIVE and not work.is_stream
            for work in self.works
            for param in work.node.params
        )

    def text(self) -> Text:
        """The plan as Python."""
        from stepwell.execution.text import Writer

        writer = Writer(self.plan, self.works, overrides=self._overrides, config=self.config)
        return writer.text()

    def values(self, inputs: Mapping[str, Any], overrides: Mapping[str, Any]) -> list[Any]:
        """The given values, in the order of the plan."""
        known = {**self.config, **inputs, **overrides}
        return [known[name] for name in self.plan.given]

    def run(self, inputs: Mapping[str, Any], overrides: Mapping[str, Any]) -> Run:
        """The state of a new run."""
        return Run(self.plan, self.values(inputs, overrides))

    def words(
        self, run_id: str, inputs: Mapping[str, Any], overrides: Mapping[str, Any]
    ) -> dict[str, Any]:
        """All that hooks around the run may ask for."""
        return {
            "run_id": run_id,
            "graph": self.plan.graph,
            "final_vars": [*self.plan.targets],
            "inputs": inputs,
            "overrides": overrides,
            "task_ids": self._tasks,
            "execution_path": [node.name for node in self.plan.nodes],
        }

    def refuse(self, inputs: Mapping[str, Any]) -> None:
        """Raises an error if inputs are of a wrong type.

        Raises:
            RequestError: with one sentence for each.
        """
        permits = self.lifecycle.permits
        problems = [
            problem
            for check in self.checks
            if inputs[check.name].__class__ is not check.exact
            for problem in check.problems(inputs[check.name], permits)
        ]
        if problems:
            raise RequestError(problems)


def _tasks(plan: Plan) -> Iterator[str]:
    """What is done as tasks: sources, whose items are, and steps that are put together."""
    for line in plan.lines:
        if line.block is not None:
            yield line.block.source.name
        elif line.bundle is not None:
            yield line.bundle.id
