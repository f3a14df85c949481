"""What is put after a step from below it, and frames with columns of their own."""

from __future__ import annotations

from types import ModuleType

import pandas as pd
import pytest

from stepwell import Driver, ModifierError, mutate
from stepwell.graph import Graph
from stepwell.read import runtime, source
from stepwell.read.pipelines import graph as read
from stepwell.testing import graph_of

STEPS = """\
from stepwell import apply_to, mutate, source, value

def answer(prompt: str) -> str:
    return prompt

def title(prompt: str) -> str:
    return prompt

@mutate(answer, apply_to(title, suffix=value("!")).when(loud=True), suffix=source("mark"))
def _marked(text: str, suffix: str) -> str:
    return text + suffix

@mutate(answer)
def shout(text: str) -> str:
    return text.upper()
"""


def live(text: str) -> ModuleType:
    module = ModuleType("steps")
    exec(compile(text, "steps.py", "exec"), vars(module))
    return module


def test_a_link_from_below() -> None:
    module = live(STEPS)
    assert graph_of(STEPS).digest() == runtime.graph([module]).digest()
    assert "shout" not in graph_of(STEPS).nodes
    found = Driver({"loud": True}, module).execute(
        ["answer", "title", "answer.raw"], {"prompt": "p", "mark": "?"}
    )
    assert found == {"answer": "P?", "title": "p!", "answer.raw": "p"}
    assert Driver({}, module).execute("title", {"prompt": "p"}) == {"title": "p"}


@pytest.mark.parametrize(
    ("decorator", "node", "message"),
    [
        ("mutate()", "_x", "`mutate` needs at least one step of its module"),
        ("mutate(answer, sufix=value(1))", "answer", "did you mean `suffix`?"),
        ("mutate(3)", "_x", "`3` is no function"),
    ],
)
def test_what_is_said_of_a_wrong_argument(decorator: str, node: str, message: str) -> None:
    graph = graph_of(f"{STEPS}\n@{decorator}\ndef _x(text: str, suffix: str) -> str: ...\n")
    (problem,) = graph.problems
    assert problem.node == node
    assert message in problem.message


def test_what_python_itself_refuses() -> None:
    with pytest.raises(ModifierError, match="`mutate` takes steps; got `3`"):
        mutate(3)(lambda text: text)  # type: ignore[arg-type]


def test_a_mutation_that_is_typed_reaches_the_steps_above() -> None:
    """What was known of the others' text is not kept where `mutate` changes what it makes."""

    def graph(text: str, before: source.Module | None) -> tuple[Graph, source.Module]:
        module = source.parse(text, file="steps.py", module="steps", previous=before)
        return read([module]), module

    start = "from stepwell import mutate\n\ndef answer(prompt: str) -> str: ...\n"
    first, module = graph(start, None)
    assert [*first.nodes] == ["answer"]
    more = f"{start}\n@mutate(answer)\ndef _loud(text: str) -> str: ...\n"
    second, module = graph(more, module)
    assert [*second.nodes] == ["answer.raw", "answer"]
    third, module = graph(more.replace("@mutate(answer)", "# none"), module)
    assert [*third.nodes] == ["answer"]


def test_frames_and_their_columns() -> None:
    text = """
from pandas import DataFrame
from stepwell import parameterize_extract_columns, source, value

@parameterize_extract_columns(
    books=(["title", ("price", "In euros.")], {"rows": source("all_books")}),
    films=(["director"], {"rows": value([["Varda"]])}),
)
def table(rows: list[list[object]]) -> DataFrame:
    return DataFrame(rows, columns=["title", "price"] if len(rows[0]) > 1 else ["director"])
"""
    module = live(text)
    assert graph_of(text).digest() == runtime.graph([module]).digest()
    assert graph_of(text).nodes["price"].doc == "In euros."
    found = Driver({}, module).execute(
        ["price", "director", "books"], {"all_books": [["Emma", 3.5]]}
    )
    assert found["price"].tolist() == [3.5]
    assert found["director"].tolist() == ["Varda"]
    assert isinstance(found["books"], pd.DataFrame)
