"""No input ends the server: what it can't understand is answered or dropped, the next is heard."""

from __future__ import annotations

import io
import json
import random

import pytest

from stepwell_lsp.stdio import LONGEST, Stdin
from stepwell_lsp.testing import PATIENCE, Client

TEXT = "from stepwell import tag\n@tag(a='b')\ndef a(a: int) -> int: ...\n"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """One server for all that follows, with one file open that holds one mistake."""
    with Client(tmp_path_factory.mktemp("work")) as client:
        client.open("a.py", TEXT)
        yield client


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def raw(client: Client, data: bytes) -> None:
    client.process.stdin.write(data)
    client.process.stdin.flush()


def request(**more: object) -> bytes:
    return framed(json.dumps({"jsonrpc": "2.0", "id": "odd", **more}).encode())


BODIES = [
    framed(b"{"),
    framed(b"\xff\xfe"),
    framed(b"[" * 100_000),
    framed(b"{}"),
    framed(b"[]"),
    framed(b"null"),
    framed(b'"text"'),
    framed(b'{"jsonrpc": "1.0", "method": "x"}'),
    framed(b'{"jsonrpc": "2.0"}'),
    framed(b'{"jsonrpc": "2.0", "method": 7}'),
    framed(b'{"jsonrpc": "2.0", "id": 99, "result": {}}'),
    framed(b'{"jsonrpc": "2.0", "id": null, "error": {"code": 1, "message": "x"}}'),
    framed(b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {}}'),
    framed(b'{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": 3}'),
    framed(b'{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 12345}}'),
    b"Content-Length: nothing\r\n\r\n{}",
    b"Content-Length: -5\r\n\r\n{}",
    b"\r\n\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
    b"x" * 100_000,
]


@pytest.mark.parametrize("data", BODIES, ids=lambda data: data[:40].decode("ascii", "replace"))
def test_the_next_request_is_answered(client, data):
    """After broken frames, broken JSON, and JSON that is no message."""
    raw(client, data)
    found = client.at("textDocument/hover", client.uri("a.py"), 2, 5)
    assert "def a" in found["contents"]["value"]


@pytest.mark.parametrize(
    "params",
    [None, 3, [], {}, {"textDocument": None}, {"textDocument": {"uri": 7}, "position": "here"}],
)
def test_a_request_with_wrong_params_is_answered_with_an_error(client, params):
    """Nobody waits for an answer that never comes."""
    raw(client, request(method="textDocument/hover", params=params))
    answer = client.until(lambda message: message.get("id") == "odd")
    assert answer["error"]["code"] in (-32600, -32602, -32603)


def test_what_is_no_json_is_answered_with_a_parse_error(client):
    """With the id that JSON-RPC has for it."""
    raw(client, framed(b"{"))
    answer = client.until(lambda message: "error" in message)
    assert (answer["id"], answer["error"]["code"]) == (None, -32700)


@pytest.mark.parametrize(
    "uri",
    [
        "http://host/a.py",
        "untitled:a",
        "vscode-vfs://x/a.py",
        "file:///a%00b.py",
        "file:",
        "",
        "::",
    ],
)
def test_any_uri_may_be_opened(client, uri):
    """Nothing of it is looked for on disk but what a folder holds."""
    item = {"uri": uri, "languageId": "python", "version": 1, "text": TEXT}
    client.notify("textDocument/didOpen", {"textDocument": item})
    assert client.at("textDocument/hover", uri, 2, 5) is not None
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert client.at("textDocument/hover", uri, 2, 5) is None


@pytest.mark.parametrize(("line", "character"), [(0, 10**9), (10**9, 0), (2**31 - 1, 2**31 - 1)])
def test_positions_outside_of_the_text_are_answered(client, line, character):
    """For an editor that is ahead or behind."""
    for method in ("hover", "completion", "definition", "documentHighlight"):
        client.at(f"textDocument/{method}", client.uri("a.py"), line, character)


def test_a_length_that_can_not_be_meant_ends_the_server_quietly(tmp_path):
    """There is no next message to be found behind it."""
    client = Client(tmp_path).__enter__()
    raw(client, b"Content-Length: 1000000000000\r\n\r\n{}")
    assert client.process.wait(PATIENCE) == 0
    client.process.stdin.close()
    client.process.stdout.close()


