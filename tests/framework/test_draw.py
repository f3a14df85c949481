"""Pictures of graphs: what is in them, and that no name can break them."""

import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from stepwell import draw
from stepwell.draw.pictures import _layout_program
from stepwell.driver import Driver
from stepwell.errors import MissingExtra, StepwellError
from stepwell.graph import Graph
from stepwell.spec import Bound, Condition, Node, Param, Span
from stepwell.testing import graph_of, module_of
from stepwell.types import Type

NASTY = [
    'say "hi"',
    "<b>bold</b>",
    "a & b",
    "back\\slash",
    "ünïcode_日本",
    "`tick`",
    "#hash;",
    "new\nline",
    "]]}}",
    "$money",
    "</script>",
]


def rag() -> Graph:
    """A small pipeline with everything that a picture shows."""
    passages = Param("passages", "passages", Type("list"))
    question = Param("question", "question", Type("str"))
    return Graph(
        [
            Node(
                "passages", Type("list"), (Param("folder", "folder", Type("Path")),), "All of it."
            ),
            Node(
                "found",
                Type("dict"),
                (passages, question, Param("count", "count", Type("int"), required=False)),
                span=Span("flow.py", 7),
            ),
            Node(
                "text", Type("str"), (Param("base", "found", positional_only=True),), kind="field"
            ),
            Node(
                "prompt",
                Type("str"),
                (Param("context", "text"), question),
                when=(Condition("style", "is", ("short",)),),
            ),
            Node(
                "prompt",
                Type("str"),
                (Param("context", "text"),),
                when=(Condition("style", "not_in", ("short", "none")),),
            ),
            Node("answer", Type("str"), (Param("prompt", "prompt"),), bound=(Bound("heat", 0),)),
        ]
    )


def test_mermaid_shows_types_inputs_choices_renames_and_literals():
    """One picture has it all, and reads as Mermaid."""
    lines = draw.mermaid(rag(), targets=["answer"]).splitlines()
    assert lines[0] == "flowchart TB"
    for line in (
        '    folder(["folder<br/><i>Path</i>"]):::input',
        '    passages["passages<br/><i>list</i>"]:::step',
        '    text["text<br/><i>str</i>"]:::field',
        "    count -.-> found",
        '    text -->|"context"| prompt',
        "    question --> prompt",
        '    answer["answer<br/><i>str</i><br/><i>heat = 0</i>"]:::target',
    ):
        assert line in lines
    assert any("when style = 'short'" in line for line in lines)
    assert any("unless style = 'short' or 'none'" in line for line in lines)


def test_what_is_not_known_is_not_written():
    """No question mark stands for a type that nobody gave."""
    graph = Graph([Node("a", params=(Param("b", "b"),))])
    assert "?" not in draw.mermaid(graph) + draw.dot(graph) + draw.text(graph)


def test_only_some_names_are_drawn():
    """A step that is left out takes its edges with it, and inputs that only it reads."""
    picture = draw.mermaid(rag(), only={"found", "passages", "question"})
    assert "folder" not in picture
    assert "answer" not in picture
    assert "passages --> found" in picture


@pytest.mark.parametrize("name", NASTY)
def test_any_name_can_be_drawn(name: str):
    """A name with an escape in it is one box with that name, in every language."""
    graph = Graph([Node(name, Type("str"), (Param(name, f"x{name}"),), doc=name), Node("end")])
    svg = draw.picture(draw.dot(graph, targets=[name], wrong=["end"])).decode()
    root = ElementTree.fromstring(svg)
    boxes = [g for g in root.iter("{http://www.w3.org/2000/svg}g") if g.get("id", "")[:4] == "node"]
    assert len(boxes) == 3
    shown = "".join(root.itertext()).replace("\u00a0", " ")
    assert name.replace("\n", "") in shown.replace("\n", "")
    mermaid = draw.mermaid(graph)
    labels = re.findall(r'^    \w+\(?\["([^"]*)"\]\)?:::\w+$', mermaid, re.MULTILINE)
    assert len(labels) == 3
    assert "<b>" not in mermaid
    page = draw.html(graph, title=name)
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert data
    assert name in [node["name"] for node in json.loads(data[1])["nodes"]]


