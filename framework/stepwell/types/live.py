"""A live annotation to a `Type`."""

from __future__ import annotations

import collections.abc
import typing
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from types import CodeType, EllipsisType, GenericAlias, NoneType, UnionType
from typing import Any, ForwardRef, NamedTuple, TypeVar, get_args, get_origin

from stepwell.types.names import UNWRAPPED, canonical
from stepwell.types.type import ANY, EMPTY, NONE, REST, UNREADABLE, Type, literal, union

Names = Mapping[str, Any]

_FORGET = 20_000
_seen: dict[Any, Type] = {}


def from_object(annotation: object, names: Names | None = None) -> Type:
    """The type that a live annotation says.

    Args:
        annotation: a class, an alias, a string; whatever stands after the colon.
        names: where names in strings are looked up: the function's `__globals__`.

    >>> from_object("list[int] | None", {}).short
    'list[int] | None'
    """
    if not isinstance(annotation, str):
        found = _anywhere(annotation)
        if found is not None:
            return found
    place = _Place({} if names is None else names)
    if isinstance(annotation, str):
        return _from_string(annotation, place)
    return _convert(annotation, place.inside(annotation))


def _anywhere(annotation: Any) -> Type | None:
    """What it says wherever it is written, if it says that: it holds no text."""
    try:
        found = _seen.get(annotation)
    except TypeError:
        return None
    if found is None:
        try:
            found = _convert(annotation, _NOWHERE)
        except _TextInside:
            return None
        if len(_seen) >= _FORGET:
            _seen.clear()
        _seen[annotation] = found
    return found


class _Place(NamedTuple):
    """Where an annotation is written: what names mean there, and the aliases that it is inside of.

    An alias may name itself (`Tree = dict[str, "Tree"]`); within itself it is left as its name.
    """

    names: Names | None
    open: frozenset[int] = frozenset()

    def inside(self, alias: object) -> _Place:
        return _Place(self.names, self.open | {id(alias)})


_NOWHERE = _Place(None)


class _TextInside(Exception):
    """The annotation holds a string, so what it says depends on where it is written."""


@lru_cache(maxsize=4096)
def _compiled(text: str) -> CodeType | None:
    try:
        return compile(text.strip(), "<annotation>", "eval")
    except (SyntaxError, ValueError):
        return None


def _from_string(text: str, place: _Place) -> Type:
    names = place.names
    if names is None:
        raise _TextInside
    code = _compiled(text)
    if code is None:
        return UNREADABLE
    try:
        annotation = eval(code, names if isinstance(names, dict) else {**names})
    except Exception:
        return _piecewise(text, place)
    if id(annotation) in place.open:
        return Type(f"{names.get('__name__', '')}.{text.strip()}")
    if annotation == text:
        return UNREADABLE
    return _anywhere(annotation) or _convert(annotation, place.inside(annotation))


def _piecewise(text: str, place: _Place) -> Type:
    """What can be said though a name is missing (it is imported for type checkers alone)."""
    from stepwell.types.text import from_text

    names = place.names or {}

    def resolve(name: str) -> Type | None:
        head, *rest = name.split(".")
        value = names.get(head)
        for attribute in rest:
            try:
                value = getattr(value, attribute, None)
            except Exception:  # a module that is loaded late, and is not installed
                return None
        return None if value is None else _convert(value, place)

    return from_text(text, resolve)


def _convert(annotation: Any, place: _Place) -> Type:
    kind = type(annotation)
    if annotation is None or annotation is NoneType:
        return NONE
    if annotation is Any:  # a class, of late
        return ANY
    if getattr(annotation, "__unpacked__", False):
        packed = get_origin(annotation)[get_args(annotation)]
        return Type("typing.Unpack", (_convert(packed, place),))
    # An alias of `collections.abc` is of a class of its own, under the plain one.
    if isinstance(annotation, GenericAlias | UnionType):
        return _special(annotation, place)
    if isinstance(annotation, type):
        return _class(annotation)
    if kind.__module__ in ("typing", "typing_extensions"):
        return _special(annotation, place)
    if isinstance(annotation, str):
        return _from_string(annotation, place)
    if isinstance(annotation, EllipsisType):
        return REST
    if isinstance(annotation, list):
        return Type("[]", tuple([_convert(item, place) for item in annotation]))
    return UNREADABLE


