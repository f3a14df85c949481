"""Whether an answer is one, judged while its bytes pass. Does no I/O.

`guard` brings the bytes. A good answer passes as it is; of a bad one a `BadAnswer` tells what is
wrong, where a client would return a text, raise a bare `JSONDecodeError`, or end as if all were
well.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import NamedTuple, NoReturn, TypeAlias

from stepwell.keys import hidden
from stepwell.llm.events import Events, data_of
from stepwell.llm.reading import text_of_events
from stepwell.llm.sdk import Fail

LARGEST = 32 * 1024 * 1024
"""The largest answer, unpacked, unless told otherwise."""

JSON_APIS = {"chat_completions", "responses", "completions", "embeddings", "messages"}
"""Those whose answer is a JSON object, or a stream of them."""

END = re.compile(
    rb'"finish_reason"\s*:\s*"|"(?:response\.(?:completed|incomplete|failed|cancelled)'
    rb'|message_stop)"|"error"\s*:\s*[{"]|data: ?\[DONE\]'
)
"""What the last events of a whole stream hold one of."""

WINDOWS = {"gzip": 31, "deflate": 15}
"""How a body may be packed, with what zlib wants to know of it."""

UNBOUNDED = {"br", "zstd"}
"""How it may not: an answer could unpack to any size at once. It is not asked for."""

PIECE = 64 * 1024
"""So many bytes are unpacked at once."""

SHOWN = 200


Unpack: TypeAlias = Callable[[bytes], Iterator[bytes]]
"""Unpacks some bytes."""


class Bounds(NamedTuple):
    """What answers are held to.

    Args:
        largest: of more bytes, unpacked, no answer may be.
        deadline: no exchange may take longer, in seconds.
    """

    largest: int = LARGEST
    deadline: float | None = None


class Asked(NamedTuple):
    """What is asked, as far as its answer is judged by it."""

    operation: str
    api: str
    host: str
    streamed: bool
    keys: tuple[bytes, ...]


class Check:
    """Judges one answer.

    Args:
        asked: what it answers.
        bounds: what it is held to.
        fail: makes a `BadAnswer` of a message and of what is known.
    """

    def __init__(self, asked: Asked, bounds: Bounds, fail: Fail) -> None:
        self.asked, self.bounds, self._error = asked, bounds, fail
        self._unpack: Unpack | None = None
        self._status = 200
        self._request_id: str | None = None
        self._kept: list[bytes] = []
        self._size = self._unpacked = 0
        self._events: Events | None = None
        self._opaque = False
        self._judges = asked.api in JSON_APIS

    def head(self, status: int, headers: MutableMapping[str, str], *, packed: bool = True) -> bool:
        """Takes the head of the answer; true if its body is to pass through here.

        Args:
            status: the HTTP status.
            headers: those of the answer; a refusal's body is passed on unpacked.
            packed: whether the body comes as `content-encoding` says.

        Raises:
            BadAnswer: if it is packed so that nobody could tell how large it will be.
        """
        self._status, self._request_id = status, headers.get("x-request-id")
        if 300 <= status < 400:
            return False
        if packed and "content-encoding" in headers:
            self._unpack = self._unpacking(headers["content-encoding"])
        if status >= 400:
            if self._unpack is not None:
                del headers["content-encoding"]
            return True
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        named = kind.endswith(("json", "html"))
        is_stream = (self.asked.streamed and not named) or kind == "text/event-stream"
        if self._judges and not is_stream and not kind.endswith("json"):
            headers["content-type"] = "application/json"  # else a client gives its text, unread
        if self._judges and is_stream:
            self._events = Events()
        return True

    def feed(self, data: bytes) -> bytes:
        """Takes bytes of the answer as they come; gives those to pass on.

        Raises:
            BadAnswer: if it is larger than allowed, or an event of a stream is none.
        """
        self._size += len(data)
        if self._unpack is None:
            if self._events is not None and self._events.is_line(data):
                self._keeps(data)
                if not data.isascii():
                    self._text(data)
                return data
            return self._takes(data, data)
        for plain in self._unpack(data):
            self._takes(plain, data)
        return b"" if self._status >= 400 else data

    def _takes(self, plain: bytes, data: bytes) -> bytes:
        """Judges bytes that are unpacked; gives those to pass on."""
        if self._status >= 400:
            self._unpacked += len(plain)
            if self._unpacked <= self.bounds.largest:
                self._kept.append(plain)
            return b""
        self._keeps(plain)
        return data if self._events is None else self._judged(self._events, plain)

    def _keeps(self, plain: bytes) -> None:
        """Keeps what is to be judged in the end, or later.

        Raises:
            BadAnswer: if there are more bytes than allowed.
        """
        self._unpacked += len(plain)
        if self._unpacked > self.bounds.largest:
            self._fail("too_large", f"is larger than {self.bounds.largest:,} bytes")
        if self._judges and not self._opaque:
            self._kept.append(plain)

    def end(self) -> bytes:
        """What is to be passed on at the end of the answer.

        Raises:
            BadAnswer: if the answer is none.
        """
        if self._status >= 400:
            return hidden(b"".join(self._kept), self.asked.keys)
        if self._opaque or not self._judges:
            return b""
        if self._events is None:
            self._judge_whole(b"".join(self._kept))
            return b""
        rest = self._events.rest()
        if not (END.search(b"".join(self._kept[-9:])) or END.search(b"".join(self._kept))):
            self._fail("cut_off", "is a stream that ends before its end")
        return rest if self._unpack is None else b""

    def late(self, seconds: float) -> str:
        """What to say of an exchange that takes longer than so many seconds."""
        return (
            f"the answer of `{self.asked.host}` to `{self.asked.operation}` took longer than its"
            f" deadline of {seconds:g} s"
        )

    def _judged(self, events: Events, data: bytes) -> bytes:
        """The whole events of a stream, without those that hold no data."""
        passed = []
        for event in events.feed(data):
            if not (payload := data_of(event)):
                continue
            if payload[:1] != b"{" or payload[-1:] != b"}":
                self._judge_event(payload)
            self._text(payload)
            passed.append(event)
        return b"".join(passed)

    def _judge_event(self, payload: bytes) -> None:
        if payload.startswith(b"[DONE]"):
            return
        try:
            json.loads(self._text(payload))
        except (ValueError, RecursionError):
            self._fail("not_json", "is a stream with an event that is no JSON", start=payload)

    def _judge_whole(self, data: bytes) -> None:
        if not data.strip():
            self._fail("empty", "is empty")
        text = self._text(data)
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            if text.lstrip()[:1] == "{":
                self._fail("cut_off", "is JSON that ends before its end, or is none")
            self._fail("not_json", "is no JSON")
        if not isinstance(answer, dict):
            self._fail("not_json", "is no JSON object")
        if isinstance(error := answer.get("error"), Mapping):
            code = error.get("code") or error.get("type") or "error"
            self._fail(str(code), "is an error, though its status is 200")
        if self.asked.streamed:
            self._fail("not_a_stream", "is whole where a stream was asked for")

    def _text(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":
                self._fail("cut_off", "ends in the midst of a character")
            self._fail("not_utf8", "is no UTF-8")

    def _unpacking(self, named: str) -> Unpack | None:
        """What unpacks a body; a name that no client knows is none to it either."""
        names = [name.strip().lower() for name in named.split(",")]
        windows = [WINDOWS[name] for name in names if name in WINDOWS]
        if len(windows) > 1 or UNBOUNDED.intersection(names):
            self._fail("packed", f"is packed as `{named}`, which nobody asked for")
        return self._unpacker(windows[0]) if windows else None

    def _unpacker(self, window: int) -> Unpack:
        """Unpacks in pieces: what grows to its size in one piece takes more on the way."""
        unpack = zlib.decompressobj(window)

        def pieces(data: bytes) -> Iterator[bytes]:
            try:
                while piece := unpack.decompress(data, PIECE):
                    yield piece
                    data = unpack.unconsumed_tail
            except zlib.error:
                self._opaque = True  # the caller meets the same error

        return pieces

    def _fail(self, code: str, fault: str, *, start: bytes | None = None) -> NoReturn:
        shown = _first(self._kept) if start is None else start[: SHOWN * 4]
        text = hidden(shown, self.asked.keys).decode(errors="replace")[:SHOWN]
        where = f"status {self._status}"
        if self._request_id:
            where += f", request `{self._request_id}`"
        begins = f"; it begins {text!r}" if text else ""
        raise self._error(
            f"the answer of `{self.asked.host}` to `{self.asked.operation}` {fault}"
            f" ({where}, {self._size:,} bytes){begins}",
            code=code,
            status=self._status,
            request_id=self._request_id,
            start=text,
            partial=text_of_events(self._kept) if self._events is not None else "",
        )


def _first(chunks: Iterable[bytes]) -> bytes:
    first = b""
    for chunk in chunks:
        first += chunk[: SHOWN * 4]
        if len(first) >= SHOWN * 4:
            break
    return first
