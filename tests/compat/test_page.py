"""The page on moving over is true."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "hamilton.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.S))
def test_the_examples_run(code: str) -> None:
    exec(compile(code, "hamilton.md", "exec"), {"__name__": "page"})
