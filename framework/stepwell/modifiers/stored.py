"""`load_from` and `save_to`: where a parameter's value comes from, and where a result goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

from stepwell.errors import ModifierError, did_you_mean, nearest
from stepwell.modifiers.arguments import (
    Group,
    Source,
    Value,
    checked_source,
    chosen,
    ends,
    fresh,
    no_parameter,
    of_wholes,
    place,
    wires,
)
from stepwell.modifiers.formats import FORMATS, Format
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.spec import Bound, Node, Param
from stepwell.types import Type

METADATA = Type("dict", (Type("str"), Type("typing.Any")))


@dataclass(frozen=True)
class LoadFrom(Modifier):
    """Puts a node that loads before a parameter."""

    format: Format
    inject: Any
    options: Mapping[str, Any]

    stage: ClassVar[int] = 44

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        return of_wholes(nodes, lambda node: self._loaded(node, nodes))

    def _loaded(self, node: Node, nodes: Sequence[Node]) -> list[Node]:
        if not node.arguments:
            raise ModifierError(f"`load_from` needs a parameter, and `{node.step}` has none")
        keyword = node.arguments[0].keyword if self.inject is None else self.inject
        own = next((p for p in node.params if p.keyword == keyword and p.key is None), None)
        if own is None:
            raise no_parameter(node, str(keyword), argument="inject_")
        made = loader(self.format, self.options, fresh(f"{node.name}.{keyword}", nodes), own.type)
        made = replace(made, step=node.step, module=made.module, when=node.when, span=node.span)
        made = without_callable(made, node)
        params = tuple(
            p._replace(reads=made.name, required=True) if p is own else p for p in node.params
        )
        return [made, replace(node, params=params)]


@dataclass(frozen=True)
class SaveTo(Modifier):
    """Puts a node that saves after a node."""

    format: Format
    on_output: Any
    name: Any
    options: Mapping[str, Any]

    stage: ClassVar[int] = 75

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        names: Any = (self.on_output,) if isinstance(self.on_output, str) else self.on_output
        targets = ends(nodes) if names is None else chosen(nodes, names)
        # What saves is an end too, and nothing to be saved.
        targets = [node for node in targets if SAVER not in node.tags]
        if self.name is not None and len(targets) > 1:
            several = ", ".join(f"`{node.name}`" for node in targets)
            raise ModifierError(
                f"`output_name_` is one name, and {several} are saved; say `target_`",
                argument="output_name_",
            )
        made = [*nodes]
        for node in targets:
            name = fresh(f"{node.name}.saved", made)
            if self.name is not None:
                name = str(checked_source(self.name, argument="output_name_"))
            saved = saver(self.format, self.options, name, Param("data", node.name, node.type))
            saved = replace(saved, step=node.step, when=node.when, span=place(self.name, node.span))
            made.append(without_callable(saved, node))
        return made


LOADER, SAVER = "data_loader", "data_saver"
"""The tags of nodes that load and save; the value is the format."""


class LoadFormats:
    """`load_from.json(path=…)`: an attribute for each format that can be loaded."""

    def __getattr__(self, name: str) -> Callable[..., LoadFrom]:
        format = format_of(name, "load")

        def load(*, inject_: str | None = None, **options: Any) -> LoadFrom:
            return LoadFrom(format, inject_, dependencies(options))

        return load


class SaveFormats:
    """`save_to.json(path=…)`: an attribute for each format that can be saved."""

    def __getattr__(self, name: str) -> Callable[..., SaveTo]:
        format = format_of(name, "save")

        def save(
            *,
            output_name_: str | None = None,
            target_: str | Sequence[str] | None = None,
            **options: Any,
        ) -> SaveTo:
            return SaveTo(format, target_, output_name_, dependencies(options))

        return save


load_from = LoadFormats()
"""A parameter's value is loaded: `@load_from.json(path=source("file"), inject_="data")`.

Options are those of the format; `inject_` names the parameter, the first where it is not said.
"""

save_to = SaveFormats()
"""The result is saved by a node of its own: `@save_to.json(path="out.json", output_name_="saved")`.

Options are those of the format; that node is `name.saved` where no name is said, and gives what is
known of it (path, bytes). `target_` names which of several nodes are saved.
"""


def format_of(name: str, what: str) -> Format:
    """The format of that name that can load, or save.

    Raises:
        AttributeError: if there is none.
    """
    can = [each.name for each in FORMATS.values() if getattr(each, what) is not None]
    if name not in can:
        near = did_you_mean(name, can) or f"; there are {', '.join(can)}"
        raise AttributeError(f"no format `{name}` can {what}{near}")
    return FORMATS[name]


def dependencies(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options, each as a dependency: what is none is a literal."""
    return {
        key: given if isinstance(given, Source | Value | Group) else Value(given)
        for key, given in options.items()
    }


def loader(format: Format, options: Mapping[str, Any], name: str, type: Type) -> Node:
    """The node that loads a value of that type.

    Raises:
        ModifierError: if an option is none of the format's, or one is missing.
    """
    load: Any = format.load
    keywords = _keywords(load)
    if "frame" in keywords and "frame" not in options:
        library = type.name.partition(".")[0]
        frame = library if library in ("pandas", "polars") else "rows"
        options = {**options, "frame": Value(frame)}
    params, bound = _wired(format, keywords, options, load)
    tags = MappingProxyType({LOADER: format.name})
    module = getattr(load, "__module__", "")
    return Node(name, type, params, tags=tags, module=module, bound=bound, callable=load)


def saver(format: Format, options: Mapping[str, Any], name: str, data: Param) -> Node:
    """The node that saves what `data` reads.

    Raises:
        ModifierError: if an option is none of the format's, or one is missing.
    """
    save: Any = format.save
    keywords = {key: needed for key, needed in _keywords(save).items() if key != "data"}
    params, bound = _wired(format, keywords, options, save)
    return Node(
        name,
        METADATA,
        (data, *params),
        tags=MappingProxyType({SAVER: format.name}),
        module=getattr(save, "__module__", ""),
        bound=bound,
        callable=save,
    )


def without_callable(node: Node, owner: Node) -> Node:
    """The node; from text, where the owner has no function, it has none either."""
    return node if owner.callable is not None else replace(node, callable=None)


def _keywords(function: Any) -> dict[str, bool]:
    """The keywords of a function, and whether each has to be given."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    defaults = {**(function.__kwdefaults__ or {})}
    last = function.__defaults__ or ()
    defaults |= dict.fromkeys(code.co_varnames[code.co_argcount - len(last) : code.co_argcount])
    return {name: name not in defaults for name in names}


def _wired(
    format: Format, keywords: Mapping[str, bool], options: Mapping[str, Any], function: Any
) -> tuple[tuple[Param, ...], tuple[Bound, ...]]:
    for name in options:
        if name not in keywords:
            known = ", ".join(f"`{each}`" for each in keywords)
            raise ModifierError(
                f"`{format.name}` has no option `{name}`"
                + (did_you_mean(name, keywords) or f"; it has {known}"),
                argument=str(name),
                near=nearest(name, keywords),
            )
    for name, needed in keywords.items():
        if needed and name not in options:
            raise ModifierError(f"`{format.name}` needs `{name}=…`", argument=name)
    made = [
        wire
        for name, given in options.items()
        for wire in wires(Param(str(name), str(name)), given, str(name))
    ]
    params = tuple(each for each in made if isinstance(each, Param))
    return params, tuple(each for each in made if isinstance(each, Bound))
