"""Routes in the editor: what asks for a value, and the alternatives behind a name."""

from __future__ import annotations

import pytest

from stepwell_lsp.features.definition import definition
from stepwell_lsp.features.graph import graph_view
from stepwell_lsp.features.hover import hover
from stepwell_lsp.features.rename import rename

STEPS = """\
from typing import Literal
from stepwell import otherwise, when

def kind(question: str) -> Literal["fact", "chat"]: ...

@when(kind="fact")
def answer__found(question: str) -> str: ...

@otherwise
def answer(question: str) -> str: ...

def page(answer: str, kind: str) -> str:
    return answer + kind
"""


def lines(seen, change):
    """The lines that a rename changes, as they are then."""
    source = seen.snapshot.text(seen.file).source.splitlines()
    found = {}
    for edit in sorted(change.edits, key=lambda each: each.range.start, reverse=True):
        number, start, end = edit.range.start.line, edit.range.start, edit.range.end
        line = found.get(number, source[number])
        found[number] = line[: start.character] + edit.new_text + line[end.character :]
    return [found[number] for number in sorted(found)]


@pytest.mark.parametrize("at", ["def ‸kind", "@when(‸kind", "str, ‸kind"])
def test_a_router_is_renamed_where_it_is_asked_for(look, at):
    seen = look(STEPS.replace(at.replace("‸", ""), at, 1))
    (change,) = rename(seen.snapshot, seen.file, seen.position, "sort").document_changes
    assert lines(seen, change) == [
        'def sort(question: str) -> Literal["fact", "chat"]: ...',
        '@when(sort="fact")',
        "def page(answer: str, sort: str) -> str:",
        "    return answer + sort",
    ]


def test_a_join_is_renamed_with_its_alternatives(look):
    seen = look(STEPS.replace("page(answer", "page(‸answer"))
    (change,) = rename(seen.snapshot, seen.file, seen.position, "reply").document_changes
    assert lines(seen, change) == [
        "def reply__found(question: str) -> str: ...",
        "def reply(question: str) -> str: ...",
        "def page(reply: str, kind: str) -> str:",
        "    return reply + kind",
    ]


def test_a_name_leads_to_all_its_alternatives(look):
    seen = look(STEPS.replace("page(answer", "page(‸answer"))
    places = definition(seen.snapshot, seen.file, seen.position)
    assert sorted(each.range.start.line for each in places) == [6, 9]


def test_hover_says_when_a_step_is_taken(look):
    seen = look(STEPS.replace("def answer__found", "def ‸answer__found"))
    said = hover(seen.snapshot, seen.file, seen.position).contents.value
    assert "taken when `kind` is `'fact'`" in said


def test_the_graph_view_shows_what_leads_there(look):
    seen = look(STEPS.replace("def page", "def ‸page"))
    view = graph_view(seen.snapshot, seen.file)
    edges = {(each["source"], each["target"]): each for each in view["edges"]}
    assert edges["kind", "answer.found"]["label"] == "= 'fact'"
    assert edges["kind", "answer.found"]["optional"]
    assert edges["answer.found", "answer.otherwise"]["label"] == "not made"
    assert edges["answer.found", "answer"]["optional"]
