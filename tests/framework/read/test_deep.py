"""What is nested deeper than it can be walked is not known, and the rest of the file is."""

from __future__ import annotations

import pytest

from stepwell.read.source import parse

HEAD = "from stepwell import driver, inject, tag, value\nimport steps\n"
DEEP = {
    "sum": "+".join(["'a'"] * 900),
    "attributes": "x" + ".a" * 900,
    "signs": "-" * 900 + "1",
    "calls": "f" + "()" * 900,
    "items": "x" + "[0]" * 900,
}
PLACES = [
    "@tag(a={0})\ndef f(q: int) -> int: ...\n",
    "@inject(q=value({0}))\ndef f(q: int) -> int: ...\n",
    "X = {0}\n@tag(a=X)\ndef f(q: int) -> int: ...\n",
    "def f(q: {0}) -> int: ...\n",
    "def f(q: int = {0}) -> int:\n    return {0}\n",
    "@{0}\ndef f() -> int: ...\n",
    "dr = driver.Driver({{}}, steps, {0})\ndr.execute({0}, inputs={0})\n",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("deep", DEEP.values(), ids=DEEP)
def test_the_rest_of_the_file_is_read(place, deep):
    """In a decorator, a constant, an annotation, a body, and where a driver is built."""
    found = parse(HEAD + place.format(deep) + "def last(f: int) -> int: ...\n")
    assert found.nodes[-1].name == "last"
