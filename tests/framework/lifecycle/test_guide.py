"""The lifecycle guide: its examples run, and print what the page says."""

from __future__ import annotations

import logging
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).parents[3] / "docs" / "lifecycle.md"

BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def test_every_example_of_the_guide_prints_what_the_page_says() -> None:
    """The blocks run in order, as one script; each one's output stands right below it."""
    page = GUIDE.read_text()
    names: dict[str, Any] = {"__name__": "guide"}
    logger = logging.getLogger("stepwell")
    filters = [*logger.filters]
    try:
        for block in BLOCK.finditer(page):
            above = page.count("\n", 0, block.start(1))
            code = compile("\n" * above + block[1], str(GUIDE), "exec")
            printed = StringIO()
            with redirect_stdout(printed):
                exec(code, names)
            assert (above + 1, printed.getvalue()) == (above + 1, block[2] or "")
    finally:
        logger.filters[:] = filters
