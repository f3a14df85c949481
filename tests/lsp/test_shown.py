"""What an editor shows beside the text, and what leads from one step to the next."""

from __future__ import annotations

import pytest
from lsprotocol import types

from stepwell_lsp.features import call_hierarchy
from stepwell_lsp.features.code_action import code_actions
from stepwell_lsp.features.code_lens import SHOW, code_lenses
from stepwell_lsp.features.inlay import inlay_hints
from stepwell_lsp.features.semantic import LEGEND, semantic_tokens
from stepwell_lsp.features.type_definition import type_definition
from stepwell_lsp.positions import UTF8, UTF16

HEAD = "from stepwell import config, extract_fields, inject, parameterize, source, value\n"
ALL = types.Range(types.Position(0, 0), types.Position(999, 0))
TWO = {
    "first.py": "class Doc: ...\ndef question() -> str: ...\n",
    "second.py": (
        "from first import Doc\n"
        "def answer(question, model: Doc) -> str: ...\n"
        "def title(question: int, answer: str) -> Doc: ...\n"
    ),
}


def at(file, before, after):
    """`TWO` with a cursor in one file."""
    return {**TWO, file: TWO[file].replace(before + after, f"{before}‸{after}", 1)}


def named(calls, which):
    return [getattr(call, which).name for call in calls]


def test_downstream_and_upstream(look):
    """Incoming calls are readers, outgoing ones what is read, inputs included."""
    seen = look(at("second.py", "def ", "answer"))
    (item,) = call_hierarchy.prepare(seen.snapshot, seen.file, seen.position)
    assert (item.name, item.detail) == ("answer", "second")
    outgoing = call_hierarchy.outgoing(seen.snapshot, item)
    assert named(outgoing, "to") == ["question", "model"]
    assert outgoing[1].to.detail == "an input"
    (incoming,) = call_hierarchy.incoming(seen.snapshot, item)
    assert incoming.from_.name == "title"
    assert seen.text("second.py", incoming.from_ranges[0]) == "second.py:3:answer"


def test_the_hierarchy_goes_on_from_an_input(look):
    """It has no upstream."""
    seen = look(at("second.py", "", "model"))
    (item,) = call_hierarchy.prepare(seen.snapshot, seen.file, seen.position)
    assert named(call_hierarchy.incoming(seen.snapshot, item), "from_") == ["answer"]
    assert call_hierarchy.outgoing(seen.snapshot, item) == []


@pytest.mark.parametrize("data", [None, 3, {"pipeline": "gone"}])
def test_an_item_of_a_pipeline_that_is_gone(look, data):
    """The client may hold it for long."""
    seen = look("def ‸a() -> int: ...")
    item = types.CallHierarchyItem(
        "a", types.SymbolKind.Function, "file:///a.py", ALL, ALL, data=data
    )
    assert call_hierarchy.incoming(seen.snapshot, item) == []
    assert call_hierarchy.outgoing(seen.snapshot, item) == []


def test_the_type_that_comes_in_is_shown_where_the_text_does_not_say_it(look):
    """Behind a parameter without a type, which a click writes, and one that can't take it."""
    seen = look({**TWO, "second.py": "‸" + TWO["second.py"]})
    found = inlay_hints(seen.snapshot, seen.file, ALL)
    assert [(hint.position.line, hint.position.character, hint.label) for hint in found] == [
        (1, 19, ": str"),
        (2, 18, "← str from first"),
    ]
    assert found[0].text_edits[0].new_text == ": str"
    assert found[1].text_edits is None
    line = types.Range(types.Position(2, 0), types.Position(2, 9))
    assert inlay_hints(seen.snapshot, seen.file, line) == found[1:]


