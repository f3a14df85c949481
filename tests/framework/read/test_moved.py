"""Facts that stand further down than when they were read."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from stepwell.read.source.moved import moved
from stepwell.read.source.steps import Facts
from stepwell.spec import Body, Bound, Condition, Guard, Node, Param, Prompt, Span
from stepwell.types import Type

PLACE = Span("f.py", 3, 5, 3, 9)
LOWER = Span("f.py", 5, 5, 5, 9)


def node(place: Span, line: int) -> Node:
    """A node that has something of everything."""
    word = (("name", place),)
    return Node(
        "a",
        Type("int"),
        (Param("b", "c", Type("str"), False, place, True, "key", Guard("is", (1,))),),
        "A doc.",
        {"tag": "yes"},
        "generator",
        "step",
        "module",
        place,
        (Bound("d", 1),),
        (Condition("mode", "is", ("x",)),),
        (Prompt(word, word, place),),
        Body(line, frozenset(["b"]), empty=True),
        True,
        print,
        "whole",
    )


def test_all_of_a_node_goes_along() -> None:
    """A field that is left out would have its default after the next new line."""
    before, after = node(PLACE, 3), node(LOWER, 5)

    (found,) = moved(Facts([before]), 2).nodes

    assert _all(found) == _all(after)
    assert not [name for name, value in _all(after).items() if value == _all(Node(""))[name]]


def _all(node: Node) -> dict[str, Any]:
    return {each.name: getattr(node, each.name) for each in fields(Node)}
