"""`Stream` as an annotation: what type checkers make of it, and what it is at run time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stepwell.stream import Stream

TYPED = """
from collections.abc import AsyncIterator, Iterator
from stepwell.stream import Stream

def sync(question: str) -> Stream[str]:
    yield question

async def asynchronous(question: str) -> Stream[str]:
    yield question

def handed_on(question: str) -> Stream[str]:
    return iter(question)

def read(sync: Stream[str]) -> Stream[str]:
    for piece in sync:
        yield piece.upper()

async def awaited(asynchronous: Stream[str]) -> Stream[str]:
    async for piece in asynchronous:
        yield piece.upper()

def joined(sync: Stream[str]) -> str:
    return "".join(sync)

def called() -> None:
    for piece in sync("a"):
        print(piece.upper())

async def called_async() -> None:
    async for piece in asynchronous("a"):
        print(piece.upper())

def wrong(sync: Stream[str]) -> None:
    sync.rewind()
"""

CHECKERS = {
    "ty": ["-m", "ty", "check", "--output-format", "concise"],
    "mypy": ["-m", "mypy", "--strict", "--no-incremental", "--cache-dir=/dev/null"],
}


@pytest.mark.parametrize("checker", CHECKERS)
def test_type_checkers_accept_generators_and_loops_of_both_kinds(
    checker: str, tmp_path: Path
) -> None:
    """And they refuse what a stream does not have."""
    (tmp_path / "typed.py").write_text(TYPED)
    command = [sys.executable, *CHECKERS[checker], "typed.py"]
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    found = [line for line in told.stdout.splitlines() if "error" in line and "typed.py" in line]
    last = TYPED.count("\n")
    assert [line.split(":")[1] for line in found] == [str(last)], told.stdout
    assert "rewind" in found[0]


def test_it_is_an_annotation_and_never_made() -> None:
    with pytest.raises(TypeError, match="`Stream` is an annotation: a step that gives one is a"):
        Stream()
