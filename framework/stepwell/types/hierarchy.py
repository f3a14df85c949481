"""What the classes of the standard library derive from, with their parameters.

The tables say what type checkers take for granted, which live classes do not always tell:
`tuple` is a `Sequence`, `bool` an `int`, an `int` will do for a `float`.
"""

from __future__ import annotations

import builtins
from functools import cache
from typing import NamedTuple

from stepwell.types.type import ANY, UNKNOWN, Type, union

_TABLES = {
    "collections.abc": """
        Hashable
        Sized
        Buffer
        Container[+T]
        Awaitable[+T]
        Callable[P, T]
        Iterable[+T]
        Iterator[+T]: Iterable[T]
        Reversible[+T]: Iterable[T]
        Collection[+T]: Sized, Container[T], Iterable[T]
        Sequence[+T]: Reversible[T], Collection[T]
        MutableSequence[T]: Sequence[T]
        Set[+T]: Collection[T]
        MutableSet[T]: Set[T]
        Mapping[K, +V]: Collection[K]
        MutableMapping[K, V]: Mapping[K, V]
        KeysView[+K]: Set[K]
        ValuesView[+V]: Collection[V]
        ItemsView[+K, +V]: Set[tuple[K, V]]
        Generator[+Y, -S, +R]: Iterator[Y]
        Coroutine[+Y, -S, +R]: Awaitable[R]
        AsyncIterable[+T]
        AsyncIterator[+T]: AsyncIterable[T]
        AsyncGenerator[+Y, -S]: AsyncIterator[Y]
    """,
    "": """
        list[T]: MutableSequence[T]
        dict[K, V]: MutableMapping[K, V], Reversible[K]
        set[T]: MutableSet[T]
        frozenset[+T]: Set[T], Hashable
        tuple[+T]: Sequence[T], Hashable
        str: Sequence[str], Hashable
        bytes: Sequence[int], Hashable, Buffer
        bytearray: MutableSequence[int], Buffer
        memoryview: Sequence[int], Hashable, Buffer
        range: Sequence[int], Hashable
        bool: int, Hashable
        int: float, Hashable
        float: complex, Hashable
        complex: Hashable
        None: Hashable
        slice: Hashable
        type[+T]: Hashable
    """,
    "collections": """
        defaultdict[K, V]: dict[K, V]
        OrderedDict[K, V]: dict[K, V]
        Counter[K]: dict[K, int]
        ChainMap[K, V]: MutableMapping[K, V]
        deque[T]: MutableSequence[T]
    """,
    "contextlib": """
        AbstractContextManager[+T, +E]
        AbstractAsyncContextManager[+T, +E]
    """,
    "types": """
        MappingProxyType[K, +V]: Mapping[K, V]
    """,
    "typing": """
        TypedDict: Mapping[str, object]
        LiteralString: str
    """,
    "stepwell": """
        Stream[+T]
    """,
    "datetime": """
        date: Hashable
        datetime: date
        time: Hashable
        timedelta: Hashable
    """,
    "decimal": """
        Decimal: Hashable
    """,
    "fractions": """
        Fraction: Hashable
    """,
    "os": """
        PathLike[+T]
    """,
    "pathlib": """
        PurePath: PathLike[str], Hashable
        Path: PurePath
    """,
    "uuid": """
        UUID: Hashable
    """,
    "re": """
        Pattern[T]: Hashable
        Match[+T]
    """,
    "asyncio": """
        Future[T]: Awaitable[T], Hashable
        Task[+T]: Awaitable[T], Hashable
    """,
}

_PROTOCOLS = """
    Hashable Sized Buffer Container Awaitable Callable Iterable Iterator Reversible Collection
    AsyncIterable AsyncIterator
"""
STRUCTURAL = frozenset(f"collections.abc.{name}" for name in _PROTOCOLS.split()) | {
    "contextlib.AbstractContextManager",
    "contextlib.AbstractAsyncContextManager",
    "os.PathLike",
    "typing.TypedDict",
}
"""What a class satisfies by its methods, without naming it: never a *no* for a class of a user."""


class Class(NamedTuple):
    """A class of the tables: its parameters, each with its variance (`+`, `-` or nothing)."""

    parameters: tuple[tuple[str, str], ...]
    bases: tuple[Type, ...]


@cache
def classes() -> dict[str, Class]:
    """Every class of the tables by its dotted name."""
    from stepwell.types.text import from_text

    lines = [
        (module, *line.strip().partition(":")[::2])
        for module, table in _TABLES.items()
        for line in table.strip().splitlines()
    ]
    homes = {head.partition("[")[0]: module for module, head, _ in lines}

    def full(name: str) -> str:
        return f"{homes[name]}.{name}" if homes.get(name) else name

    found: dict[str, Class] = {}
    for _, head, bases in lines:
        name, _, inside = head.rstrip("]").partition("[")
        parameters = tuple(
            (word.strip("+-"), word[0] if word[0] in "+-" else "")
            for word in inside.replace(" ", "").split(",")
            if word
        )
        derived = from_text(f"tuple[{bases}]", full).types if bases else ()
        found[full(name)] = Class(parameters, derived)
    return found


def view(source: Type, ancestor: str) -> tuple[Type | str, ...] | None:
    """The arguments of `source` seen as its `ancestor`; `None` where it is not one.

    >>> from stepwell.types import from_text
    >>> view(from_text("dict[str, int]"), "collections.abc.Iterable")
    (Type(name='str', args=()),)
    """
    if source.name == ancestor:
        return source.args
    entry = classes().get(source.name)
    if entry is None:
        return None
    given = _arguments(source, entry)
    for base in entry.bases:
        found = view(_filled(base, given), ancestor)
        if found is not None:
            return found
    return None


def is_class(name: str) -> bool:
    """Whether all that a class derives from is known by its name alone."""
    return name in classes() or isinstance(getattr(builtins, name, None), type)


def derives(name: str, ancestor: str) -> bool:
    """Whether one built-in class derives from another (exceptions, mostly)."""
    child, parent = getattr(builtins, name, None), getattr(builtins, ancestor, None)
    return isinstance(child, type) and isinstance(parent, type) and issubclass(child, parent)


def _arguments(source: Type, entry: Class) -> dict[str, Type]:
    if source.name == "tuple":
        return {"T": element(source)}
    given = {name: ANY for name, _ in entry.parameters}
    for (name, _), arg in zip(entry.parameters, source.args, strict=False):
        given[name] = arg if isinstance(arg, Type) else UNKNOWN
    return given


def element(source: Type) -> Type:
    """What the elements of a tuple are, all together."""
    items = [item for item in source.types if item.name not in ("...", "()")]
    if not source.args:
        return ANY
    if any(item.name == "typing.Unpack" for item in items):
        return UNKNOWN
    return union(items) if items else Type("typing.Never")


def _filled(base: Type, given: dict[str, Type]) -> Type:
    if not base.args:
        return given.get(base.name, base)
    return Type(base.name, tuple([_filled(arg, given) for arg in base.types]))
