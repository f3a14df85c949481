"""The example on the page about fan-out runs, and prints the loop that the page shows."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).parents[1] / "docs" / "fan-out.md").read_text("utf-8")


def test_the_example_runs(tmp_path: Path) -> None:
    for name, code in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE, re.S):
        (tmp_path / name).write_text(code, "utf-8")
    command = [sys.executable, "run.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer, printed = done.stdout.split("\n", 1)
    assert answer == "4 long words on 2 pages"
    texts = re.findall(r"```text\n(.*?)```", PAGE, re.S)
    shown, _ = texts[0].split("    ...")
    assert printed.startswith(shown)
    command = [sys.executable, "run_train.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("328,350\n"), done.stderr
    (task,) = (text for text in texts if "# task" in text)
    kept = [line for line in done.stdout.splitlines() if "del " not in line]
    assert task.rstrip("\n") in "\n".join(kept)
