"""Spans are code points, from 1, whatever the text holds."""

from __future__ import annotations

import pytest

from stepwell.read.source import parse
from stepwell.spec import Span


def cut(text: str, span: Span | None) -> str:
    assert span is not None
    assert span.line == span.end_line
    return text.split("\n")[span.line - 1][span.column - 1 : span.end_column - 1]


@pytest.mark.parametrize(
    "text",
    [
        "def step(given: int) -> int: ...",
        "async def step(given: int) -> int: ...",
        "x = 1\n\n\ndef step(\n    a: int,\n    given: int,\n) -> int: ...",
        "def step(a: str = '🙂', given: int = 3) -> int: ...",
        "def step(\ta: str = 'ü',\tgiven: int = 3) -> int: ...",
        "if True:\n    def step(given: int) -> int: ...",
        "@cache\ndef step(*, given: int) -> int: ...",
        "def step(a: str = '\u2028', given: int = 3) -> int: ...",
    ],
)
def test_names_stand_where_they_are_written(text: str) -> None:
    node = parse(text, file="f.py").nodes[0]
    assert cut(text, node.span) == "step"
    assert cut(text, node.params[-1].span) == "given"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_and_byte_order_marks_count_for_nothing(end: str) -> None:
    text = "\ufeff" + end.join(["x = 1", "", "def step(given: int) -> int:", "    return 1"])
    span = parse(text, file="f.py").nodes[0].params[0].span
    assert span is not None
    assert (span.line, span.column) == (3, 10)


def test_names_in_modifiers_stand_in_their_quotes() -> None:
    text = (
        "from stepwell.modifiers import *\n"
        "@parameterize(made={'x': source('🙂' 'no')})\n"
        "def a(x: int) -> int: ...\n"
        "@inject(x=source('other'))\n"
        "@node(name='named')\n"
        "def b(x: int) -> int: ...\n"
        "@extract_fields({'field': int})\n"
        "def c() -> dict[str, int]: ...\n"
    )
    nodes = {node.name: node for node in parse(text, file="f.py").nodes}
    assert cut(text, nodes["named"].span) == "named"
    assert cut(text, nodes["named"].params[0].span) == "other"
    assert cut(text, nodes["field"].span) == "field"


def test_places_move_with_what_is_written_above() -> None:
    text = "def step(given: int) -> int:\n    return 'a {b}'.format(b=given)\n"
    before = parse(text, file="f.py")
    after = parse("\n\n" + text, file="f.py", previous=before)
    node = after.nodes[0]
    assert cut("\n\n" + text, node.span) == "step"
    assert cut("\n\n" + text, node.params[0].span) == "given"
    assert cut("\n\n" + text, node.prompts[0].placeholders[0][1]) == "b"
    assert cut("\n\n" + text, node.prompts[0].given[0][1]) == "b"


@pytest.mark.parametrize(
    ("body", "placeholders", "given"),
    [
        ("return 'Hi {name}!'.format(name=x)", ["name"], ["name"]),
        ("return HELLO.format(name=x, more=x)", ["name"], ["name", "more"]),
        ("return '{a.b} {c[0]:>{width}}'.format(a=x, c=x)", ["a", "c", "width"], ["a", "c"]),
        ("return HELLO.format(**x)", None, None),
        ("return '{} {0}'.format(name=x)", None, None),
        ("return unknown.format(name=x)", None, None),
        ("HELLO = x\n    return HELLO.format(nme=x)", None, None),
        ("return HELLO.format(x)", None, None),
        ("return '{'.format(name=x)", None, None),
    ],
)
def test_templates_are_read_where_their_text_is_at_hand(
    body: str, placeholders: list[str] | None, given: list[str] | None
) -> None:
    text = f"HELLO = 'Hello {{name}}'\ndef a(x: str) -> str:\n    {body}\n"
    prompts = parse(text, file="f.py").nodes[0].prompts
    if placeholders is None:
        assert prompts == ()
    else:
        assert [name for name, _ in prompts[0].placeholders] == placeholders
        assert [name for name, _ in prompts[0].given] == given
