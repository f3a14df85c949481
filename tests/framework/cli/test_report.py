"""Diagnostics as text: every format, from one small set of findings."""

import json
from collections.abc import Sequence

import pytest

from stepwell.cli import report
from stepwell.diagnostic import Diagnostic, Edit, Fix
from stepwell.spec import Span

FILES = {
    "flow.py": [
        "def title(document: str) -> str: ...",
        "",
        "def report(titel: str) -> str: ...",
        "\tdef tabbed(x): ...",
        "def 日本(x: str) -> str: ...",
    ]
}


def lines(file: str) -> Sequence[str]:
    """The lines of a file of this test."""
    return FILES.get(file, ())


MISSPELLED = Diagnostic(
    "SW102",
    "misspelled-input",
    "`titel` of `report` names no node; did you mean `title`?",
    "warning",
    Span("flow.py", 3, 12, 3, 17),
    related=((Span("flow.py", 1, 5, 1, 10), "this one"),),
    fix=Fix("Rename to `title`", (Edit(Span("flow.py", 3, 12, 3, 17), "title"),), safe=True),
    node="report",
)
CYCLE = Diagnostic("SW104", "cycle", "`a` needs itself,\nby 100 % of its ways: a, a")


def test_full_shows_the_line_the_place_and_the_cure():
    """As a person wants to read it."""
    assert report.full([MISSPELLED], lines=lines) == (
        "SW102 `titel` of `report` names no node; did you mean `title`?\n"
        " --> flow.py:3:12\n"
        "  |\n"
        "3 | def report(titel: str) -> str: ...\n"
        "  |            ^^^^^\n"
        "  |\n"
        " ::: flow.py:1:5\n"
        "  |\n"
        "1 | def title(document: str) -> str: ...\n"
        "  |     ----- this one\n"
        "  |\n"
        "help: Rename to `title`\n"
        "\n"
    )


@pytest.mark.parametrize(
    ("span", "marked"),
    [
        (Span("flow.py", 4, 6, 4, 12), "4 |     def tabbed(x): ...\n  |         ^^^^^^"),
        (Span("flow.py", 5, 5, 5, 7), "5 | def 日本(x: str) -> str: ...\n  |     ^^^^"),
        (Span("flow.py", 5, 8, 5, 9), "5 | def 日本(x: str) -> str: ...\n  |          ^"),
        (Span("flow.py", 1, 36), "  |" + " " * 36 + "^"),
        (Span("flow.py", 1, 33, 3, 4), "  |" + " " * 33 + "^^^^"),
        (Span("flow.py", 1, 90, 1, 95), "  |" + " " * 37 + "^"),
    ],
)
def test_marks_stand_under_what_they_mean(span: Span, marked: str):
    """Also after a tab, after letters two cells wide, without an end, and past one."""
    found = Diagnostic("SW104", "cycle", "x", span=span)
    assert marked in report.full([found], lines=lines)


def test_a_word_on_the_place_itself_stands_beside_its_mark():
    """The place is not shown twice."""
    span = Span("flow.py", 3, 5, 3, 11)
    found = Diagnostic("SW104", "cycle", "x", span=span, related=((span, "here"),))
    assert report.full([found], lines=lines).count("flow.py:3:5") == 1
    assert "  |     ^^^^^^ here\n" in report.full([found], lines=lines)


def test_of_a_live_function_the_line_is_shown_without_a_mark():
    """Where in the line is not known then."""
    found = Diagnostic("SW104", "cycle", "x", span=Span("flow.py", 3))
    assert report.full([found], lines=lines).endswith("3 | def report(titel: str) -> str: ...\n\n")


@pytest.mark.parametrize("span", [Span("gone.py", 3, 1), Span("flow.py", 99, 1)])
def test_a_file_that_can_not_be_read_still_has_its_place(span: Span):
    """The place stands without an excerpt."""
    text = report.full([Diagnostic("SW104", "cycle", "x", span=span)], lines=lines)
    assert text.endswith(f" --> {span.file}:{span.line}:1\n\n")


