"""A text read both ways."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from stepwell.graph import Graph
from stepwell.testing import graph_of

HEAD = "from stepwell.modifiers import *\n\n"


@pytest.fixture
def agreed() -> Callable[[str], Graph]:
    """The graph of a text, which is that of its live functions too, with what is said of both."""

    def read(text: str) -> Graph:
        module = ModuleType("steps")
        sys.modules["steps"] = module
        exec(compile(HEAD + text, "steps.py", "exec"), vars(module))
        seen, ran = graph_of(HEAD + text), graph_of(module)
        assert seen.digest() == ran.digest()
        assert [(p.code, p.message) for p in seen.problems] == [
            (p.code, p.message) for p in ran.problems
        ]
        assert not seen.holes
        return seen

    return read
