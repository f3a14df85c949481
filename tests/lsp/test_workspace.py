"""Files on disk and in buffers, kept up to date by what changed."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from stepwell.read.index import Index
from stepwell_lsp.documents import Document
from stepwell_lsp.workspace import Workspace

RUN = "from stepwell import driver\nimport a, b\ndr = driver.Driver({}, a, b)\ndr.execute(['y'])\n"


def document(file: str, text: str, version: int = 1) -> Document:
    return Document.opened(types.TextDocumentItem(f"file://{file}", "python", version, text))


def told(workspace: Workspace) -> dict[str, list[str]]:
    """What is wrong, by file; what only fades is left out."""
    found = workspace.snapshot().findings
    wrong = {f: [d.concise() for d in ds if d.severity != "hint"] for f, ds in found.items()}
    return {os.path.basename(f): ones for f, ones in wrong.items() if ones}


def codes(workspace: Workspace) -> dict[str, list[str]]:
    """The codes of the same."""
    return {f: [one.split()[1] for one in ones] for f, ones in told(workspace).items()}


@pytest.fixture
def folder(tmp_path):
    """A pipeline of two modules, right as it stands."""
    (tmp_path / "a.py").write_text("def x() -> int:\n    return 1\n")
    (tmp_path / "b.py").write_text("def y(x: int) -> int:\n    return x\n")
    (tmp_path / "run.py").write_text(RUN)
    return tmp_path


@pytest.fixture
def workspace(folder):
    """That folder, open."""
    made = Workspace()
    made.sources.open_folders([str(folder)])
    return made


def test_only_the_pipeline_of_an_edited_file_is_checked_again(folder, workspace):
    """What did not change is the very same object as before."""
    (folder / "c.py").write_text("from stepwell import tag\n@tag(k='v')\ndef z() -> int: ...\n")
    workspace.sources.touch([str(folder / "c.py")])
    before = {made.name: made for made in workspace.snapshot().pipelines}
    workspace.sources.overlay(document(str(folder / "b.py"), "def y(xx: int) -> int: ...\n"))
    after = {made.name: made for made in workspace.snapshot().pipelines}
    assert [after[name] is before[name] for name in sorted(after)] == [False, True]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("types_.py", "Number = int\n", "Number = str\n"),
        ("types_.py", "Number = int\n", None),
        ("types_.py", "Number = str\n", "Number = int\n"),
    ],
)
def test_a_file_is_read_again_when_what_it_imports_changes(folder, name, before, after):
    """An alias of a type in another file decides whether an edge fits."""
    (folder / "b.py").write_text("from types_ import Number\ndef y(x: Number) -> int: ...\n")
    (folder / name).write_text(before)
    workspace = Workspace()
    workspace.sources.open_folders([str(folder)])
    workspace.snapshot()
    if after is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(after)
    workspace.sources.touch([str(folder / name)])
    fresh = Workspace()
    fresh.sources.open_folders([str(folder)])
    assert told(workspace) == told(fresh)


def test_files_that_have_nothing_to_do_with_pipelines_are_not_kept(folder, workspace):
    """Until one is imported by a file that has."""
    other = folder / "other.py"
    other.write_text("def helper() -> int: ...\n")
    workspace.sources.touch([str(other)])
    assert str(other) not in workspace.snapshot().texts
    workspace.sources.overlay(document(str(folder / "a.py"), "import other\ndef x() -> int: ...\n"))
    assert str(other) in workspace.snapshot().texts


def test_a_broken_step_breaks_nothing_else(folder, workspace):
    """One finding, where it is; who reads the step is not told that it is missing."""
    workspace.snapshot()
    workspace.sources.overlay(document(str(folder / "a.py"), "def x( -> int:\n    return 1\n"))
    assert codes(workspace) == {"a.py": ["SW001"]}


def test_a_comment_switches_a_rule_off(folder, workspace):
    """On its own line alone."""
    text = "def y(xx: int) -> int: ...  # stepwell: ignore[SW101]\n"
    workspace.sources.overlay(document(str(folder / "b.py"), text))
    assert codes(workspace) == {}


def test_a_comment_that_switches_off_nothing_is_told(folder, workspace):
    """As soon as what it was for is gone."""
    (folder / "b.py").write_text("def y(xx: int) -> int: return xx  # stepwell: ignore[SW101]\n")
    workspace.sources.touch([str(folder / "b.py")])
    assert codes(workspace) == {}
    (folder / "b.py").write_text("def y(x: int) -> int: return x  # stepwell: ignore[SW101]\n")
    workspace.sources.touch([str(folder / "b.py")])
    assert codes(workspace) == {"b.py": ["SW002"]}


def test_what_is_wrong_in_one_of_two_pipelines_names_it(folder, workspace):
    """Both are built of the same file."""
    (folder / "other.py").write_text(
        "from stepwell import Driver\nimport b\nd = Driver({}, b)\nd.execute(['y'])\n"
    )
    workspace.sources.touch([str(folder / "other.py")])
    (message,) = told(workspace)["b.py"]
    assert message.endswith("other.py:3`)")


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("ignore = ['SW101']", {}),
        ("ignore = ['SW2']", {"b.py": ["SW101"]}),
        ("select = ['SW2']", {}),
        ("per-file-ignores = {'b.py' = ['missing-input']}", {}),
        ("per-file-ignores = {'a.py' = ['missing-input']}", {"b.py": ["SW101"]}),
        ("ignore = 3", {"b.py": ["SW101"]}),
    ],
)
def test_the_rules_that_count_are_those_of_the_command_line(folder, workspace, check, expected):
    """`[tool.stepwell.check]` holds in the editor too; what is malformed in it says nothing."""
    (folder / "b.py").write_text("def y(xx: int) -> int: ...\n")
    (folder / "pyproject.toml").write_text(f"[tool.stepwell.check]\n{check}\n")
    workspace.sources.touch([str(folder / "b.py"), str(folder / "pyproject.toml")])
    assert codes(workspace) == expected


@pytest.mark.parametrize("text", ["tool = 3", "[tool]\nstepwell = []", "x = 1979-05-27"])
def test_a_table_of_another_shape_says_nothing(folder, workspace, text):
    """Other tools' tables, and mistakes in ours."""
    (folder / "pyproject.toml").write_text(text)
    workspace.sources.touch([str(folder / "pyproject.toml")])
    assert codes(workspace) == {}


