"""The page on runs is true: its examples print what it says they do."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "runs.md"


def test_the_examples_of_the_page_print_what_it_shows(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.S))
    shown = "".join(re.findall(r"```text\n(.*?)```", text, re.S))
    (tmp_path / "pyproject.toml").touch()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == shown
    assert (tmp_path / ".stepwell" / "runs.db").is_file()
