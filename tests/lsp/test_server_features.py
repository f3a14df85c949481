"""Each of the editor's requests over the pipes, with the answer as it goes over the wire."""

from __future__ import annotations

import pytest

from stepwell_lsp.testing import Client

FIRST = "class Doc: ...\ndef question() -> str: ...\n"
SECOND = (
    "from first import Doc\nfrom stepwell import inject, source\n"
    "@inject(other=source('question'))\n"
    "def answer(question, other: str, model: Doc) -> str:\n    return question + other\n"
)
RUN = (
    "from stepwell import driver\nimport first\nimport second\n"
    "driver.Driver({}, first, second).execute(['answer'], inputs={})\n"
)
ALL = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """One server for all requests, with one file open."""
    folder = tmp_path_factory.mktemp("work")
    for name, text in {"first.py": FIRST, "second.py": SECOND, "run.py": RUN}.items():
        (folder / name).write_text(text, "utf-8")
    able = {"experimental": {"commands": ["stepwell.showReferences"]}}
    with Client(folder, capabilities=able) as client:
        client.open("first.py")
        client.open("second.py")
        yield client


def test_call_hierarchy(client):
    """The item goes to the client and comes back."""
    uri = client.uri("second.py")
    (item,) = client.at("textDocument/prepareCallHierarchy", uri, 3, 5)
    found = client.request("callHierarchy/outgoingCalls", {"item": item})
    assert [call["to"]["name"] for call in found] == ["question", "model"]
    back = client.request("callHierarchy/incomingCalls", {"item": found[0]["to"]})
    assert [call["from"]["name"] for call in back] == ["answer"]


def test_type_definition(client):
    """Across modules."""
    (place,) = client.at("textDocument/typeDefinition", client.uri("second.py"), 3, 35)
    assert place["uri"] == client.uri("first.py")


def test_inlay_hints(client):
    """Of the lines that are shown."""
    params = {"textDocument": {"uri": client.uri("second.py")}, "range": ALL}
    (hint,) = client.request("textDocument/inlayHint", params)
    assert hint["label"] == ": str"


def test_semantic_tokens(client):
    """Whole, and of some lines, by the legend that was told."""
    legend = client.server["capabilities"]["semanticTokensProvider"]["legend"]
    assert legend["tokenTypes"] == ["function", "parameter", "enumMember"]
    params = {"textDocument": {"uri": client.uri("second.py")}}
    whole = client.request("textDocument/semanticTokens/full", params)["data"]
    part = client.request("textDocument/semanticTokens/range", {**params, "range": ALL})["data"]
    assert whole == part
    assert len(whole) == 5 * 4


def test_code_lens(client):
    """With the command that the client has."""
    params = {"textDocument": {"uri": client.uri("first.py")}}
    (lens,) = client.request("textDocument/codeLens", params)
    assert lens["command"]["title"] == "read by 1 step"
    assert lens["command"]["command"] == "stepwell.showReferences"
    _, _, places = lens["command"]["arguments"]
    assert {place["uri"] for place in places} == {client.uri("second.py")}


def test_signature_help(client):
    """While arguments are typed."""
    found = client.at("textDocument/signatureHelp", client.uri("second.py"), 2, 8)
    assert found["signatures"][0]["label"] == "inject(question=…, other=…, model=…)"


def test_completion_in_a_modifier(client):
    """Names of nodes in `source`."""
    found = client.at("textDocument/completion", client.uri("second.py"), 2, 22)
    assert [item["label"] for item in found["items"]] == ["question"]


def test_the_missing_step_is_offered(client):
    """As a quick fix of what was found, for this version of the buffer."""
    params = {"textDocument": {"uri": client.uri("second.py")}, "range": ALL}
    params["context"] = {"diagnostics": []}
    titles = [action["title"] for action in client.request("textDocument/codeAction", params)]
    assert "Create the step `model`" in titles


def test_a_client_may_ask_for_the_findings_of_all_files(tmp_path):
    """The next answer waits until there is something new; nothing is published beside it."""
    for name, text in {"first.py": FIRST, "second.py": SECOND, "run.py": RUN}.items():
        (tmp_path / name).write_text(text, "utf-8")
    able = {"textDocument": {"diagnostic": {}}}
    with Client(tmp_path, capabilities=able) as client:
        uri = client.uri("second.py")
        (item,) = client.request("workspace/diagnostic", {"previousResultIds": []})["items"]
        assert (item["uri"], item["kind"], item["version"]) == (uri, "full", None)
        assert "SW101" in [found["code"] for found in item["items"]]
        known = {"previousResultIds": [{"uri": uri, "value": item["resultId"]}]}
        number = client.ask("workspace/diagnostic", known)
        client.open("first.py")
        (tmp_path / "second.py").write_text(SECOND.replace("model", "question2"), "utf-8")
        event = {"changes": [{"uri": uri, "type": 2}]}
        client.notify("workspace/didChangeWatchedFiles", event)
        answer = client.until(lambda message: message.get("id") == number)
        (again,) = answer["result"]["items"]
        assert again["resultId"] != item["resultId"]
        (tmp_path / "second.py").unlink()
        known = {"previousResultIds": [{"uri": uri, "value": again["resultId"]}]}
        number = client.ask("workspace/diagnostic", known)
        client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 3}]})
        answer = client.until(lambda message: message.get("id") == number)
        assert uri in [each["uri"] for each in answer["result"]["items"] if not each["items"]]
        held = client.ask("workspace/diagnostic", {"previousResultIds": []})
        client.notify("$/cancelRequest", {"id": held})
    assert not client.diagnostics.get(uri, {"diagnostics": []})["diagnostics"]
