"""An OpenAI-compatible server in the process, whose answers and faults a test writes down."""

from __future__ import annotations

import base64
import json
import struct
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from select import select
from socket import MSG_PEEK, SHUT_RDWR, SO_LINGER, SOL_SOCKET, socket
from threading import Condition, Event, Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from stepwell.errors import did_you_mean
from stepwell.testing.faults import FAULTS, RESET, Good, Script

_REPORT: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a `FakeModel`.

    Args:
        text: what the model says; a stream has a chunk for each word.
        status: another HTTP status than 200 makes it an error.
        headers: headers to add.
        error: the error's body: its `code`, `type` and `message`.
        body: these bytes in place of any other body.
        usage: the usage to report, in place of the words counted; `None` reports none.
        model: the model's name in the answer, if not the one that was asked for.
        cut_after: ends the connection after so many chunks of a stream; 0 sends no answer at all.
        cached: how many of the input tokens came from a cache.
        held: waits for this event before answering.
        fault: what goes wrong, by name; `stepwell.testing.faults` tells them all.
        pace: seconds between the pieces of a fault that is slow.
        polls: how often who fetches a background response or a batch hears that it is not made yet.
        to: where the fault `redirect_away` leads.

    Raises:
        ValueError: if there is no such fault.
    """

    text: str = "Paris is the capital."
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    error: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    usage: Mapping[str, Any] | None = field(default_factory=lambda: _REPORT)
    model: str | None = None
    cut_after: int | None = None
    cached: int = 0
    held: Event | None = None
    fault: str | None = None
    pace: float = 0.01
    polls: int = 0
    to: str = ""

    def __post_init__(self) -> None:
        if self.fault is not None and self.fault not in FAULTS:
            raise ValueError(f"there is no fault `{self.fault}`{did_you_mean(self.fault, FAULTS)}")


@dataclass(frozen=True, slots=True)
class Received:
    """One request that came to a `FakeModel`."""

    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]


class FakeModel:
    """A server on this machine that speaks chat completions, responses, embeddings and batches.

    What is asked for in the background is fetched under its name (`GET /responses/…`).

    >>> with FakeModel() as model:
    ...     model.url.startswith("http://127.0.0.1:")
    True

    Args:
        replies: the first answers, in order.
        reply: the answer once those are used up.
        knows_usage_option: whether it accepts `stream_options`; else it refuses with 400.
        port: where it listens; unless told, at a port that is free.

    Attributes:
        requests: what has come so far.
        came: is set once a first request has come.
        gone: how many clients went away while they were answered.
        most_open: how many connections were open at the same time at most.
    """

    def __init__(
        self,
        replies: Iterable[Reply] = (),
        *,
        reply: Reply | None = None,
        knows_usage_option: bool = True,
        port: int = 0,
    ) -> None:
        self.replies = deque(replies)
        self.reply = reply or Reply()
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

    def connected(self, connection: socket, *, open: bool) -> None:
        """Notes that a connection is open, or no longer."""
        with self._changed:
            (self._open.add if open else self._open.discard)(connection)
            self.most_open = max(self.most_open, len(self._open))
            self._changed.notify_all()

    def received(self, request: Received) -> Reply:
        """Notes a request, and gives the answer that is next."""
        with self._lock:
            self.requests.append(request)
            self.came.set()
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
        answer = _answer(self.path, self.body, self.reply) | {"id": self.name, "status": status}
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
        if reply.held is not None:
            reply.held.wait()
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
            self._stream(reply, _streamed(self.path, body, reply))
        else:
            self._send(reply, json.dumps(_answer(self.path, body, reply)).encode())

    def _good(self, body: Mapping[str, Any], reply: Reply) -> Good:
        return Good(
            whole=json.dumps(_answer(self.path, body, reply)).encode(),
            events=tuple(_streamed(self.path, body, reply)),
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


def _answer(path: str, body: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    model = reply.model or body.get("model")
    if path.endswith("/embeddings"):
        return _embeddings(body, reply)
    if path.endswith("/batches"):
        kept = {name: body.get(name) for name in ("endpoint", "input_file_id")}
        more = {"created_at": 1, "completion_window": "24h", "output_file_id": "file-2"}
        made = {"object": "batch", "model": reply.model, **kept, **more}
        return {**made, "usage": _usage("/responses", body, reply)}
    if path.endswith("/responses"):
        content = [{"type": "output_text", "text": reply.text, "annotations": []}]
        message = {"type": "message", "id": "m", "role": "assistant", "content": content}
        return {
            "id": "resp-1",
            "object": "response",
            "created_at": 1,
            "model": model,
            "status": "completed",
            "output": [message | {"status": "completed"}],
            "usage": _usage(path, body, reply),
        }
    message = {"role": "assistant", "content": reply.text}
    answer = {
        "id": "chat-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    usage = _usage(path, body, reply)
    return answer if usage is None else answer | {"usage": usage}


def _embeddings(body: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    texts = body.get("input", "")
    texts = [texts] if isinstance(texts, str) else texts
    vectors: list[Any] = [[float(len(text)), 1.0, 0.0] for text in texts]
    if body.get("encoding_format") == "base64":
        vectors = [base64.b64encode(struct.pack("<3f", *vector)).decode() for vector in vectors]
    data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
    usage = _usage("/embeddings", body, reply)
    return {"object": "list", "model": body.get("model"), "data": data, "usage": usage}


def _streamed(path: str, body: Mapping[str, Any], reply: Reply) -> Iterator[bytes]:
    if path.endswith("/responses"):
        for number, word in enumerate(_words(reply.text)):
            delta = {"item_id": "m", "output_index": 0, "content_index": 0, "logprobs": []}
            yield _event({"type": "response.output_text.delta", "delta": word, **delta}, number)
        done = {"type": "response.completed", "response": _answer(path, body, reply)}
        yield _event(done, 99)
        return
    asked = (body.get("stream_options") or {}).get("include_usage")
    chunk: dict[str, Any] = {
        "id": "chat-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": reply.model or body.get("model"),
    } | ({"usage": None} if asked else {})
    for word in _words(reply.text):
        choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
        yield _event(chunk | {"choices": [choice]})
    yield _event(chunk | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if asked and (usage := _usage(path, body, reply)) is not None:
        yield _event(chunk | {"choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def _usage(path: str, body: Mapping[str, Any], reply: Reply) -> Mapping[str, Any] | None:
    if reply.usage is not _REPORT:
        return reply.usage
    given = len(json.dumps(body.get("messages") or body.get("input") or "").split())
    made = 0 if path.endswith("/embeddings") else len(reply.text.split())
    total = {"total_tokens": given + made}
    cached = {"cached_tokens": reply.cached}
    if path.endswith("/responses"):
        counts: dict[str, Any] = {"input_tokens": given, "output_tokens": made}
        counts |= {"input_tokens_details": cached}
        return counts | total | {"output_tokens_details": {"reasoning_tokens": 0}}
    counts = {"prompt_tokens": given, "prompt_tokens_details": cached}
    return counts | total | ({} if path.endswith("/embeddings") else {"completion_tokens": made})


def _words(text: str) -> list[str]:
    words = text.split(" ")
    return [word + " " for word in words[:-1]] + words[-1:]


def _event(data: Mapping[str, Any], number: int | None = None) -> bytes:
    if number is None:
        return b"data: " + json.dumps(data).encode() + b"\n\n"
    numbered = json.dumps({**data, "sequence_number": number}).encode()
    return b"event: " + str(data["type"]).encode() + b"\ndata: " + numbered + b"\n\n"
