"""A client for tests and measurements: starts the server and speaks with it over its pipes.

Standard library only; messages are plain JSON values, as they go over the wire.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Any, BinaryIO

PATIENCE = 30.0
"""Seconds after which a client gives up waiting for a message."""

SERVER = (sys.executable, "-I", "-m", "stepwell_lsp")


class Client:
    """An editor without a face: one server process, and the workspace opened in it.

    Args:
        root: the workspace's folder; `None` for an editor that has none open.
        encodings: the position encodings offered, best first.
        command: what starts the server.
        capabilities: more of what the client can do, merged over the few things it says by itself.
        options: initialization options.

    Raises:
        TimeoutError: from every method that waits, if nothing comes for `PATIENCE` seconds.
    """

    def __init__(
        self,
        root: Path | None,
        *,
        encodings: Iterable[str] = ("utf-16",),
        command: Iterable[str] = SERVER,
        capabilities: dict[str, Any] | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.process = subprocess.Popen(
            [*command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
        )
        self.root = root
        self.diagnostics: dict[str, dict[str, Any]] = {}
        self.heard: list[dict[str, Any]] = []
        self._capabilities = {
            "general": {"positionEncodings": list(encodings)},
            **(capabilities or {}),
        }
        self._options = options
        self._messages: Queue[dict[str, Any] | None] = Queue()
        self._last = 0
        Thread(target=self._listen, args=(self._stdout,), daemon=True).start()

    def __enter__(self) -> Client:
        folder = self.root and {"uri": self.root.as_uri(), "name": self.root.name}
        self.server = self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": self.root.as_uri() if self.root else None,
                "workspaceFolders": [folder] if folder else None,
                "capabilities": self._capabilities,
                "initializationOptions": self._options,
            },
        )
        self.notify("initialized", {})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self.process.poll() is None:
            self.request("shutdown")
            self.notify("exit")
        self._stdin.close()
        try:
            self.process.wait(PATIENCE if kind is None else 1)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._stdout.close()

    def uri(self, name: str) -> str:
        """The URI of a file in the workspace; a URI stays what it is."""
        return (self.root / name).as_uri() if self.root and ":" not in name else name

    def open(self, name: str, text: str | None = None) -> str:
        """Opens a buffer, with what is on disk if no text is given; gives its URI."""
        uri = self.uri(name)
        if text is None:
            assert self.root
            text = (self.root / name).read_text("utf-8")
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def change(self, uri: str, version: int, *changes: dict[str, Any]) -> None:
        """Changes a buffer: each change `{"text": …}`, with a `range` or for the whole."""
        document = {"uri": uri, "version": version}
        self.notify(
            "textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)}
        )

    def at(self, method: str, uri: str, line: int, character: int, **more: Any) -> Any:
        """The answer to a request about a position, counted as the protocol counts."""
        position = {"line": line, "character": character}
        return self.request(method, {"textDocument": {"uri": uri}, "position": position, **more})

    def request(self, method: str, params: Any = None) -> Any:
        """The result of a request.

        Raises:
            RuntimeError: if the answer is an error.
        """
        number = self.ask(method, params)
        answer = self.until(lambda message: message.get("id") == number and "method" not in message)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def ask(self, method: str, params: Any = None) -> int:
        """Sends a request and gives its number without waiting."""
        self._last += 1
        self.send({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params})
        return self._last

    def notify(self, method: str, params: Any = None) -> None:
        """Sends a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def send(self, message: dict[str, Any]) -> None:
        """Sends one message as it is."""
        body = json.dumps(message).encode()
        self._stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._stdin.flush()

    def published(
        self, uri: str, wanted: Callable[[dict[str, Any]], bool] = lambda params: True
    ) -> list[dict[str, Any]]:
        """The diagnostics of a file as soon as a publication of them is as `wanted`."""
        held = self.diagnostics.get(uri)
        if held is None or not wanted(held):
            held = self.until(
                lambda message: (
                    message.get("method") == "textDocument/publishDiagnostics"
                    and message["params"]["uri"] == uri
                    and wanted(message["params"])
                )
            )["params"]
        found: list[dict[str, Any]] = held["diagnostics"]
        return found

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next message that is as wanted; what comes before it is in `heard`."""
        while True:
            try:
                message = self._messages.get(timeout=PATIENCE)
            except Empty:
                raise TimeoutError(f"the server said nothing for {PATIENCE:g} s") from None
            if message is None:
                raise ConnectionError("the server is gone")
            self._note(message)
            if wanted(message):
                return message

    def _note(self, message: dict[str, Any]) -> None:
        self.heard.append(message)
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]
        elif "id" in message and "method" in message:
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": None})

    def _listen(self, stdout: BinaryIO) -> None:
        while header := stdout.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                header = stdout.readline()
            self._messages.put(json.loads(stdout.read(length)))
        self._messages.put(None)

    @property
    def _stdin(self) -> BinaryIO:
        assert self.process.stdin
        return self.process.stdin  # type: ignore[return-value]

    @property
    def _stdout(self) -> BinaryIO:
        assert self.process.stdout
        return self.process.stdout  # type: ignore[return-value]
