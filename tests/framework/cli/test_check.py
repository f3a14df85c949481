"""`stepwell check`."""

import json
from pathlib import Path

import pytest


def test_findings_are_shown_with_their_source(stepwell):
    """And counted; exit code 1."""
    code, out, err = stepwell("check", "wrong_c.py")
    assert (code, err) == (1, "")
    assert " --> wrong_c.py:5:12\n" in out
    assert "5 | def report(titel: str) -> str:\n  |            ^^^^^" in out
    assert out.endswith("Found 1 error and 1 warning in 1 pipeline (1 file).\n")


def test_a_clean_file_is_said_to_be_clean(stepwell):
    """Exit code 0."""
    assert stepwell("check", "flow_c.py") == (
        0,
        "All checks passed: nothing is wrong in 1 pipeline (1 file).\n",
        "",
    )


def test_ordinary_modules_are_no_pipelines(stepwell, folder: Path):
    """Plain functions that no driver uses are not judged; a file that is named is."""
    (folder / "flow_c.py").unlink()
    code, out, _ = stepwell("check")
    assert code == 0
    assert out.startswith("No pipeline in 1 file: ")
    assert stepwell("check", "wrong_c.py")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ((), ["SW102", "SW104"]),
        (("--select", "SW104"), ["SW104"]),
        (("--select", "misspelled-input"), ["SW102"]),
        (("--select", "SW2"), []),
        (("--ignore", "SW102,cycle"), []),
        (("--ignore", "SW102", "--ignore", "SW2"), ["SW104"]),
    ],
)
def test_rules_can_be_chosen(stepwell, arguments: tuple[str, ...], codes: list[str]):
    """By code, beginning of a code, or name."""
    code, out, _ = stepwell("check", "wrong_c.py", "--output-format", "json", *arguments)
    assert sorted(found["code"] for found in json.loads(out)) == codes
    assert code == (1 if codes else 0)


def test_the_project_chooses_too(stepwell, folder: Path):
    """In `pyproject.toml`, also by file."""
    (folder / "pyproject.toml").write_text(
        "[tool.stepwell.check]\nignore = ['SW104']\nper-file-ignores = { 'wrong*' = ['SW1'] }\n",
        encoding="utf-8",
    )
    assert stepwell("check", "wrong_c.py")[0] == 0


def test_a_comment_switches_off_its_line(stepwell, folder: Path):
    """With codes or names, or all."""
    text = (folder / "wrong_c.py").read_text(encoding="utf-8")
    text = text.replace("titel: str) -> str:", "titel: str) -> str:  # stepwell: ignore[SW102]")
    (folder / "wrong_c.py").write_text(text, encoding="utf-8")
    _, out, _ = stepwell("check", "wrong_c.py", "--output-format", "concise")
    assert "SW102" not in out
    assert "SW104" in out


def test_a_declared_pipeline_is_checked_with_its_inputs(stepwell, folder: Path):
    """What is not declared is missing."""
    (folder / "pyproject.toml").write_text(
        "[tool.stepwell.pipelines.main]\nmodules = ['flow_c']\ninputs = ['text']\n",
        encoding="utf-8",
    )
    code, out, _ = stepwell("check", "--output-format", "concise", "-q")
    assert code == 1
    assert out.startswith("flow_c.py:15:23: SW101 `share` needs `total`")
    assert out.count("\n") == 1


def test_fix_changes_what_is_safe(stepwell, folder: Path):
    """And reports what is left."""
    code, out, err = stepwell("check", "wrong_c.py", "--fix", "--output-format", "concise")
    after = (folder / "wrong_c.py").read_text(encoding="utf-8")
    if "Fixed" in err:
        assert "titel: str" not in after
        assert "SW102" not in out
    else:
        assert "titel: str" in after
    assert code == 1


def test_a_module_that_would_end_the_program_is_read(stepwell, folder: Path):
    """Nothing is imported."""
    (folder / "deadly_c.py").write_text(
        "import os\nos.abort()\n\ndef a(b: int) -> int: return b\ndef b(a: int) -> int: return a\n",
        encoding="utf-8",
    )
    code, out, _ = stepwell("check", "deadly_c.py", "--output-format", "github")
    assert code == 1
    assert out.startswith("::error title=stepwell (SW104),file=deadly_c.py,line=4,")


def test_runtime_compares_both_readers(stepwell, folder: Path):
    """And names each node that they see differently."""
    code, out, _ = stepwell("check", "--runtime", "flow_c.py")
    assert (code, out) == (0, "Text and live functions give the same graph in 1 pipeline.\n")
    (folder / "odd_c.py").write_text(
        "def kept(x: int) -> int: return x\n"
        "def changed(x: int) -> int: return x\n"
        "changed.__annotations__['x'] = str\n"
        "exec('def hidden(y: int) -> int: return y')\n",
        encoding="utf-8",
    )
    code, out, _ = stepwell("check", "--runtime", "odd_c.py")
    assert code == 1
    first, second = out.splitlines()
    assert "`changed` (odd_c.py:2) reads as `changed(x) -> int` (function; x: int); live" in first
    assert "x: str" in first
    assert "`hidden`" in second


def test_exit_zero(stepwell):
    """Findings without failure."""
    assert stepwell("check", "wrong_c.py", "--exit-zero")[0] == 0


def test_sarif_names_the_version(stepwell):
    """Of this program."""
    from stepwell import __version__

    log = json.loads(stepwell("check", "wrong_c.py", "--output-format", "sarif")[1])
    assert log["runs"][0]["tool"]["driver"]["version"] == __version__


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere",), "`nowhere` is neither a file nor a folder"),
        (("--select", "SW999"), "--select: there is no rule `SW999`"),
        (("--ignore", "cylce"), "--ignore: there is no rule `cylce`; did you mean `cycle`?"),
        (("--output-format", "xml"), "invalid choice: 'xml'"),
    ],
)
def test_a_mistake_is_told(stepwell, arguments: tuple[str, ...], says: str):
    """Exit code 2."""
    code, out, err = stepwell("check", *arguments)
    assert (code, out) == (2, "")
    assert says in err
