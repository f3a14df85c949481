"""`stepwell diff`: two sides of a git checkout, neither of which is imported."""

import json
import os
import subprocess
from pathlib import Path

import pytest

BEFORE = '''\
from stepwell.modifiers import tag

raise SystemExit("imported")


@tag(stage="load")
def text(path: str) -> str:
    return path


def words(text: str) -> list[str]:
    return text.split()


def count(words: list[str]) -> int:
    """How many."""
    return len(words)


def least(words: list[str]) -> str:
    return min(words)
'''

AFTER = '''\
from stepwell.modifiers import tag

raise SystemExit("imported")


@tag(stage="load")
def text(path: str) -> str:
    # Only the code counts.
    return path.strip()


def clean(text: str) -> str:
    return text.lower()


def words(clean: str, at_most: int = 9) -> tuple[str, ...]:
    return tuple(clean.split()[:at_most])


def count(words: list[str]) -> int:
    """How many there are: a docstring is no code."""
    return len(
        words
    )
'''


@pytest.fixture
def checkout(folder: Path) -> Path:
    """A git checkout in which `BEFORE` is committed and `AFTER` is not."""
    for name in ("flow_c.py", "wrong_c.py"):
        (folder / name).unlink()
    file = folder / "app" / "pipeline_d.py"
    file.parent.mkdir()
    file.write_text(BEFORE, encoding="utf-8")
    author = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "app"), (*author, "commit", "-q", "-m", "first")):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    file.write_text(AFTER, encoding="utf-8")
    return folder


def test_each_step_that_changed_is_told_with_how(stepwell, checkout: Path):
    """Comments, docstrings and layout are no code; what is made of changed steps is named."""
    code, out, err = stepwell("diff")
    assert (code, err) == (0, "")
    assert out == (
        "* text   edited   app/pipeline_d.py:7\n"
        "+ clean  added    app/pipeline_d.py:12\n"
        "~ words  rewired  app/pipeline_d.py:16\n"
        "    reads `clean` now\n"
        "    reads `at_most` now\n"
        "    reads `text` no more\n"
        "    gives `tuple[str, ...]`, was `list[str]`\n"
        "- least  removed  app/pipeline_d.py:20\n"
        "Made of these: count\n"
        "Since `HEAD`: 1 added, 1 removed, 1 rewired, 1 edited.\n"
    )


def test_a_program_gets_records(stepwell, checkout: Path):
    """One for each step."""
    _, out, _ = stepwell("diff", "HEAD", "app/pipeline_d.py", "-f", "json")
    found = json.loads(out)
    assert [(each["change"], each["step"]) for each in found] == [
        ("edited", "text"),
        ("added", "clean"),
        ("rewired", "words"),
        ("removed", "least"),
    ]
    assert found[0] == {
        "change": "edited",
        "step": "text",
        "module": "pipeline_d",
        "file": "app/pipeline_d.py",
        "line": 7,
        "what": [],
    }


def test_a_picture_has_both_sides(stepwell, checkout: Path):
    """What was removed stands beside what is new, each said in words and by its look."""
    code, _, err = stepwell("diff", "-o", "diff.mmd")
    drawn = (checkout / "diff.mmd").read_text(encoding="utf-8")
    assert (code, err) == (0, "Wrote diff.mmd\n")
    assert 'least["least<br/><i>str</i><br/><i>removed</i>"]:::removed' in drawn
    assert 'clean["clean<br/><i>str</i><br/><i>added</i>"]:::added' in drawn
    assert "words --> least" in drawn
    assert stepwell("diff", "-o", "diff.svg")[0] == 0
    assert (checkout / "diff.svg").read_bytes().startswith(b"<?xml")


def test_nothing_has_changed(stepwell, checkout: Path):
    """It is said so; the checkout is as it was."""
    file = checkout / "app" / "pipeline_d.py"
    file.write_text(BEFORE + "\n# a comment\n", encoding="utf-8")
    assert stepwell("diff")[:2] == (0, "No step has changed since `HEAD`.\n")
    assert file.read_text(encoding="utf-8").endswith("# a comment\n")


def test_a_file_may_be_gone_or_new(stepwell, checkout: Path):
    """All its steps are removed, or added; a subfolder is compared with the same folder then."""
    (checkout / "app" / "pipeline_d.py").unlink()
    (checkout / "app" / "other_d.py").write_text(
        "from stepwell.modifiers import tag\n@tag(a='b')\ndef other(x: int) -> int: return x\n",
        encoding="utf-8",
    )
    os.chdir(checkout / "app")
    _, out, _ = stepwell("diff")
    assert out.endswith("Since `HEAD`: 1 added, 4 removed.\n")
    assert "+ other  added    other_d.py:3\n" in out
    assert "- words  removed  pipeline_d.py:11\n" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope",), "stepwell: there is no revision `nope` in `"),
        (("HEAD", "nowhere.py"), "stepwell: there is no `nowhere.py`, neither now nor in `HEAD`\n"),
        (("HEAD", "/"), "is in no git checkout"),
        (("HEAD", "-o", "x.docx"), "stepwell: the ending of `x.docx` names no format"),
    ],
)
def test_what_is_asked_for_wrongly(stepwell, checkout: Path, arguments: tuple[str, ...], said: str):
    """A sentence, and exit code 2."""
    code, out, err = stepwell("diff", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_where_there_is_no_checkout(stepwell, folder: Path):
    """There is nothing to compare with."""
    code, _, err = stepwell("diff")
    assert code == 2
    assert "is in no git checkout, so there is nothing to compare it with" in err
