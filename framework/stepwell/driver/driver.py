"""The driver: modules of steps in, results out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from stepwell.driver.build import graph_of
from stepwell.driver.request import (
    Check,
    Target,
    checks_of,
    problems_of,
    target_names,
    warn_of_unread,
)
from stepwell.errors import RequestError
from stepwell.execution.inline import Inline
from stepwell.execution.text import Text, Writer
from stepwell.graph import Graph
from stepwell.plan import Plan, plan
from stepwell.spec import NOTHING

Key = tuple[tuple[Target, ...], tuple[str, ...], tuple[str, ...]]


class Driver:
    """Turns modules of steps into a graph, and runs what is asked for.

    A driver never changes, so any number of threads and tasks may use it at once.

    Args:
        config: decides which steps exist (`config.when`), and gives values by name as inputs do.
        modules: the modules whose functions are the steps.
        adapter: one lifecycle adapter or several, in the order in which their hooks run.

    Raises:
        GraphError: if the steps make no sound graph; it holds all that is wrong.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        *modules: ModuleType,
        adapter: object = (),
        threads: int = 0,
    ) -> None:
        self.config = dict(config or NOTHING)
        self.modules = modules
        self.adapters = tuple(adapter) if isinstance(adapter, (list, tuple)) else (adapter,)
        self.graph: Graph = graph_of(self.config, modules)
        self._threads = threads
        self._requests: dict[Key, Request] = {}

    def execute(
        self,
        targets: Iterable[Target],
        inputs: Mapping[str, Any] = NOTHING,
        overrides: Mapping[str, Any] = NOTHING,
    ) -> dict[str, Any]:
        """The targets by name, once all that is upstream of them has run.

        Args:
            targets: names of nodes or inputs, or functions.
            inputs: values for names that no step makes.
            overrides: values to put in the place of nodes; nothing above those runs.

        Raises:
            RequestError: before anything runs, if it can't; it holds all that is wrong.
            BaseException: what a step raises arrives as itself, with a note that names the step.
        """
        return self._request(targets, inputs, overrides).inline(inputs, overrides)

    def _request(
        self, targets: Iterable[Target], inputs: Mapping[str, Any], overrides: Mapping[str, Any]
    ) -> Request:
        wanted = (targets,) if isinstance(targets, str) else (*targets,)
        key = (wanted, (*inputs,), (*overrides,))
        request = self._requests.get(key)
        if request is None:
            request = self._requests[key] = self._plan(key)
        for name, exact, _ in request.checks:
            if inputs[name].__class__ is not exact:
                request.refuse(inputs)
                break
        return request

    def _plan(self, key: Key) -> Request:
        targets, inputs, overrides = key
        names = target_names(self.graph, targets)
        made = plan(self.graph, names, {*inputs, *overrides, *self.config})
        problems = problems_of(
            self.graph, made, inputs=inputs, overrides=overrides, config=self.config
        )
        if problems:
            raise RequestError(problems)
        warn_of_unread(self.graph, inputs, stacklevel=4)
        return Request(made, inputs, overrides, self.config)

    def explain(
        self,
        targets: Iterable[Target],
        inputs: Iterable[str] = (),
        overrides: Iterable[str] = (),
    ) -> str:
        """The plan for these targets as straight-line Python: what a run of them does.

        Names of inputs need not be given: those that no step makes are taken for inputs.
        """
        names = target_names(self.graph, targets)
        given = {*inputs, *overrides, *self.config, *self.graph.inputs}
        made = plan(self.graph, names, given)
        sources = set(made.given) - {*overrides, *self.config}
        return Writer(made, inputs=sources, overrides=overrides).text().source


class Request:
    """A plan for one set of names, and what is known of how to run it."""

    def __init__(
        self, plan: Plan, inputs: Iterable[str], overrides: Iterable[str], config: dict[str, Any]
    ) -> None:
        self.plan = plan
        self.inputs, self.overrides, self.config = (*inputs,), (*overrides,), config
        self.checks: list[Check] = checks_of(plan, self.inputs)
        self.inline = Inline(plan, self.text, config)

    def text(self) -> Text:
        """The plan as Python."""
        return Writer(self.plan, inputs=self.inputs, overrides=self.overrides).text()

    def refuse(self, inputs: Mapping[str, Any]) -> None:
        """Raises an error if inputs are of a wrong type.

        Raises:
            RequestError: with one sentence for each.
        """
        problems = [p for check in self.checks for p in check.problems(inputs[check.name])]
        if problems:
            raise RequestError(problems)
