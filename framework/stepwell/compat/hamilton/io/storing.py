"""The nodes that load and save by a `DataLoader` or `DataSaver`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from stepwell.compat.hamilton.io.data_adapters import chosen
from stepwell.compat.hamilton.live import live
from stepwell.compat.hamilton.registry import adapters
from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import wires
from stepwell.modifiers.stored import LOADER, METADATA, SAVER
from stepwell.spec import Bound, Node, Param
from stepwell.types import ANY, Type


@dataclass(frozen=True)
class Loading:
    """Loads by a class, whose options are the keywords."""

    adapter: Any
    type: Any

    @property
    def __name__(self) -> str:
        return f"load_{self.adapter.name()}"

    def __call__(self, **options: Any) -> Any:
        return self.adapter(**options).load_data(self.type)


@dataclass(frozen=True)
class Saving:
    """Saves by a class, whose options are the other keywords."""

    adapter: Any

    @property
    def __name__(self) -> str:
        return f"save_{self.adapter.name()}"

    def __call__(self, data: Any, **options: Any) -> Any:
        return self.adapter(**options).save_data(data)


def first(loaded: tuple[Any, Any]) -> Any:
    """The data, without what is known of it."""
    return loaded[0]


def loading(
    format: str,
    options: Mapping[str, Any],
    target: str,
    type: Type,
    *,
    space: str = "",
    is_live: bool = True,
) -> list[Node]:
    """A node that loads and one that gives the data alone.

    They are called `load_data.target` and `target`, or within a step's space
    `space.load_data.target` and `space.select_data.target`.

    Who loads depends on what is registered, and so is known only where it `is_live`.

    Raises:
        ModifierError: if nobody by that name loads the type, or an option does not suit.
    """
    adapter = _suited(format, type, saving=False) if is_live else None
    params, bound = _wired(adapter, options)
    told = {
        LOADER: format,
        "hamilton.data_loader.source": format,
        "hamilton.data_loader.classname": getattr(adapter, "__qualname__", ""),
        "hamilton.data_loader.node": target,
    }

    def tags(has: str) -> Mapping[str, Any]:
        return MappingProxyType({**told, "hamilton.data_loader.has_metadata": has})

    whole = f"{space}.load_data.{target}" if space else f"load_data.{target}"
    name = f"{space}.select_data.{target}" if space else target
    pair = Type("tuple", (type if type.name != "?" else ANY, METADATA))
    loads = Loading(adapter, live(type))
    reads = (Param("loaded", whole, pair),)
    return [
        Node(whole, pair, params, tags=tags("true"), module=__name__, bound=bound, callable=loads),
        Node(name, type, reads, tags=tags("false"), module=__name__, callable=first),
    ]


def saving(
    format: str, options: Mapping[str, Any], name: str, data: Param, *, is_live: bool = True
) -> Node:
    """A node that saves what `data` reads; `is_live` as in `loading`.

    Raises:
        ModifierError: if nobody by that name saves the type, or an option does not suit.
    """
    adapter = _suited(format, data.type, saving=True) if is_live else None
    params, bound = _wired(adapter, options)
    tags = {
        SAVER: format,
        "hamilton.data_saver.sink": format,
        "hamilton.data_saver.classname": getattr(adapter, "__qualname__", ""),
    }
    return Node(
        name,
        METADATA,
        (data._replace(keyword="data"), *params),
        tags=MappingProxyType(tags),
        module=__name__,
        bound=bound,
        callable=Saving(adapter),
    )


def _suited(format: str, type: Type, *, saving: bool) -> Any:
    try:
        classes: Sequence[Any] = adapters(format, saving=saving)
    except AttributeError as error:
        raise ModifierError(str(error), argument=format) from None
    found = chosen(classes, live(type))
    if found is None:
        kind = "saves" if saving else "loads"
        raise ModifierError(f"nothing called `{format}` {kind} a `{type.short}`", argument=format)
    return found


def _wired(adapter: Any, options: Mapping[str, Any]) -> tuple[tuple[Param, ...], tuple[Bound, ...]]:
    """The options that are given; one that is not and that has to be is read by its own name."""
    needed = adapter.get_required_arguments() if adapter else {}
    known = {*needed, *adapter.get_optional_arguments()} if adapter else set()
    for key in options:
        if known and key not in known:
            listed = ", ".join(f"`{each}`" for each in sorted(known))
            raise ModifierError(
                f"`{adapter.name()}` has no option `{key}`; it has {listed}", argument=str(key)
            )
    made = [
        wire
        for name, given in options.items()
        for wire in wires(Param(str(name), str(name)), given, str(name))
    ]
    params = [each for each in made if isinstance(each, Param)]
    params += [Param(name, name) for name in needed if name not in options]
    return tuple(params), tuple(each for each in made if isinstance(each, Bound))
