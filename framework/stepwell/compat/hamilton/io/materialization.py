"""`to.json(…)` and `from_.json(…)`: nodes that a driver adds to save and to load."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from stepwell.compat.hamilton.function_modifiers.dependencies import dependency
from stepwell.driver.materialize import Combining, From, To
from stepwell.driver.request import target_names
from stepwell.errors import RequestError
from stepwell.graph import Graph
from stepwell.modifiers.formats import Format
from stepwell.spec import Node, Param
from stepwell.types import ANY, from_object


class MaterializerFactory(To):
    """What is saved, and how; made by `to`."""

    def nodes(self, graph: Graph) -> list[Node]:
        from stepwell.compat.hamilton.io.storing import saving

        name, reads = str(self.id), target_names(graph, self.targets, check=True)
        if self.combine is None:
            if len(reads) != 1:
                raise RequestError(
                    [f"`{name}` saves {len(reads)} values; say in `combine=` how they become one"]
                )
            made = graph.nodes.get(reads[0])
            data = Param("data", reads[0], ANY if made is None else made.type)
            return [saving(self.format.name, self.options, name, data)]
        build = getattr(self.combine, "build_result", self.combine)
        output = getattr(self.combine, "output_type", None)
        both = Node(
            f"{name}_build_result",
            ANY if output is None else from_object(output()),
            tuple(Param("values", each, ANY, key=each) for each in reads),
            module=__name__,
            callable=Combining(build),
        )
        data = Param("data", both.name, both.type)
        return [both, saving(self.format.name, self.options, name, data)]


class ExtractorFactory(From):
    """What is loaded, and how; made by `from_`."""

    def nodes(self, graph: Graph) -> list[Node]:
        from stepwell.compat.hamilton.io.storing import loading

        name = str(self.target)
        readers, made = graph.inputs.get(name, ()), graph.nodes.get(name)
        if made is None and not readers:
            raise RequestError([f"`{name}` is to be loaded, and nobody makes or reads it"])
        type = made.type if made is not None else readers[0][1].type
        return loading(self.format.name, self.options, name, type)


class _Savers(type):
    def __getattr__(cls, name: str) -> Callable[..., MaterializerFactory]:
        _known(name, saving=True)

        def save(
            id: str, dependencies: Iterable[Any], combine: Any = None, **kwargs: Any
        ) -> MaterializerFactory:
            one = isinstance(dependencies, str) or callable(dependencies)
            targets: Any = (dependencies,) if one else dependencies
            return MaterializerFactory(
                Format(name), id, tuple(targets), combine, _dependencies(kwargs)
            )

        return save


class _Loaders(type):
    def __getattr__(cls, name: str) -> Callable[..., ExtractorFactory]:
        _known(name, saving=False)

        def load(target: str, **kwargs: Any) -> ExtractorFactory:
            return ExtractorFactory(Format(name), target, _dependencies(kwargs))

        return load


class Materialize(metaclass=_Savers):
    """An attribute for each saver that is registered."""


class Extract(metaclass=_Loaders):
    """An attribute for each loader that is registered."""


class to(Materialize):  # noqa: N801 — the name that its users write
    """`to.json(id="saved", dependencies=["answer"], path="answer.json")`."""


class from_(Extract):  # noqa: N801 — the name that its users write
    """`from_.json(target="documents", path="documents.json")`."""


def _known(name: str, *, saving: bool) -> None:
    from stepwell.compat.hamilton.registry import adapters

    if name.startswith("__"):
        raise AttributeError(name)
    adapters(name, saving=saving)


def _dependencies(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: dependency(each) for key, each in given.items()}
