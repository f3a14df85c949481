"""The documents are true: the README's example runs, and every link leads somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stepwell.testing import FakeModel

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    """Its two files, written down and run, answer and print the table of the run."""
    blocks = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    for name, code in blocks:
        (tmp_path / name).write_text(code)
    with FakeModel() as model:
        done = subprocess.run(
            [sys.executable, "run.py"],
            cwd=tmp_path,
            env={**os.environ, "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "k"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "answer" in done.stdout
    assert "tokens" in done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)
    assert [target for target in targets if not (page.parent / target).exists()] == []
