"""`stepwell migrate`: imports changed in text, and what has no counterpart told by its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stepwell.cli import main
from stepwell.cli.rewriting import Gap, rewritten

NEW = "stepwell.compat.hamilton"


@pytest.mark.parametrize(
    ("written", "moved"),
    [
        ("from hamilton import driver", f"from {NEW} import driver"),
        ("from hamilton import driver as d, base", f"from {NEW} import driver as d, base"),
        ("from hamilton.htypes import Collect", f"from {NEW}.htypes import Collect"),
        ("from hamilton.function_modifiers import *", f"from {NEW}.function_modifiers import *"),
        ("import hamilton", "from stepwell.compat import hamilton"),
        ("import hamilton as h", f"import {NEW} as h"),
        ("import hamilton.driver as dr", f"import {NEW}.driver as dr"),
        (
            "import hamilton.driver",
            f"import {NEW}.driver; from stepwell.compat import hamilton",
        ),
        (
            "import os, hamilton.base  # both",
            f"import os; import {NEW}.base; from stepwell.compat import hamilton  # both",
        ),
        (
            "from hamilton.function_modifiers import (\n    tag,  # of all\n    source,\n)",
            f"from {NEW}.function_modifiers import (\n    tag,  # of all\n    source,\n)",
        ),
        (
            "def f():\n    from hamilton import driver\n    return driver",
            f"def f():\n    from {NEW} import driver\n    return driver",
        ),
    ],
)
def test_imports_are_changed(written: str, moved: str) -> None:
    assert rewritten(written + "\n").text == moved + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "from hamilton_sdk import adapters\n",
        "from .hamilton import mine\n",
        "import hamiltonian\n",
        "name = 'hamilton'  # from hamilton import driver\n",
        "x=1 ;y = [ 2,3 ]\n",
    ],
)
def test_all_else_stays_as_it_is(text: str) -> None:
    assert rewritten(text) == rewritten(text).__class__(text)


def test_what_has_no_counterpart_is_told_by_its_line() -> None:
    text = (
        "from hamilton import driver\n"
        "from hamilton.plugins import h_slack, h_tqdm\n"
        "from hamilton.function_modifiers import tag, nothing\n"
        "dr = driver.Builder().with_cache().build()\n"
    )
    gaps = rewritten(text).gaps
    assert [(gap.line, gap.what) for gap in gaps] == [
        (2, "hamilton.plugins.h_slack"),
        (3, "hamilton.function_modifiers.nothing"),
        (4, ".with_cache"),
    ]
    assert gaps[0].instead
    assert isinstance(gaps[0], Gap)


def test_without_write_files_stay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "old.py").write_text("from hamilton import driver\n")
    assert main(["migrate", "."]) == 0
    told = capsys.readouterr()
    assert "-from hamilton import driver" in told.out
    assert f"+from {NEW} import driver" in told.out
    assert "Would change 1 file; --write does it. 0 without a counterpart." in told.err
    assert (folder / "old.py").read_text() == "from hamilton import driver\n"


def test_with_write_they_are_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "old.py").write_text("from hamilton import driver\nfrom hamilton import nothing\n")
    assert main(["migrate", "old.py", "--write"]) == 1
    told = capsys.readouterr()
    assert told.out == "old.py:2: `hamilton.nothing` has no counterpart\n"
    assert (folder / "old.py").read_text().startswith(f"from {NEW} import driver\n")
    assert main(["migrate", "old.py"]) == 0


def test_a_notebook_s_cells(folder: Path) -> None:
    """Magics and text stay; only cells of code that import are changed."""
    cells = [
        {"cell_type": "markdown", "source": ["from hamilton import driver\n"]},
        {"cell_type": "code", "source": ["%load_ext autoreload\n", "from hamilton import driver"]},
        {"cell_type": "code", "source": ["x = [ 1 ]"]},
    ]
    (folder / "old.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    assert main(["migrate", "old.ipynb", "--write"]) == 0
    found = json.loads((folder / "old.ipynb").read_text())
    assert found["cells"][0] == cells[0]
    assert found["cells"][1]["source"] == [
        "%load_ext autoreload\n",
        f"from {NEW} import driver",
    ]
    assert found["cells"][2] == cells[2]


def test_what_can_t_be_read_is_told_and_stays(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.py").write_text("from hamilton import (\n")
    (folder / "old.py").write_text("import hamilton\n")
    assert main(["migrate", "."]) == 1
    told = capsys.readouterr()
    assert "broken.py: can't be read, and stays as it is" in told.err
    assert "from stepwell.compat import hamilton" in told.out


def test_a_path_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "nothing"]) == 2
    assert "there is no `nothing`" in capsys.readouterr().err
