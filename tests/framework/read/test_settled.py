"""Steps that a module defines more than once: which of them counts."""

import pytest

from stepwell.read.source import parse

CERTAIN = "def a(x: int) -> int: ...\n"
MAYBE = "if PY:\n    def a(y: int) -> int: ...\nelse:\n    def a(z: int) -> int: ...\n"
ELSEWHERE = "try:\n    import b\nexcept ImportError:\n    def a(w: int) -> int: ...\n"


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        (CERTAIN + MAYBE, ["x"]),
        (MAYBE + CERTAIN, ["x"]),
        (MAYBE + ELSEWHERE, ["y"]),
        (MAYBE, ["y"]),
        (CERTAIN + CERTAIN.replace("x", "v"), ["x", "v"]),
        (CERTAIN + ELSEWHERE + "def b(q: int) -> int: ...\n", ["x", "q"]),
        ("with x:\n    pass\n" + CERTAIN, ["x"]),
        (
            "from stepwell import parameterize, value\nif PY:\n"
            "    @parameterize(p={'n': value(1)}, q={'n': value(2)})\n"
            "    def a(n: int, x: int) -> int: ...\n" + CERTAIN,
            ["x"],
        ),
        (
            "from typing_extensions import overload\n@overload\ndef a(o: str) -> str: ...\n"
            + CERTAIN,
            ["x"],
        ),
    ],
)
def test_what_is_under_a_condition_gives_way(text: str, reads: list[str]):
    """Of two that are under none, one is a mistake: both are there to be told."""
    module = parse(text, file="a.py", module="a")
    assert [param.reads for node in module.nodes for param in node.params] == reads
