"""`stepwell check --types`, with the type checkers themselves."""

from pathlib import Path

import pytest

GENERIC = """\
from collections.abc import Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Sized(Protocol):
    def size(self) -> int: ...


class Bag:
    def weight(self) -> int:
        return 3


def words(text: str) -> list[str]:
    return text.split()


def first(words: Sequence[T]) -> T:
    return words[0]


def shout(first: str) -> str:
    return first.upper()


def double(first: int) -> int:
    return 2 * first


def bag() -> Bag:
    return Bag()


def volume(bag: Sized) -> int:
    return bag.size()


async def slow(words: list[str]) -> dict[str, int]:
    return {word: 1 for word in words}


def total(slow: dict[str, int]) -> int:
    return sum(slow.values())
"""


@pytest.mark.parametrize("checker", ["ty", "mypy"])
def test_a_checker_sees_what_the_rules_do_not(stepwell, folder: Path, checker: str):
    """What a type variable becomes, and whether a protocol is met."""
    (folder / "generic_c.py").write_text(GENERIC, encoding="utf-8")
    assert stepwell("check", "generic_c.py")[0] == 0
    code, out, err = stepwell(
        "check", "generic_c.py", f"--types={checker}", "--output-format", "concise", "-q"
    )
    assert code == 1
    first, second = out.splitlines()
    assert first.startswith("generic_c.py:28:12: SW201 `double` takes `first: int`, and `first` ma")
    assert second.startswith("generic_c.py:36:12: SW201 `volume` takes `bag: Sized`, and `bag` ")
    assert err == f"stepwell: {checker} judged 6 edges\n"


OVERLOADED = """\
from typing import Generic, TypeVar, overload

T = TypeVar("T")
N = TypeVar("N", int, float)


class Box(Generic[T]):
    def __init__(self, inside: T) -> None:
        self.inside = inside


def words(text: str) -> list[str]:
    return text.split()


@overload
def sized(words: list[str]) -> int: ...
@overload
def sized(words: str) -> str: ...
def sized(words: list[str] | str) -> int | str:
    return len(words) if isinstance(words, list) else words


def right(sized: int) -> int:
    return sized


def wrong_overload(sized: str) -> str:
    return sized


def boxed(words: list[str]) -> Box[str]:
    return Box(words[0])


def opened(boxed: Box[T]) -> T:
    return boxed.inside


def right_generic(opened: str) -> str:
    return opened


def wrong_generic(opened: int) -> int:
    return opened


def doubled(right: N) -> N:
    return right + right


def wrong_bound(right_generic: N) -> N:
    return right_generic
"""


@pytest.mark.parametrize("checker", ["ty", "mypy"])
def test_overloads_and_generics_are_as_the_checker_says(stepwell, folder: Path, checker: str):
    """Of a function with overloads one of its types is given, by what it is called with."""
    (folder / "over_c.py").write_text(OVERLOADED, encoding="utf-8")
    assert stepwell("check", "over_c.py", "-q") == (0, "", "")
    command = ("check", "over_c.py", f"--types={checker}", "--output-format", "concise", "-q")
    code, out, _ = stepwell(*command)
    assert code == 1
    wrong = [row.split("`")[1] for row in out.splitlines()]
    assert wrong == ["wrong_overload", "wrong_generic", "wrong_bound"]
    assert stepwell("check", "over_c.py", "--runtime")[0] == 0


def test_what_the_rules_say_already_is_said_once(stepwell, folder: Path):
    """And a comment that only a checker needs is known to be of use or not."""
    (folder / "plain_c.py").write_text(
        "def a() -> int:\n    return 1\n\n\ndef b(a: str) -> str:\n    return a\n\n\n"
        "def c(a: int) -> int:  # stepwell: ignore[SW201]\n    return a\n",
        encoding="utf-8",
    )
    _, out, _ = stepwell("check", "plain_c.py", "--types=ty", "--output-format", "concise", "-q")
    assert [row.split()[1] for row in out.splitlines()] == ["SW201", "SW002"]
    _, out, _ = stepwell("check", "plain_c.py", "--output-format", "concise", "-q")
    assert [row.split()[1] for row in out.splitlines()] == ["SW201"]


def test_what_a_checker_can_not_find_is_told(stepwell, folder: Path):
    """For what has to do with it is not judged."""
    (folder / "odd_c.py").write_text(
        "import nowhere_c\n\n\ndef a() -> 'nowhere_c.Thing':\n    ...\n\n\n"
        "def b(a: int) -> int:\n    return a\n",
        encoding="utf-8",
    )
    code, _, err = stepwell("check", "odd_c.py", "--types=ty")
    assert (code, err) == (0, "stepwell: ty judged 1 edge\n")


def test_a_checker_that_is_not_there_is_told(stepwell):
    """With what installs it; exit code 2."""
    code, out, err = stepwell("check", "flow_c.py", "--types=pyrefly")
    assert (code, out) == (2, "")
    assert err == "stepwell: pyrefly is not installed; run: pip install pyrefly\n"


MODIFIED = """\
from stepwell import check_output_custom, does, extract_fields, group, inject, parameterize
from stepwell import pipe_input, pipe_output, source, step, unpack_fields, value


@parameterize(plus={"by": value(1)}, times={"by": source("given")})
def shifted(given: int, by: int) -> int:
    return given * 10 + by


def _summed(**amounts: int) -> int:
    return sum(amounts.values())


@does(_summed)
def total(plus: int, times: int) -> int: ...


async def _doubled(number: int) -> int:
    return number * 2


def _plus(number: int, by: int = 100) -> int:
    return number + by


@pipe_input(step(_plus, by=source("total")), step(_doubled).when_not(slow=False))
@pipe_output(step(_plus, by=value(1)))
def piped(plus: int) -> int:
    return plus * 10


def _positive(x: int) -> bool:
    return x > 0


@check_output_custom(_positive)
def amount(piped: int) -> int:
    return piped


@unpack_fields("first", "second")
def pair(amount: int) -> tuple[str, int]:
    return "a" * amount, amount


@inject(parts=group(source("second"), source("amount")))
def last(parts: list[int], first: str) -> str:
    return first * sum(parts)
"""


@pytest.mark.parametrize("checker", ["ty", "mypy"])
def test_what_modifiers_make_is_no_false_alarm(stepwell, folder: Path, checker: str):
    """Nodes of functions that the step only names, and of none; a wrong one is seen."""
    (folder / "modified_c.py").write_text(MODIFIED, encoding="utf-8")
    code, out, _ = stepwell("check", "modified_c.py", f"--types={checker}", "-q")
    assert (code, out) == (0, "")
    text = MODIFIED.replace("_doubled(number: int)", "_doubled(number: str)")
    (folder / "modified_c.py").write_text(text, encoding="utf-8")
    code, out, _ = stepwell("check", "modified_c.py", f"--types={checker}", "-q")
    assert code == 1
    assert "takes `number: str`" in out
