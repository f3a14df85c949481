"""`extract_fields`: a node for each field of the dict or object that a step returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter, itemgetter
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Unread, checked_name, of_wholes, place, whole_type
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.spec import Node, Param
from stepwell.types import ANY, Type, from_object

KEYED = frozenset(("typing.TypedDict", "typing_extensions.TypedDict"))
"""Bases of classes whose fields are keys."""

PLAIN = frozenset(("object", "pydantic.BaseModel", "typing.NamedTuple", "typing.Generic"))
"""Bases that bring no fields of their own."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a class that `extract_fields` is given, by key or by attribute."""

    name: str
    entries: tuple[tuple[str, Type], ...]
    by_key: bool = False

    @property
    def types(self) -> dict[str, Type]:
        """The type of each field."""
        return dict(self.entries)


@dataclass(frozen=True)
class Extracted(Modifier):
    """Adds the fields' nodes beside the node itself."""

    fields: tuple[Any, ...]

    stage: ClassVar[int] = 50

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        return of_wholes(nodes, self.expand)

    def expand(self, node: Node) -> Iterable[Node]:
        found = [*self._found()]
        if not found:
            raise ModifierError("`extract_fields` needs the name of at least one field")
        return [node, *(_field(node, *each) for each in found)]

    def _found(self) -> Iterator[tuple[Any, Any, Any]]:
        """Each field: its name, what is said of its type, and by what it is taken."""
        for given in self.fields:
            if isinstance(given, type):
                given = fields_of(given)
            if isinstance(given, Fields):
                if not given.entries:
                    raise ModifierError(f"`{given.name}` has no annotated fields to extract")
                getter = itemgetter if given.by_key else attrgetter
                yield from ((name, kind, getter) for name, kind in given.entries)
            elif isinstance(given, Mapping):
                yield from ((name, kind, itemgetter) for name, kind in given.items())
            elif isinstance(given, list | tuple):
                yield from ((name, None, itemgetter) for name in given)
            else:
                yield given, None, itemgetter


def extract_fields(*fields: str | list[str] | Mapping[str, Any] | type) -> Extracted:
    """A node for each field that the step returns: a dict of types, a class, or just names.

    Of names alone, the type is that of the dict's values. A `TypedDict` says the keys of a dict; a
    dataclass, a named tuple or a pydantic model says the attributes of what the step returns.

    >>> @extract_fields({"title": str, "pages": int})
    ... def document(path: str) -> dict[str, object]: ...
    >>> @extract_fields("title", "body")
    ... def texts(path: str) -> dict[str, str]: ...
    """
    for given in fields:
        if callable(given) and not isinstance(given, type):
            raise ModifierError(
                f"`@extract_fields` on `{getattr(given, '__name__', given)}` names no fields; "
                'write `@extract_fields("title", …)`'
            )
    return Extracted(fields)


def fields_of(kind: type) -> Fields:
    """The fields of a class by its annotations, its bases' first."""
    import sys
    from typing import ClassVar as Shared
    from typing import get_origin, is_typeddict

    found: dict[str, Type] = {}
    for base in reversed(kind.__mro__):
        if base is object or f"{base.__module__}.{base.__name__}" in PLAIN | _INNER:
            continue
        space = vars(sys.modules[base.__module__]) if base.__module__ in sys.modules else {}
        for name, annotation in vars(base).get("__annotations__", {}).items():
            text = annotation if isinstance(annotation, str) else ""
            shared = annotation is Shared or get_origin(annotation) is Shared
            shared |= text.partition("[")[0].rpartition(".")[2] == "ClassVar"
            if not name.startswith("_") and not shared:
                found[name] = from_object(annotation, space)
    return Fields(kind.__name__, tuple(found.items()), is_typeddict(kind))


_INNER = frozenset(("pydantic.main.BaseModel",))


def _field(node: Node, name: Any, given: Any, getter: Any) -> Node:
    checked_name(name, argument=str(name), what="a field")
    return entry(node, str(name), _type(node.type, given), getter(str(name)), span_of=name)


def entry(node: Node, name: str, type: Type, take: Any, *, span_of: object = None) -> Node:
    """The node that takes one part out of what `node` gives.

    Args:
        node: what gives the whole.
        name: the name of the part.
        type: its type.
        take: an `itemgetter` or `attrgetter`.
        span_of: a name that may know where it is written.
    """
    return replace(
        node,
        name=name,
        type=type,
        params=(Param(node.name, node.name, whole_type(node.type), positional_only=True),),
        doc="",
        kind="field",
        bound=(),
        prompts=(),
        body=None,
        span=place(span_of, node.span),
        callable=take,
    )


def _type(whole: Type, given: Any) -> Type:
    if isinstance(given, Type):
        return given
    if given is not None and not isinstance(given, Unread):
        return from_object(given)
    value = whole.args[-1] if whole.name in _DICTS and len(whole.args) == 2 else ANY
    return value if isinstance(value, Type) else ANY


_DICTS = frozenset(
    ("dict", "collections.abc.Mapping", "collections.abc.MutableMapping", "typing.Mapping")
)
