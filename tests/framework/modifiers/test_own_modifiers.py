"""Modifiers that users write: the driver applies them, the editor knows that they are there."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from stepwell import driver
from stepwell.errors import GraphError, ModifierError
from stepwell.modifiers import Modifier
from stepwell.modifiers.modifier import Reading
from stepwell.read import source
from stepwell.spec import Node
from stepwell.testing import graph_of, module_of


@dataclass(frozen=True)
class Prefixed(Modifier):
    prefix: str

    stage: ClassVar[int] = 20

    def expand(self, node: Node) -> Iterable[Node]:
        if not self.prefix:
            raise ModifierError("`Prefixed` needs a prefix", argument="prefix")
        return [replace(node, name=self.prefix + node.name)]


@dataclass(frozen=True)
class Beside(Modifier):
    """Adds the node of another function beside the step's."""

    function: Any

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        other = reading.step(self.function)
        return [*nodes, replace(other, name=f"{nodes[0].name}.{other.name.lstrip('_')}")]


def _length(my_answer: str) -> int:
    return len(my_answer)


@Beside(_length)
@Prefixed("my_")
def answer(prompt: str) -> str:
    return prompt + "!"


def test_the_driver_applies_them() -> None:
    dr = driver.Driver({}, module_of(answer))
    found = dr.execute(["my_answer", "my_answer.length"], inputs={"prompt": "p"})
    assert found == {"my_answer": "p!", "my_answer.length": 2}


def test_an_argument_that_does_not_suit_is_told_with_the_step() -> None:
    @Prefixed("")
    def title() -> str: ...

    with pytest.raises(GraphError, match=r"`Prefixed` needs a prefix \(on `title`\)"):
        driver.Driver({}, module_of(title))


OWN = """\
from stepwell.modifiers import Modifier
class Base(Modifier): ...
class Own(Base): ...
def own(x: int) -> Own: ...
plain = Own()
"""


@pytest.mark.parametrize("decorator", ["Own(1)", "own(1)", "plain"])
def test_the_editor_knows_that_they_are_there(decorator: str) -> None:
    """In the same file and in another: what they do is not known, so it is a hole."""
    step = f"@{decorator}\ndef a(x: str) -> str: ...\n"
    assert decorator in graph_of(OWN + step).holes[0].reason
    home = source.parse(OWN, file="own.py", module="mine.own")
    read = source.parse(
        f"from mine.own import Own, own, plain\n{step}",
        others={"mine.own": home.names}.get,
    )
    assert decorator in read.holes[0].reason


def test_other_decorators_are_none() -> None:
    text = "import functools\ndef own(f): ...\n@own\n@functools.cache\ndef a() -> int: ...\n"
    assert graph_of(text).holes == ()


def test_the_page_of_modifiers_is_read_as_it_says() -> None:
    """Each block is sound, and its picture shows its nodes."""
    docs = Path(__file__).parents[3] / "docs"
    sys.path.insert(0, str(docs))
    try:
        from pictures import blocks
    finally:
        sys.path.remove(str(docs))
    found = blocks(docs / "modifiers.md")
    assert len(found) > 10
    for code, picture in found:
        graph = graph_of(code)
        assert not graph.problems, picture
        assert not graph.holes, picture
        drawn = (docs / picture).read_text(encoding="utf-8")
        assert all(f">{name}<" in drawn for name in graph.nodes), picture
