"""A half-typed step breaks itself alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell.read.source import Module, parse

BEFORE = '''\
import typing

LIMIT = 3


def load(path: str) -> list[str]:
    """Reads."""
    return open(path).readlines()


'''
EDITED = '''\
def split(load: list[str], size: int = LIMIT) -> list[str]:
    """Cuts."""
    return [line[:size] for line in load]
'''
AFTER = '''

def answer(split: list[str], question: str) -> str:
    """Answers."""
    return question + "".join(split)


@property
def last(answer: str) -> str:
    return answer
'''
WHOLE = BEFORE + EDITED + AFTER

BROKEN = {
    "half a parameter": "def split(load: list[str], size: ",
    "open parameters": "def split(",
    "no parameters": "def split",
    "no name": "def ",
    "no closing bracket": EDITED.replace(") ->", " ->"),
    "no colon": EDITED.replace("-> list[str]:", "-> list[str]"),
    "no return type": EDITED.replace("-> list[str]:", "-> :"),
    "a missing type": EDITED.replace("size: int", "size: "),
    "a bare comma": EDITED.replace("size: int", ", size: int"),
    "open bracket in the body": EDITED.replace("return [", "return (["),
    "open quote": EDITED.replace("line[:size]", "line['"),
    "open docstring": EDITED.replace('"""Cuts."""', '"""Cuts.'),
    "open triple quote at the end": EDITED + '    """more\n',
    "open brace": EDITED + "    x = {\n",
    "open f-string": EDITED + '    f"{size\n',
    "trailing dot": EDITED + "    load.\n",
    "if without a colon": EDITED + "    if load\n",
    "open decorator": "@tag(\n" + EDITED,
    "wrong dedent": EDITED.replace("    return", "  return"),
    "class after it": EDITED + "\nclass A(\n",
    "merge markers": "<<<<<<< ours\n" + EDITED + "=======\n>>>>>>> theirs\n",
    "the end of the file in a call": EDITED + "    print(load,",
    "a null byte": EDITED + "\0",
}


def steps(module: Module) -> dict[str, object]:
    return {
        node.name: tuple(param._replace(span=None) for param in node.params)
        for node in module.nodes
        if node.name != "split"
    }


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_the_other_steps_stay_as_they_were(text: str) -> None:
    """What is broken is told once; every other step keeps all its facts."""
    whole = parse(WHOLE, file="f.py", module="f")
    broken = parse(BEFORE + text + AFTER, file="f.py", module="f", previous=whole)
    assert steps(broken) == steps(whole)
    assert {problem.code for problem in broken.problems} == {"SW001"}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_the_broken_step_is_still_there(text: str) -> None:
    """Nobody who reads it is told that it is missing."""
    whole = parse(WHOLE, file="f.py", module="f")
    broken = parse(BEFORE + text + AFTER, file="f.py", module="f", previous=whole)
    assert "split" in {node.name for node in broken.nodes}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_an_error_is_where_the_broken_text_is(text: str) -> None:
    problem = parse(BEFORE + text + AFTER, file="f.py").problems[0]
    first = BEFORE.count("\n") + 1
    assert problem.span is not None
    assert first <= problem.span.line <= first + text.count("\n") + 1


def test_what_was_typed_so_far_is_read() -> None:
    """Without an earlier reading, the parameters of an unfinished head are those typed."""
    node = parse('def a(x: int, y: str = "(", z').nodes[0]
    assert node.stale
    assert [(p.reads, p.type.short) for p in node.params] == [
        ("x", "int"),
        ("y", "str"),
        ("z", "?"),
    ]


def test_a_whole_head_over_a_broken_body_counts() -> None:
    """A head that is right says what the step is now, whatever was known before."""
    before = parse("def a(x: int) -> int:\n    return x\n")
    now = parse("def a(y: str) -> str:\n    return y +\n", previous=before).nodes[0]
    assert [param.reads for param in now.params] == ["y"]
    assert now.type.short == "str"


def test_nothing_known_of_a_nameless_step_is_a_hole() -> None:
    """A rule that asks what is missing is silent: the name may be just what is being typed."""
    assert parse("def \n").holes


@pytest.mark.parametrize(
    "text",
    [
        'A = """\ndef no(x: int) -> int: ...\n"""\ndef yes(x: int) -> int: ...\n',
        'def yes(x: int) -> str:\n    return """\ndef no(): ...\n"""\n',
        "A = [\n1,\n2,\n3,\n4,\n5,\n6,\n7,\n8\n]\ndef yes(x: int) -> int: ...\n",
        "A = '''\n\"\"\"\ndef no(): ...\n'''\ndef yes(x: int) -> int: ...\n",
        "if 1:\n    A = 1\nelse:\n    A = 2\ndef yes(x: int) -> int: ...\n",
        "@(\nlen\n)\ndef yes(x: int) -> int: ...\n",
        "def yes(\nx: int,\n) -> int: ...\n",
        "x = 1 + \\\n2\ndef yes(x: int) -> int: ...\n",
        "match A:\n    case 1: ...\ndef yes(x: int) -> int: ...\n",
    ],
)
def test_text_that_is_valid_is_read_exactly(text: str) -> None:
    """Strings and brackets that reach the first column neither hide nor invent a step."""
    module = parse(text)
    assert [node.name for node in module.nodes] == ["yes"]
    assert not module.problems


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_reading_again_gives_what_reading_anew_gives(data: st.DataObject) -> None:
    """Whatever was typed in between, what is cached never shows."""
    module = parse(WHOLE, file="f.py", module="f")
    text = WHOLE
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(st.text("\n (:)'\"\\#aé[", max_size=4)) + text[end:]
        module = parse(text, file="f.py", module="f", previous=module)
    module = parse(WHOLE, file="f.py", module="f", previous=module)
    assert module == parse(WHOLE, file="f.py", module="f")
    assert _spans(module) == _spans(parse(WHOLE, file="f.py", module="f"))


def _spans(module: Module) -> list[object]:
    return [(node.span, [param.span for param in node.params]) for node in module.nodes]


@settings(max_examples=300, deadline=None)
@given(st.text("def a(x:int)->str\n '\"[]{}@#\\\té\0\f=,.", max_size=80))
def test_no_text_is_too_odd(text: str) -> None:
    """Reading is total: any text gives a module, and every place lies in the text."""
    module = parse(text, file="f.py")
    lines = text.count("\n") + 1
    for problem in module.problems:
        assert problem.span is not None
        assert 1 <= problem.span.line <= lines
        assert problem.span.column >= 1
