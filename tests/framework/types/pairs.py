"""Pairs of types, judged: may a value of the first be given where the second is asked for?

`yes` and `no` are what the typing rules say; with `?` stepwell does not know, and says nothing.
"""

from __future__ import annotations

import re
from random import Random

PRELUDE = """
from __future__ import annotations

import collections
import collections.abc
import datetime
import decimal
import enum
import pathlib
import typing as t
from collections.abc import (
    AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Collection, Coroutine,
    Generator, Hashable, ItemsView, Iterable, Iterator, KeysView, Mapping, MutableMapping,
    MutableSequence, Sequence, Set as AbstractSet, Sized,
)
from typing import (
    Annotated, Any, Dict, Generic, List, Literal, NamedTuple, NewType, NoReturn, Optional, Protocol,
    Tuple, Type, TypedDict, TypeVar, Union,
)

T = TypeVar("T")
UserId = NewType("UserId", int)
Vector = list[float]


class Document: ...
class Page(Document): ...
class Other: ...
class Reader(Protocol):
    def read(self) -> str: ...
class File:
    def read(self) -> str:
        return ""
class Socket: ...
class Row(TypedDict):
    name: str
class Point(NamedTuple):
    x: int
    y: int
class Color(enum.Enum):
    RED = 1
    BLUE = 2
class Size(enum.IntEnum):
    SMALL = 1
class Name(str): ...
class Names(list[str]): ...
class Mocked(Any): ...
class Box(Generic[T]):
    item: T
"""

