"""The facts of a file as JSON and back: data alone, of the kinds that are listed here.

What is read back is made of these kinds whatever the JSON says, so that a file that somebody else
wrote can give wrong facts, and do nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from operator import itemgetter
from sys import intern
from typing import Any

from stepwell.diagnostic import Diagnostic, Edit, Fix
from stepwell.modifiers.arguments import Named, Unread, Written
from stepwell.read.source.mentions import Request, Site
from stepwell.spec import (
    Body,
    Bound,
    Call,
    Condition,
    Default,
    Guard,
    Hole,
    Mention,
    Node,
    Param,
    Prompt,
    Reference,
    Span,
)
from stepwell.types import Type
from stepwell.types.type import plain

_KINDS: tuple[type, ...] = (
    *(Node, Param, Bound, Condition, Prompt, Mention, Hole, Body, Call, Default, Reference, Guard),
    *(Diagnostic, Edit, Fix, Site, Request, Unread, Named),
)
_FIELDS: dict[type, tuple[str, ...]] = {
    kind: tuple(each.name for each in fields(kind)) if is_dataclass(kind) else kind._fields  # type: ignore[attr-defined]
    for kind in _KINDS
}
_NUMBER = {kind: number for number, kind in enumerate(_KINDS)}
_PLAIN = (str, bool, int, float, type(None))
_COLLECTIONS: dict[str, Callable[[Any], Any]] = {
    kind.__name__: kind for kind in (tuple, list, set, frozenset)
}


class UnstorableError(Exception):
    """There is something among the facts that is of no kind that is listed here."""


def to_json(facts: object, file: str) -> bytes:
    """The facts of a file; where the file itself is named as a place, it isn't said.

    Raises:
        UnstorableError: if they hold something else than data.
    """
    writer = _Writer(file)
    try:
        whole = writer.form(facts)
        return json.dumps([writer.types, whole], separators=(",", ":")).encode()
    except RecursionError:
        raise UnstorableError("nested too deeply") from None


def from_json(data: bytes, file: str) -> Any:
    """The facts that `to_json` made this of, now of the file under this path.

    Raises:
        ValueError: if it isn't what `to_json` makes.
    """
    try:
        types, whole = json.loads(data)
        return _Reader(file, types).value(whole)
    except (TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise ValueError(f"these are no facts: {error}") from None


class _Writer:
    def __init__(self, file: str) -> None:
        self.file = file
        self.types: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.alive: list[Type] = []

    def form(self, value: Any) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is Span:
            own = value.file == self.file
            return ["s", *value[1:]] if own else ["S", *value]
        if kind in _NUMBER:
            return [_NUMBER[kind], *[self.form(getattr(value, name)) for name in _FIELDS[kind]]]
        if kind is Type:
            return ["T", self.type(value)]
        if kind is Written:
            return ["W", str(value), self.form(value.span)]
        if kind.__name__ in _COLLECTIONS and kind is _COLLECTIONS[kind.__name__]:
            ordered = sorted(value, key=repr) if kind in (set, frozenset) else value
            return [kind.__name__, *map(self.form, ordered)]
        if isinstance(value, Mapping):
            return ["d", *[[self.form(key), self.form(each)] for key, each in value.items()]]
        return self.rare(value)

    def rare(self, value: Any) -> Any:
        if isinstance(value, bytes):
            return ["b", value.hex()]
        if isinstance(value, complex):
            return ["c", value.real, value.imag]
        if value is ...:
            return ["e"]
        if type(value) is itemgetter:
            return ["g", *map(self.form, value.__reduce__()[1])]
        raise UnstorableError(type(value).__name__)

    def type(self, type: Type) -> int:
        """The number of a type: one object stays one object."""
        if id(type) not in self.numbers:
            row = [type.name, self.form(type.args), self.form(type.mro)]
            self.numbers[id(type)] = len(self.types)
            self.types.append(row)
            self.alive.append(type)
        return self.numbers[id(type)]


class _Reader:
    def __init__(self, file: str, types: list[Any]) -> None:
        self.file = file
        self.types: list[Type] = []
        self.makers: dict[Any, Callable[[list[Any]], Any]] = {
            "s": lambda row: Span(file, *row[1:]),
            "S": lambda row: Span(intern(row[1]), *row[2:]),
            "T": lambda row: self.types[row[1]],
            "W": lambda row: Written(row[1], self.value(row[2])),
            "b": lambda row: bytes.fromhex(row[1]),
            "c": lambda row: complex(row[1], row[2]),
            "d": lambda row: {self.value(key): self.value(each) for key, each in row[1:]},
            "e": lambda row: ...,
            "g": lambda row: itemgetter(*map(self.value, row[1:])),
            **{name: self._collection(kind) for name, kind in _COLLECTIONS.items()},
            **{number: self._kind(kind) for number, kind in enumerate(_KINDS)},
        }
        for name, args, mro in types:
            given = self.value(args), self.value(mro)
            self.types.append(plain(name) if given == ((), None) else Type(name, *given))

    def value(self, form: Any) -> Any:
        return self.makers[form[0]](form) if type(form) is list else form

    def _collection(self, kind: Callable[[Any], Any]) -> Callable[[list[Any]], Any]:
        def make(row: list[Any]) -> Any:
            found = self.makers
            return kind(
                [found[each[0]](each) if type(each) is list else _one(each) for each in row[1:]]
            )

        return make

    def _kind(self, kind: Callable[..., Any]) -> Callable[[list[Any]], Any]:
        def make(row: list[Any]) -> Any:
            found = self.makers
            return kind(
                *[found[each[0]](each) if type(each) is list else _one(each) for each in row[1:]]
            )

        return make


def _one(value: Any) -> Any:
    """A value; of names, which many parts of a file and many files have, one object for all."""
    return intern(value) if type(value) is str and value.isidentifier() else value
