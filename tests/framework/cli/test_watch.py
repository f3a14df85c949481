"""`stepwell check --watch` as one uses it: in a terminal of its own, until Ctrl-C."""

import signal
import subprocess
import sys
from pathlib import Path


def test_it_checks_again_when_a_file_changes(tmp_path: Path):
    """And ends by an interrupt, with the exit code of the last check."""
    file = tmp_path / "flow.py"
    file.write_text("def a(a: int) -> int:\n    return a\n", encoding="utf-8")
    command = [sys.executable, "-m", "stepwell", "check", "flow.py", "--watch"]
    with subprocess.Popen(
        [*command, "--output-format", "concise"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "flow.py:1:7: SW104 `a` needs itself\n"
        assert process.stdout.readline().startswith("Found 1 error")
        assert "Watching" in process.stdout.readline()
        file.write_text("def a(b: int) -> int:\n    return b\n", encoding="utf-8")
        assert process.stdout.readline().startswith("All checks passed")
        assert "Ctrl-C ends" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
