"""`cassette`: answers of a provider kept in a file, so that a test asks nobody."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from stepwell.errors import StepwellError, require
from stepwell.keys import hidden, keys_in
from stepwell.llm.events import Events

if TYPE_CHECKING:
    import httpx2

Client = TypeVar("Client")

KEPT = ("content-type", "retry-after", "retry-after-ms", "x-request-id", "x-should-retry")
"""The headers of an answer that are kept."""


class NotRecorded(StepwellError):
    """A request that the cassette has no answer for; it has not been sent."""


def cassette(client: Client, path: str | os.PathLike[str], *, record: bool | None = None) -> Client:
    """A client like this one that is answered from a file, and sends nothing.

    While it records, requests are sent and what comes is kept in the file: the request's method,
    path and body, the answer's status, body and few headers. Keys are not in it. An answer is found
    by what was asked; who asks the same again gets what came then, in order, and then the last.
    It can be metered: `metered(cassette(OpenAI(), "answers.json"))`.

    Args:
        client: an `openai.OpenAI` or `AsyncOpenAI`, or an HTTP client of `httpx2`.
        path: the file, JSON that can be read and kept with the tests.
        record: whether to record anew; unless told, the environment variable `STEPWELL_RECORD`
            decides, by being set.

    Raises:
        MissingExtra: if `httpx2` is not installed.
        TypeError: if it is no such client.
        ValueError: if the file is no cassette.
    """
    require("httpx2", extra="llm", what="`cassette`")
    from stepwell.llm.twin import http_of, twin_of, with_http
    from stepwell.testing.tape import AsyncPlayer, Player

    http = http_of(client, what="`cassette` can't answer for")
    if record is None:
        record = bool(os.environ.get("STEPWELL_RECORD"))
    tape = Tape(Path(path), record=record)
    is_async = hasattr(http, "aclose")
    player: Callable[..., Any] = AsyncPlayer if is_async else Player
    return with_http(client, twin_of(http, lambda transport: player(transport, tape, http)))


class Tape:
    """What was asked and answered.

    Args:
        path: where it is kept.
        record: whether it begins empty and grows.

    Raises:
        ValueError: if what is there is no cassette.
    """

    def __init__(self, path: Path, *, record: bool) -> None:
        self.path, self.record = path, record
        self._lock = Lock()
        self._played: dict[str, int] = {}
        self.entries: list[dict[str, Any]] = [] if record else _read(path)

    def answer(self, request: httpx2.Request) -> dict[str, Any]:
        """What was answered to this request.

        Raises:
            NotRecorded: if nothing was.
        """
        asked = _asked(request)
        key = json.dumps(asked, sort_keys=True)
        found = [entry["answer"] for entry in self.entries if entry["asked"] == asked]
        if not found:
            raise NotRecorded(
                f"`{self.path}` has no answer to this {asked['method']} of `{asked['path']}`"
                f" ({len(self.entries)} others); record anew: STEPWELL_RECORD=1, or record=True"
            )
        with self._lock:
            number = self._played.get(key, 0)
            self._played[key] = number + 1
        answer: dict[str, Any] = found[min(number, len(found) - 1)]
        return answer

    def keep(self, request: httpx2.Request, status: int, headers: Any, body: bytes) -> None:
        """Puts an answer into the file."""
        keys = keys_in(request.headers)
        kept = {name: headers[name] for name in headers if name in KEPT or "ratelimit" in name}
        answer = {"status": status, "headers": kept, **_written(hidden(body, keys))}
        with self._lock:
            self.entries.append({"asked": _asked(request), "answer": answer})
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part = self.path.with_name(self.path.name + ".part")
            text = json.dumps(self.entries, indent=1, ensure_ascii=False)
            part.write_text(text + "\n", encoding="utf-8")
            part.replace(self.path)


def pieces(answer: Mapping[str, Any]) -> list[bytes]:
    """The bytes of an answer: a stream as its events, anything else whole."""
    body = answer["text"].encode() if "text" in answer else base64.b64decode(answer["base64"])
    if "event-stream" not in answer["headers"].get("content-type", ""):
        return [body]
    events = Events()
    return [piece for piece in (*events.feed(body), events.rest()) if piece]


def _read(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        for entry in found:
            entry["asked"]["path"], entry["answer"]["status"], entry["answer"]["headers"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"`{path}` is no cassette; delete it and record anew") from error
    entries: list[dict[str, Any]] = found
    return entries


def _asked(request: httpx2.Request) -> dict[str, Any]:
    body = hidden(request.content, keys_in(request.headers))
    try:
        said: Any = json.loads(body) if body else None
    except ValueError:
        said = _written(body)
    return {"method": request.method, "path": request.url.raw_path.decode(), "body": said}


def _written(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
