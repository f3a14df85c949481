"""What a driver tells of its graph: what is in it, what needs what, and pictures of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from stepwell.driver.request import Target, target_names
from stepwell.graph import Graph
from stepwell.plan import Plan
from stepwell.spec import NOTHING

if TYPE_CHECKING:
    from typing import Unpack

    from stepwell.draw import Looks
    from stepwell.driver.views import Picture, Variable

Targets = Iterable[Target] | Target


class GraphViews(ABC):
    """The part of a `Driver` that runs nothing."""

    graph: Graph

    @abstractmethod
    def _planned(
        self, targets: Targets, inputs: Mapping[str, Any], overrides: Mapping[str, Any]
    ) -> Plan:
        """The plan of a request."""

    def list_available_variables(
        self, *, tag_filter: Mapping[str, str | Collection[str] | None] | None = None
    ) -> list[Variable]:
        """All nodes, in the order written, and all inputs.

        Args:
            tag_filter: only those that have all these tags: with this value, one of several
                values, or (`None`) any.
        """
        from stepwell.driver import views

        return views.tagged(views.variables(self.graph), tag_filter or {})

    def what_is_upstream_of(self, *targets: Target) -> list[Variable]:
        """The targets and all that they need.

        Raises:
            RequestError: if a name is unknown.
        """
        from stepwell.driver import views

        return views.variables(self.graph, self.graph.upstream(self._known(targets)))

    def what_is_downstream_of(self, *targets: Target) -> list[Variable]:
        """The targets and all that needs them.

        Raises:
            RequestError: if a name is unknown.
        """
        from stepwell.driver import views

        return views.variables(self.graph, self.graph.downstream(self._known(targets)))

    def what_is_the_path_between(self, upstream: Target, downstream: Target) -> list[Variable]:
        """All that lies on a way from the one to the other, both included; empty if there is none.

        Raises:
            RequestError: if a name is unknown.
        """
        from stepwell.driver import views

        first, last = self._known((upstream, downstream))
        return views.variables(self.graph, self._between(first, last))

    def display_all_functions(self, **looks: Unpack[Looks]) -> Picture:
        """The whole graph. Keywords of this and of the others: `stepwell.draw.Looks`."""
        from stepwell.driver import views

        return views.Picture(self.graph, **looks)

    def visualize_execution(
        self,
        targets: Targets,
        inputs: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
        **looks: Unpack[Looks],
    ) -> Picture:
        """What a run of these targets uses.

        Raises:
            RequestError: if it can't run.
        """
        from stepwell.driver import views

        made = self._planned(targets, inputs or NOTHING, overrides or NOTHING)
        used = {*made.given, *made.targets, *(node.name for node in made.nodes)}
        return views.Picture(self.graph, targets=made.targets, only=used, **looks)

    def display_upstream_of(self, *targets: Target, **looks: Unpack[Looks]) -> Picture:
        """The targets and all that they need."""
        from stepwell.driver import views

        names = self._known(targets)
        return views.Picture(self.graph, targets=names, only=self.graph.upstream(names), **looks)

    def display_downstream_of(self, *targets: Target, **looks: Unpack[Looks]) -> Picture:
        """The targets and all that needs them."""
        from stepwell.driver import views

        names = self._known(targets)
        return views.Picture(self.graph, targets=names, only=self.graph.downstream(names), **looks)

    def visualize_path_between(
        self, upstream: Target, downstream: Target, **looks: Unpack[Looks]
    ) -> Picture:
        """All that lies on a way from the one to the other."""
        from stepwell.driver import views

        first, last = self._known((upstream, downstream))
        return views.Picture(self.graph, targets=(last,), only=self._between(first, last), **looks)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return self.display_all_functions()._repr_mimebundle_()

    def _known(self, targets: Iterable[Target]) -> tuple[str, ...]:
        return target_names(self.graph, targets, check=True)

    def _between(self, first: str, last: str) -> set[str]:
        return self.graph.downstream([first]) & self.graph.upstream([last])
