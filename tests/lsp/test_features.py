"""What an editor can ask, each function asked directly."""

from __future__ import annotations

import pytest

from stepwell_lsp.features.code_action import code_actions
from stepwell_lsp.features.completion import completion
from stepwell_lsp.features.definition import definition
from stepwell_lsp.features.diagnostics import diagnostics
from stepwell_lsp.features.highlight import highlight
from stepwell_lsp.features.hover import hover
from stepwell_lsp.features.references import references
from stepwell_lsp.features.symbols import document_symbols, workspace_symbols
from stepwell_lsp.positions import UTF8, UTF16, UTF32

TWO = {
    "first.py": 'def question() -> str:\n    """What is asked."""\n    return "why?"\n',
    "second.py": (
        "def answer(question: str, model: str) -> str:\n    return question\n\n"
        "def title(question: str) -> str:\n    return question\n"
    ),
}


def two(file: str, before: str, after: str) -> dict[str, str]:
    """`TWO` with a cursor put into one file."""
    return {**TWO, file: TWO[file].replace(before + after, before + "‸" + after, 1)}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("answer(ques", "tion", ["first.py:1:question"]),
        ("answer(", "question", ["first.py:1:question"]),
        ("question", ": str, model", ["first.py:1:question"]),
        ("def answ", "er", ["second.py:1:answer"]),
        ("mod", "el", ["second.py:1:model"]),
        ("    ret", "urn", []),
    ],
)
def test_definition(look, before, after, expected):
    """A parameter leads to its step in another module; the cursor may touch either end of it."""
    seen = look(two("second.py", before, after))
    assert seen.where(definition(seen.snapshot, seen.file, seen.position)) == expected


def test_a_name_asked_for_leads_to_its_step(look):
    """Strings in `execute([...])` are names as well."""
    seen = look(TWO, run='dr.execute(["ans‸wer"], inputs={"model": "m"})')
    found = seen.where(definition(seen.snapshot, seen.file, seen.position))
    assert found == ["second.py:1:answer"]


def test_an_input_leads_to_where_it_is_given(look):
    """No step makes it; the call that gives it does."""
    run = 'dr.execute(["answer"], inputs={"model": "m"})'
    seen = look(two("second.py", "mod", "el"), run=run)
    (found,) = definition(seen.snapshot, seen.file, seen.position)
    assert found.uri.endswith("run.py")


@pytest.mark.parametrize("declaration", [True, False])
def test_references(look, declaration):
    """Every reader and every mention, and the step itself if that is wanted."""
    seen = look(two("first.py", "def ques", "tion"), run='dr.execute(["question"])')
    found = references(seen.snapshot, seen.file, seen.position, declaration=declaration)
    expected = ["second.py:1:question", "second.py:4:question"]
    steps = [place for place in seen.where(found) if not place.startswith("run.py")]
    assert steps == (["first.py:1:question"] if declaration else []) + expected
    assert any(place.uri.endswith("run.py") for place in found)


def test_highlight_stays_in_the_file(look):
    """The same name in other modules is for references."""
    seen = look(two("second.py", "answer(ques", "tion"))
    found = highlight(seen.snapshot, seen.file, seen.position)
    assert [h.range.start.line for h in found] == [0, 3]


def test_hover_on_a_parameter_says_what_comes_in(look):
    """Type, doc, readers, module."""
    seen = look(two("second.py", "answer(ques", "tion"))
    found = hover(seen.snapshot, seen.file, seen.position)
    assert found is not None
    text = found.contents.value
    assert "def question() -> str" in text
    assert "What is asked." in text
    assert "read by `answer`, `title`" in text
    assert "written in `first`, line 1" in text
    assert seen.text("second.py", found.range) == "second.py:1:question"


def test_hover_on_an_input_says_that_no_step_makes_it(look):
    """And which steps want it."""
    seen = look(two("second.py", "mod", "el"))
    found = hover(seen.snapshot, seen.file, seen.position)
    assert found is not None
    assert "model: str" in found.contents.value
    assert "An input: no step makes it." in found.contents.value


