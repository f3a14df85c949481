"""The quick start's Python prints what the page says it prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "quick-start.md").read_text("utf-8")
STEPS, *EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PRINTED = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the page's own module of steps."""
    (tmp_path / "notes.py").write_text(STEPS, "utf-8")
    return tmp_path


@pytest.mark.local
@pytest.mark.parametrize(("example", "printed"), [*zip(EXAMPLES, PRINTED, strict=True)])
def test_an_example_prints_what_is_written_under_it(
    folder: Path, example: str, printed: str
) -> None:
    file = folder / "example.py"
    file.write_text(example, "utf-8")
    found = said(folder, "example.py")
    assert (found.stderr, found.stdout) == ("", printed)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["run", "notes.py", "-t", "prompt", "-i", "question=Can?", "-i", 'notes=["Fixed"]'],
            "Note: Fixed",
        ),
        (["graph", "notes.py"], "prompt"),
        (["check", "notes.py"], "All checks passed"),
    ],
)
def test_the_commands_take_the_pages_own_module(
    folder: Path, arguments: list[str], words: str
) -> None:
    found = said(folder, "-m", "stepwell", *arguments)
    assert (found.returncode, found.stderr) == (0, "")
    assert words in found.stdout


def said(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """What Python says in that folder."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
