"""What is answered is true of the text that was sent last, however fast it changes."""

from __future__ import annotations

import pytest

from stepwell_lsp.testing import Client

RIGHT = "def first() -> int:\n    return 1\n\n\ndef last(first: int) -> int:\n    return first\n"
WRONG = RIGHT.replace("(first", "(frist").replace("return first", "return frist")
RUN = "from stepwell import driver\nimport flow\n\ndriver.Driver({}, flow).execute(['last'])\n"
PULLS = {"textDocument": {"diagnostic": {}}, "workspace": {"diagnostics": {}}}
CANCELLED = -32800


@pytest.fixture
def folder(tmp_path):
    """A pipeline in one module."""
    (tmp_path / "flow.py").write_text(RIGHT, "utf-8")
    (tmp_path / "run.py").write_text(RUN, "utf-8")
    return tmp_path


def test_a_publication_says_what_is_true_of_its_version(folder):
    """Even versions are wrong; versions only go up; the last is told of."""
    with Client(folder) as client:
        uri = client.open("flow.py")
        client.published(uri)
        for version in range(2, 61):
            client.change(uri, version, {"text": RIGHT if version % 2 else WRONG})
            if not version % 10:
                client.request("textDocument/hover", place(uri))  # and the server gets to work
        client.published(uri, lambda params: params["version"] == 60)
        told = [
            message["params"]
            for message in client.heard
            if message.get("method") == "textDocument/publishDiagnostics"
            and message["params"]["uri"] == uri
        ]
    versions = [params["version"] for params in told]
    assert versions == sorted(set(versions))
    for params in told:
        assert bool(params["diagnostics"]) is (params["version"] % 2 == 0)


def test_an_answer_is_true_of_the_change_that_was_sent_before_it(folder):
    """Requests and changes in turn, none waited for: each answer knows its own change."""
    with Client(folder, capabilities=PULLS) as client:
        uri = client.open("flow.py")
        asked = {}
        for version in range(2, 42):
            client.change(uri, version, {"text": RIGHT if version % 2 else WRONG})
            document = {"textDocument": {"uri": uri}}
            asked[client.ask("textDocument/diagnostic", document)] = version
        while asked:
            answer = client.until(lambda message: message.get("id") in asked)
            version = asked.pop(answer["id"])
            if not asked:  # what came before speaks of a text that was not there any more
                assert bool(answer["result"]["items"]) is (version % 2 == 0)


def test_a_request_that_waits_can_be_cancelled(folder):
    """It is answered as cancelled, and the next one as ever."""
    with Client(folder, capabilities=PULLS) as client:
        uri = client.open("flow.py")
        # There is nothing to tell, so this one waits until there is.
        number = client.ask("workspace/diagnostic", {"previousResultIds": []})
        client.request("textDocument/hover", place(uri))
        client.notify("$/cancelRequest", {"id": number})
        answer = client.until(lambda message: message.get("id") == number)
        assert answer["error"]["code"] == CANCELLED
        assert client.request("textDocument/hover", place(uri))


def place(uri):
    """The first step's name."""
    return {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 5}}