def _special(annotation: Any, place: _Place) -> Type:
    if isinstance(annotation, ForwardRef):
        return _convert(annotation.__forward_arg__, place)
    if isinstance(annotation, typing.NewType):
        base = _convert(annotation.__supertype__, place)
        name = f"{annotation.__module__}.{annotation.__name__}"
        return new_type(name, base)
    if isinstance(annotation, TypeVar):
        return Type(f"{annotation.__module__}.{annotation.__name__}")
    if _is_alias(annotation):
        try:
            value = annotation.__value__
        except Exception:  # it is worked out only now, and may name what only a checker imports
            return Type(f"{annotation.__module__}.{annotation.__name__}")
        return _convert(value, place.inside(annotation))
    origin = get_origin(annotation)
    if origin is None:
        named = getattr(annotation, "__name__", None) or getattr(annotation, "_name", None)
        return Type(canonical(f"{annotation.__module__}.{named}")) if named else UNREADABLE
    return _subscript(annotation, origin, place)


def _subscript(annotation: Any, origin: Any, place: _Place) -> Type:
    args = get_args(annotation)
    if origin is typing.Union or origin is UnionType:
        return union(_inner(arg, place) for arg in args)
    if origin is typing.Literal:
        return literal(_literal_text(arg) for arg in args)
    if origin is typing.Annotated:
        return _convert(args[0], place)
    if _is_alias(origin):
        return UNREADABLE  # it has parameters of its own: what they stand for is not known
    if not isinstance(origin, type):
        name = canonical(f"typing.{getattr(origin, '_name', '')}")
        if name in UNWRAPPED:
            return _convert(args[0], place)
        return Type(name, tuple([_inner(arg, place) for arg in args]))
    base = _class(origin)
    if not args and type(annotation) is GenericAlias:
        return Type("tuple", (EMPTY,))
    converted = tuple([_inner(arg, place) for arg in args])
    if base.name == "numpy.ndarray":
        return array(base, converted)
    return Type(base.name, converted, base.mro)


def _inner(annotation: Any, place: _Place) -> Type:
    """An argument, which may be the very alias that it is an argument of."""
    if id(annotation) not in place.open:
        return _convert(annotation, place)
    if _is_alias(annotation):
        return Type(f"{annotation.__module__}.{annotation.__name__}")
    names = place.names or {}
    found = (name for name, value in names.items() if value is annotation)
    return Type(f"{names.get('__name__', '')}.{next(found, '?')}")


def _is_alias(annotation: object) -> bool:
    """Whether it was made by `type X = …`, or by the class of that name in `typing_extensions`."""
    return type(annotation).__name__ == "TypeAliasType"


def new_type(name: str, base: Type) -> Type:
    """The type of `name = NewType(name, base)`: a class of its own, under its base.

    >>> new_type("shop.UserId", Type("int")).mro
    ('shop.UserId', 'typing.NewType', 'int')
    """
    bases = base.mro or ((base.name,) if base.name.isidentifier() else None)
    return Type(name, (), None if bases is None else (name, "typing.NewType", *bases))


def array(base: Type, args: tuple[Type, ...]) -> Type:
    """`NDArray[x]` for what numpy itself spells with a shape of any length."""
    if len(args) == 2 and args[1].name == "numpy.dtype" and args[1].args:
        shape = args[0]
        if shape == ANY or shape == Type("tuple", (ANY, REST)):
            return Type("numpy.typing.NDArray", args[1].args)
    return Type(base.name, args, base.mro)


def _literal_text(value: object) -> str:
    return f"{_name(type(value))}.{value.name}" if isinstance(value, Enum) else repr(value)


def _name(kind: type) -> str:
    return canonical(f"{kind.__module__}.{kind.__qualname__}")


def _class(kind: type) -> Type:
    name = _name(kind)
    return Type(name, (), _bases(kind, name))


_REGISTERS = """
    Sequence MutableSequence Mapping MutableMapping Set MutableSet Collection Iterator Iterable
    Reversible Sized Container Hashable Generator Coroutine Awaitable AsyncGenerator AsyncIterator
    AsyncIterable
"""
_REGISTRIES = tuple(getattr(collections.abc, name) for name in _REGISTERS.split())
"""Classes of which others may be without naming them."""


def _bases(kind: type, name: str) -> tuple[str, ...] | None:
    if "." not in name or getattr(kind, "_is_protocol", False) or Any in kind.__mro__:
        return None
    if kind.__module__ in ("typing", "numbers", "collections.abc"):
        return None
    if typing.is_typeddict(kind):
        return name, "typing.TypedDict"
    named = [_name(base) for base in kind.__mro__]
    for registry in _REGISTRIES:
        registered = _name(registry)
        if registered not in named and issubclass(kind, registry):
            named.append(registered)
    return tuple(named)
