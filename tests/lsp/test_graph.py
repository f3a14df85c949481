"""The graph that an editor draws, and the rules' pages that it shows."""

from __future__ import annotations

import json

import pytest
from lsprotocol import types

from stepwell.rules import RULES
from stepwell_lsp.documents import Document
from stepwell_lsp.features.graph import CHANGED, METHOD, graph_view
from stepwell_lsp.features.rules import METHOD as PAGES
from stepwell_lsp.features.rules import rule_pages
from stepwell_lsp.testing import Client
from stepwell_lsp.workspace import Workspace

TWO = {
    "first.py": 'def question() -> str:\n    """What is asked.\n\n    More."""\n    return "y"\n',
    "second.py": "def answer(question: str, model: str = 'm') -> list[str]:\n    return [model]\n",
}
CHOICE = """\
from stepwell.modifiers import config, parameterize, source, value

@config.when(size="small")
def model__small() -> str:
    return "s"

@config.when_not(size="small")
def model__big() -> str:
    return "b"

@parameterize(loud={"text": source("model"), "times": value(3)})
def said(text: str, times: int) -> str:
    return text * times
"""


@pytest.fixture
def view(look):
    """From texts by file name to the view that the last of them has."""

    def of(files, *, run="", file="", pipeline=None):
        seen = look(files, run=run)
        return graph_view(seen.snapshot, f"/nowhere/work/{file or 'run.py'}", pipeline)

    return of


def test_steps_and_inputs_are_boxes_with_their_places(view):
    """An input's place is where it is read first; a step has its body besides."""
    found = view(TWO)
    boxes = {box["name"]: box for box in found["nodes"]}
    kinds = {name: (box["kind"], box["type"]) for name, box in boxes.items()}
    assert kinds == {
        "model": ("input", "str"),
        "question": ("step", "str"),
        "answer": ("step", "list[str]"),
    }
    assert boxes["question"]["doc"] == "What is asked."
    (place,) = boxes["question"]["places"]
    assert place["uri"].endswith("first.py")
    assert (place["name"].start.character, place["body"].end.line) == (4, 4)
    (read,) = boxes["model"]["places"]
    assert (read["name"].start.character, read["body"]) == (26, None)


def test_arrows_say_which_are_optional(view):
    """A parameter with a default may go without."""
    edges = {(e["source"], e["target"]): e["optional"] for e in view(TWO)["edges"]}
    assert edges == {("question", "answer"): False, ("model", "answer"): True}


def test_modifiers_show_what_they_choose_rename_and_give():
    """Steps of one name are one box; the keyword stands on the arrow where it is another word."""
    workspace = Workspace()
    item = types.TextDocumentItem("untitled:1", "python", 1, CHOICE)
    workspace.sources.overlay(Document.opened(item))
    found = graph_view(workspace.snapshot(), "untitled:1")
    assert found
    boxes = {box["name"]: box for box in found["nodes"]}
    assert boxes["model"]["kind"] == "choice"
    assert boxes["model"]["notes"] == ["when size = 'small'", "unless size = 'small'"]
    assert len(boxes["model"]["places"]) == 2
    assert boxes["loud"]["notes"] == ["times = 3"]
    assert [edge["label"] for edge in found["edges"]] == ["text"]


def test_a_problem_is_on_its_step_and_on_the_arrow(view):
    """The arrow that is wrong is the one whose parameter is marked in the text."""
    wrong = {**TWO, "second.py": TWO["second.py"].replace("question: str", "question: int")}
    found = view(wrong, run='dr.execute(["answer"], inputs={"model": "m"})')
    codes = {box["name"]: [p["code"] for p in box["problems"]] for box in found["nodes"]}
    assert codes == {"model": [], "question": [], "answer": ["SW201"]}
    assert [edge["source"] for edge in found["edges"] if edge["wrong"]] == ["question"]
    assert found["problems"] == []


def test_what_belongs_to_no_step_is_told_beside_the_graph(view):
    """A target that no step makes has no box."""
    found = view(TWO, run='dr.execute(["anwser"], inputs={})')
    assert [problem["code"] for problem in found["problems"]] == ["SW105"]


