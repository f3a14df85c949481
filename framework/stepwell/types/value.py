"""Whether a value is what a type says."""

from __future__ import annotations

import collections.abc
from collections.abc import Iterable
from enum import Enum
from itertools import islice
from typing import Any

from stepwell.types.fitting import every, some
from stepwell.types.hierarchy import is_class
from stepwell.types.names import canonical
from stepwell.types.type import OVERLOAD, Type

MODEST = 1_000
"""How many elements of a container are looked at."""

_CONTAINERS: dict[str, type] = {kind.__name__: kind for kind in (list, set, frozenset)}
_CLASS = type
_SIMPLE: dict[str, type] = {kind.__name__: kind for kind in (str, int, float, bool, bytes)}
_NUMBERS = {"int": "Integral", "float": "Real", "complex": "Complex"}


def holds(type: Type, value: object) -> bool | None:
    """Whether `value` is what `type` says; `None` if unknown.

    Built-in containers are looked into, up to `MODEST` elements; nothing is ever read from an
    iterator. An `int` will do for a `float`; `None` only where the type allows it.

    >>> from stepwell.types import from_text
    >>> holds(from_text("list[float]"), [1, 2.5]), holds(from_text("str"), None)
    (True, False)
    """
    name = type.name
    if name in ("typing.Any", "object"):
        return True
    if name == "?":
        return None
    if name in ("|", OVERLOAD):
        return some(holds(member, value) for member in type.types)
    if name == "None" or value is None:
        return _none(type, value)
    if name == "typing.Literal":
        return _literal(type, value)
    if name == "tuple":
        return _tuple(type, value)
    if name == "type":
        return (None if type.args else True) if isinstance(value, _CLASS) else False
    if name == "collections.abc.Callable":
        return callable(value)
    if name == "stepwell.Stream":
        return _stream(type, value)
    if name == "stepwell.Collect":
        return holds(Type("list", type.args), value)
    if name in ("stepwell.Parallelizable", "stepwell.Collecting"):  # anything to loop over
        return hasattr(value, "__iter__") or hasattr(value, "__aiter__")
    return _instance(type, value)


def _none(type: Type, value: object) -> bool | None:
    if type.name == "None":
        return value is None
    if type.name == "typing.Literal":
        return "None" in type.args
    if type.name == "collections.abc.Hashable":
        return True
    return False if is_class(type.name) or type.mro else None


def _literal(type: Type, value: object) -> bool:
    if isinstance(value, Enum):
        text = f"{_name(value.__class__)}.{value.name}"
        return any(text == arg for arg in type.args)
    return value.__class__ in (str, int, bool, bytes) and repr(value) in type.args


def _tuple(type: Type, value: object) -> bool | None:
    if not isinstance(value, tuple):
        return False
    types = type.types
    if not types:
        return True
    if types[0].name == "()":
        return not value
    if len(types) == 2 and types[1].name == "...":
        return _all(types[0], value)
    if any(inner.name == "typing.Unpack" for inner in types):
        return None
    return every(map(holds, types, value)) if len(types) == len(value) else False


def _stream(type: Type, value: object) -> bool | None:
    """A stream may be given whole, or as anything that can be read chunk by chunk."""
    chunk = type.types[0] if type.types else Type("?")
    if isinstance(value, str):
        return holds(chunk, value)
    if isinstance(value, list):
        return _all(chunk, value)
    readable = isinstance(value, (collections.abc.Iterable, collections.abc.AsyncIterable))
    return None if readable else False


def _instance(type: Type, value: Any) -> bool | None:
    name = type.name
    kind = value.__class__
    if name in _NUMBERS:
        import numbers

        return isinstance(value, getattr(numbers, _NUMBERS[name]))
    if name in _CONTAINERS:
        return isinstance(value, _CONTAINERS[name]) and _elements(type, value)
    if name.startswith("collections.abc."):
        return _abstract(type, value)
    if isinstance(value, dict) and name == "dict":
        return _items(type, value)
    if type.mro and "typing.NewType" in type.mro:  # at run time it is its base
        base = type.mro[type.mro.index("typing.NewType") + 1]
        return holds(Type(base, (), type.mro[2:]), value)
    if type.mro and "typing.TypedDict" in type.mro:
        return None if isinstance(value, dict) else False
    named = [_name(base) for base in kind.__mro__]
    if name in named:
        return None if type.args else True
    last = name.rpartition(".")[2]
    if any(base.rpartition(".")[2] == last for base in named):
        return None
    closed = type.mro or (is_class(name) and "." not in name)
    return False if closed else None


def _abstract(type: Type, value: Any) -> bool | None:
    abstract = getattr(collections.abc, type.name.rpartition(".")[2], None)
    if abstract is None:
        return None
    if not isinstance(value, abstract):
        return False
    if isinstance(value, dict):
        return _items(type, value)
    return _elements(type, value)


def _elements(type: Type, value: Any) -> bool | None:
    if len(type.types) != 1:
        return None if type.types else True
    inner = type.types[0]
    if isinstance(value, str):
        return holds(inner, value) if value else True
    if isinstance(value, (list, tuple, set, frozenset)):
        return _all(inner, value)
    return None


def _items(type: Type, value: dict[Any, Any]) -> bool | None:
    if not type.types:
        return True
    keys = _all(type.types[0], value)
    return keys if len(type.types) == 1 else every((keys, _all(type.types[1], value.values())))


def _all(type: Type, items: Iterable[Any]) -> bool | None:
    """Whether each of the first `MODEST` items is of this type."""
    exact = _SIMPLE.get(type.name)
    return every(holds(type, item) for item in islice(items, MODEST) if _CLASS(item) is not exact)


def _name(kind: type) -> str:
    return canonical(f"{kind.__module__}.{kind.__qualname__}")