@pytest.mark.parametrize("encoding", [UTF8, UTF16])
def test_what_a_parameter_reads_is_told_apart(look, encoding):
    """A step, an input and a config key, each as a token of its own type."""
    text = (
        HEAD + "def a(x: str = '😀', *, mode: str) -> int: ...\n"
        "@config.when_not(mode='x')\n@inject(y=source('a'))\ndef b(y: int) -> int: ...\n‸"
    )
    seen = look(text, encoding=encoding)
    data = semantic_tokens(seen.snapshot, seen.file).data
    found, line, character = [], 0, 0
    for down, right, length, kind, modifiers in zip(*[iter(data)] * 5, strict=True):
        line, character = line + down, right if down else character + right
        place = types.Range(
            types.Position(line, character), types.Position(line, character + length)
        )
        word = seen.text("work.py", place).rpartition(":")[2]
        found.append((word, LEGEND.token_types[kind], modifiers))
    assert found == [
        ("a", "function", 1),
        ("x", "parameter", 0),
        ("mode", "enumMember", 0),
        ("mode", "enumMember", 0),
        ("a", "function", 0),
        ("b", "function", 1),
    ]


def test_a_line_above_each_step_says_who_reads_it(look):
    """With the places behind it for a client that can show them."""
    seen = look({**TWO, "first.py": TWO["first.py"] + "‸"}, run="dr.execute(['question'])")
    (lens,) = code_lenses(seen.snapshot, seen.file)
    assert (lens.command.title, lens.command.command) == ("read by 2 steps · asked for", "")
    (lens,) = code_lenses(seen.snapshot, seen.file, commands=frozenset([SHOW]))
    assert seen.where(lens.command.arguments[2]) == ["second.py:2:question", "second.py:3:question"]


def test_each_node_of_a_step_has_a_line(look):
    """Named, since they stand together."""
    text = HEAD + "@extract_fields({'x': int})\ndef p() -> dict: ...\ndef q(p: dict) -> int: ...\n‸"
    seen = look(text)
    titles = [lens.command.title for lens in code_lenses(seen.snapshot, seen.file)]
    assert titles == ["no step reads this", "read by 2 steps", "no step reads this"]


@pytest.mark.parametrize(
    ("file", "before", "after", "expected"),
    [
        ("second.py", "", "model", ["first.py:1:Doc"]),
        ("second.py", "def ", "title", ["first.py:1:Doc"]),
        ("second.py", "title(", "question", []),
        ("first.py", "def ", "question", []),
    ],
)
def test_type_definition(look, file, before, after, expected):
    """To the class of the workspace; built-in types are nowhere."""
    seen = look(at(file, before, after))
    assert seen.where(type_definition(seen.snapshot, seen.file, seen.position)) == expected


def actions(seen, title):
    found = [
        action
        for action in code_actions(seen.snapshot, seen.file, ALL)
        if action.title.startswith(title)
    ]
    return found, [edit for action in found for edit in action.edit.document_changes[0].edits]


def test_the_missing_step_is_written_above_its_reader(look):
    """Above decorators and comments, with the type that is asked for, as it is written."""
    seen = look(
        "x = 1\n\n# about b\n@staticmethod\nasync def b(‸found: list['x.Y']) -> int:\n"
        "    return found\n",
        run="dr.execute(['b'], inputs={})",
    )
    (action,), (edit,) = actions(seen, "Create the step")
    assert action.title == "Create the step `found`"
    assert action.kind == types.CodeActionKind.QuickFix
    assert action.diagnostics[0].code == "SW101"
    assert edit.range == types.Range(types.Position(2, 0), types.Position(2, 0))
    assert edit.new_text.startswith("def found() -> list['x.Y']:\n    raise NotImplementedError(")


def test_an_input_that_is_known_may_become_a_step(look):
    """Offered, but nothing is wrong with it."""
    seen = look("def b(‸found: int) -> int: ...\n", run="dr.execute(['b'], inputs={'found': 1})")
    (action,), _ = actions(seen, "Create the step")
    assert (action.kind, action.diagnostics) == (types.CodeActionKind.RefactorRewrite, None)


def test_the_cure_of_a_misspelt_parameter_mends_its_uses_as_well(look):
    """The rule sees the graph alone; the editor sees the body."""
    seen = look(
        "def question() -> str: ...\n"
        "def b(ques‸toin: str) -> str:\n    return f'{questoin}' + questoin\n"
    )
    (action,), edits = actions(seen, "Rename to `question`")
    assert action.is_preferred
    assert [seen.text("work.py", edit.range) for edit in edits] == [
        "work.py:2:questoin",
        "work.py:3:questoin",
        "work.py:3:questoin",
    ]