PAIRS = """
int                         -> int                          yes
bool                        -> int                          yes
int                         -> bool                         no
int                         -> float                        yes
float                       -> int                          no
int                         -> complex                      yes
bool                        -> float                        yes
str                         -> int                          no
str                         -> object                       yes
object                      -> str                          no
Any                         -> int                          yes
int                         -> Any                          yes
list[Any]                   -> list[int]                    yes
list[int]                   -> list[Any]                    yes
None                        -> None                         yes
None                        -> str                          no
str                         -> None                         no
NoReturn                    -> str                          yes

int                         -> Optional[int]                yes
Optional[int]               -> int                          no
Optional[int]               -> Optional[int]                yes
None                        -> Optional[int]                yes
int | str                   -> str | int                    yes
int | str                   -> int | str | None             yes
int | str | None            -> int | str                    no
bool                        -> Union[int, str]              yes
Union[bool, int]            -> float                        yes
int | str                   -> float                        no

Literal['a']                -> str                          yes
Literal['a']                -> Literal['a', 'b']            yes
Literal['a', 'c']           -> Literal['a', 'b']            no
str                         -> Literal['a']                 no
Literal[1]                  -> float                        yes
Literal[1, 'a']             -> int                          no
Literal[True]               -> bool                         yes
bool                        -> Literal[True, False]         yes
bool                        -> Literal[True]                no
Literal[Color.RED]          -> Color                        yes
Color                       -> Literal[Color.RED]           no?
Color                       -> Literal[Color.RED, Color.BLUE] yes?
Literal['a', 1]             -> str | int                    yes

Annotated[int, 'positive']  -> int                          yes
int                         -> Annotated[int, 'positive']   yes
Annotated[str, 'x']         -> int                          no

list[int]                   -> list[int]                    yes
list[bool]                  -> list[int]                    no
list[int]                   -> list[float]                  no
list[int]                   -> Sequence[int]                yes
list[bool]                  -> Sequence[int]                yes
list[int]                   -> Sequence[float]              yes
list[str]                   -> Sequence[int]                no
list[int]                   -> Iterable[float]              yes
list[int]                   -> Collection[int]              yes
list[int]                   -> MutableSequence[int]         yes
list[bool]                  -> MutableSequence[int]         no
list[int]                   -> tuple[int, ...]              no
list                        -> list[int]                    yes
list[int]                   -> list                         yes
List[int]                   -> list[int]                    yes
list[list[int]]             -> Sequence[Sequence[float]]    yes
Sequence[int]               -> list[int]                    no
set[int]                    -> AbstractSet[float]           yes
set[int]                    -> frozenset[int]               no
frozenset[bool]             -> frozenset[int]               yes
set[int]                    -> Sequence[int]                no
str                         -> Sequence[str]                yes
str                         -> Iterable[str]                yes
str                         -> list[str]                    no
list[str]                   -> str                          no
bytes                       -> Sequence[int]                yes
range                       -> Sequence[int]                yes
list[int]                   -> Hashable                     no
list[int]                   -> Sized                        yes
list[str | None]            -> list[str]                    no
list[str]                   -> Sequence[str | None]         yes
collections.deque[int]      -> MutableSequence[int]         yes
collections.deque[int]      -> list[int]                    no

dict[str, int]              -> dict[str, Any]               yes
dict[str, int]              -> dict[str, float]             no
dict[str, int]              -> Mapping[str, float]          yes
dict[bool, int]             -> Mapping[int, int]            no
dict[str, int]              -> MutableMapping[str, int]     yes
dict[str, int]              -> Iterable[str]                yes
dict[str, int]              -> list[str]                    no
Mapping[str, int]           -> dict[str, int]               no
Dict[str, List[int]]        -> dict[str, list[int]]         yes
dict                        -> Mapping[str, int]            yes
collections.defaultdict[str, int] -> dict[str, int]         yes
collections.Counter[str]    -> Mapping[str, int]            yes
KeysView[str]               -> AbstractSet[str]             yes
ItemsView[str, int]         -> Collection[tuple[str, int]]  yes

tuple[int, str]             -> tuple[int, str]              yes
tuple[bool, str]            -> tuple[int, str]              yes
tuple[int, str]             -> tuple[str, int]              no
tuple[int]                  -> tuple[int, int]              no
tuple[int, int]             -> tuple[int, ...]              yes
tuple[int, str]             -> tuple[int, ...]              no
tuple[int, ...]             -> tuple[int, int]              no
tuple[int, ...]             -> Sequence[float]              yes
tuple[int, str]             -> Sequence[int | str]          yes
tuple[int, str]             -> Sequence[int]                no
tuple[()]                   -> tuple[int, ...]              yes
tuple[int]                  -> tuple[()]                    no
tuple[int, int]             -> list[int]                    no
Tuple[int, int]             -> tuple                        yes
tuple                       -> tuple[int, int]              yes
tuple[int, int, str]        -> tuple[*tuple[int, ...], str] yes?
tuple[*tuple[int, ...], str] -> tuple[int, ...]             no?
tuple[*tuple[int, ...], str] -> Sequence[int | str]         yes?

Generator[int, None, None]  -> Iterator[int]                yes
Generator[int, None, None]  -> Iterable[float]              yes
Iterator[int]               -> Generator[int, None, None]   no
Generator[int, None, str]   -> Generator[int, None, int]    no
Iterator[int]               -> list[int]                    no
Iterable[int]               -> Sequence[int]                no
AsyncGenerator[str, None]   -> AsyncIterator[str]           yes
AsyncIterator[str]          -> AsyncIterable[str]           yes
AsyncIterator[str]          -> Iterator[str]                no
Coroutine[Any, Any, int]    -> Awaitable[float]             yes
Coroutine[Any, Any, int]    -> int                          no

Callable[[int], str]        -> Callable[[int], str]         yes
Callable[[float], str]      -> Callable[[int], str]         yes
Callable[[int], str]        -> Callable[[float], str]       no
Callable[[int], bool]       -> Callable[[int], int]         yes
Callable[[int], int]        -> Callable[[int], bool]        no
Callable[..., int]          -> Callable[[str], int]         yes
Callable[[int], str]        -> Callable[..., Any]           yes
Callable[[int, int], str]   -> Callable[[int], str]         no
Callable[[int], str]        -> str                          no
Callable                    -> Callable[[int], str]         yes
int                         -> Callable[..., Any]           no
type[int]                   -> type[float]                  yes
type[Page]                  -> type[Document]               yes
type[Document]              -> type[Page]                   no
type[Page]                  -> Callable[..., Page]          yes?
Type[Page]                  -> type                         yes

Page                        -> Document                     yes
Document                    -> Page                         no
Page                        -> Other                        no
Page                        -> str                          no
Page                        -> None                         no
str                         -> Page                         no
Page | None                 -> Document                     no
Page | None                 -> Document | None              yes
list[Page]                  -> list[Document]               no
list[Page]                  -> Sequence[Document]           yes
File                        -> Reader                       yes?
Socket                      -> Reader                       no?
UserId                      -> int                          yes
UserId                      -> float                        yes
int                         -> UserId                       no
Row                         -> Mapping[str, object]         yes
Row                         -> dict[str, Any]               no
Point                       -> tuple[int, int]              yes?
Point                       -> tuple                        yes
Point                       -> list[int]                    no
Size                        -> int                          yes
Size                        -> float                        yes
Color                       -> int                          no
Name                        -> str                          yes
Name                        -> Sequence[str]                yes
str                         -> Name                         no
Names                       -> list                         yes
Names                       -> list[str]                    yes?
Names                       -> dict[str, str]               no
Mocked                      -> int                          yes?
Document                    -> Mocked                       no?
Box[int]                    -> Box[int]                     yes
Box[int]                    -> Box[bool]                    no?
Box[int]                    -> Box[str]                     no
Vector                      -> list[float]                  yes
list[int]                   -> Vector                       no

pathlib.Path                -> pathlib.PurePath             yes
pathlib.Path                -> str                          no
datetime.datetime           -> datetime.date                yes
datetime.date               -> datetime.datetime            no
decimal.Decimal             -> float                        no
ValueError                  -> Exception                    yes
Exception                   -> ValueError                   no
t.Optional[t.List[int]]     -> t.Union[None, t.Sequence[int]] yes
"""

