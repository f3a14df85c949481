"""Pipelines in notebooks: `%%stepwell` in a real IPython shell, and what shows itself there."""

import atexit
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.utils.capture import capture_output

from stepwell.driver import Driver
from stepwell.testing import module_of

Cell = Callable[[str], tuple[ExecutionResult, str, list[Any]]]

FLOW = """\
%%stepwell flow_n
def words(text: str) -> list[str]:
    return text.split()

def count(words: list[str]) -> int:
    return len(words)
"""


@pytest.fixture
def cell(tmp_path: Path) -> Iterator[Cell]:
    """Runs a cell: how it ended, what it printed, and what it displayed."""
    before, main = set(sys.modules), sys.modules["__main__"]
    shell = InteractiveShell.instance(ipython_dir=str(tmp_path), history_load_length=0)
    shell.history_manager.enabled = False
    shell.run_line_magic("load_ext", "stepwell.notebook")

    def run(text: str) -> tuple[ExecutionResult, str, list[Any]]:
        with capture_output() as said:
            result = shell.run_cell(text)
        return result, said.stdout + said.stderr, [each.data for each in said.outputs]

    yield run
    shell.atexit_operations()
    atexit.unregister(shell.atexit_operations)
    InteractiveShell.clear_instance()
    sys.modules["__main__"] = main  # a shell's own namespace is one of that name
    for name in set(sys.modules) - before:
        if name.endswith("_n"):
            del sys.modules[name]


def test_a_cell_becomes_a_module_with_its_graph_below(cell: Cell):
    """It has its own namespace, a driver takes it, and other cells import from it."""
    result, printed, shown = cell(FLOW)
    assert (result.success, printed) == (True, "")
    assert shown[0]["image/svg+xml"].count('class="node step"') == 2
    assert (
        shown[0]["text/plain"] == "words: list[str]  ← text\n└─ count: int\n\ninputs: text: str\n"
    )
    cell("from stepwell import Driver\nfrom flow_n import words")
    result, _, shown = cell("Driver({}, flow_n).execute(['count'], {'text': 'a b'})")
    assert result.result == {"count": 2}
    assert cell("text = 'leaked'\n")[0].success
    assert not cell("%%stepwell other_n\nx = text")[0].success


def test_what_is_wrong_with_the_wiring_is_told_and_marked(cell: Cell):
    """As the editor does it, before anything runs; ignored where the cell says so."""
    wrong = FLOW.replace("count(words: list[str])", "count(words: int)")
    _, printed, shown = cell(wrong)
    assert "SW201 `count` takes `words: int`, and `words` makes `list[str]`" in printed
    assert "def count(words: int) -> int:" in printed
    assert "count: int  [wrong]" in shown[0]["text/plain"]
    assert cell(wrong.replace("-> int:", "-> int:  # stepwell: ignore"))[1] == ""


def test_cells_make_one_pipeline_together(cell: Cell):
    """Those that are named after the cell's own name are drawn and checked with it."""
    cell(FLOW)
    _, printed, shown = cell(
        "%%stepwell more_n flow_n\ndef twice(count: int) -> int: return 2 * count"
    )
    assert printed == ""
    assert "└─ count: int\n   └─ twice: int" in shown[0]["text/plain"]


def test_only_what_a_target_needs_is_drawn(cell: Cell):
    """With `-t`."""
    _, _, shown = cell(FLOW.replace("flow_n", "flow_n -t words"))
    assert "count" not in shown[0]["text/plain"]


def test_a_cell_can_be_kept_as_a_file(cell: Cell, tmp_path: Path):
    """With `-o`; it is the cell's text without the first line."""
    file = tmp_path / "kept.py"
    _, printed, _ = cell(FLOW.replace("flow_n", f"flow_n -o {file}"))
    assert printed == f"Wrote {file}\n"
    assert file.read_text(encoding="utf-8") == FLOW.partition("\n")[2]


def test_an_error_is_the_cells_own_and_shows_its_line(cell: Cell):
    """The module that was there before stays."""
    cell(FLOW)
    result, printed, _ = cell("%%stepwell flow_n\nwhole = 1\nwhole / 0\n")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert "whole / 0" in printed
    assert sys.modules["flow_n"].count(["a"]) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%%stepwell json", "`json` is a module already; choose another name for the cell"),
        ("%%stepwell no-name", "`no-name` is no name for a module; choose another name"),
        ("%%stepwell a_n nowhere", "`nowhere` is neither a cell of `%%stepwell` nor imported here"),
        ("%%stepwell", "the following arguments are required: name, others; write %%stepwell NAME"),
        ("%%stepwell a_n -t b", "there is no `b` in this pipeline to draw"),
        ("%%stepwell a_n\ndef a(:", "`a_n` is not run: its text can't be read"),
    ],
)
def test_what_is_asked_for_wrongly(cell: Cell, line: str, said: str):
    """One sentence, no traceback; the cell counts as failed."""
    result, printed, _ = cell(f"{line}\n\n\n")
    assert not result.success
    assert f"UsageError: {said}" in printed
    assert "Traceback" not in printed


def test_a_driver_and_a_picture_show_themselves_as_a_graph():
    """In a notebook; a plain terminal shows a tree of the same."""

    def shout(word: str) -> str:
        return word.upper()

    driver = Driver({}, module_of(shout))
    shown = driver._repr_mimebundle_()
    assert shown == driver.display_all_functions()._repr_mimebundle_()
    assert shown["text/plain"] == "shout: str  ← word\n\ninputs: word: str\n"
    assert shown["image/svg+xml"].startswith("<?xml")
