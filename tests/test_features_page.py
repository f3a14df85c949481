"""The table of features is whole, and the tests that it names are there."""

import inspect
import re
from pathlib import Path

import pytest

from stepwell import Builder, Driver, executors, modifiers
from stepwell.modifiers.formats import BUILT_IN

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+?) \| \[.+?\]\((.+?)\) \| `(\S+)` \|$", PAGE, re.M)
NAMES = set(re.findall(r"`(\w+)`", " ".join(name for name, _, _ in ROWS)))


def _public(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("modifiers", set(modifiers.__all__)),
        ("the driver", _public(Driver) - {"pool"}),
        ("the builder", _public(Builder)),
        ("formats", set(BUILT_IN)),
        ("executors", set(executors.__all__)),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_every_feature_is_in_the_table(what: str, names: set[str]) -> None:
    assert sorted(names - NAMES) == []


@pytest.mark.parametrize("test", sorted({test for _, _, test in ROWS}))
def test_every_test_that_is_named_is_there(test: str) -> None:
    file, _, name = test.partition("::")
    assert re.search(rf"def {name}\(", (ROOT / file).read_text(encoding="utf-8"))
