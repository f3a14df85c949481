"""Nodes for the parts of what a step returns: fields, columns, elements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from stepwell.compat.hamilton.function_modifiers.base import InvalidDecoratorException, like
from stepwell.compat.hamilton.function_modifiers.dependencies import (
    inject as inject,
)
from stepwell.compat.hamilton.function_modifiers.dependencies import (
    parameterize as parameterize,
)
from stepwell.compat.hamilton.function_modifiers.dependencies import (
    parameterize_sources as parameterize_sources,
)
from stepwell.compat.hamilton.function_modifiers.dependencies import (
    parameterize_values as parameterize_values,
)
from stepwell.compat.hamilton.function_modifiers.dependencies import spelt, unspelt
from stepwell.errors import ModifierError
from stepwell.modifiers import extract_fields as core_extract_fields
from stepwell.modifiers import unpack_fields as unpack_fields
from stepwell.modifiers.arguments import NotSeen, Unread, of_wholes, short, wired
from stepwell.modifiers.columns import Columns
from stepwell.modifiers.extracted import Extracted, Fields
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.spec import Node


def _spelt(column: Any) -> Any:
    return (spelt(column[0]), *column[1:]) if isinstance(column, tuple) else spelt(column)


NOTHING = object()


@dataclass(frozen=True)
class Taking(Modifier):
    """Takes parts out of a whole; of one that is not there, `fill` takes the place, or it is an
    `InvalidDecoratorException`."""

    parts: Modifier
    fill: Any

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        before, of_frame = {id(node) for node in nodes}, isinstance(self.parts, Columns)
        made: list[Node] = []
        for node in self.parts.apply(nodes, reading):
            part = unspelt(node)
            if id(node) not in before and node.kind == "field" and node.callable is not None:
                part = replace(part, callable=Get(part.name, self.fill, of_frame))
            made.append(part)
        return made


class Get:
    """Takes one part out of a dict or a frame, or gives what stands in its place."""

    def __init__(self, name: str, fill: Any, of_frame: bool) -> None:
        self.name, self.fill, self.of_frame = name, fill, of_frame
        self.__name__ = name

    def __call__(self, whole: Any) -> Any:
        if self.name in (whole.columns if self.of_frame else whole):
            return whole[self.name]
        if self.fill is NOTHING:
            raise InvalidDecoratorException(
                f"there is no `{self.name}` in what is returned", argument=self.name
            )
        if not self.of_frame:
            return self.fill
        whole[self.name] = self.fill
        return whole[self.name]


@dataclass(frozen=True)
class OfAnnotation(Modifier):
    """Takes the fields out that the `TypedDict` names which the step returns."""

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        made = of_wholes(nodes, _with_fields)
        if len(made) == len(nodes):
            raise ModifierError(
                "`extract_fields` needs the names of fields, or a step that returns a `TypedDict`"
            )
        return made


def _with_fields(node: Node) -> Iterable[Node]:
    if node.callable is None:
        raise NotSeen(node.type.short)
    fields = _returned(node)
    return Extracted((fields,)).expand(node) if fields else (node,)


def _returned(node: Node) -> Fields | None:
    """The fields of the `TypedDict` that the step returns, if it does."""
    import typing
    from inspect import unwrap

    from stepwell.modifiers.extracted import fields_of

    if node.callable is None:
        return None
    hint: Any = typing.get_type_hints(unwrap(node.callable)).get("return")
    return fields_of(hint) if typing.is_typeddict(hint) else None


@like(core_extract_fields)
def extract_fields(fields: Any = None, *others: Any, fill_with: Any = None) -> Modifier:
    """A node for each field of the dict that the step returns.

    Args:
        fields: a dict of types, a list of names, or names; nothing where the step returns a
            `TypedDict`.
        others: more names.
        fill_with: what stands in the place of a field that is not there; without it, that is an
            error.

    >>> @extract_fields({"title": str, "pages": int})
    ... def document(path: str) -> dict[str, object]: ...
    """
    if fields is None:
        return OfAnnotation()
    for given in (fields, *others):
        if not isinstance(given, str | list | tuple | Mapping | type | Fields | Unread):
            raise InvalidDecoratorException(
                f"`extract_fields` takes a dict of types or names; got `{short(given)}`"
            )
    made = Extracted((fields, *others))
    return Taking(made, NOTHING if fill_with is None else fill_with)


def extract_columns(*columns: Any, fill_with: Any = None) -> Modifier:
    """A node for each column of the frame that the step returns: names, or names and docstrings.

    Args:
        columns: at least one.
        fill_with: what fills a column that is not there; without it, that is an error.

    Raises:
        InvalidDecoratorException: without columns.
    """
    if not columns:
        raise InvalidDecoratorException("`extract_columns` needs the name of at least one column")
    made = Columns(tuple(map(_spelt, columns)))
    return Taking(made, NOTHING if fill_with is None else fill_with)


@dataclass(frozen=True)
class ParameterizedExtract:
    """Names of columns, and what the parameters are bound to that make their frame."""

    outputs: tuple[str, ...]
    input_mapping: Mapping[str, Any]


@dataclass(frozen=True)
class Frames(Modifier):
    """Makes one frame, and its columns, for each of the parts."""

    parts: tuple[Any, ...]
    reassign: bool

    stage: ClassVar[int] = 40

    def expand(self, node: Node) -> Iterable[Node]:
        for position, part in enumerate(self.parts):
            if not isinstance(part, ParameterizedExtract):
                raise ModifierError(
                    "`parameterize_extract_columns` takes `ParameterizedExtract(…)`; got "
                    f"`{short(part)}`"
                )
            frame = wired(node, part.input_mapping, argument="")
            frame = replace(frame, name=f"{node.name}__{position}")
            if self.reassign and node.callable is not None:
                frame = replace(frame, callable=Named(node.callable, part.outputs))
            yield from Columns(part.outputs).expand(frame)


class Named:
    """Calls a step, and names the columns of its frame anew."""

    def __init__(self, step: Callable[..., Any], names: Sequence[str]) -> None:
        self.step, self.names = step, [*names]
        self.__name__ = getattr(step, "__name__", "frame")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        frame = self.step(*args, **kwargs)
        frame.columns = self.names
        return frame


def parameterize_extract_columns(
    *extract_config: ParameterizedExtract, reassign_columns: bool = True
) -> Modifier:
    """One frame for each of the parts, and its columns.

    Args:
        extract_config: the names of columns, and what makes their frame.
        reassign_columns: whether the columns are named so by their order.
    """
    return Frames(extract_config, reassign_columns)
