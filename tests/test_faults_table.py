"""The tables of faults in docs/testing.md: every row names tests that there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/testing.md").read_text("utf-8")
ROW = re.compile(r"^\| ([A-Z]?\d+) \|(.*)\|$", re.MULTILINE)
TEST = re.compile(r"`(test_\w+)`")
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
}
ROWS = {found[1]: found[2] for found in ROW.finditer(PAGE)}


def test_no_row_is_there_twice() -> None:
    """A row is looked up by its number."""
    assert len(ROWS) == len(ROW.findall(PAGE))


@pytest.mark.parametrize("row", [*(f"L{n}" for n in range(1, 18)), *map(str, range(1, 29))])
def test_every_row_is_there(row: str) -> None:
    """Those of the provider's faults, and the traps of counting and repeating."""
    assert row in ROWS


@pytest.mark.parametrize("row", ROWS)
def test_every_row_names_its_tests(row: str) -> None:
    """What a row promises is tested under the names in it, and a trap under its own."""
    named = TEST.findall(ROWS[row])
    assert named
    assert sorted(set(named) - TESTS) == []
    if row.isdigit():
        assert any(name.startswith(f"test_trap_{row}_") for name in named)


@pytest.mark.parametrize("row", [f"N{n}" for n in (*range(1, 9), 11)])
def test_every_row_of_steps_and_hooks_is_there(row: str) -> None:
    """And so are all tests that are named after one."""
    named = {name for name in TESTS if name.startswith(f"test_fault_{row.lower()}_")}
    assert sorted(named - set(TEST.findall(ROWS[row]))) == []


def test_every_trap_that_is_tested_is_in_the_table() -> None:
    """Nor is one forgotten."""
    traps = {name for name in TESTS if name.startswith("test_trap_")}
    assert sorted(traps - set(TEST.findall(PAGE))) == []
