"""What fits what: live types, types from text and a type checker all give one answer."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stepwell.read.source import Names
from stepwell.stream import Stream
from stepwell.types import ANY, UNKNOWN, Type, fits, from_object, from_text

from .pairs import CASES, PRELUDE, random_pairs

ANSWERS = {"yes": True, "no": False}


@pytest.fixture(scope="module")
def space() -> dict[str, Any]:
    """The prelude, run."""
    found: dict[str, Any] = {"__name__": "prelude"}
    exec(PRELUDE, found)
    return found


@pytest.fixture(scope="module")
def names() -> Names:
    """The prelude, read."""
    found = Names("prelude", "")
    found.add(ast.parse(PRELUDE).body)
    return found


@pytest.mark.parametrize(("source", "target", "answer"), CASES)
def test_of_live_annotations(source: str, target: str, answer: str, space: dict[str, Any]) -> None:
    given, asked = from_object(source, space), from_object(target, space)

    assert fits(given, asked) is ANSWERS.get(answer)


@pytest.mark.parametrize(("source", "target", "answer"), CASES)
def test_of_text(source: str, target: str, answer: str, names: Names) -> None:
    """What text does not know it leaves open; it never contradicts."""
    given, asked = (names.type(ast.parse(text, mode="eval").body) for text in (source, target))

    assert fits(given, asked) in (ANSWERS.get(answer), None)


@pytest.mark.parametrize("text", sorted({text for case in CASES for text in case[:2]}))
def test_text_and_life_give_one_form(text: str, space: dict[str, Any], names: Names) -> None:
    live, read = from_object(text, space), names.type(ast.parse(text, mode="eval").body)

    assert (live.short, live) == (read.short, read)


def _refused(pairs: Sequence[tuple[str, str]], folder: Path) -> set[int]:
    """Which pairs ty refuses, in a file with a function for each that returns what it is given."""
    lines = PRELUDE.splitlines()
    rows: dict[int, int] = {}
    for number, (source, target) in enumerate(pairs):
        lines += [f"def _{number}(given: {source}) -> {target}:", "    return given"]
        rows[len(lines)] = number
    (folder / "judged.py").write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "ty", "check", "--output-format", "concise", "judged.py"]
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder).stdout
    found = {int(line) for line in re.findall(r"judged\.py:(\d+):\d+: error", told)}
    return {rows[line] for line in found if line in rows}


def test_a_type_checker_agrees(tmp_path: Path) -> None:
    refused = _refused([case[:2] for case in CASES], tmp_path)

    ours = {number for number, case in enumerate(CASES) if case[2].startswith("no")}
    assert {CASES[number] for number in refused ^ ours} == set()


def test_a_type_checker_agrees_on_pairs_at_random(tmp_path: Path, space: dict[str, Any]) -> None:
    """Whatever is answered is right, and most is answered."""
    pairs = random_pairs(2_000, seed=1)
    answers = [fits(from_object(one, space), from_object(other, space)) for one, other in pairs]
    refused = _refused(pairs, tmp_path)

    wrong = [
        (*pair, answer)
        for number, (pair, answer) in enumerate(zip(pairs, answers, strict=True))
        if answer is (number in refused)
    ]
    assert wrong == []
    assert answers.count(None) < len(answers) / 20


@pytest.mark.parametrize(
    ("source", "target", "answer"),
    [
        (Stream[str], str, True),
        (Stream[str], str | None, True),
        (Stream[str], list[str], False),
        (Stream[str], int, False),
        (Stream[str], Stream[str], True),
        (Stream[str], Stream[int], False),
        (Stream[bool], Stream[int], True),
        (Stream[int], list[int], True),
        (Stream[int], list[float], True),
        (Stream[int], list[str], False),
        (Stream[int], "Sequence[float]", True),
        (Stream[int], str, False),
        (Stream[int], int, False),
        (Stream[int], object, True),
        (Stream, str, None),
        ("Iterator[str]", Stream[str], None),
        ("AsyncIterator[str]", Stream[str], None),
        (list[str], Stream[str], None),
        (list[str], Stream[int], False),
        (int, Stream[int], False),
        ("Document", Stream[int], None),
    ],
)
def test_of_streams(
    source: object, target: object, answer: bool | None, space: dict[str, Any]
) -> None:
    """A stream arrives whole where none is asked for: joined if it is text, else as a list."""
    assert fits(from_object(source, space), from_object(target, space)) is answer


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (Type("pandas.DataFrame"), Type("int")),
        (Type("int"), Type("pandas.DataFrame")),
        (Type("pandas.DataFrame"), Type("pandas.core.frame.DataFrame")),
        (
            Type("a.Frame", mro=("a.Frame", "object")),
            Type("b.Frame", mro=("b.Frame", "object")),
        ),
        (UNKNOWN, Type("int")),
        (Type("int"), UNKNOWN),
        (Type("list", (Type("pandas.DataFrame"),)), from_text("list[int]")),
    ],
)
def test_of_what_cannot_be_seen_nothing_is_said(source: Type, target: Type) -> None:
    assert fits(source, target) is None


def test_any_fits_everything_but_the_unknown() -> None:
    assert fits(ANY, Type("int")) is True
    assert fits(ANY, UNKNOWN) is None
