"""The server as an editor meets it: a process, messages over its pipes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stepwell_lsp.testing import PATIENCE, SERVER, Client

FIRST = 'def question() -> str:\n    """What is asked."""\n    return "why?"\n'
SECOND = "def answer(question: str) -> str:\n    return question\n"
RUN = """\
from stepwell import driver
import first
import second

dr = driver.Driver({}, first, second)
dr.execute(["answer"])
"""
WRONG = SECOND.replace("question", "questoin")


@pytest.fixture
def folder(tmp_path):
    """A workspace of one pipeline in two modules."""
    for name, text in {"first.py": FIRST, "second.py": SECOND, "run.py": RUN}.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def some(params):
    """A publication that holds findings."""
    return bool(params["diagnostics"])


def none(params):
    """A publication that holds none."""
    return not params["diagnostics"]


def test_a_mistake_is_published_while_it_is_typed_and_goes_again(folder):
    """Each publication says which version it speaks of."""
    with Client(folder) as client:
        uri = client.open("second.py")
        client.change(uri, 2, {"text": WRONG})
        (found,) = client.published(uri, some)
        assert found["code"] == "SW101"
        assert found["range"]["start"] == {"line": 0, "character": 11}
        assert client.diagnostics[uri]["version"] == 2
        start, end = {"line": 0, "character": 16}, {"line": 1, "character": 18}
        right = "ion: str) -> str:\n    return questio"
        client.change(uri, 3, {"range": {"start": start, "end": end}, "text": right})
        client.published(uri, none)
        assert client.diagnostics[uri]["version"] == 3


def test_files_that_are_not_open_are_published_too(folder):
    """The whole workspace is looked at, and looked at again when one file of it changes."""
    (folder / "second.py").write_text(WRONG, "utf-8")
    with Client(folder) as client:
        client.published(client.uri("second.py"), some)
        client.open("first.py", FIRST.replace("question", "questoin"))
        client.published(client.uri("second.py"), none)


PULLS = {
    "textDocument": {"diagnostic": {}},
    "workspace": {"diagnostics": {"refreshSupport": True}},
}


def test_a_client_that_can_ask_is_answered_for_its_buffers(folder):
    """At once, for the text as it is, and briefly where nothing is new; nothing is said twice."""
    with Client(folder, capabilities=PULLS) as client:
        uri = client.open("second.py", WRONG)
        params = {"textDocument": {"uri": uri}}
        answer = client.request("textDocument/diagnostic", params)
        assert [found["code"] for found in answer["items"]] == ["SW101"]
        again = {**params, "previousResultId": answer["resultId"]}
        assert client.request("textDocument/diagnostic", again)["kind"] == "unchanged"
        client.change(uri, 2, {"text": SECOND})
        assert client.request("textDocument/diagnostic", again)["items"] == []
        assert client.diagnostics.get(uri, {"diagnostics": []})["diagnostics"] == []


def test_a_client_that_asks_is_told_to_ask_again(folder):
    """When an edit of one file changes what is wrong in another."""
    with Client(folder, capabilities=PULLS) as client:
        first, second = client.open("first.py"), client.open("second.py")
        params = {"textDocument": {"uri": second}}
        assert client.request("textDocument/diagnostic", params)["items"] == []
        client.change(first, 2, {"text": FIRST.replace("question", "questoin")})
        client.until(lambda message: message.get("method") == "workspace/diagnostic/refresh")
        assert client.request("textDocument/diagnostic", params)["items"] != []


def test_a_client_that_asks_is_told_of_files_that_are_not_open(folder):
    """It only asks about its buffers; a file that it opens is no longer spoken of."""
    (folder / "second.py").write_text(WRONG, "utf-8")
    with Client(folder, capabilities=PULLS) as client:
        uri = client.uri("second.py")
        client.published(uri, some)
        client.open("second.py")
        client.published(uri, none)


def test_a_closed_buffer_gives_way_to_the_disk(folder):
    """What was typed and not saved is gone, and so is what was wrong with it."""
    with Client(folder) as client:
        uri = client.open("second.py", WRONG)
        client.published(uri, some)
        client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        client.published(uri, none)


def test_files_that_change_on_disk_are_read_again(folder):
    """Created, changed and deleted, as the client's watcher tells."""
    with Client(folder) as client:
        uri = client.uri("second.py")
        (folder / "second.py").write_text(WRONG, "utf-8")
        event = {"changes": [{"uri": uri, "type": 2}]}
        client.notify("workspace/didChangeWatchedFiles", event)
        client.published(uri, some)
        (folder / "second.py").unlink()
        client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 3}]})
        client.published(uri, none)


