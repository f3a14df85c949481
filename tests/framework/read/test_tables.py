"""The names in a `pyproject.toml`, found where they are written."""

from __future__ import annotations

import tomllib

import pytest

from stepwell.read.pipelines import declared
from stepwell.read.tables import mentions

WRITTEN = [
    ("outputs = ['a', \"b\"]  # 'c'\n", ["1 target a", "1 target b"]),
    ("inputs = [\n  'a', # 'x'\n  'b',\n]\noutputs = []\n", ["2 input a", "3 input b"]),
    ("inputs = ['a]', 'b']\n", ["1 input a]", "1 input b"]),
    ("modules = ['m']\n", []),
    (
        "config = { mode = 'x', 'b' = { c = 1 }, \"d\" = [1, 2] }\n",
        ["1 config mode", "1 config b", "1 config d"],
    ),
    (
        "[tool.stepwell.pipelines.main.config]\nmode = 'x'\n\"other\" = 1\n",
        ["2 config mode", "3 config other"],
    ),
    ("[tool.stepwell.pipelines.main.inputs]\nquestion = 'str'\n", ["2 input question"]),
    ("[tool.other]\noutputs = ['a']\n", []),
]


@pytest.mark.parametrize(("text", "expected"), WRITTEN)
@pytest.mark.parametrize(
    "header", ["[tool.stepwell.pipelines.main]", '[ tool.stepwell.pipelines."main" ] # x']
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_name_is_found_where_it_is_written(text, expected, header, end):
    """Each name stands at its span, and the names are those that the parser gives."""
    whole = f"{header}\n{text}".replace("\n", end)
    found = mentions(whole, "p.toml").get("main", ())
    lines = whole.split("\n")
    for name, _, span in found:
        assert span is not None
        assert lines[span.line - 1][span.column - 1 : span.end_column - 1] == name
    assert [f"{m.span.line - 1} {m.role} {m.name}" for m in found] == expected
    (given,) = declared(tomllib.loads(whole), "", whole)
    assert [m.name for m in found if m.role == "target"] == list(given.outputs)
    assert [m.name for m in found if m.role == "input"] == list(given.inputs or ())
    assert [m.name for m in found if m.role == "config"] == list(given.config or ())


def test_forms_without_places():
    """They are read all the same."""
    text = "[tool.stepwell.pipelines]\nmain = { outputs = ['a'], modules = [] }\n"
    assert mentions(text, "p.toml") == {}
    assert declared(tomllib.loads(text), "", text)[0].outputs == ("a",)
