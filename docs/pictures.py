"""Draws the pictures of modifiers.md: each from the code block above it."""

from __future__ import annotations

import re
from pathlib import Path

from stepwell import draw
from stepwell.testing import graph_of

HERE = Path(__file__).parent
BLOCK = re.compile(
    r"```python\n(?P<code>(?:(?!```).)*?)```\n\n!\[[^\]]*\]\((?P<picture>[^)]+)\)", re.DOTALL
)


def blocks(page: Path) -> list[tuple[str, str]]:
    """Each code block that a picture follows, with the picture's path."""
    return [(found["code"], found["picture"]) for found in BLOCK.finditer(page.read_text())]


if __name__ == "__main__":
    for code, picture in blocks(HERE / "modifiers.md"):
        svg = draw.picture(draw.dot(graph_of(code), direction="LR"))
        (HERE / picture).write_bytes(svg)
        print(picture)
