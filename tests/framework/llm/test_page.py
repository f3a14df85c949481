"""The pages on LLM calls: their examples run, and print what they say."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from stepwell.llm import TokenAccounting

DOCS = Path(__file__).parents[3] / "docs"

BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["llm.md", "budgets.md"])
def test_every_example_of_a_page_prints_what_it_says(name: str) -> None:
    """The blocks run in order, as one script."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in BLOCK.finditer((DOCS / name).read_text("utf-8")):
        printed = StringIO()
        with redirect_stdout(printed):
            exec(compile(block[1], name, "exec"), names)
        assert printed.getvalue() == (block[2] or "")


def test_every_number_of_the_table_is_explained() -> None:
    """Each column that a table has, and each word that stands in one."""
    page = (DOCS / "llm.md").read_text("utf-8")
    explained = set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE))
    columns = {str(column.header) for column in TokenAccounting().table().columns}
    assert columns | {"≥", "unknown", "run", "(unattributed)"} <= explained
    shown = next(line for line in page.splitlines() if line.startswith(" step "))
    assert [*re.split(r"\s{2,}", shown.strip())] == [
        str(column.header) for column in TokenAccounting().table().columns
    ]