@pytest.mark.parametrize("name", ["end", "graph", "default_model", "class_", "Style", "callback"])
def test_mermaid_ids_are_none_of_its_words(name: str):
    """A step may be called like a word of Mermaid's."""
    picture = draw.mermaid(Graph([Node(name), Node("n0")]))
    assert f'n0["{name}"]' in picture
    assert 'n0_["n0"]' in picture


def test_a_wrong_graph_is_drawn_too():
    """A cycle and a name written twice do not stop a picture."""
    graph = Graph(
        [
            Node("a", params=(Param("b", "b"),)),
            Node("b", params=(Param("a", "a"),)),
            Node("b", params=(Param("b", "b"),)),
        ]
    )
    assert "b --> b" in draw.mermaid(graph, wrong=["b"])
    assert draw.picture(draw.dot(graph, wrong=["b"]))
    assert draw.text(graph, wrong=["b"]) == "a  ← b\nb  ← a, b  [wrong]\n"


def test_text_is_a_tree():
    """Each step once, under the last that it needs, beside what else it needs."""
    assert draw.text(rag(), targets=["answer"]).splitlines() == [
        "passages: list  ← folder",
        "└─ found: dict  ← question, count?",
        "   └─ text: str",
        "      └─ prompt: str  "
        "(when style = 'short'; unless style = 'short' or 'none')  ← question",
        "         └─ answer: str  (heat = 0)  [asked for]",
        "",
        "inputs: folder: Path, question: str, count: int",
    ]


def test_text_branches():
    """With lines that lead from each step to those under it."""
    graph = Graph(
        [
            Node("d", params=(Param("b", "b"), Param("c", "c"))),
            Node("b", params=(Param("a", "a"),)),
            Node("c", params=(Param("b", "b"),)),
            Node("a"),
            Node("e", params=(Param("b", "b"), Param("z", "z"))),
            Node("z"),
        ]
    )
    assert draw.text(graph).splitlines() == [
        "a",
        "└─ b",
        "   ├─ c",
        "   │  └─ d  ← b",
        "   └─ e  ← z",
        "z",
    ]


def test_a_long_chain_is_no_recursion():
    """Five thousand steps deep."""
    nodes = [
        Node("s0"),
        *(Node(f"s{i}", params=(Param("x", f"s{i - 1}"),)) for i in range(1, 5000)),
    ]
    assert draw.text(Graph(nodes)).count("\n") == 5000


def test_a_png_is_one():
    """The other format, and its size grows with the scale."""
    source = draw.dot(rag(), direction="LR")
    small, large = (draw.picture(source, format="png", scale=scale) for scale in (1, 2))
    assert small.startswith(b"\x89PNG")
    width = [int.from_bytes(png[16:20], "big") for png in (small, large)]
    assert width[1] == pytest.approx(2 * width[0], abs=2)


def test_svg_lines_are_set_around_the_middle():
    """So that letters of any font stay in their box."""
    svg = draw.picture(draw.dot(rag())).decode()
    assert 'text-anchor="start"' not in svg
    assert 'font-family="Arial,Helvetica,sans-serif"' in svg


def test_foreign_dot_is_drawn_as_it_is():
    """`picture` leaves boxes alone that are not ours."""
    assert b"hello" in draw.picture("digraph { hello }")


def test_what_is_no_dot_is_refused_with_the_reason():
    """The program's own words are passed on."""
    with pytest.raises(StepwellError, match=r"can't draw this: .*syntax error"):
        draw.picture("digraph {")


def test_a_page_asks_no_other_host():
    """Everything is in the file, and its own policy forbids the rest."""
    page = draw.html(rag(), title="Ask & answer")
    assert "<title>Ask &amp; answer</title>" in page
    assert "default-src 'none'" in page
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert not [link for link in links if link.startswith(("http", "//"))]
    assert '"place": "flow.py:7"' in page


def test_without_graphviz_the_message_says_what_to_install(tmp_path):
    """Neither program there: the extra is named."""
    with pytest.raises(MissingExtra, match=re.escape("pip install 'stepwell[draw]'")):
        _layout_program(beside=str(tmp_path), path=os.devnull)