def test_concise_is_a_line_each():
    """With the place where there is one."""
    assert report.concise([MISSPELLED, CYCLE]) == (
        "flow.py:3:12: SW102 `titel` of `report` names no node; did you mean `title`?\n"
        "SW104 `a` needs itself, by 100 % of its ways: a, a\n"
    )


def test_colours_change_nothing_but_colours():
    """What is left without the escapes is the plain text."""
    import re

    plain = re.sub("\x1b\\[[0-9;]*m", "", report.full([MISSPELLED], lines=lines, color=True))
    assert plain == report.full([MISSPELLED], lines=lines)


def test_json_holds_everything():
    """An object for each, its fix with the edits."""
    first, second = json.loads(report.as_json([MISSPELLED, CYCLE]))
    assert first == {
        "code": "SW102",
        "name": "misspelled-input",
        "severity": "warning",
        "message": MISSPELLED.message,
        "node": "report",
        "filename": "flow.py",
        "location": {"row": 3, "column": 12},
        "end_location": {"row": 3, "column": 17},
        "related": [
            {
                "message": "this one",
                "filename": "flow.py",
                "location": {"row": 1, "column": 5},
                "end_location": {"row": 1, "column": 10},
            }
        ],
        "fix": {
            "title": "Rename to `title`",
            "safe": True,
            "edits": [
                {
                    "content": "title",
                    "filename": "flow.py",
                    "location": {"row": 3, "column": 12},
                    "end_location": {"row": 3, "column": 17},
                }
            ],
        },
    }
    assert second["location"] is None
    assert second["fix"] is None


def test_github_annotations_escape_what_they_must():
    """Line ends and per cents in the message; colons and commas in a property."""
    odd = Diagnostic("SW104", "cycle", "x", span=Span("a,b:c.py", 1, 2, 1, 3))
    assert report.github([MISSPELLED, CYCLE, odd]) == (
        "::warning title=stepwell (SW102),file=flow.py,line=3,col=12,endLine=3,endColumn=17"
        "::SW102 `titel` of `report` names no node; did you mean `title`?\n"
        "::error title=stepwell (SW104)::SW104 `a` needs itself,%0Aby 100 %25 of its ways: a, a\n"
        "::error title=stepwell (SW104),file=a%2Cb%3Ac.py,line=1,col=2,endLine=1,endColumn=3"
        "::SW104 x\n"
    )


def test_sarif_names_tool_rules_and_places():
    """One run, each rule once, a result for every finding."""
    log = json.loads(report.sarif([MISSPELLED, CYCLE, CYCLE], version="1.2.3"))
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("stepwell", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == ["SW102", "SW104"]
    first, second, _ = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "flow.py"
    assert place["region"] == {"startLine": 3, "startColumn": 12, "endLine": 3, "endColumn": 17}
    assert first["level"] == "warning"
    assert first["relatedLocations"][0]["message"] == {"text": "this one"}
    assert "locations" not in second


@pytest.mark.parametrize(
    ("found", "pipelines", "files", "says"),
    [
        ([], 1, 1, "All checks passed: nothing is wrong in 1 pipeline (1 file)."),
        ([CYCLE, CYCLE], 1, 2, "Found 2 errors in 1 pipeline (2 files)."),
        ([CYCLE, MISSPELLED], 2, 7, "Found 1 error and 1 warning in 2 pipelines (7 files)."),
    ],
)
def test_the_summary_counts(found: list[Diagnostic], pipelines: int, files: int, says: str):
    """By severity, in the singular where there is one."""
    assert report.summary(found, files=files, pipelines=pipelines) == says


def test_the_summary_says_when_there_was_nothing_to_check():
    """And what to do then."""
    assert report.summary([], files=3, pipelines=0).startswith("No pipeline in 3 files: ")