def test_settings_that_are_half_typed_say_what_they_said(folder):
    """A table that does not parse is not the end of its pipelines."""
    settings = folder / "pyproject.toml"
    settings.write_text("[tool.stepwell.pipelines.p]\nmodules = ['a', 'b']\ninputs = []\n")
    (folder / "b.py").write_text("def y(z: int) -> int: ...\n")
    (folder / "run.py").unlink()
    workspace = Workspace()
    workspace.sources.open_folders([str(folder)])
    assert codes(workspace) == {"b.py": ["SW101"]}
    settings.write_text("[tool.stepwell.pipelines.p\nmodules = ['a']")
    workspace.sources.touch([str(settings)])
    assert codes(workspace) == {"b.py": ["SW101"]}


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfdef x() -> int: ...\n",
        b"# -*- coding: latin-1 -*-\n# \xe9\ndef x() -> int: ...\n",
        b"def x() -> int: ...\r\n",
        b"def x() -> int: ...\r",
        b"# \xff\xfe\ndef x() -> int: ...\n",
        b"# coding: nothing-of-the-kind\ndef x() -> int: ...\n",
        "# \u2028\x0c\ndef x() -> int: ...\n".encode(),
    ],
)
def test_any_bytes_are_read(folder, data):
    """Marks, encodings, line ends; the step is found where it is."""
    (folder / "a.py").write_bytes(data)
    workspace = Workspace()
    workspace.sources.open_folders([str(folder)])
    assert codes(workspace) == {}