@pytest.mark.parametrize(
    ("run", "targets"),
    [
        ('dr.execute(["question"])', ["question"]),
        ("", ["answer"]),
        ('dr.execute(["no"])', ["answer"]),
    ],
)
def test_what_is_run_is_what_is_asked_for_or_else_what_nothing_reads(view, run, targets):
    """Its files are in the order in which the driver has them."""
    found = view(TWO, run=run)["run"]
    assert found["targets"] == targets
    assert [file.rsplit("/", 1)[1] for file in found["files"]] == ["first.py", "second.py"]


def test_a_file_of_several_pipelines_shows_the_one_that_is_wished_for(view):
    """Without a wish, or with one that the file is not part of, it is the first."""
    again = "import first\nother = driver.Driver({}, first)"
    first = view(TWO, run=again, file="first.py")
    assert first["pipelines"] == ["work/run.py:4", "work/run.py:6"]
    assert first["pipeline"] == "work/run.py:4"
    second = view(TWO, run=again, file="first.py", pipeline="work/run.py:6")
    assert [box["name"] for box in second["nodes"]] == ["question"]
    only = view(TWO, run=again, file="second.py", pipeline="work/run.py:6")
    assert (only["pipeline"], only["pipelines"]) == ("work/run.py:4", ["work/run.py:4"])


def test_a_file_in_no_pipeline_has_no_graph(view):
    """Nor has one that is not there."""
    assert view(TWO, file="elsewhere.py") is None


def test_of_a_graph_too_large_to_look_at_what_is_near_the_cursor_is_told(look):
    """Nearest first, both ways along the arrows; the arrows between them; how many there are."""
    chain = [f"def s{n}(s{n - 1}: int) -> int:\n    return 1\n" for n in range(100)]
    snapshot = look("".join(chain).replace("s-1", "start")).snapshot
    found = graph_view(snapshot, "/nowhere/work/work.py", position=types.Position(20, 0), limit=4)
    assert found
    assert [box["name"] for box in found["nodes"]] == ["s8", "s9", "s10", "s11"]
    assert len(found["edges"]) == 3
    assert found["total"] == 101


def test_every_rule_has_a_page():
    """The page starts with the rule's name and code."""
    pages = rule_pages()
    assert [page["code"] for page in pages] == [rule.code for rule in RULES]
    assert all(page["page"].startswith(f"# {page['name']} ({page['code']})") for page in pages)


def test_an_editor_is_told_when_to_ask_for_the_graph_again(tmp_path):
    """Only one that has asked before; the answer is for the text as it is then."""
    (tmp_path / "run.py").write_text(
        "from stepwell import driver\nimport first\ndr = driver.Driver({}, first)\n"
    )
    (tmp_path / "first.py").write_text(TWO["first.py"])
    with Client(tmp_path) as client:
        uri = client.open("first.py")
        client.published(uri)
        assert not any(message.get("method") == CHANGED for message in client.heard)
        asked = {"textDocument": {"uri": uri}}
        (box,) = client.request(METHOD, asked)["nodes"]
        assert box["places"][0]["name"] == {
            "start": {"line": 0, "character": 4},
            "end": {"line": 0, "character": 12},
        }
        client.change(uri, 2, {"text": TWO["first.py"].replace("question", "asked")})
        client.until(lambda message: message.get("method") == CHANGED)
        assert [box["name"] for box in client.request(METHOD, asked)["nodes"]] == ["asked"]
        assert len(client.request(PAGES)) == len(RULES)


@pytest.mark.parametrize(
    "params", [None, [], {}, {"textDocument": 1}, {"textDocument": {"uri": "a"}, "position": 3}]
)
def test_a_request_that_is_wrong_is_answered_so(tmp_path, params):
    """The server goes on."""
    with Client(tmp_path) as client:
        with pytest.raises(RuntimeError, match=json.dumps(-32602)):
            client.request(METHOD, params)
        assert client.request(METHOD, {"textDocument": {"uri": "untitled:1"}}) is None
