"""The page on LLM calls: its examples run, and print what it says."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[3] / "docs" / "llm-calls.md"

BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def test_every_example_of_the_page_prints_what_it_says() -> None:
    """The blocks run in order, as one script."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in BLOCK.finditer(PAGE.read_text("utf-8")):
        printed = StringIO()
        with redirect_stdout(printed):
            exec(compile(block[1], str(PAGE), "exec"), names)
        assert printed.getvalue() == (block[2] or "")
