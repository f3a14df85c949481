"""`Type` itself: an annotation as data, how it reads, and how unions and literals are put together.

Unions and literals are kept in one order whatever the order written, since `typing` itself takes
`int | str` and `str | int` for the same thing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Type:
    """An annotation: a dotted name and its arguments.

    Special names: `|` is a union, `typing.overload` one of whose members it is depends on what a
    function is given, `typing.Literal` holds the *texts* of its values (`"'a'"`, `"1"`,
    `"module.Color.RED"`), `[]` is the list of a `Callable`'s parameters, `...` and `()` stand for
    themselves in a tuple, `?` where nothing is known: `UNKNOWN` where nothing is written,
    `UNREADABLE` where what is written is no annotation that can be read.

    Args:
        name: the canonical dotted name: `int`, `list`, `typing.Any`, `collections.abc.Sequence`,
            `pandas.DataFrame`; a built-in class has no module.
        args: the arguments; types, or texts in a literal.
        mro: the dotted names of the class and its bases, where all of them are known; never
            compared. A protocol has none, since a class need not name it to satisfy it.
    """

    name: str
    args: tuple[Type | str, ...] = ()
    mro: tuple[str, ...] | None = field(default=None, compare=False, repr=False)

    @property
    def short(self) -> str:
        """As written in Python, module names left out: `list[DataFrame]`.

        >>> Type("|", (Type("list", (Type("pandas.DataFrame"),)), NONE)).short
        'list[DataFrame] | None'
        """
        name, args = self.name, self.args
        if name in ("?", "..."):
            return name
        if not args:
            return "[]" if name == "[]" else name.rpartition(".")[2]
        words = [arg.short if isinstance(arg, Type) else last(arg) for arg in args]
        if name in ("|", OVERLOAD):
            return " | ".join(words)
        inside = ", ".join(words)
        return f"[{inside}]" if name == "[]" else f"{name.rpartition('.')[2]}[{inside}]"

    @property
    def types(self) -> tuple[Type, ...]:
        """The arguments that are types: all of them, save in a literal."""
        return tuple([arg for arg in self.args if isinstance(arg, Type)])

    @property
    def members(self) -> tuple[Type, ...]:
        """The members of a union; of anything else, the type itself."""
        return self.types if self.name in ("|", OVERLOAD) else (self,)

    def __str__(self) -> str:
        return self.short


OVERLOAD = "typing.overload"
UNKNOWN = Type("?")
UNREADABLE = Type("?", ("...",))
ANY = Type("typing.Any")
NONE = Type("None")
REST = Type("...")
EMPTY = Type("()")


@lru_cache(maxsize=1 << 12)
def plain(name: str) -> Type:
    """The type of this name and no more: one object, since most annotations are a few names."""
    return Type(name)


def known(type: Type) -> bool:
    """Whether it is known what was said: false for a missing or unreadable annotation.

    >>> known(UNKNOWN), known(UNREADABLE), known(ANY)
    (False, False, True)
    """
    return type.name != "?"


def last(text: str) -> str:
    """A literal's text without module names: `Color.RED` of `module.Color.RED`."""
    return text if text[0] in "'\"" or text[:2] in ("b'", 'b"') else ".".join(text.split(".")[-2:])


def union(members: Iterable[Type]) -> Type:
    """The union: flat, each member once, `None` last; a single member is itself.

    >>> union([NONE, Type("str"), Type("|", (Type("int"), Type("str")))]).short
    'int | str | None'
    """
    flat: dict[Type, None] = {inner: None for member in members for inner in member.members}
    if len(flat) == 1:
        return next(iter(flat))
    in_order: list[Type] = sorted(flat, key=_union_order)
    return Type("|", tuple(in_order))


def overloaded(result: Type) -> Type:
    """What a function with overloads makes: of several types one, by what it is given.

    >>> overloaded(union([Type("int"), Type("str")])).short
    'int | str'
    """
    return Type(OVERLOAD, result.types) if result.name == "|" else result


def _union_order(member: Type) -> tuple[bool, str, str]:
    return member.name == "None", member.short, member.name


def literal(texts: Iterable[str]) -> Type:
    """The literal of these values, given as texts: each once, in order."""
    return Type("typing.Literal", tuple(sorted(dict.fromkeys(texts))))


def literal_class(text: str) -> str:
    """The class of a literal's value, told by its text.

    >>> [literal_class(text) for text in ("'a'", "b'a'", "-1", "True", "None", "m.Color.RED")]
    ['str', 'bytes', 'int', 'bool', 'None', 'm.Color']
    """
    if text[0] in "'\"":
        return "str"
    if text[:2] in ("b'", 'b"'):
        return "bytes"
    if text in ("True", "False"):
        return "bool"
    if text == "None":
        return "None"
    return "int" if text.lstrip("-").isdigit() else text.rpartition(".")[0]
