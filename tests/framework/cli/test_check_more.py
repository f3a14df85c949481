"""`stepwell check`: what is accepted, switched off, counted, and looked at again and again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stepwell.cli.ignoring import add_ignores
from stepwell.cli.watching import rounds
from stepwell.diagnostic import Diagnostic
from stepwell.spec import Span

CHECK = ("check", "wrong_c.py", "--output-format", "concise", "-q")


def test_statistics_count_each_rule(stepwell):
    """Instead of telling where; the most frequent first."""
    code, out, _ = stepwell(*CHECK, "--statistics")
    assert code == 1
    assert out == "1  SW102       misspelled-input\n1  SW104       cycle\n"


def test_what_a_baseline_holds_does_not_count(stepwell, folder: Path):
    """Wherever it moves in its file; what is new does."""
    code, out, _ = stepwell("check", "wrong_c.py", "--write-baseline", "known.json")
    assert (code, out) == (0, "Wrote 2 findings to known.json.\n")
    assert stepwell(*CHECK, "--baseline", "known.json") == (0, "", "")
    file = folder / "wrong_c.py"
    file.write_text(
        "# moved\n\n" + file.read_text("utf-8") + "\n\ndef c(c: int) -> int:\n    return c\n",
        encoding="utf-8",
    )
    code, out, err = stepwell(*CHECK, "--baseline", "known.json")
    assert code == 1
    assert out == "wrong_c.py:19:7: SW104 `c` needs itself\n"
    assert err == ""


def test_a_project_has_a_baseline(stepwell, folder: Path):
    """Named in its `pyproject.toml`, from where that stands; an option names another."""
    (folder / "pyproject.toml").write_text('[tool.stepwell.check]\nbaseline = "ci/known.json"\n')
    (folder / "ci").mkdir()
    code, out, _ = stepwell("check", "wrong_c.py", "--write-baseline")
    assert (code, out) == (0, "Wrote 2 findings to ci/known.json.\n")
    assert stepwell(*CHECK) == (0, "", "")
    code, _, err = stepwell(*CHECK, "--baseline", "other.json")
    assert (code, err) == (
        2,
        "stepwell: there is no baseline `other.json`; --write-baseline makes one\n",
    )


def test_where_a_baseline_goes_has_to_be_known(stepwell):
    """By the option or by the project."""
    code, _, err = stepwell("check", "wrong_c.py", "--write-baseline")
    assert code == 2
    assert err.startswith("stepwell: --write-baseline takes a file, unless pyproject.toml says")


def test_what_is_gone_from_a_baseline_is_told(stepwell, folder: Path):
    """So that it can be made smaller."""
    stepwell("check", "wrong_c.py", "--write-baseline", "known.json")
    (folder / "wrong_c.py").write_text("def a() -> int:\n    return 1\n", encoding="utf-8")
    code, _, err = stepwell(*CHECK, "--baseline", "known.json")
    assert code == 0
    assert "2 findings of known.json no longer there; --write-baseline takes them out" in err


def test_a_baseline_is_plain_data(stepwell, folder: Path):
    """A finding a line, sorted, with paths from its own folder: it reads well in a review."""
    (folder / "ci").mkdir()
    stepwell("check", "wrong_c.py", "--write-baseline", "ci/known.json")
    given = json.loads((folder / "ci" / "known.json").read_text("utf-8"))
    assert [(row["file"], row["code"], row["count"]) for row in given["findings"]] == [
        ("../wrong_c.py", "SW102", 1),
        ("../wrong_c.py", "SW104", 1),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "there is no baseline `known.json`"),
        ("[]", "`known.json` is no baseline"),
        ("{", "`known.json` is no baseline"),
        ('{"version": 1, "findings": [{"file": 3}]}', "`known.json` is no baseline"),
        ('{"version": 9}', "`known.json` was written by another version"),
    ],
)
def test_a_file_that_is_no_baseline_is_told(stepwell, folder: Path, text: str | None, says: str):
    """Exit code 2."""
    if text is not None:
        (folder / "known.json").write_text(text, encoding="utf-8")
    code, out, err = stepwell(*CHECK, "--baseline", "known.json")
    assert (code, out) == (2, "")
    assert says in err


def test_ignores_are_added_line_by_line(stepwell, folder: Path):
    """Then nothing is found any more; a comment that is there already takes the code, too."""
    file = folder / "wrong_c.py"
    text = file.read_text("utf-8").replace("def a(b: int) -> int:", "def a(b: int) -> int:  # one")
    file.write_text(
        text + "\n\ndef z(titel: str):  # stepwell: ignore[SW102]\n    return titel\n",
        encoding="utf-8",
    )
    assert stepwell("check", "wrong_c.py", "--add-ignore")[:2] == (0, "Switched off 3 findings.\n")
    after = file.read_text("utf-8")
    assert "def report(titel: str) -> str:  # stepwell: ignore[SW102]\n" in after
    assert "def a(b: int) -> int:  # one  # stepwell: ignore[SW104]\n" in after
    assert "def z(titel: str):  # stepwell: ignore[SW102, SW203]\n" in after
    assert stepwell(*CHECK) == (0, "", "")


def test_where_no_comment_can_stand_none_is_put(tmp_path: Path):
    """Inside of a string, and before a line that goes on."""
    file = tmp_path / "a.py"
    text = 'X = """\n{wrong}\n"""\ny = 1 + \\\n    2\r\nz = (1 +\n  2)\n'
    file.write_bytes(text.encode())
    found = [Diagnostic("SW501", "x", "m", span=Span(str(file), line, 1)) for line in range(1, 8)]
    done, left = add_ignores(found)
    assert (done, [one.span.line for one in left if one.span]) == (4, [1, 2, 4])
    assert file.read_bytes().decode().split("\n")[4] == "    2  # stepwell: ignore[SW501]\r"
    nowhere = Diagnostic("SW104", "cycle", "m", span=Span("pyproject.toml", 1))
    assert add_ignores([nowhere]) == (0, [nowhere])


def test_files_are_watched(tmp_path: Path):
    """A round for each change: of a file, of the settings, a new file, one that is gone."""
    file = tmp_path / "a.py"
    file.write_text("", encoding="utf-8")
    changes = iter(
        [
            lambda: file.write_text("x = 1\n", encoding="utf-8"),
            lambda: None,
            lambda: (tmp_path / "b.py").write_text("", encoding="utf-8"),
            lambda: (tmp_path / "pyproject.toml").write_text("", encoding="utf-8"),
            lambda: (tmp_path / "notes.txt").write_text("", encoding="utf-8"),
            lambda: (tmp_path / "b.py").unlink(),
        ]
    )
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        next(changes, _interrupted)()

    counts = list(_until_interrupted(rounds([tmp_path], wait)))
    first = counts[0]
    assert counts == [first, first, first + 1, first + 2, first + 1]
    assert all(0 < seconds <= 1 for seconds in waits)


def _interrupted() -> None:
    raise KeyboardInterrupt


def _until_interrupted(found: Iterator[int]) -> Iterator[int]:
    try:
        yield from found
    except KeyboardInterrupt:
        return


@pytest.mark.parametrize("other", ["--fix", "--add-ignore", "--runtime"])
def test_what_excludes_each_other_is_told(stepwell, other: str):
    """Exit code 2."""
    code, _, err = stepwell("check", "--watch", other)
    assert code == 2
    assert "not allowed with argument" in err
