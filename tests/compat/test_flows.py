"""Flows written for Hamilton, moved over, give what Hamilton gives.

`answers.json` is what Hamilton 1.90.0 gave; `make test-compat` asks it again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stepwell.cli.rewriting import rewritten

HERE = Path(__file__).parent
THEIRS: dict[str, Any] = json.loads((HERE / "answers.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the same flows come to with their imports changed, in a process of their own."""
    folder = tmp_path_factory.mktemp("flows")
    for flow in (HERE / "flows").glob("*.py"):
        moved = rewritten(flow.read_text(encoding="utf-8"))
        assert not moved.gaps
        (folder / flow.name).write_text(moved.text, encoding="utf-8")
    command = [sys.executable, str(HERE / "answers.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert not done.returncode, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("case", THEIRS)
def test_the_same_comes_of_it(case: str, ours: dict[str, Any]) -> None:
    assert ours[case] == THEIRS[case]


def test_every_case_is_asked_of_both(ours: dict[str, Any]) -> None:
    assert sorted(ours) == sorted(THEIRS)
