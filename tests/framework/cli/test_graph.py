"""`stepwell graph`."""

from pathlib import Path

import pytest


def test_a_tree_by_default(stepwell):
    """In the terminal, with the alternatives of the configuration."""
    code, out, err = stepwell("graph", "flow_c.py")
    assert (code, err) == (0, "")
    assert "words: list[str]" in out
    assert "shown: str  (when style = 'loud'; by default)" in out


@pytest.mark.parametrize(
    ("arguments", "starts"),
    [
        (("-f", "mermaid"), "flowchart TB\n"),
        (("-f", "mermaid", "--direction", "LR"), "flowchart LR\n"),
        (("-f", "dot"), "digraph pipeline {\n"),
        (("-f", "svg"), "<?xml"),
        (("-f", "html"), "<!doctype html>"),
    ],
)
def test_each_format_can_be_asked_for(stepwell, arguments: tuple[str, ...], starts: str):
    """On stdout."""
    code, out, _ = stepwell("graph", "flow_c.py", *arguments)
    assert code == 0
    assert out.startswith(starts)


@pytest.mark.parametrize(
    ("name", "starts"),
    [("g.svg", b"<?xml"), ("g.png", b"\x89PNG"), ("g.mmd", b"flow"), ("g.gv", b"digraph")],
)
def test_the_format_follows_from_the_ending(stepwell, folder: Path, name: str, starts: bytes):
    """And the file is written."""
    code, out, err = stepwell("graph", "flow_c.py", "-o", name)
    assert (code, out, err) == (0, "", f"Wrote {name}\n")
    assert (folder / name).read_bytes().startswith(starts)


def test_a_target_leaves_out_what_it_does_not_need(stepwell):
    """And is marked."""
    _, out, _ = stepwell("graph", "flow_c.py", "-t", "count")
    assert "└─ count: int  ← least?  [asked for]\n" in out
    assert "share" not in out


def test_a_configuration_chooses(stepwell):
    """Only what exists under it is drawn."""
    _, out, _ = stepwell("graph", "flow_c.py", "-c", "style=loud")
    assert "by default" not in out


def test_nothing_is_imported_unless_it_is_asked_for(stepwell, folder: Path):
    """A module that ends the program is read all the same."""
    (folder / "deadly_c.py").write_text(
        "raise SystemExit('imported')\ndef a(x: int) -> int: return x\n", encoding="utf-8"
    )
    assert "a: int" in stepwell("graph", "deadly_c")[1]
    assert stepwell("graph", "deadly_c", "--runtime")[0] == 1


def test_both_readers_draw_the_same(stepwell):
    """The tree from live functions is the tree from text."""
    assert stepwell("graph", "flow_c.py") == stepwell("graph", "flow_c.py", "--runtime")


def test_what_is_wrong_is_marked(stepwell):
    """A wrong graph is drawn, not refused."""
    code, out, _ = stepwell("graph", "wrong_c.py")
    assert code == 0
    assert "[wrong]" in out


def test_explain_lists_what_was_read_and_what_was_not(stepwell, folder: Path):
    """Steps with places, inputs with readers, holes with reasons."""
    (folder / "hole_c.py").write_text(
        "from stepwell.modifiers import parameterize\n"
        "import elsewhere\n\n"
        "@parameterize(**elsewhere.table)\n"
        "def made(x: int, y: int = 3) -> int:\n"
        "    return x\n\n"
        "def twice(x: int) -> int:\n"
        "    return x\n",
        encoding="utf-8",
    )
    _, out, _ = stepwell("graph", "hole_c.py", "--explain")
    assert "Nodes of `hole_c`:\n" in out
    assert "  twice(x) -> int  hole_c.py:8\n" in out
    assert "  x: int, read by" in out
    assert "Holes: " in out
    assert "hole_c.py:4" in out


def test_a_folder_and_a_file_that_builds_the_driver_stand_for_the_pipeline(stepwell, folder: Path):
    """As `stepwell check` finds it."""
    (folder / "run_c.py").write_text(
        "from stepwell import driver\nimport flow_c\ndr = driver.Driver({}, flow_c)\n",
        encoding="utf-8",
    )
    (folder / "wrong_c.py").unlink()
    alone = stepwell("graph", "flow_c", "-t", "count")
    assert stepwell("graph", "run_c.py", "-t", "count") == alone
    assert stepwell("graph", "-t", "count") == alone


def test_a_folder_with_no_pipeline_or_several_says_so(stepwell, folder: Path):
    """And what to do."""
    (folder / "empty").mkdir()
    code, _, err = stepwell("graph", "empty")
    assert code == 2
    assert "no pipeline is known under `empty`: name its modules, or declare it" in err
    (folder / "flow_d.py").write_text((folder / "flow_c.py").read_text("utf-8"), "utf-8")
    code, _, err = stepwell("graph")
    assert code == 2
    assert "there are 2 pipelines under `.`: `flow_c`, `flow_d`; name the modules" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("flow_d.py",), "`flow_d.py` is no file; did you mean `flow_c.py`?"),
        (("flow_d",), "no module `flow_d` here or on sys.path; did you mean `flow_c`?"),
        (("flow_c.py", "-t", "cuont"), "no `cuont` in this graph; did you mean `count`?"),
        (("flow_c.py", "-o", "graph.jpeg"), "the ending of `graph.jpeg` names no format"),
        (("flow_c.py", "-o", "no/where.svg"), "`no/where.svg` can't be written: No such file"),
        (("flow_c.py", "-c", "style"), "-c takes name=value"),
    ],
)
def test_a_mistake_is_told(stepwell, arguments: tuple[str, ...], says: str):
    """Exit code 2."""
    code, out, err = stepwell("graph", *arguments)
    assert (code, out) == (2, "")
    assert says in err