def test_a_long_signature_is_broken_into_lines(look):
    """And what is not known of a type is left out."""
    params = ", ".join(f"parameter_{n}: int = 0" for n in range(5))
    seen = look(f"def question‸({params}): ...\n")
    found = hover(seen.snapshot, seen.file, seen.position)
    assert found is not None
    lines = found.contents.value.split("\n")
    assert lines[1:3] == ["def question(", "    parameter_0: int = …,"]
    assert lines[7] == ")"


def test_hover_on_nothing(look):
    """No name, no answer."""
    seen = look(two("second.py", "    ret", "urn"))
    assert hover(seen.snapshot, seen.file, seen.position) is None


COMPLETED = [
    ("def late(‸): ...", {"answer", "question", "title", "model"}),
    ("def late(que‸): ...", {"question"}),
    ("def late(xyz‸): ...", set()),
    ("def late(question: str, ‸): ...", {"answer", "title", "model"}),
    ("async def late(\n    question: str,\n    t‸", {"title"}),
    ("def late(a: str = f(')'), T‸", {"question", "title"}),
    ("def late(*, e‸", {"answer", "question", "title", "model"}),
    ("def late(question: s‸", set()),
    ("def late(question=‸", set()),
    ("def late(a) -> ‸", set()),
    ("x = late(‸", set()),
    ("# def late(‸", set()),
]


@pytest.mark.parametrize(("text", "expected"), COMPLETED, ids=[text for text, _ in COMPLETED])
def test_completion_in_the_parameters_of_a_step(look, text, expected):
    """Where a parameter's name is wanted, and only there; also while the step is half typed."""
    seen = look({**TWO, "third.py": text})
    found = completion(seen.snapshot, seen.file, seen.position)
    assert {item.label for item in found.items} - {"late"} == expected


MADE_OF = """\
from stepwell import pipe_output, step, subdag
def _short(text: str) -> str: ...
@pipe_output(step(_short))
def word(letters: str) -> str: ...
@subdag(word)
def length(word: str) -> int: ...
"""


def test_what_a_step_is_made_of_is_no_parameter_and_stands_below_it(look):
    """Its names have dots; a part of a subdag is shown as the step that it is."""
    seen = look({"first.py": MADE_OF, "second.py": "import first\ndef late(w‸): ..."})
    found = completion(seen.snapshot, seen.file, seen.position)
    assert {item.label for item in found.items} - {"late"} == {"word"}
    outline = document_symbols(seen.snapshot, seen.file.replace("second", "first"))
    assert [symbol.name for symbol in outline] == ["word", "length"]
    assert [child.name for child in outline[0].children] == ["word.raw", "word"]


def test_completion_writes_the_type_along(look):
    """The name and the type of what it names take the place of the letters typed."""
    seen = look({**TWO, "third.py": "def late(que‸): ..."})
    items = completion(seen.snapshot, seen.file, seen.position).items
    (item,) = (item for item in items if item.label == "question")
    assert item.text_edit.new_text == "question: str"
    assert seen.text("third.py", item.text_edit.range) == "third.py:1:que"


@pytest.mark.parametrize(
    ("type", "written"),
    [
        ("list[int] | None", "first: list[int] | None"),
        ("Path", "first"),
        ("list[Path]", "first"),
        ("Unknown", "first"),
    ],
)
def test_completion_writes_no_type_that_would_need_an_import(look, type, written):
    """The file may not have it, or have it under another name."""
    made = f"from pathlib import Path\ndef first() -> {type}: ...\n"
    seen = look({"a.py": made, "b.py": "def late(fi‸): ..."})
    (item,) = completion(seen.snapshot, seen.file, seen.position).items
    assert item.text_edit.new_text == written


def test_completion_of_very_many_names_gives_the_likeliest(look):
    """Those that nobody reads yet come first, and the client asks again while one types."""
    steps = [f"def node_{n}(node_{n + 1}: int) -> int: ..." for n in range(300)]
    seen = look({"a.py": "\n".join(steps), "b.py": "def late(n‸): ..."})
    found = completion(seen.snapshot, seen.file, seen.position)
    assert (len(found.items), found.is_incomplete) == (100, True)
    assert found.items[0].label == "node_0"