DEEP = {
    "signs": "a = " + "-" * 100_000 + "1",
    "calls": "a = b" + "()" * 20_000,
    "sum": "a = 1" + "+1" * 20_000,
    "union": "def f(x: int" + " | int" * 20_000 + ") -> int: ...",
    "modifier": "@tag(a=" + "-" * 900 + "1)\ndef f() -> int: ...",
    "branches": "if a:\n    pass\n" + "elif a:\n    pass\n" * 3_000,
    "parameters": "def f(" + ", ".join(f"p{n}: int" for n in range(3_000)) + ") -> int: ...",
    "line": "a = '" + "x" * 2_000_000 + "'",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_no_depth_or_length_stops_the_rest(folder, workspace, text):
    """What can't be read is one finding at most; other files are read on."""
    deep = document(str(folder / "deep.py"), f"from stepwell import tag\n{text}\n")
    workspace.sources.overlay(deep)
    workspace.sources.overlay(document(str(folder / "b.py"), "def y(xx: int) -> int: ...\n"))
    found = codes(workspace)
    assert found.pop("b.py") == ["SW101"]
    assert found in ({}, {"deep.py": ["SW001"]})


@pytest.mark.parametrize("data", [b"\0\0\0", b"def x(\0) -> int: ...", b"\x80" * 99, b"(" * 3000])
def test_what_is_no_python_is_one_finding_at_most(folder, data):
    """And never the end of the server."""
    (folder / "a.py").write_bytes(data)
    workspace = Workspace()
    workspace.sources.open_folders([str(folder)])
    assert all(len(found) <= 1 for found in codes(workspace).values())


def test_links_that_run_in_circles_and_folders_that_can_not_be_read(folder):
    """What can't be entered is left out."""
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "gone.py").symlink_to(folder / "nowhere.py")
    (folder / "package.py").mkdir()
    workspace = Workspace()
    workspace.sources.open_folders([str(folder), str(folder / "nowhere")])
    assert codes(workspace) == {}


def test_a_folder_that_is_renamed_takes_its_files_along(folder):
    """The client tells of the folder, not of every file in it."""
    inner = folder / "inner"
    inner.mkdir()
    for name in ("a.py", "b.py", "run.py"):
        (folder / name).rename(inner / name)
    (inner / "b.py").write_text("def y(xx: int) -> int: ...\n")
    workspace = Workspace()
    workspace.sources.open_folders([str(folder)])
    assert codes(workspace) == {"b.py": ["SW101"]}
    inner.rename(folder / "outer")
    workspace.sources.touch([str(inner), str(folder / "outer")])
    assert {os.path.dirname(f) for f in workspace.snapshot().findings} == {str(folder / "outer")}
    assert codes(workspace) == {"b.py": ["SW101"]}


VALID = (
    "def x() -> int: ...\n",
    "def x() -> str: ...\n",
    "X = int\ndef x() -> X: ...\n",
    "from a import X\ndef y(x: X) -> int: ...\n",
    "def y(x: int) -> int: ...\n\n\ndef z(y: int) -> int: ...\n",
    "def y(z: int) -> int: ...\n\n\ndef z(y: int) -> int: ...\n",
    "import a\nX = str\ndef y(x: a.X) -> int: ...\n",
    "",
    RUN,
)
BROKEN = ("def x(", "from a import", '"""', "def y(x: int) -> int:\nreturn", "@", "X = [")
NAMES = ("a.py", "b.py", "run.py")
EDITS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from([*VALID, *BROKEN])), max_size=6)
LAST = st.tuples(*(st.sampled_from(VALID) for _ in NAMES))


@given(EDITS, LAST)
def test_after_any_edits_all_is_as_if_read_afresh(edits, last):
    """Whatever stood there before, valid text means what it means."""
    root = "/nowhere/else"
    workspace = Workspace()
    workspace.sources.open_folders([root])
    for version, (name, text) in enumerate(edits):
        workspace.sources.overlay(document(f"{root}/{name}", text, version))
        workspace.snapshot()
    fresh = Workspace()
    fresh.sources.open_folders([root])
    for name, text in zip(NAMES, last, strict=True):
        workspace.sources.overlay(document(f"{root}/{name}", text, 99))
        workspace.snapshot()
        fresh.sources.overlay(document(f"{root}/{name}", text, 1))
    assert told(workspace) == told(fresh)


def test_what_was_read_before_a_restart_is_the_same(folder, tmp_path_factory):
    """Also after edits of a file that was never parsed in this life, and of one it imports."""
    (folder / "a.py").write_text("Word = str\ndef x() -> Word: return ''\n")
    (folder / "b.py").write_text("from a import Word\ndef y(x: Word) -> int: return 1\n")
    cache = tmp_path_factory.mktemp("kept")
    for life in range(3):
        kept, fresh = Workspace(Index(cache)), Workspace()
        for workspace in (kept, fresh):
            workspace.sources.open_folders([str(folder)])
        assert told(kept) == told(fresh) == {}
        for text in ("Word = int\ndef x() -> str: return ''\n", f"Word = str  # {life}\n"):
            for workspace in (kept, fresh):
                workspace.sources.overlay(document(str(folder / "a.py"), text, 2))
            assert told(kept) == told(fresh) != {}
            assert kept.snapshot().pipelines[0].graph.digest() == (
                fresh.snapshot().pipelines[0].graph.digest()
            )
