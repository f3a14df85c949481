"""`typed.py` says what a type checker sees; here one looks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_type_checker_sees_what_typed_says() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "tests/api/typed.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
