"""What a function says besides its signature."""

from __future__ import annotations

import pytest

from stepwell.read.source import Module, parse
from stepwell.spec import Body, Call, Reference

HEAD = """\
import asyncio
import time as clock
from openai import OpenAI
from elsewhere import limits

client = OpenAI(max_retries=3)


"""


def _body(text: str) -> Body:
    (node,) = parse(HEAD + text, file="steps.py", module="steps").nodes
    assert node.body is not None
    return node.body


def _calls(*lines: str) -> list[tuple[str, str]]:
    body = _body("def step(time: str) -> str:\n" + "".join(f"    {line}\n" for line in lines))
    return [(call.name, call.written) for call in body.calls]


@pytest.mark.parametrize(
    ("lines", "calls"),
    [
        (["clock.sleep(1)"], [("time.sleep", "clock.sleep")]),
        (["time.sleep(1)"], [("", "time.sleep")]),
        (["from time import sleep", "sleep(1)"], [("time.sleep", "sleep")]),
        (["clock = 3", "clock.sleep(1)"], [("", "clock.sleep")]),
        (["len(time)"], [("len", "len")]),
        (["len(str(1))"], [("len", "len"), ("str", "str")]),
        (["step(time)"], [("steps.step", "step")]),
        (["unknown(time)"], [("", "unknown")]),
        (["make()(time)"], [("", ""), ("", "make")]),
        (["OpenAI().close()"], [("", ""), ("openai.OpenAI", "OpenAI")]),
        (["for len in []:", "    len()"], [("", "len")]),
        (["try: pass", "except ValueError as len:", "    len()"], [("", "len")]),
        (["def inner(str): str()"], [("", "str")]),
    ],
)
def test_what_is_called(lines: list[str], calls: list[tuple[str, str]]) -> None:
    assert _calls(*lines) == calls


def test_how_it_is_called() -> None:
    body = _body(
        "async def step(x: str) -> str:\n"
        "    await asyncio.sleep(1)\n"
        "    each = lambda: len(x)\n"
        "    return str(each)\n"
    )
    flags = {each.written: (each.awaited, each.returned, each.nested) for each in body.calls}

    assert flags == {
        "asyncio.sleep": (True, False, False),
        "len": (False, False, True),
        "str": (False, True, False),
    }


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", 3),
        ("'a'", "a"),
        ("(1, 'b')", (1, "b")),
        ("[ValueError, OSError]", (Reference("ValueError"), Reference("OSError"))),
        ("limits.most", Reference("elsewhere.limits.most")),
        ("x", Reference()),
        ("x + 1", Reference()),
        ("-1", Reference()),
    ],
)
def test_what_it_is_given(written: str, value: object) -> None:
    (call,) = _body(f"def step(x: int) -> int:\n    return int({written}, base={written})\n").calls

    assert call.args == (value,)
    assert call.keyword("base") == value
    assert call.keyword("other", "none") == "none"


def test_calls_within_arguments_and_decorators() -> None:
    (decorator,) = _body(
        "from tenacity import retry, stop_after_attempt as most, stop_after_delay\n"
        "@retry(stop=most(3) | stop_after_delay(9))\n"
        "def step(retry: str) -> str: ...\n"
    ).decorators
    either = decorator.keyword("stop")

    assert decorator.name == "tenacity.retry"
    assert isinstance(either, Call)
    assert (either.name, [each.name for each in either.args]) == (
        "|",
        ["tenacity.stop_after_attempt", "tenacity.stop_after_delay"],
    )
    assert either.args[0].args == (3,)


def test_what_the_module_has_made() -> None:
    ((name, call),) = _body(
        "def step(x: str) -> str:\n    return client.ask(x, limits)\n"
    ).constants

    assert (name, call.name, call.keyword("max_retries")) == ("client", "openai.OpenAI", 3)


@pytest.mark.parametrize(
    ("lines", "dicts"),
    [
        (["return {'a': 1, 'b': 2}"], (("a", "b"),)),
        (["if x: return {'a': 1}", "return {}"], (("a",), ())),
        (["return {'a': 1, **x}"], None),
        (["return {x: 1}"], None),
        (["return {1: 1}"], None),
        (["if x: return x", "return {'a': 1}"], None),
        (["def inner(): return x", "return {'a': inner}"], (("a",),)),
        (["pass"], None),
    ],
)
def test_the_dicts_that_it_returns(lines: list[str], dicts: object) -> None:
    text = "".join(f"    {line}\n" for line in lines)

    assert _body(f"def step(x: str) -> dict[str, int]:\n{text}").dicts == dicts


@pytest.mark.parametrize(
    ("body", "empty"),
    [
        ("...", True),
        ("pass", True),
        ("'''To do.'''; raise NotImplementedError", True),
        ("raise NotImplementedError('later')", True),
        ("raise ValueError", False),
        ("return x", False),
    ],
)
def test_whether_anything_is_written(body: str, empty: bool) -> None:
    assert _body(f"def step(x: str) -> str: {body}\n").empty is empty


def test_literal_defaults_and_where_their_annotations_are() -> None:
    body = _body(
        "def step(a, b: int = 1, c: 'int' = None, *, d: list[int] = [], e=limits, f=...): ...\n"
    )
    found = {each.keyword: (each.value, each.annotation is not None) for each in body.defaults}

    assert found == {"b": (1, True), "c": (None, False), "d": ([], True)}
    assert [body.at(each).column for each in body.defaults] == [22, 36, 60]


def _places(module: Module) -> list[tuple[int, int]]:
    return [
        body.at(call)[1:3]
        for node in (*module.nodes, *module.private)
        if (body := node.body)
        for call in body.calls
    ]


def test_places_move_with_the_text() -> None:
    text = (
        "def first(x: int) -> int:\n    return abs(x)\n\n\n"
        "def _own(x: int) -> int:\n    return abs(\n        pow(x, 2)\n    )\n"
    )
    before = parse(text, file="steps.py", module="steps")
    after = parse(f"# more\n\n{text}", file="steps.py", module="steps", previous=before)

    assert _places(before) == [(2, 12), (6, 12), (7, 9)]
    assert _places(after) == [(4, 12), (8, 12), (9, 9)]
    assert after == parse(f"# more\n\n{text}", file="steps.py", module="steps")


def test_private_functions_are_no_nodes() -> None:
    module = parse("def _own(x: int) -> int: ...\ndef step(x: int) -> int: ...\n", module="steps")

    assert [node.name for node in module.nodes] == ["step"]
    assert [node.name for node in module.private] == ["_own"]


def test_depth_is_no_danger() -> None:
    deep = "f(" * 60 + ")" * 60

    assert len(_calls(f"return {deep}")) == 60