def test_the_client_is_asked_to_watch_if_it_can(folder):
    """Python files, settings, and what runs left."""
    able = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
    with Client(folder, capabilities=able) as client:
        asked = client.until(lambda m: m.get("method") == "client/registerCapability")
        (registration,) = asked["params"]["registrations"]
        patterns = [w["globPattern"] for w in registration["registerOptions"]["watchers"]]
        assert patterns == ["**/*.py", "**/pyproject.toml", "**/.stepwell/runs.db*"]


def test_pyproject_declares_a_pipeline_and_its_inputs(folder):
    """What is declared wins, and an edit of it is heard of."""
    (folder / "run.py").unlink()
    (folder / "second.py").write_text("def answer(question: str, model: str) -> str: ...\n")
    table = "[tool.stepwell.pipelines.main]\nmodules = ['first', 'second']\ninputs = [{}]\n"
    (folder / "pyproject.toml").write_text(table.format(""), "utf-8")
    with Client(folder) as client:
        client.published(client.uri("second.py"), some)
        (folder / "pyproject.toml").write_text(table.format("'model'"), "utf-8")
        event = {"changes": [{"uri": client.uri("pyproject.toml"), "type": 2}]}
        client.notify("workspace/didChangeWatchedFiles", event)
        client.published(client.uri("second.py"), none)


def test_definition(folder):
    """Asked right behind an edit, answered for the text after it."""
    with Client(folder) as client:
        uri = client.open("second.py")
        client.change(uri, 2, {"text": "\n\n" + SECOND})
        (place,) = client.at("textDocument/definition", uri, 2, 12)
        assert place["uri"] == client.uri("first.py")
        assert place["range"]["start"] == {"line": 0, "character": 4}


def test_references(folder):
    """Across modules."""
    with Client(folder) as client:
        uri = client.open("first.py")
        context = {"includeDeclaration": False}
        (place,) = client.at("textDocument/references", uri, 0, 5, context=context)
        assert place["uri"] == client.uri("second.py")


def test_document_highlight(folder):
    """In this file."""
    with Client(folder) as client:
        uri = client.open("second.py")
        (place,) = client.at("textDocument/documentHighlight", uri, 0, 12)
        assert place["kind"] == 2


def test_hover(folder):
    """Markdown."""
    with Client(folder) as client:
        uri = client.open("second.py")
        found = client.at("textDocument/hover", uri, 0, 12)
        assert "What is asked." in found["contents"]["value"]
        assert client.at("textDocument/hover", uri, 1, 0) is None


def test_completion(folder):
    """While the step is half typed."""
    with Client(folder) as client:
        uri = client.open("second.py", SECOND + "\n\ndef late(qu")
        found = client.at("textDocument/completion", uri, 4, 11)
        assert "question" in [item["label"] for item in found["items"]]


def test_document_symbols(folder):
    """One a step."""
    with Client(folder) as client:
        uri = client.open("second.py")
        params = {"textDocument": {"uri": uri}}
        (found,) = client.request("textDocument/documentSymbol", params)
        assert found["name"] == "answer"


def test_workspace_symbols(folder):
    """Of files that are not open as well."""
    with Client(folder) as client:
        (found,) = client.request("workspace/symbol", {"query": "quest"})
        assert found["location"]["uri"] == client.uri("first.py")


def test_code_action(folder):
    """The cure of a rule, as an edit of this version of the buffer."""
    with Client(folder) as client:
        uri = client.open("second.py", WRONG)
        (found,) = client.published(uri, some)
        params = {"textDocument": {"uri": uri}, "range": found["range"]}
        params["context"] = {"diagnostics": [found]}
        action, *_ = client.request("textDocument/codeAction", params)
        (change,) = action["edit"]["documentChanges"]
        assert change["textDocument"] == {"uri": uri, "version": 1}
        assert "question" in [edit["newText"] for edit in change["edits"]]


def test_rename(folder):
    """Across modules, in versions that were looked at; refused with the reason."""
    with Client(folder) as client:
        uri = client.open("second.py")
        place = client.at("textDocument/prepareRename", uri, 1, 12)
        assert place["placeholder"] == "question"
        found = client.at("textDocument/rename", uri, 1, 12, newName="asked")
        edits = {
            change["textDocument"]["uri"]: (change["textDocument"]["version"], len(change["edits"]))
            for change in found["documentChanges"]
        }
        assert edits == {client.uri("first.py"): (None, 1), uri: (1, 2)}
        with pytest.raises(RuntimeError, match="`answer` is the name of another step"):
            client.at("textDocument/rename", uri, 1, 12, newName="answer")


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 31), ("utf-16", 29), ("utf-32", 28)])
def test_columns_are_counted_as_agreed(folder, encoding, column):
    """An emoji stands before the parameter; the edit after it is counted that way too."""
    text = "def answer(a: str = '😀', *, questoin: str) -> str: ...\n"
    with Client(folder, encodings=[encoding]) as client:
        assert client.server["capabilities"]["positionEncoding"] == encoding
        uri = client.open("second.py", text)
        (found,) = client.published(uri, some)
        assert found["range"]["start"] == {"line": 0, "character": column}
        change = {"range": found["range"], "text": "question"}
        client.change(uri, 2, change)
        client.published(uri, none)
        assert client.at("textDocument/definition", uri, 0, column + 1) != []


