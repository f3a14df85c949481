"""What rules are made of: conditions, slips of the pen, comments that ignore, fixes."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepwell.diagnostic import Diagnostic, Fix
from stepwell.rules import check, ignored, unignored
from stepwell.rules.conditions import exclusive, together
from stepwell.spec import Condition, Node, Span
from stepwell.spelling import is_slip
from stepwell.testing import graph_of

from .cases import Case, cases


def _is(*values: object, key: str = "mode") -> Condition:
    return Condition(key, "in" if len(values) > 1 else "is", values)


def _not(*values: object, key: str = "mode") -> Condition:
    return Condition(key, "not_in" if len(values) > 1 else "is_not", values)


class Unknown:
    """A value that is not known from its text."""


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ([], [], False),
        ([_is("a")], [], False),
        ([_is("a")], [_is("a")], False),
        ([_is("a")], [_is("b")], True),
        ([_is("a")], [_is("b", key="size")], False),
        ([_is("a", "b")], [_is("b", "c")], False),
        ([_is("a", "b")], [_is("c", "d")], True),
        ([_is("a")], [_not("a")], True),
        ([_not("a", "b")], [_is("b")], True),
        ([_is("a", "c")], [_not("a", "b")], False),
        ([_not("a")], [_not("b")], False),
        ([_is("a"), _is(1, key="size")], [_is("a"), _is(2, key="size")], True),
        ([_is(None)], [_is(0)], True),
        ([_is(Unknown())], [_is("a")], True),
        ([_is("a")], [_not(Unknown())], True),
    ],
)
def test_what_excludes_each_other(
    one: list[Condition], other: list[Condition], answer: bool
) -> None:
    first, second = Node("first", when=tuple(one)), Node("second", when=tuple(other))

    assert exclusive(first, second) is exclusive(second, first) is answer
    assert together([first, Node("free"), second]) is not answer


def test_the_default_gives_way_to_its_siblings_alone() -> None:
    default = Condition("", "default")
    last, sibling = Node("answer", when=(default,)), Node("answer", when=(_is("a"),))

    assert exclusive(last, sibling)
    assert exclusive(last, Node("answer"))
    assert not exclusive(last, Node("answer", when=(default,)))
    assert not exclusive(last, Node("question", when=(_is("a"),)))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("anwser", "answer"),
        ("answr", "answer"),
        ("answwer", "answer"),
        ("titel", "title"),
        ("documant", "document"),
        ("retreived_docs", "retrieved_docs"),
        ("querytext", "query_text"),
        ("queryText", "query_text"),
        ("embeding_model", "embedding_model"),
    ],
)
def test_slips(written: str, meant: str) -> None:
    assert is_slip(written, meant)
    assert is_slip(meant, written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("passages", "passage"),
        ("indices", "index"),
        ("retrieved", "retrieve"),
        ("context", "content"),
        ("text", "test"),
        ("from_", "form_"),
        ("step1", "step2"),
        ("step_1", "step_11"),
        ("model_a", "model_b"),
        ("user_name", "users_name"),
        ("max_tokens", "min_tokens"),
        ("query", "quarry_rows"),
        ("unasked", "asked"),
        ("docs", "doc"),
        ("left", "lift"),
    ],
)
def test_other_words(written: str, meant: str) -> None:
    assert not is_slip(written, meant)
    assert not is_slip(meant, written)


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("def a(b): ...  # stepwell: ignore[SW102]", {"SW102"}),
        ("def a(b): ...  # stepwell: ignore[SW102, cycle]", {"SW102", "cycle"}),
        ("def a(b): ...  #stepwell:ignore[SW1]", {"SW1"}),
        ("def a(b): ...  # stepwell: ignore", {"ALL"}),
        ("def a(b): ...  # noqa: E501  # stepwell: ignore[SW203] it is meant so", {"SW203"}),
        ("def a(b): ...  # stepwell: ignored", None),
        ("def a(b): ...  # ignore[SW102]", None),
    ],
)
def test_comments_that_ignore(line: str, codes: set[str] | None) -> None:
    assert ignored(f"\n{line}\n") == ({2: codes} if codes else {})


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("# stepwell: ignore[SW104]", 0),
        ("# stepwell: ignore[cycle]", 0),
        ("# stepwell: ignore[SW1]", 0),
        ("# stepwell: ignore", 0),
        ("# stepwell: ignore[SW2]", 1),
        ("# stepwell: ignore[]", 1),
        ("", 1),
    ],
)
def test_what_a_comment_switches_off(comment: str, left: int) -> None:
    text = f"def a(a: int) -> int: ...  {comment}\n"

    assert len(list(unignored(check(graph_of(text)), {"steps.py": ignored(text)}))) == left


def test_what_has_no_place_is_never_ignored() -> None:
    found = Diagnostic("SW104", "cycle", "a needs itself")

    assert list(unignored([found], {"steps.py": {1: frozenset({"ALL"})}})) == [found]


FIXED = [
    pytest.param(found, case, id=f"{file.stem}: {case.title}")
    for file in sorted(Path(__file__).parent.glob("*.md"))
    for case in cases(file.read_text("utf-8"))
    if len(case.modules) == 1
    for found in case.found()
    if found.fix
]


def _applied(text: str, fix: Fix) -> str:
    lines = text.splitlines(keepends=True)
    for edit in fix.edits:
        span: Span = edit.span
        line = lines[span.line - 1]
        lines[span.line - 1] = line[: span.column - 1] + edit.text + line[span.end_column - 1 :]
    return "".join(lines)


@pytest.mark.parametrize(("found", "case"), FIXED)
def test_a_fix_cures(found: Diagnostic, case: Case) -> None:
    assert found.fix is not None
    cured = case._replace(modules=(_applied(*case.modules, found.fix),)).found()

    assert (found.code, found.message) not in {(each.code, each.message) for each in cured}
    assert len(cured) < len(case.found())


def test_what_is_written_elsewhere_has_no_fix() -> None:
    """Of a module's constant only the place of its use is known."""
    text = """
    PROMPT = "{qestion}"
    def prompt(question: str) -> str:
        return PROMPT.format(question=question)
    """

    (found,) = check(graph_of(text))

    assert found.code == "SW501"
    assert found.fix is None
