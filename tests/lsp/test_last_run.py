"""What the last run did: in hovers, lenses, the graph and on a page, from a store on disk."""

from __future__ import annotations

import ast
import os
import sqlite3
import subprocess
import sys
from inspect import getblock
from pathlib import Path

import pytest
from lsprotocol import types

import stepwell
from stepwell.read.source.chunks import chunks
from stepwell.store.text import text_digest
from stepwell_lsp.features.code_lens import code_lenses
from stepwell_lsp.features.graph import graph_view, last_run_page
from stepwell_lsp.features.hover import hover
from stepwell_lsp.figures import Digests
from stepwell_lsp.testing import Client
from stepwell_lsp.workspace import Workspace

STEPS = '''\
from stepwell import config, retry, tag
from stepwell.llm import Usage, record_usage


def question() -> str:
    """What is asked."""
    return "why?"


@tag(owner="search")
def answer(question: str) -> str:
    record_usage(Usage(input_tokens=1200, output_tokens=34, requests=1), operation="chat")
    return question


def broken(answer: str) -> str:
    raise ValueError("the patient has a rash")


@config.when(size="small")
def model__small() -> str:
    return "s"


@config.when(size="big")
def model__big() -> str:
    return "b"
'''
RUN = """\
import os
import sys
from stepwell import Driver
from stepwell.store import RunStore
import steps

driver = Driver({"size": os.environ.get("SIZE", "big")}, steps, adapter=RunStore())
try:
    driver.execute(sys.argv[1:])
except ValueError:
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that has not been run."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "steps.py").write_text(STEPS)
    (tmp_path / "run.py").write_text(RUN)
    return tmp_path


def run(project: Path, *targets: str) -> None:
    env = {name: value for name, value in os.environ.items() if name != "STEPWELL_STORE"}
    command = [sys.executable, "run.py", *targets]
    subprocess.run(command, cwd=project, check=True, timeout=60, env=env)


class Seen:
    """A workspace on disk, looked at again whenever it is asked."""

    def __init__(self, root: Path) -> None:
        self.root, self.file = root, str(root / "steps.py")
        self.workspace = Workspace()
        self.workspace.sources.open_folders([str(root)])

    def hover(self, word: str) -> str:
        snapshot = self.workspace.snapshot()
        text = snapshot.text(self.file)
        line = next(n for n, line in enumerate(text.lines) if word in line)
        position = types.Position(line, text.lines[line].index(word) + 4)
        found = hover(snapshot, self.file, position)
        assert found is not None
        return str(found.contents.value)  # type: ignore[union-attr]

    def lenses(self) -> list[str]:
        found = code_lenses(self.workspace.snapshot(), self.file)
        return [lens.command.title for lens in found if lens.command]

    def view(self):
        found = graph_view(self.workspace.snapshot(), self.file)
        assert found is not None
        return found

    def node(self, name: str):
        return next(node["last"] for node in self.view()["nodes"] if node["name"] == name)


def test_without_a_store_there_is_nothing_of_it(project):
    """No line, no field with a figure, no file that is made."""
    seen = Seen(project)
    assert "last run" not in seen.hover("def answer")
    assert not [title for title in seen.lenses() if "last run" in title]
    assert seen.view()["last"] is None
    assert {node["last"] for node in seen.view()["nodes"]} == {None}
    assert last_run_page(seen.workspace.snapshot(), seen.file) is None
    assert not (project / ".stepwell").exists()


def test_a_hover_tells_time_tokens_and_cost(project):
    """What is not known of the cost is said so."""
    run(project, "answer")
    told = Seen(project).hover("def answer")
    assert "- last run 20" in told
    assert "1 call, 1,200 tokens in, 34 out, cost unknown" in told
    assert " ms" in told


def test_a_lens_tells_the_same_in_short(project):
    """A step that made no call has its time alone."""
    run(project, "answer")
    lenses = [title for title in Seen(project).lenses() if title.startswith("last run")]
    assert len(lenses) == 2
    assert lenses[0].endswith("ms")
    assert lenses[1].endswith("ms · 1,234 tokens · cost unknown")


def test_a_failure_has_its_class_and_its_place_and_nothing_of_its_text(project):
    """The text may hold what was said."""
    run(project, "broken")
    seen = Seen(project)
    assert "failed with `ValueError` at `steps.py:17`" in seen.hover("def broken")
    assert any("last run: failed with ValueError · " in title for title in seen.lenses())
    node = seen.node("broken")
    assert (node["error"], node["earlier"]) == ("ValueError", False)
    view = seen.view()["last"]
    assert view["ended"] == "failed"
    assert view["text"].startswith("failed with ValueError · 20")


def test_a_step_that_has_changed_since_is_told_as_such(project):
    """A comment or an empty line is no change; a decorator is one."""
    run(project, "answer")
    seen = Seen(project)
    before = "before your last change"
    assert before not in seen.hover("def answer")
    for old, new, changed in (
        ("    record_usage", "    # so that it is counted\n\n    record_usage", False),
        ('owner="search"', 'owner="find"', True),
        ('owner="find"', 'owner="search"', False),
        ("return question\n", "return question + '!'\n", True),
    ):
        text = (project / "steps.py").read_text().replace(old, new, 1)
        (project / "steps.py").write_text(text)
        seen.workspace.sources.touch([seen.file])
        assert (before in seen.hover("def answer")) == changed, new
        assert seen.node("answer")["changed"] == changed
        assert before not in seen.hover("def question")


def test_of_alternatives_the_one_that_ran_has_the_figures(project):
    """The configuration chose it."""
    run(project, "model")
    seen = Seen(project)
    assert "last run" in seen.hover("def model__big")
    assert "last run" not in seen.hover("def model__small")
    assert seen.node("model")["changed"] is False


def test_a_later_run_takes_the_place_of_an_earlier(project):
    """What it did not do keeps its figures, which are told to be of an earlier one."""
    seen = Seen(project)
    run(project, "answer")
    first = seen.view()["last"]["id"]
    run(project, "model")
    assert seen.workspace.stores.changed()
    assert seen.view()["last"]["id"] != first
    assert seen.node("answer")["earlier"] is True
    assert seen.node("model")["earlier"] is False


def test_what_has_not_changed_is_not_read_again(project):
    """The figures are the same object, so that a client is not told of them again."""
    run(project, "answer")
    seen = Seen(project)
    before = seen.workspace.snapshot().figures
    assert not seen.workspace.stores.changed()
    assert seen.workspace.snapshot().figures is before


def test_a_page_shows_every_step(project):
    """Those too that the run did not come to."""
    run(project, "broken")
    page = last_run_page(Seen(project).workspace.snapshot(), str(project / "run.py"))
    assert page is not None
    assert "| `answer` |" in page["text"]
    assert "| 1,200 | 34 | unknown |" in page["text"]
    assert f"Raised at `{project / 'steps.py'}:17`" in page["text"]
    assert "failed with `ValueError`" in page["text"]


def test_a_moved_project_keeps_its_figures(project, tmp_path_factory):
    """Its files are named from its folder on."""
    run(project, "answer")
    new = tmp_path_factory.mktemp("moved") / "there"
    project.rename(new)
    assert "last run" in Seen(new).hover("def answer")


@pytest.mark.parametrize("spoilt", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_store_that_can_not_be_read_is_as_if_there_were_none(project, spoilt, caplog):
    """The log says why."""
    (project / ".stepwell").mkdir()
    (project / ".stepwell" / "runs.db").write_bytes(spoilt)
    seen = Seen(project)
    assert "last run" not in seen.hover("def answer")
    assert ("runs.db" in caplog.text) == bool(spoilt)


def test_what_a_hostile_store_says_is_no_markup(project):
    """It came with a repository, perhaps."""
    run(project, "broken")
    evil = "`](command:evil) <b>\n# x"
    with sqlite3.connect(project / ".stepwell" / "runs.db") as base:
        base.execute("update step set error = ?, place = ? where error is not null", (evil, evil))
        base.execute("update run set error = ?, place = ?, id = ?", (evil, evil, evil))
    base.close()
    seen = Seen(project)
    hovered = seen.hover("def broken")
    assert "failed with `an error` at ` ](command:evil) <b> # x`" in hovered
    page = last_run_page(seen.workspace.snapshot(), seen.file)
    assert page is not None
    assert "`](" not in page["text"]
    assert "\n# x" not in page["text"]


def test_over_stdio_a_run_shows_without_an_edit(project):
    """The store changed on disk: the next hover, lenses and graph tell of it."""
    with Client(project, capabilities=REFRESHES) as client:
        uri = client.open("steps.py")
        request = {"textDocument": {"uri": uri}}
        assert not _titles(client.request("textDocument/codeLens", request))
        assert client.request("stepwell/lastRun", request) is None
        run(project, "answer")
        told = client.at("textDocument/hover", uri, 10, 6)["contents"]["value"]
        assert "last run 20" in told
        assert len(_titles(client.request("textDocument/codeLens", request))) == 2
        view = client.request("stepwell/graph", request)
        assert view["last"]["ended"] == "finished"
        assert client.request("stepwell/lastRun", request)["id"] == view["last"]["id"]
        client.until(lambda message: message.get("method") == "workspace/codeLens/refresh")


def test_over_stdio_a_watching_client_is_told(project):
    """It asks for the lenses and the graph again."""
    with Client(project, capabilities=REFRESHES) as client:
        uri = client.open("steps.py")
        client.request("stepwell/graph", {"textDocument": {"uri": uri}})
        run(project, "answer")
        changed = {"uri": client.uri(".stepwell/runs.db-wal"), "type": 1}
        client.notify("workspace/didChangeWatchedFiles", {"changes": [changed]})
        client.until(lambda message: message.get("method") == "workspace/codeLens/refresh")
        client.until(lambda message: message.get("method") == "stepwell/graphChanged")


@pytest.mark.parametrize("params", [None, {}, {"textDocument": 3}])
def test_a_request_that_is_wrong_is_answered_so(project, params):
    """And the next is answered well."""
    with Client(project) as client:
        with pytest.raises(RuntimeError, match="takes a `textDocument`"):
            client.request("stepwell/lastRun", params)
        uri = client.open("steps.py")
        assert client.request("stepwell/lastRun", {"textDocument": {"uri": uri}}) is None


REFRESHES = {"workspace": {"codeLens": {"refreshSupport": True}}}


def _titles(lenses):
    titles = [lens["command"]["title"] for lens in lenses]
    return [title for title in titles if title.startswith("last run")]


@pytest.mark.parametrize("package", ["llm", "store", "cli", "read/source"])
def test_the_text_of_a_step_is_the_same_for_a_run_and_for_an_editor(package):
    """Whatever it is written like: of every function of some packages of ours."""
    count = 0
    for path in sorted((Path(stepwell.__file__).parent / package).glob("*.py")):
        source, digests = path.read_text("utf-8"), Digests()
        cut = chunks(source, {})
        for statement in ast.parse(source).body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([statement.lineno, *(d.lineno for d in statement.decorator_list)])
                lines = source.splitlines(keepends=True)[first - 1 :]
                run = text_digest(getblock(lines))
                assert digests.of(str(path), source, lambda c=cut: c, statement.lineno) == run
                count += 1
    assert count > 10
