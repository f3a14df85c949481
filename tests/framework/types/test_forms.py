"""What an annotation becomes, and how it is shown."""

from __future__ import annotations

import collections.abc
import types
import typing
from typing import Any

import numpy
import numpy.typing
import pytest
from typing_extensions import TypeAliasType

from stepwell.stream import Stream
from stepwell.types import UNREADABLE, Type, from_object, from_text, known, new_type
from stepwell.types.type import NONE

T = typing.TypeVar("T")
Tree = dict[str, "Tree"]
Json = typing.Union[str, "list[Json]"]
UserId = typing.NewType("UserId", int)
Vector = TypeAliasType("Vector", list[float])
Nested = TypeAliasType("Nested", list["Nested"])
Pair = TypeAliasType("Pair", tuple[T, T], type_params=(T,))


class Document:
    class Page: ...


HERE = globals()


@pytest.mark.parametrize(
    ("annotation", "shown"),
    [
        (int, "int"),
        (None, "None"),
        (type(None), "None"),
        (Any, "Any"),
        (Document, "Document"),
        (Document.Page, "Page"),
        (typing.List[int], "list[int]"),  # noqa: UP006
        (typing.List, "list"),  # noqa: UP006
        (typing.Optional[int], "int | None"),  # noqa: UP045
        (None | int, "int | None"),
        (str | int, "int | str"),
        (typing.Literal["b", "a", 1], "Literal['a', 'b', 1]"),
        (typing.Annotated[int, "positive"], "int"),
        (list[typing.Annotated[int, "positive"]], "list[int]"),
        (tuple[()], "tuple[()]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (typing.Callable[[int], str], "Callable[[int], str]"),
        (collections.abc.Callable[[], str], "Callable[[], str]"),
        (collections.abc.Callable[..., str], "Callable[..., str]"),
        (collections.abc.Callable, "Callable"),
        (dict[str, list[Document]], "dict[str, list[Document]]"),
        (type[Document], "type[Document]"),
        (typing.NoReturn, "Never"),
        (typing.LiteralString, "LiteralString"),
        (types.ModuleType, "ModuleType"),
        (types.TracebackType, "TracebackType"),
        (UserId, "UserId"),
        (T, "T"),
        (list[T], "list[T]"),
        (Stream[str], "Stream[str]"),
        ("int | None", "int | None"),
        ("Document.Page", "Page"),
        (list["Document"], "list[Document]"),
        ("list['Document']", "list[Document]"),
        ("typing.Optional['Document']", "Document | None"),
        (Tree, "dict[str, Tree]"),
        ("Tree", "dict[str, Tree]"),
        (Json, "list[Json] | str"),
        (Vector, "list[float]"),
        (dict[str, Vector], "dict[str, list[float]]"),
        (Nested, "list[Nested]"),
        (Pair[int], "?"),
        (numpy.typing.NDArray[numpy.float64], "NDArray[float64]"),
        (numpy.ndarray, "ndarray"),
        (typing.ClassVar[int], "int"),
        (tuple[*tuple[int, ...], str], "tuple[Unpack[tuple[int, ...]], str]"),
        ("tuple[*tuple[int, ...], str]", "tuple[Unpack[tuple[int, ...]], str]"),
        ("list[Unimported]", "list[Unimported]"),
        ("dict[str, Unimported.Inner] | None", "dict[str, Inner] | None"),
        ("list[", "?"),
        (3, "?"),
        ("3", "?"),
        (print, "?"),
    ],
)
def test_how_it_is_shown(annotation: object, shown: str) -> None:
    assert from_object(annotation, HERE).short == shown


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        (typing.Sequence[int], "collections.abc.Sequence"),
        (typing.Type[int], "type"),  # noqa: UP006
        (typing.Pattern[str], "re.Pattern"),
        (Stream[str], "stepwell.Stream"),
        (types.SimpleNamespace, "types.SimpleNamespace"),
        (Document, f"{__name__}.Document"),
    ],
)
def test_the_canonical_name(annotation: object, name: str) -> None:
    assert from_object(annotation).name == name


def test_the_bases_of_a_class_are_known_and_never_compared() -> None:
    class Page(Document): ...

    found = from_object(Page)

    assert found.mro is not None
    assert from_object(Document).name in found.mro
    assert found == Type(found.name)


def test_a_name_in_a_string_means_what_it_means_there() -> None:
    """The same text in two modules may be two classes."""
    here, there = {"Page": int}, {"Page": str}

    assert from_object(list["Page"], here) == from_object(list[int])  # noqa: F821
    assert from_object(list["Page"], there) == from_object(list[str])  # noqa: F821


def test_a_new_type_lies_under_its_base() -> None:
    base = from_object(bool)

    assert new_type("shop.Flag", base).mro == ("shop.Flag", "typing.NewType", "bool")
    assert from_object(UserId).mro == (f"{__name__}.UserId", "typing.NewType", "int")


def test_what_cannot_be_read_is_not_what_is_not_written() -> None:
    """A rule asks for an annotation only where there is none."""
    assert from_text("what()") == UNREADABLE
    assert not known(UNREADABLE)


def test_a_resolver_may_answer_with_a_name_or_a_type() -> None:
    meanings = {"pd.DataFrame": "pandas.DataFrame", "Rows": from_text("list[int]"), "Maybe": NONE}

    found = from_text("dict[pd.DataFrame, Rows | Maybe | Else]", meanings.get)

    assert found.short == "dict[DataFrame, Else | list[int] | None]"
    assert found.types[0].name == "pandas.DataFrame"


def test_an_alias_with_parameters_of_its_own_is_not_understood() -> None:
    assert from_text("Pairs[int]", lambda name: from_text("list[T]")) == UNREADABLE
