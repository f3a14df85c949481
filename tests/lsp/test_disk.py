"""Folders and files that come, go and change below a server that is at work."""

from __future__ import annotations

import random

import pytest

from stepwell_lsp.testing import Client

RUN = (
    "from stepwell import driver\nimport steps{0}\n"
    "driver.Driver({{}}, steps{0}).execute(['last'], inputs={{}})\n"
)
RIGHT = "def first() -> int:\n    return {0}\n\n\ndef last(first: int) -> int:\n    return first\n"
WRONG = RIGHT.replace("(first", "(frist").replace("return first", "return frist")


def pipeline(folder, number, text=WRONG):
    (folder / f"steps{number}.py").write_text(text.format(number), "utf-8")
    (folder / f"run{number}.py").write_text(RUN.format(number), "utf-8")


def wrong(params):
    return bool(params["diagnostics"])


def right(params):
    return not params["diagnostics"]


def told(client):
    """What is wrong in all files that are wrong, once the server has caught up."""
    sign = "from stepwell import tag\n@tag(a='b')\ndef a(a: int) -> int:\n    return a\n"
    uri = client.open("sign.py", sign)
    client.published(uri, lambda params: params["version"] == 1)
    client.request("workspace/symbol", {"query": "x"})  # what was published along came before
    return {
        uri: [(found["code"], found["range"], found["message"]) for found in params["diagnostics"]]
        for uri, params in client.diagnostics.items()
        if params["diagnostics"]
    }


def test_folders_come_and_go(tmp_path):
    """What is wrong in a folder is told when it is opened, and taken back when it is closed."""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        pipeline(folder, 1)
    named = {"uri": two.as_uri(), "name": "two"}
    with Client(one) as client:
        client.published(client.uri("steps1.py"), wrong)
        assert (two / "steps1.py").as_uri() not in client.diagnostics
        change = "workspace/didChangeWorkspaceFolders"
        client.notify(change, {"event": {"added": [named], "removed": []}})
        client.published((two / "steps1.py").as_uri(), wrong)
        client.notify(change, {"event": {"added": [], "removed": [named]}})
        client.published((two / "steps1.py").as_uri(), right)
        assert wrong(client.diagnostics[client.uri("steps1.py")])


def test_another_state_of_all_files_ends_as_a_cold_start_begins(tmp_path):
    """Many files change, go and come while somebody types, as when a branch is checked out."""
    chance = random.Random(3)
    for number in range(30):
        pipeline(tmp_path, number, chance.choice((RIGHT, WRONG)))
    with Client(tmp_path) as client:
        uri = client.open("steps0.py")
        changes = []
        for number in range(40):
            version = number + 2
            client.change(uri, version, {"text": f"# {version}\n" + WRONG.format(version)})
            file = tmp_path / f"steps{number}.py"
            if number and chance.random() < 0.3:
                file.unlink(missing_ok=True)
            elif number:
                pipeline(tmp_path, number, chance.choice((RIGHT, WRONG, "def first(:\n")))
            changes += [
                {"uri": client.uri(f"{name}{number}.py"), "type": 2} for name in ("steps", "run")
            ]
            if number % 7 == 6:
                client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
                changes = []
        client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        warm = told(client)
        text = "# 41\n" + WRONG.format(41)
    with Client(tmp_path) as client:
        client.open("steps0.py", text)
        assert told(client) == warm
    assert len(warm) > 5


@pytest.mark.parametrize("where", ["../outside.py", "work/../../outside.py"])
def test_a_file_outside_of_all_folders_is_never_read_from_disk(tmp_path, where):
    """Only what the client shows of it is known."""
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "outside.py").write_text(WRONG, "utf-8")
    with Client(work) as client:
        uri = f"{work.as_uri()}/{where}"
        client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 2}]})
        document = {"textDocument": {"uri": uri}}
        assert client.request("textDocument/documentSymbol", document) == []
