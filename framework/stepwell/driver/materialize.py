"""Nodes that a driver adds to load and to save: `to.json(…)`, `from_.json(…)`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stepwell.driver.request import Target, target_names
from stepwell.errors import ModifierError, RequestError
from stepwell.graph import Graph
from stepwell.modifiers.arguments import checked_source
from stepwell.modifiers.formats import Format
from stepwell.modifiers.stored import dependencies, format_of, loader, saver
from stepwell.spec import Node, Param
from stepwell.types import ANY

if TYPE_CHECKING:
    from stepwell.driver.driver import Driver


@dataclass(frozen=True)
class To:
    """What is saved, and how; made by `to`."""

    format: Format
    id: Any
    targets: tuple[Target, ...]
    combine: Any
    options: Mapping[str, Any]

    def nodes(self, graph: Graph) -> list[Node]:
        """The node that saves, called `id`, and the one that combines several, if there are.

        Raises:
            ModifierError: if an option does not suit.
            RequestError: if a target is no name of the graph.
        """
        name = str(checked_source(self.id, argument="id"))
        reads = target_names(graph, self.targets, check=True)
        if not reads:
            raise RequestError([f"`to.{self.format.name}(id={name!r})` has no `dependencies`"])
        combine = self.combine
        if combine is None and len(reads) == 1:
            made = graph.nodes.get(reads[0])
            return [self._saver(name, reads[0], ANY if made is None else made.type)]
        build = getattr(combine, "build_result", None) or combine or dict
        params = tuple(Param(each, each, ANY, key=each) for each in reads)
        grouped = tuple(param._replace(keyword="values") for param in params)
        both = Node(f"{name}.combined", ANY, grouped, module=__name__, callable=Combining(build))
        return [both, self._saver(name, both.name, ANY)]

    def _saver(self, name: str, reads: str, type: Any) -> Node:
        return saver(self.format, self.options, name, Param("data", reads, type))


@dataclass(frozen=True)
class From:
    """What is loaded, and how; made by `from_`."""

    format: Format
    target: Any
    options: Mapping[str, Any]

    def nodes(self, graph: Graph) -> list[Node]:
        """The node that loads, in the place of the input or the step `target`.

        Raises:
            ModifierError: if an option does not suit.
        """
        name = str(checked_source(self.target, argument="target"))
        readers = graph.inputs.get(name, ())
        made = graph.nodes.get(name)
        type = made.type if made is not None else readers[0][1].type if readers else ANY
        return [loader(self.format, self.options, name, type)]


class Combining:
    """Calls a function, or a result builder's, with several values by name."""

    def __init__(self, build: Callable[..., Any]) -> None:
        self.build = build
        self.__name__ = "combined"

    def __call__(self, values: Mapping[str, Any]) -> Any:
        return self.build(**values)


class _To:
    """`to.json(id="saved", dependencies=["answer"], path="answer.json")`."""

    def __getattr__(self, name: str) -> Callable[..., To]:
        format = format_of(name, "save")

        def save(
            *, id: str, dependencies: Iterable[Target] | Target, combine: Any = None, **options: Any
        ) -> To:
            one = isinstance(dependencies, str) or callable(dependencies)
            targets: Any = (dependencies,) if one else dependencies
            return To(format, id, tuple(targets), combine, _dependencies(options))

        return save


class _From:
    """`from_.json(target="documents", path="documents.json")`."""

    def __getattr__(self, name: str) -> Callable[..., From]:
        format = format_of(name, "load")

        def load(*, target: str, **options: Any) -> From:
            return From(format, target, _dependencies(options))

        return load


to = _To()
"""Saves nodes as a node of its own.

`id` names that node, which gives what is known of what was saved; `dependencies` are the targets to
save; several are put together by `combine`, a function or a result builder, or else make a dict.
Options are those of the format: literals, `source(…)` or `value(…)`.
"""

from_ = _From()
"""Loads what is read as `target`, instead of an input, or of a step of that name."""


def extended(graph: Graph, materializers: Sequence[Any]) -> Graph:
    """The graph with what loads and saves; what loads takes the place of a step of that name.

    Raises:
        RequestError: if something is no materializer, or does not suit; it holds all that is wrong.
    """
    problems: list[str] = []
    added: list[Node] = []
    for each in materializers:
        if not isinstance(each, To | From):
            problems.append(f"`{each!r}` is neither `to.…(…)` nor `from_.…(…)`")
            continue
        try:
            added += each.nodes(graph)
        except ModifierError as error:
            problems.append(str(error))
        except RequestError as error:
            problems += error.problems
    if problems:
        raise RequestError(problems)
    replaced = {each.target for each in materializers if isinstance(each, From)}
    kept = [node for node in graph.written if node.name not in replaced]
    return Graph(
        [*kept, *(replace(node, step=node.step or node.name) for node in added)],
        config=graph.config,
        problems=graph.problems,
        modules=graph.modules,
    )


class Materialized:
    """A driver with what loads and saves, for one run; result builders are left out of it.

    Args:
        driver: what it is made from.
        materializers: what loads and saves.
        targets: what is asked for besides.

    Raises:
        RequestError: if it can't be.
    """

    def __init__(
        self,
        driver: Driver,
        materializers: Sequence[To | From],
        targets: Iterable[Target] | Target,
    ) -> None:
        options = driver._options
        options["materializers"] = (*driver._materializers, *materializers)
        options["adapter"] = [each for each in options["adapter"] if not _builds(each)]
        self.driver = type(driver)(driver.config, *driver.modules, **options)
        self._saved = [each.id for each in materializers if isinstance(each, To)]
        self._targets = target_names(self.driver.graph, targets)
        self.names = [*self._saved, *self._targets]

    def of(self, found: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is known of each that was saved, and the targets."""
        saved = {name: found[name] for name in self._saved}
        return saved, {name: found[name] for name in self._targets}


def _builds(adapter: object) -> bool:
    return hasattr(adapter, "build_result") or hasattr(adapter, "do_build_result")


_dependencies = dependencies