CASES = [
    (source.strip(), *(part.strip() for part in rest.strip().rsplit(None, 1)))
    for line in PAIRS.splitlines()
    if line.strip()
    for source, rest in [line.split(" -> ")]
]


_LEAVES = """
    int str bool float complex bytes None Any object range type Page Document Other UserId Row Point
    Color Size Name Names File Socket ValueError Exception Literal['a'] Literal['a',1] Literal[True]
    Literal[Color.RED] pathlib.Path datetime.date decimal.Decimal tuple[()]
"""
_GENERIC = """
    list[{}] set[{}] frozenset[{}] Sequence[{}] MutableSequence[{}] Iterable[{}] Iterator[{}]
    Collection[{}] AbstractSet[{}] Optional[{}] tuple[{}] tuple[{},...] tuple[{},{}] dict[{},{}]
    Mapping[{},{}] MutableMapping[{},{}] collections.defaultdict[{},{}] collections.deque[{}]
    Union[{},{}] {}|{} Annotated[{},0] Callable[...,{}] Callable[[],{}] Callable[[{}],{}] Box[{}]
    Generator[{},None,{}] AsyncIterator[{}] AsyncGenerator[{},{}] Awaitable[{}] Coroutine[Any,{},{}]
    KeysView[{}] ItemsView[{},{}]
"""
_NEAR = {
    "int": ["bool", "float", "object"],
    "bool": ["int", "str"],
    "str": ["Name", "int", "object"],
    "list": ["Sequence", "Iterable", "MutableSequence", "Collection", "set"],
    "dict": ["Mapping", "MutableMapping"],
    "set": ["AbstractSet", "frozenset", "Collection"],
    "Page": ["Document", "Other"],
    "Document": ["Page", "object"],
}


def random_pairs(count: int, seed: int) -> list[tuple[str, str]]:
    """Pairs of generated annotations; in half of them one is much like the other."""
    chance = Random(seed)
    leaves, generic = _LEAVES.split(), _GENERIC.split()

    def made(depth: int) -> str:
        if depth == 0 or chance.random() < 0.3:
            return chance.choice(leaves)
        form = chance.choice(generic)
        return form.format(*(made(depth - 1) for _ in range(form.count("{}"))))

    def like(text: str) -> str:
        words = re.split(r"\b(\w+)\b", text)
        places = [place for place, word in enumerate(words) if word in _NEAR]
        if places:
            place = chance.choice(places)
            words[place] = chance.choice(_NEAR[words[place]])
        return "".join(words)

    found = []
    for _ in range(count):
        pair = [one := made(2), like(one) if chance.random() < 0.5 else made(2)]
        chance.shuffle(pair)
        found.append((pair[0], pair[1]))
    return found