STAGES = """\
from stepwell import tag

@tag(stage="load")
def docs(folder: str) -> list[str]: ...

@tag(stage="ask")
def prompt(docs: list[str], question: str) -> str: ...

@tag(stage="ask")
def answer(prompt: str) -> str: ...

def report(answer: str) -> str: ...
"""


def test_steps_with_the_same_tag_stand_in_one_frame():
    """Those without it, and inputs, in none."""
    graph = graph_of(STAGES)
    lines = draw.mermaid(graph, groups="stage").splitlines()
    first = lines.index('    subgraph group1["ask"]')
    assert [line.strip().partition("[")[0] for line in lines[first + 1 : first + 4]] == [
        "prompt",
        "answer",
        "end",
    ]
    assert "subgraph" not in draw.mermaid(graph, groups="stgae")
    svg = draw.picture(draw.dot(graph, groups="stage")).decode()
    assert len(re.findall(r'class="cluster"', svg)) == 2
    assert 'subgraph group0["steps"]' in draw.mermaid(graph, groups="module")


def test_a_legend_explains_the_looks_that_are_there():
    """No others; it is no step of the page, which finds steps by their numbers."""
    graph = graph_of(STAGES)
    assert re.findall(r"legend_(\w+)\[", draw.mermaid(graph, legend=True)) == ["input", "step"]
    page = draw.html(graph, legend=True, targets=["answer"])
    assert page.count('id="legend_') == 3
    assert "given from outside" in page
    assert "legend" not in draw.dot(graph)


def test_types_can_be_left_out():
    """Of steps and inputs."""
    graph = graph_of(STAGES)
    assert "str" not in draw.mermaid(graph, types=False).replace("stroke", "")
    assert "list[str]" not in draw.dot(graph, types=False)


def test_inputs_can_be_left_out():
    """With the arrows from them."""
    with_them, without = (draw.mermaid(rag(), with_inputs=inputs) for inputs in (True, False))
    assert "question" in with_them
    assert "question" not in without
    assert "passages --> found" in without
    assert "inputs:" not in draw.text(rag(), with_inputs=False)


@pytest.mark.parametrize(
    ("status", "look"), [("done", "done"), ("failed", "failed"), ("0.3 s", "step")]
)
def test_what_became_of_a_step_is_written_and_seen(status: str, look: str):
    """A word that has no look of its own is written all the same."""
    drawn = draw.mermaid(graph_of(STAGES), status={"answer": status})
    assert f'answer["answer<br/><i>str</i><br/><i>{status}</i>"]:::{look}' in drawn
    assert f"[{status}]" in draw.text(graph_of(STAGES), status={"answer": status})


def test_an_option_that_there_is_not():
    """The nearest is named."""
    with pytest.raises(TypeError, match="a drawing has no option `legnd`; did you mean `legend`"):
        draw.dot(graph_of(STAGES), legnd=True)  # type: ignore[call-arg]


def test_a_driver_draws_with_the_same_options(tmp_path: Path):
    """All of its pictures, in all their forms."""

    def shout(word: str) -> str:
        return word.upper()

    picture = Driver({}, module_of(shout)).visualize_execution(
        "shout", {"word": "hey"}, legend=True, direction="LR", status={"shout": "done"}
    )
    assert picture.mermaid().startswith("flowchart LR\n")
    assert "legend" in picture.dot()
    assert "[done]" in picture._repr_mimebundle_()["text/plain"]
    assert picture.save(tmp_path / "a.html").read_text(encoding="utf-8").count("legend_input") == 1


def test_routes_are_dashed_and_say_what_leads_there():
    graph = graph_of("""
        from stepwell import otherwise, when, when_not_in

        def kind(question: str) -> str: ...

        @when(kind="fact")
        def answer__found(question: str) -> str: ...

        @otherwise
        def answer(question: str) -> str: ...

        @when_not_in(kind=["chat", "fog"])
        def page(answer: str) -> str: ...
    """)
    text = draw.mermaid(graph)
    assert """kind -.->|"= 'fact'"| n2""" in text
    assert 'n2 -.->|"not made"| n4' in text
    assert "n2 -.-> answer" in text
    assert """kind -.->|"not 'chat' or 'fog'"| page""" in text
    assert 'answer["answer<br/><i>str</i>"]:::choice' in text
    assert draw.dot(graph).count('style="dashed"') == 5
