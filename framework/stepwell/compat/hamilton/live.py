"""Types as Python has them, of the forms that a graph keeps."""

from __future__ import annotations

import builtins
import sys
import typing
from functools import cache
from typing import Any

from stepwell.types import Type

_HOMES = {"stepwell.Parallelizable": "stepwell.fanout", "stepwell.Collect": "stepwell.fanout"}


@cache
def live(type: Type) -> Any:
    """The type as Python has it; `Any` where it can't be told from its form.

    >>> live(Type("dict", (Type("str"), Type("int"))))
    dict[str, int]
    """
    name, args = type.name, type.args
    if name in ("?", "typing.Any"):
        return Any
    if name == "None":
        return builtins.type(None)
    try:
        if name == "|":
            return typing.Union[tuple(map(live, type.types))]  # noqa: UP007 — of a tuple
        if name == "typing.Literal":
            return typing.Literal[tuple(_value(text) for text in args if isinstance(text, str))]
        base = _named(name)
        inner = tuple(_argument(each) for each in type.types)
        return base[inner if len(inner) != 1 else inner[0]] if inner else base
    except (AttributeError, KeyError, TypeError, ValueError, SyntaxError):
        return Any


def _named(name: str) -> Any:
    home, _, last = name.rpartition(".")
    home = _HOMES.get(name, home)
    if not home:
        return getattr(builtins, last)
    found: Any = None
    parts = home.split(".")
    for end in range(len(parts), 0, -1):
        if (found := sys.modules.get(".".join(parts[:end]))) is not None:
            for part in parts[end:]:
                found = getattr(found, part)
            break
    return getattr(found, last)


def _argument(type: Type) -> Any:
    if type.name == "...":
        return ...
    if type.name == "()":
        return ()
    return [live(each) for each in type.types] if type.name == "[]" else live(type)


def _value(text: str) -> Any:
    import ast

    try:
        return ast.literal_eval(text)
    except ValueError:
        return _named(text)