def test_completion_never_offers_what_would_make_a_cycle(look):
    """A step can't read what is made from it."""
    seen = look({"work.py": "def a(‸) -> int: ...\ndef b(a: int) -> int: ...\ndef c() -> int: ..."})
    found = completion(seen.snapshot, seen.file, seen.position)
    assert [item.label for item in found.items] == ["c"]


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ('dr.execute(["‸', {"question", "answer", "title"}),
        ('dr.execute(["answer", "ti‸"])', {"question", "title"}),
        ('await dr.aexecute(targets=["‸', {"question", "answer", "title"}),
        ('dr.execute(["answer"], inputs={"‸', {"model"}),
        ('dr.execute(["answer"], overrides={"‸', {"question", "answer", "title"}),
        ('dr.execute(["answer"], inputs={"model": "‸', set()),
        ('print(["‸', set()),
    ],
)
def test_completion_where_names_are_asked_for(look, run, expected):
    """Nodes in `execute([...])` and `overrides`, inputs in `inputs`."""
    seen = look(TWO, run=run)
    found = completion(seen.snapshot, seen.file, seen.position)
    assert {item.label for item in found.items} == expected


def test_document_symbols(look):
    """Steps from their line to their last line, in order."""
    seen = look({**TWO, "second.py": "‸" + TWO["second.py"]})
    found = document_symbols(seen.snapshot, seen.file)
    assert [(s.name, s.range.start.line, s.range.end.line) for s in found] == [
        ("answer", 0, 1),
        ("title", 3, 4),
    ]
    assert found[0].detail == "(question, model) -> str"


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", ["question", "answer", "title"]), ("tl", ["title"]), ("ANS", ["answer"]), ("x", [])],
)
def test_workspace_symbols(look, query, expected):
    """Nodes of all pipelines by the letters of their names."""
    found = workspace_symbols(look(TWO).snapshot, query)
    assert [symbol.name for symbol in found] == expected


def test_nodes_that_a_modifier_makes_are_below_their_step(look):
    """Several nodes of one step would otherwise lie on top of each other."""
    text = (
        "from stepwell import extract_fields\n"
        "@extract_fields({'x': int, 'y': int})\ndef po‸int() -> dict: ...\n"
    )
    seen = look(text)
    (found,) = document_symbols(seen.snapshot, seen.file)
    assert (found.name, {child.name for child in found.children}) == ("point", {"point", "x", "y"})


@pytest.mark.parametrize(
    ("encoding", "character"), [(UTF8, 23), (UTF16, 21), (UTF32, 20)], ids=[UTF8, UTF16, UTF32]
)
def test_diagnostics_stand_where_the_client_counts(look, encoding, character):
    """With an emoji before the parameter, in each encoding."""
    text = "def question() -> str: ...\ndef b(a: str = '😀', questoin: str = '') -> str:‸ ..."
    seen = look(text, encoding=encoding)
    (found,) = diagnostics(seen.snapshot, seen.file)
    assert (found.code, found.source) == ("SW102", "stepwell")
    assert found.range.start.character == character
    assert seen.text("work.py", found.range) == "work.py:2:questoin"


def test_a_cure_is_offered_where_the_trouble_is(look):
    """The edit renames the parameter, for the version that was looked at."""
    seen = look("def question() -> str: ...\ndef b(ques‸toin: str) -> str: ...")
    place = diagnostics(seen.snapshot, seen.file)[0].range
    action, _ = code_actions(seen.snapshot, seen.file, place)
    (change,) = action.edit.document_changes
    assert change.text_document.version == 1
    assert {edit.new_text for edit in change.edits} == {"question"}


def test_no_cure_is_offered_elsewhere(look):
    """Another line has nothing to mend."""
    seen = look("def quest‸ion() -> str: ...\ndef b(questoin: str) -> str: ...")
    place = seen.snapshot.range(next(seen.snapshot.places(seen.file)).span)
    assert code_actions(seen.snapshot, seen.file, place) == []