def test_an_editor_without_a_folder_is_served(tmp_path):
    """A buffer that was never saved is a pipeline alone, and nothing is looked for on disk."""
    text = "from stepwell import tag\n\n@tag(a='b')\ndef a(a: int) -> int: ...\n"
    with Client(None) as client:
        uri = client.open("untitled:Untitled-1", text)
        (found,) = client.published(uri, some)
        assert found["code"] == "SW104"


ABORT = "import os\nprint('run')\nos.abort()\n"


def test_nothing_of_the_user_is_run(folder):
    """Every module would end the process that ran a line of it; names are shadowed as well."""
    for name, text in {"first.py": FIRST, "second.py": WRONG, "run.py": RUN}.items():
        (folder / name).write_text(ABORT + text, "utf-8")
    shadows = ("typing", "sitecustomize", "usercustomize", "conftest", "pygls", "lsprotocol")
    for name in (*shadows, "networkx", "stepwell", "ast", "first/__init__"):
        path = folder / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(ABORT, "utf-8")
    with Client(folder) as client:
        uri = client.open("second.py")
        client.published(uri, some)
        client.at("textDocument/hover", uri, 3, 12)
        client.at("textDocument/completion", uri, 3, 12)
    assert client.process.returncode == 0


def test_the_runtime_side_is_never_loaded():
    """What could run a step is not even imported."""
    code = (
        "import sys\nimport stepwell_lsp.__main__, stepwell_lsp.server\n"
        "wrong = ('stepwell.read.runtime', 'stepwell.driver', 'stepwell.execution', "
        "'stepwell.plan', 'stepwell.lifecycle', 'runpy')\n"
        "print([name for name in sys.modules if name.startswith(wrong)])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def big(count: int) -> str:
    """A text that takes a while to read."""
    return "".join(f"def n{i}(n{i - 1}: int) -> int:\n    return {i}\n" for i in range(1, count))


def test_the_server_leaves_when_its_client_is_gone(folder):
    """Killed in the middle of an analysis: no process stays behind, and it doesn't complain."""
    client = Client(folder).__enter__()
    client.open("second.py", big(3000))
    client.ask(
        "textDocument/hover",
        {"textDocument": {"uri": client.uri("second.py")}, "position": {"line": 0, "character": 5}},
    )
    client.process.stdin.close()
    assert client.process.wait(PATIENCE) == 0
    client.process.stdout.close()


def test_a_killed_editor_leaves_no_orphan(folder):
    """The editor is killed hard; its stderr, which the server shares, comes to its end."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom stepwell_lsp.testing import Client\n"
        "client = Client(Path(sys.argv[1])).__enter__()\nclient.open('second.py', sys.argv[2])\n"
        "document = {'uri': client.uri('second.py')}\n"
        "client.ask('textDocument/documentSymbol', {'textDocument': document})\n"
        "print('ready', flush=True)\nclient.until(lambda message: False)\n"
    )
    command = [sys.executable, "-c", code, str(folder), big(1500)]
    editor = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert editor.stdout.readline() == b"ready\n"
    editor.kill()
    assert editor.communicate(timeout=PATIENCE) == (b"", b"")


def test_unknown_methods_are_answered(folder):
    """With the error that the protocol has for it; the next request is answered."""
    with Client(folder) as client:
        with pytest.raises(RuntimeError, match="-32601"):
            client.request("stepwell/nothing", {})
        uri = client.open("first.py")
        assert client.at("textDocument/hover", uri, 0, 5) is not None


def test_a_change_to_a_buffer_that_was_never_opened_is_dropped(folder):
    """The order of messages is the client's affair."""
    with Client(folder) as client:
        client.change(client.uri("first.py"), 7, {"text": "x"})
        uri = client.open("second.py")
        assert client.at("textDocument/definition", uri, 0, 12) != []


@pytest.mark.parametrize(
    ("arguments", "said"), [(["--version"], "stepwell-lsp 0."), (["--help"], "usage: stepwell-lsp")]
)
def test_the_command_says_what_it_is(arguments, said):
    """Without starting to serve."""
    done = subprocess.run([*SERVER, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(said)


def test_a_log_is_written_where_asked(folder, tmp_path_factory):
    """And nothing is, otherwise."""
    log = tmp_path_factory.mktemp("log") / "server.log"
    before = set(folder.iterdir())
    with Client(folder, command=[*SERVER, "--log-file", str(log)]) as client:
        client.open("first.py")
    assert "initialize" in log.read_text("utf-8").lower()
    assert set(Path(folder).iterdir()) == before
