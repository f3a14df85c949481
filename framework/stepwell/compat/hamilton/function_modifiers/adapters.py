"""`load_from` and `save_to`, by the loaders and savers that are registered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from stepwell.compat.hamilton.function_modifiers.dependencies import dependency
from stepwell.compat.hamilton.function_modifiers.metadata import selected
from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import no_parameter, of_wholes
from stepwell.modifiers.loading import DataLoader
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.modifiers.stored import LOADER, SAVER, without_callable
from stepwell.spec import Node, Param


@dataclass(frozen=True)
class Loaded(Modifier):
    """Puts nodes that load before a parameter."""

    format: str
    inject: Any
    options: Mapping[str, Any]

    stage: ClassVar[int] = 44

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        return of_wholes(nodes, self._loaded)

    def _loaded(self, node: Node) -> list[Node]:
        from stepwell.compat.hamilton.io.storing import loading

        keyword = self.inject
        if keyword is None:
            if len(node.params) != 1:
                raise ModifierError(
                    f"`{node.step}` has {len(node.params)} parameters; say which is loaded, with "
                    "`inject_=…`",
                    argument="inject_",
                )
            keyword = node.params[0].keyword
        own = next((p for p in node.params if p.keyword == keyword and p.key is None), None)
        if own is None:
            raise no_parameter(node, str(keyword), argument="inject_")
        loaded = loading(
            self.format,
            self.options,
            str(keyword),
            own.type,
            space=node.name,
            is_live=node.callable is not None,
        )
        made = [
            without_callable(replace(each, step=node.step, when=node.when, span=node.span), node)
            for each in loaded
        ]
        name = made[-1].name
        params = tuple(
            p._replace(reads=name, required=True) if p is own else p for p in node.params
        )
        return [*made, replace(node, params=params)]


@dataclass(frozen=True)
class Saved(Modifier):
    """Puts a node that saves after a node."""

    format: str
    name: Any
    target: Any
    options: Mapping[str, Any]

    stage: ClassVar[int] = 75

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        from stepwell.compat.hamilton.io.storing import saving

        made = [*nodes]
        for node in selected(nodes, self.target):
            if SAVER in node.tags:
                continue
            name = str(self.name) if self.name is not None else f"save.{node.name}"
            data, is_live = Param("data", node.name, node.type), node.callable is not None
            saved = saving(self.format, self.options, name, data, is_live=is_live)
            saved = replace(saved, step=node.step, when=node.when, span=node.span)
            made.append(without_callable(saved, node))
        return made


@dataclass(frozen=True)
class Loader(DataLoader):
    """Splits what a step returns, `name.loader`, into the data, `name`, and what is known of it."""

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        for node in super().apply(nodes, reading):
            own, _, last = node.name.rpartition(".")
            if last == "metadata" and any(p.reads == f"{own}.loaded" for p in node.params):
                continue
            params = tuple(
                p._replace(reads=f"{node.name}.loader") if p.reads == f"{node.name}.loaded" else p
                for p in node.params
            )
            name = f"{own}.loader" if last == "loaded" and LOADER in node.tags else node.name
            yield replace(node, name=name, params=params)


def dataloader() -> Loader:
    """The step returns data and a dict of what is known of it; its node is the data alone.

    What the function returns is `name.loader`.
    """
    return Loader()


class _Loaders(type):
    def __getattr__(cls, name: str) -> Callable[..., Modifier]:
        _known(name, saving=False)

        def load(*, inject_: str | None = None, **options: Any) -> Modifier:
            given = {key: dependency(each) for key, each in options.items()}
            return Loaded(name, inject_, given)

        return load


class _Savers(type):
    def __getattr__(cls, name: str) -> Callable[..., Modifier]:
        _known(name, saving=True)

        def save(
            *, output_name_: str | None = None, target_: Any = None, **options: Any
        ) -> Modifier:
            given = {key: dependency(each) for key, each in options.items()}
            return Saved(name, output_name_, target_, given)

        return save


class load_from(metaclass=_Loaders):  # noqa: N801 — the name that its users write
    """`@load_from.json(path=source("file"), inject_="data")`."""


class save_to(metaclass=_Savers):  # noqa: N801 — the name that its users write
    """`@save_to.json(path="out.json", output_name_="saved")`."""


def _known(name: str, *, saving: bool) -> None:
    from stepwell.compat.hamilton.registry import adapters

    if not name.startswith("__"):
        adapters(name, saving=saving)
        return
    raise AttributeError(name)
