"""The recipe that embeds a corpus: the same on every engine but for one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "recipes" / "embed_corpus" / "run.py"


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["dask", "ray", "spark"])
def test_the_recipe_embeds_a_corpus(engine: str, tmp_path: Path) -> None:
    for name in ("tower", "soup"):
        (tmp_path / f"{name}.md").write_text(f"# A {name}\n\nIt is a {name}.\n", "utf-8")
    said = subprocess.run(
        [sys.executable, RUN, engine, "--docs", tmp_path],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert said.stdout.startswith("2 vectors of 384 numbers in "), said.stderr
    assert said.stdout.endswith(f", by {engine}\n")
