"""An OpenAI-compatible server in the process, whose answers and faults a test writes down."""

from __future__ import annotations

import json
import struct
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from select import select
from socket import MSG_PEEK, SHUT_RDWR, SO_LINGER, SOL_SOCKET, socket
from threading import Condition, Event, Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from stepwell.testing.faults import FAULTS, RESET, Good, Script
from stepwell.testing.reply import Reply
from stepwell.testing.shapes import events_of, whole


@dataclass(frozen=True, slots=True)
class Received:
    """One request that came to a `FakeModel`."""

    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]


class FakeModel:
    """A server on this machine that speaks as OpenAI's does, and Anthropic's messages.

    Chat completions, responses, embeddings, batches; other paths get a `Reply(body=…)`. What is
    asked for in the background is fetched under its name (`GET /responses/…`).

    >>> with FakeModel() as model:
    ...     model.url.startswith("http://127.0.0.1:")
    True

    Args:
        replies: the first answers, in order. With `behind`, `None` is the answer of that server.
        reply: the answer once those are used up.
        knows_usage_option: whether it accepts `stream_options`; else it refuses with 400.
        port: where it listens; unless told, at a port that is free.
        behind: the `base_url` of a real server, which answers what has no `Reply`: so a model on
            this machine has the faults of one far away.

    Attributes:
        requests: what has come so far.
        came: is set once a first request has come.
        gone: how many clients went away while they were answered.
        most_open: how many connections were open at the same time at most.
    """

    def __init__(
        self,
        replies: Iterable[Reply | None] = (),
        *,
        reply: Reply | None = None,
        knows_usage_option: bool = True,
        port: int = 0,
        behind: str | None = None,
    ) -> None:
        self.replies = deque(replies)
        self.reply = reply if reply is not None or behind is not None else Reply()
        self.behind = behind
        self.knows_usage_option = knows_usage_option
        self.requests: list[Received] = []
        self.came = Event()
        self.gone = self.most_open = 0
        self.stopped = Event()
        self._later: dict[str, _Later] = {}
        self._lock = Lock()
        self._open: set[socket] = set()
        self._changed = Condition(self._lock)
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.fake = self
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """What a client takes as its `base_url`."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> FakeModel:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(SHUT_RDWR)

    def is_left(self, *, within: float = 10.0) -> bool:
        """Whether all connections are closed, or will be so soon.

        Args:
            within: how many seconds to wait for that.
        """
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, within)

    def has_received(self, requests: int, *, within: float = 10.0) -> bool:
        """Whether so many requests have come, or come soon.

        Args:
            requests: how many.
            within: how long to wait for that, in seconds.
        """
        with self._changed:
            return self._changed.wait_for(lambda: len(self.requests) >= requests, within)

    def connected(self, connection: socket, *, open: bool) -> None:
        """Notes that a connection is open, or no longer."""
        with self._changed:
            (self._open.add if open else self._open.discard)(connection)
            self.most_open = max(self.most_open, len(self._open))
            self._changed.notify_all()

    def received(self, request: Received) -> Reply | None:
        """Notes a request, and gives the answer that is next."""
        with self._changed:
            self.requests.append(request)
            self.came.set()
            self._changed.notify_all()
            if not self.knows_usage_option and "stream_options" in request.body:
                message = "unknown field: stream_options"
                return Reply(status=400, error={"message": message, "code": "unknown_field"})
            return self.replies.popleft() if self.replies else self.reply

    def puts_off(self, path: str, body: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
        """An answer that says that it is made later."""
        with self._lock:
            kind = "batch" if path.endswith("/batches") else "resp"
            name = f"{kind}-{len(self._later) + 2}"
            later = self._later[name] = _Later(path, body, reply, name, reply.polls)
        return later.answer(status="validating" if kind == "batch" else "queued")

    def fetched(self, path: str, headers: Mapping[str, str]) -> dict[str, Any] | None:
        """The answer under that name, if there is one; or how far it is."""
        with self._lock:
            self.requests.append(Received(path, {}, headers))
            later = self._later.get(urlsplit(path).path.removesuffix("/cancel").rpartition("/")[2])
            if later is None:
                return None
            later.polls -= 1
            under_way = later.polls >= 0
        return later.answer(status="in_progress" if under_way else "completed")


@dataclass(slots=True)
class _Later:
    """Something that was asked for and is fetched."""

    path: str
    body: Mapping[str, Any]
    reply: Reply
    name: str
    polls: int

    def answer(self, *, status: str) -> dict[str, Any]:
        answer = whole(self.path, self.body, self.reply) | {"id": self.name, "status": status}
        return answer if status == "completed" else answer | {"output": [], "usage": None}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    fake: FakeModel

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is what a test wants; nothing to print."""
        self.fake.gone += 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.fake.connected(self.connection, open=True)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.server.fake.connected(self.connection, open=False)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        found = self.server.fake.fetched(self.path, dict(self.headers))
        if found is not None:
            self._send(Reply(), json.dumps(found).encode())
        else:
            self._send(Reply(status=404), b'{"error": {"message": "there is none"}}')

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.loads(sent) if sent[:1] == b"{" else {}
        if self.path.endswith("/cancel"):
            self.do_GET()
            return
        reply = self.server.fake.received(Received(self.path, body, dict(self.headers)))
        if reply is None:
            self._passes_on(sent)
            return
        if reply.held is not None:
            reply.held.wait()
        if reply.delay and self.server.fake.stopped.wait(reply.delay):
            return
        if reply.fault is not None:
            self._spoil(FAULTS[reply.fault](self._good(body, reply)))
        elif reply.cut_after == 0:
            self.close_connection = True
        elif reply.body is not None:
            self._send(reply, reply.body)
        elif reply.status != 200:
            error = {"message": "it failed", "type": "error", "code": None, **reply.error}
            self._send(reply, json.dumps({"error": error}).encode())
        elif self.path.endswith("/batches") or body.get("background"):
            later = self.server.fake.puts_off(self.path, body, reply)
            self._send(reply, json.dumps(later).encode())
        elif body.get("stream"):
            self._stream(reply, events_of(self.path, body, reply))
        else:
            self._send(reply, json.dumps(whole(self.path, body, reply)).encode())

    def _passes_on(self, sent: bytes) -> None:
        """Has the server behind answer, whose bytes come through as they do."""
        behind = urlsplit(self.server.fake.behind or "")
        host = HTTPConnection(behind.hostname or "", behind.port)
        named = ("authorization", "content-type", "accept")
        headers = {name: self.headers[name] for name in named if name in self.headers}
        try:
            host.request("POST", behind.path + self.path.removeprefix("/v1"), sent, headers)
            answer = host.getresponse()
            self.send_response(answer.status)
            self.send_header("content-type", answer.getheader("content-type") or "")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            while data := answer.read1(65536):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.write(b"0\r\n\r\n")
        finally:
            host.close()

    def _good(self, body: Mapping[str, Any], reply: Reply) -> Good:
        return Good(
            whole=json.dumps(whole(self.path, body, reply)).encode(),
            events=tuple(events_of(self.path, body, reply)),
            headers=reply.headers,
            pace=reply.pace,
            to=reply.to,
            key=(self.headers.get("authorization") or "").removeprefix("Bearer "),
        )

    def _spoil(self, script: Script) -> None:
        for piece in script:
            if isinstance(piece, bytes):
                self.wfile.write(piece)
            elif isinstance(piece, str):
                self.close_connection = True
                if piece == RESET:
                    self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
            elif self.server.fake.stopped.wait(piece):
                return
            elif select([self.connection], [], [], 0)[0] and not self.connection.recv(1, MSG_PEEK):
                raise ConnectionResetError

    def _head(self, reply: Reply, **headers: str) -> None:
        self.send_response(reply.status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {**named, **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, reply: Reply, data: bytes) -> None:
        self._head(reply, content_type="application/json", content_length=str(len(data)))
        self.wfile.write(data)

    def _stream(self, reply: Reply, events: Iterable[bytes]) -> None:
        self._head(reply, content_type="text/event-stream", transfer_encoding="chunked")
        for number, event in enumerate(events):
            if number == reply.cut_after:
                self.close_connection = True
                return
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
        self.wfile.write(b"0\r\n\r\n")