def test_a_thousand_changes_end_as_the_last_one_says(client):
    """Without a pause, then one request; and the publication that follows is of the last."""
    uri = client.open("b.py", TEXT)
    for version in range(2, 1002):
        place = {"line": 3, "character": 0}
        change = {"range": {"start": place, "end": place}, "text": f"# {version} 😀\n"}
        client.change(uri, version, change)
    client.change(uri, 1002, {"text": TEXT.replace("(a: int", "(b: int")})
    found = client.at("textDocument/hover", uri, 2, 5)
    assert "def a(b: int)" in found["contents"]["value"]
    assert client.published(uri, lambda params: params["version"] == 1002) == []


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (b"content-length: 5\n", [b"Content-Length: 5\r\n"]),
        (b"Content-Length:5\r\n\r\n", [b"Content-Length: 5\r\n", b"\r\n"]),
        (b'{"x": 1}Content-Length: 7\r\n', [b"Content-Length: 7\r\n"]),
        (b"Content-Type: x\r\n", [b"Content-Type: x\r\n"]),
        (b"", []),
    ],
)
def test_headers_are_understood_however_they_are_spelt(given, lines):
    """And found behind a body that was longer than its header said."""
    stdin = Stdin(io.BytesIO(given))
    assert list(iter(stdin.readline, b"")) == lines


@pytest.mark.parametrize("count", [LONGEST + 1, 10])
def test_a_body_that_is_not_there_is_nothing(count):
    """Too long to be meant, or cut off."""
    assert Stdin(io.BytesIO(b"short")).read(count) == b""


METHODS = [
    "textDocument/hover",
    "textDocument/completion",
    "textDocument/rename",
    "textDocument/codeAction",
    "textDocument/inlayHint",
    "textDocument/semanticTokens/range",
    "callHierarchy/incomingCalls",
    "workspace/symbol",
    "workspace/didChangeWatchedFiles",
    "workspace/didChangeWorkspaceFolders",
    "textDocument/didChange",
    "textDocument/didClose",
    "stepwell/graph",
    "$/setTrace",
    "shutdown ",
]
VALUES = [None, -1, 10**30, "", "😀", [], [[]], {}, {"uri": "file:///x.py"}, True, 1.5, "\ud800"]


def spoilt(chance, value):
    """A JSON value with one part of it gone, doubled, or of another kind."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(list(value))
        if chance.random() < 0.2:
            return {name: each for name, each in value.items() if name != key}
        return {**value, key: spoilt(chance, value[key])}
    if isinstance(value, list) and value and chance.random() < 0.8:
        return [spoilt(chance, value[0]), *value] if chance.random() < 0.5 else value[1:]
    return chance.choice(VALUES)


@pytest.mark.parametrize("seed", range(3))
def test_spoilt_messages_are_answered_or_dropped(client, seed):
    """A hundred each, of every kind; the next request is answered."""
    chance = random.Random(seed)
    uri = client.uri("a.py")
    place = {"line": 2, "character": 5}
    whole = {
        "textDocument": {"uri": uri, "version": 3},
        "position": place,
        "range": {"start": place, "end": place},
        "newName": "b",
        "context": {"diagnostics": []},
        "item": {"name": "a", "kind": 12, "uri": uri, "range": {"start": place, "end": place}},
        "query": "a",
        "changes": [{"uri": uri, "type": 2}],
        "event": {"added": [{"uri": uri, "name": "x"}], "removed": []},
        "contentChanges": [{"text": TEXT}],
    }
    for number in range(100):
        params = spoilt(chance, whole)
        if isinstance(params, dict) and "contentChanges" in params and "textDocument" in params:
            params.pop("contentChanges") if chance.random() < 0.5 else None
        message = {"jsonrpc": "2.0", "method": chance.choice(METHODS), "params": params}
        if chance.random() < 0.7:
            message["id"] = f"{seed}-{number}"
        raw(client, framed(json.dumps(message).encode()))
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    client.open("a.py", TEXT)
    found = client.at("textDocument/hover", uri, 2, 5)
    assert "def a" in found["contents"]["value"]
