"""`stepwell run`."""

import json
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        (("-t", "words", "-i", "text=a b c"), "['a', 'b', 'c']\n"),
        (("-t", "count", "-i", "text=a bb ccc", "-i", "least=2"), "2\n"),
        (("-t", "words", "-i", "text=5"), "['5']\n"),
        (("-t", "shown", "-i", "text=hey"), "hey\n"),
        (("-t", "shown", "-i", "text=hey", "-c", "style=loud"), "HEY\n"),
        (("-t", "share", "-i", "total=4", "--override", "count=1"), "0.25\n"),
        (
            ("-t", "words,count", "-i", "text=a b", "--threads", "2"),
            "words\n['a', 'b']\n\ncount\n2\n",
        ),
    ],
)
def test_targets_are_printed(stepwell, arguments: tuple[str, ...], out: str):
    """With inputs in the form that the steps ask for."""
    assert stepwell("run", "flow_c.py", *arguments) == (0, out, "")


def test_json_is_one_object(stepwell):
    """Of all targets."""
    code, out, _ = stepwell("run", "flow_c", "-t", "words", "-t", "count", "-i", "text=a", "--json")
    assert (code, json.loads(out)) == (0, {"words": ["a"], "count": 1})


def test_explain_prints_the_plan_and_runs_nothing(stepwell):
    """As plain Python."""
    code, out, _ = stepwell("run", "flow_c.py", "-t", "count", "--explain")
    assert code == 0
    assert "flow_c.words(" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("flow_c.py",), "nothing was asked for: give a target with -t, one of `words`, `count`"),
        (("flow_c.py", "-t", "wrds"), "did you mean `words`?"),
        (("flow_c.py", "-t", "words"), "`text: str` is needed by `words`"),
        (("flow_c.py", "-t", "words", "-i", "text=[1"), None),
        (("flow_d.py", "-t", "words"), "`flow_d.py` is no file; did you mean `flow_c.py`?"),
        (("flow_c.py", "-t", "words", "-i", "text"), "-i takes name=value"),
        (("flow_c.py", "-t", "count", "-i", "text=a", "-i", "least=x"), "`least`"),
        (("flow_c.py", "-t", "words", "--threads", "-1"), "a number of threads"),
        (("flow_c.py", "-t", "words", "--nope"), "unrecognized arguments: --nope"),
    ],
)
def test_a_mistake_is_told_without_a_traceback(
    stepwell, arguments: tuple[str, ...], says: str | None
):
    """Exit code 2, one sentence on stderr."""
    code, out, err = stepwell("run", *arguments)
    if says is None:
        assert (code, err) == (0, "")
        return
    assert code == 2
    assert says in err
    assert "Traceback" not in err
    assert not out


def test_a_wrong_graph_is_told_as_check_would(stepwell):
    """With the source, exit code 1."""
    code, _, err = stepwell("run", "wrong_c.py", "-t", "report", "-i", "document=x")
    assert code == 1
    assert "SW104" in err
    assert "wrong_c.py:9:7" in err
    assert "9 | def a(b: int) -> int:\n   |       ^" in err
    assert "Traceback" not in err


def test_a_step_that_raises_shows_its_own_traceback(stepwell):
    """The frames of the user's file alone, with the note that names the step."""
    code, out, err = stepwell("run", "flow_c.py", "-t", "share", "-i", "text=a", "-i", "total=0")
    assert (code, out) == (1, "")
    assert "return count / total" in err
    assert "ZeroDivisionError: division by zero" in err
    assert "`share`" in err
    assert err.count("  File ") == 1


def test_an_input_that_nothing_reads_is_a_warning(stepwell):
    """In a line, with the nearest name; the run goes on."""
    code, out, err = stepwell("run", "flow_c.py", "-t", "words", "-i", "text=a", "-i", "leest=3")
    assert (code, out) == (0, "['a']\n")
    assert err.startswith("stepwell: warning: ")
    assert "`leest`" in err
    assert "`least`" in err
    assert err.count("\n") == 1


def test_a_module_that_raises_while_imported_shows_where(stepwell, folder: Path):
    """Without the frames of the import system."""
    (folder / "broken_c.py").write_text("x = 1\nx.nope\n", encoding="utf-8")
    code, _, err = stepwell("run", "broken_c.py", "-t", "x")
    assert code == 1
    assert 'broken_c.py", line 2' in err
    assert "importlib" not in err


STREAMED = """\
from stepwell.stream import Stream


def tokens(text: str) -> Stream[str]:
    yield from (word + " " for word in text.split())


def loud(tokens: Stream[str]) -> Stream[str]:
    for token in tokens:
        yield token.upper()


def broken(text: str) -> Stream[str]:
    yield "so far"
    raise ValueError(text)
"""


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        (("-t", "tokens"), "a b \n"),
        (("-t", "loud"), "A B \n"),
        (("-t", "loud", "--override", "loud=done"), "done\n"),
        (("-t", "loud", "--json"), '{\n  "loud": "A B "\n}\n'),
        (("-t", "tokens,loud"), "tokens\na b \n\nloud\nA B \n"),
    ],
)
def test_a_stream_is_printed_as_it_comes(
    stepwell, folder: Path, arguments: tuple[str, ...], out: str
):
    """The target's chunks, and no other step's; joined where it is one of several."""
    (folder / "streamed_c.py").write_text(STREAMED, encoding="utf-8")
    assert stepwell("run", "streamed_c.py", "-i", "text=a b", *arguments) == (0, out, "")


def test_a_stream_that_fails_keeps_what_came(stepwell, folder: Path):
    """And its traceback starts on a line of its own."""
    (folder / "streamed_c.py").write_text(STREAMED, encoding="utf-8")
    code, out, err = stepwell("run", "streamed_c.py", "-i", "text=oh", "-t", "broken")
    assert (code, out) == (1, "so far\n")
    assert "ValueError: oh" in err
    assert "`broken`" in err


def test_progress_is_shown_when_asked_for(stepwell):
    """On stderr, so that stdout is the result alone."""
    code, out, err = stepwell("run", "flow_c.py", "-t", "words", "-i", "text=a", "--progress")
    assert (code, out) == (0, "['a']\n")
    assert "words" in err
