"""What holds of every rule, and the cases of each, which lie in Markdown files named after it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

from stepwell import rules
from stepwell.errors import ModifierError
from stepwell.graph import Graph
from stepwell.read import problems
from stepwell.rules import RULES, Rule, check, errors
from stepwell.rules.pages import pages
from stepwell.rules.rule import Reported
from stepwell.spec import Node, Param
from stepwell.testing import graph_of
from stepwell.types import NONE, UNKNOWN

from .cases import Case, case, cases

HERE = Path(__file__).parent
DOCS = HERE.parents[2] / "docs" / "rules"
HELPERS = {
    "routes",
    "rule",
    "conditions",
    "ignore",
    "pages",
    "__main__",
    "settings",
    "bodies",
    "checked",
    "clients",
    "secrets",
}
FROM_TEXT = [rule for rule in RULES if "```python" in (inspect.getdoc(rule) or "")]


def _example(rule: Rule) -> tuple[Case, Case]:
    text = (inspect.getdoc(rule) or "").partition("## Example\n")[2]
    wrong, _, right = text.partition("Use instead:\n")
    settings = "" if "```toml" in right else case("", wrong).settings
    return case("example", wrong), case("cure", right)._replace(
        settings=case("", right).settings or settings
    )


@pytest.mark.parametrize("rule", FROM_TEXT, ids=lambda rule: rule.name)
def test_the_example_fires_and_the_cure_is_silent(rule: Rule) -> None:
    example, cure = _example(rule)

    assert rule.code in {diagnostic.code for diagnostic in example.found()}
    assert cure.found() == []


def test_what_has_no_example_in_text_is_seen_by_the_runtime_alone() -> None:
    assert [rule.code for rule in RULES if rule not in FROM_TEXT] == ["SW003", "SW004", "SW111"]


def test_codes_and_names_are_unique_and_in_order() -> None:
    codes = [rule.code for rule in RULES]

    assert codes == sorted(set(codes))
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_each_rule_is_in_the_file_named_after_it() -> None:
    files = {module.name for module in pkgutil.iter_modules(rules.__path__)} - HELPERS
    homes = {rule.name.replace("-", "_"): type(rule).__module__ for rule in RULES}

    assert homes == {name: f"stepwell.rules.{name}" for name in files}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_page_has_its_parts(rule: Rule) -> None:
    headings = re.findall(r"^## .*|^Use instead:", inspect.getdoc(rule) or "", re.MULTILINE)

    assert headings == ["## What it does", "## Why is this bad?", "## Example", "Use instead:"]
    assert re.fullmatch(r"SW\d{3}", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)


def test_the_pages_in_the_docs_are_up_to_date() -> None:
    """`python -m stepwell.rules docs/rules` writes them."""
    assert {file.name: file.read_text("utf-8") for file in DOCS.glob("*.md")} == pages(RULES)


def test_all_that_readers_report_is_a_rule() -> None:
    """A problem of a code that no rule has would be lost."""
    node = Node("answer")
    reported = [
        problems.syntax_error("not Python", problems.Span("a.py", 1)),
        problems.not_a_module("a"),
        problems.not_a_step(3),
        problems.variadic("answer", "*args", None),
        problems.bad_modifier(node, ModifierError("no", code="SW301")),
        problems.bad_modifier(node, ModifierError("no")),
        problems.refused("an adapter", "answer", "no owner", None),
        problems.secret("a key", problems.Span("a.py", 1)),
    ]
    makers = inspect.getmembers(problems, inspect.isfunction)
    known = {(rule.code, rule.name) for rule in RULES if isinstance(rule, Reported)}

    assert {(problem.code, problem.name) for problem in reported} == known
    ours = {
        name
        for name, maker in makers
        if maker.__annotations__["return"] == "Diagnostic" and not name.startswith("_")
    }
    assert len(ours) == len(reported) - 1
    assert sorted(check(Graph([], problems=reported)), key=str) == sorted(reported, key=str)


CASES = [
    pytest.param(each, id=f"{file.stem}: {each.title}")
    for file in sorted(HERE.glob("*.md"))
    for each in cases(file.read_text("utf-8"))
]


@pytest.mark.parametrize("written", CASES)
def test_case(written: Case) -> None:
    """Each marked line has its finding, and no other line has any."""
    found = [
        (found.span.file, found.span.line, found.severity, found.name, found.message)
        for found in written.found()
        if found.span
    ]
    marked = written.marked()

    assert [line[:4] for line in found] == [line[:4] for line in marked]
    for (*_, message), (*_, wanted) in zip(found, marked, strict=True):
        assert wanted in message


def test_each_file_of_cases_is_named_after_a_rule() -> None:
    names = {rule.name for rule in RULES}

    assert {file.stem for file in HERE.glob("*.md")} <= names


TEXT = """
def titel(document): ...
def report(titel: int) -> str: ...
"""


@pytest.mark.parametrize(
    ("select", "ignore", "codes"),
    [
        ((), (), ["SW203", "SW203"]),
        (("SW2",), (), ["SW203", "SW203"]),
        (("missing-annotation",), (), ["SW203", "SW203"]),
        (("SW1",), (), []),
        ((), ("SW2",), []),
        (("SW2",), ("SW203",), []),
        (("ALL",), (), ["SW203", "SW203"]),
    ],
)
def test_what_is_selected(
    select: tuple[str, ...], ignore: tuple[str, ...], codes: list[str]
) -> None:
    found = check(graph_of(TEXT), select=select, ignore=ignore)

    assert [diagnostic.code for diagnostic in found] == codes


def test_errors_leaves_warnings_out() -> None:
    assert [found.message for found in errors(graph_of(TEXT))] == [
        "`titel` does not say what it returns; write `-> …` after its parameters"
    ]


def test_a_graph_without_places_is_judged_all_the_same() -> None:
    """Live functions have no columns, and a graph made by hand no places at all."""
    nodes = [
        Node("a", NONE, (Param("b", "b", UNKNOWN),)),
        Node("b", UNKNOWN, (Param("a", "a", NONE),)),
        Node("b", NONE),
    ]

    assert {found.code for found in check(Graph(nodes))} == {"SW103", "SW104", "SW203"}
    assert all(found.span is None for found in check(Graph(nodes)))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_an_empty_graph_has_nothing_wrong(rule: Rule) -> None:
    assert list(rule.check(Graph([]))) == []
    assert importlib.import_module(type(rule).__module__).__doc__
