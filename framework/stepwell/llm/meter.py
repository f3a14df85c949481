"""What is measured of each request to a provider. Sees bytes; does no I/O.

`transport` brings the bytes. One `Meter` belongs to a client, one `Exchange` to a request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import replace
from hashlib import sha256
from threading import Lock
from time import perf_counter, time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from stepwell.lifecycle.current import current
from stepwell.lifecycle.listening import Ears, ears_of
from stepwell.lifecycle.retrying import retrying
from stepwell.llm.events import Events, data_of
from stepwell.llm.gates import Asking, Passage, Pause, gates_of
from stepwell.llm.prices import Prices, priced
from stepwell.llm.reading import (
    Asked,
    about_tokens,
    charges_more,
    finish_reasons,
    largest,
    operation_of,
    text_length,
    text_of,
    text_of_events,
    usage_of,
)
from stepwell.usage import Call, Said, Usage

KEPT = 32 * 1024 * 1024
"""Of an answer no more bytes are kept to be read for its usage."""

NOT_SENT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"}
"""Errors that come before a request has left."""

PERHAPS_BILLED = {408, 502, 504}
"""Statuses after which the work may have been done all the same, by a server behind the server."""

_TELLS = re.compile(
    rb'"usage"\s*:\s*\{|"finish_reason"\s*:\s*"|"response\.(?:completed|incomplete|failed)"'
)


class Place(NamedTuple):
    """Whose request it is."""

    run_id: str | None
    node: str | None
    task_id: str | None
    attempt: int
    number: int


class Meter:
    """Measures the requests of one client.

    Args:
        prices: own prices, which come before those of the price package.
        max_retries: how often the client itself retries.
    """

    def __init__(self, prices: Prices, *, max_retries: int = 0) -> None:
        self.prices, self.max_retries = prices, max_retries
        self.plain: set[str] = set()
        self._lock = Lock()
        self._told = False

    def begin(
        self, method: str, url: str, headers: Mapping[str, str], read: Callable[[], bytes]
    ) -> Exchange | None:
        """What measures this request; `None` if it uses no tokens or nobody wants to know.

        Args:
            method: the HTTP method; only a POST uses anything.
            url: where it goes.
            headers: those of the request.
            read: gives the request's body.
        """
        found = operation_of(urlsplit(url).path) if method == "POST" else None
        if found is None:
            return None
        self._tell_of_two_retries(headers)
        now = current.get()
        ears = ears_of(now.run_id if now else None)
        if ears is None:
            return None
        body = read()
        asked = _asked(*found, body)
        if now is None:
            place = Place(None, None, None, 1, ears.number(None, None))
        else:
            number = ears.number(now.node, now.task_id)
            place = Place(now.run_id, now.node, now.task_id, now.attempt, number)
        key = urlsplit(url).netloc, _digest(headers)
        again = headers.get("x-stainless-retry-count", "0") != "0"
        its_key = call_key(ears, place, sha256(body).digest(), again=again) if now else None
        return Exchange(self, ears, place, asked, url, key=key, size=len(body), call_key=its_key)

    def _tell_of_two_retries(self, headers: Mapping[str, str]) -> None:
        again = retrying.get()
        if again is None or self._told or not self.max_retries:
            return
        if headers.get("x-stainless-retry-count", "0") == "0":
            return
        with self._lock:
            told, self._told = self._told, True
        if not told:
            from logging import getLogger

            getLogger("stepwell").warning(
                "the client retries %d times itself within each of the %d attempts of `%s`: up to"
                " %d requests; make it with max_retries=0, so that one retry governs",
                self.max_retries,
                again.attempts,
                again.node,
                (self.max_retries + 1) * again.attempts,
            )


class Exchange:
    """One request and its answer, measured while the bytes pass."""

    def __init__(
        self,
        meter: Meter,
        ears: Ears,
        place: Place,
        asked: Asked,
        url: str,
        *,
        key: tuple[str, str] = ("", ""),
        size: int = 0,
        call_key: str | None = None,
    ) -> None:
        self.call_key = call_key
        self._meter, self._ears, self._place = meter, ears, place
        self._key, self._size_asked, self._passage = key, size, Passage()
        self.asked, self._url = asked, url
        self._started, self._began = time(), perf_counter()
        self._first: float | None = None
        self._status: int | None = None
        self._events: Events | None = None
        self._kept: list[bytes] | None = []
        self._size = self._seen = 0
        self._reported: Mapping[str, Any] | None = None
        self._answer: dict[str, Any] = {}
        self._more = False
        self._text = ""
        self._context = copy_context()
        self._heard: list[bytes] | None = [] if ears.want_said else None
        self._reasons: tuple[str, ...] = ()
        self._over = False
        self._decode: Callable[[bytes], bytes] | None = None
        self.added = self._asks_for_usage()

    def _asks_for_usage(self) -> bool:
        if self.asked.api != "chat_completions" or not self.asked.streamed:
            return False
        options = self.asked.body.get("stream_options")
        if options is not None and not isinstance(options, Mapping):
            return False
        return (
            "include_usage" not in (options or {}) and _server(self._url) not in self._meter.plain
        )

    def body(self) -> bytes:
        """The request's body with the wish to be told the usage of a stream."""
        options = {**(self.asked.body.get("stream_options") or {}), "include_usage": True}
        return json.dumps({**self.asked.body, "stream_options": options}).encode()

    def refused(self, status: int, answer: bytes) -> bool:
        """Whether the server does not know that wish; it is not asked again, and this is over."""
        known = b"stream_options" in answer or b"include_usage" in answer
        if not self.added or not known:
            return False
        self._meter.plain.add(_server(self._url))
        self.answered(status)
        return True

    def again(self) -> Exchange:
        """The same request, to be measured anew."""
        number = self._ears.number(self._place.node, self._place.task_id)
        place = self._place._replace(number=number)
        return Exchange(
            self._meter,
            self._ears,
            place,
            self.asked,
            self._url,
            key=self._key,
            size=self._size_asked,
            call_key=self.call_key,
        )

    def admission(self) -> Iterator[Pause]:
        """The waits before it may leave; its time counts from their end.

        Raises:
            StepwellError: if it must not leave.
        """
        yield from self._passage.through(gates_of(self._ears.listeners), self._asking)
        self._started, self._began = time(), perf_counter()

    def withdrawn(self) -> None:
        """Takes note that it does not leave: no row of the ledger, and nothing kept for it."""
        self._over = True
        self._passage.over(None)

    def _asking(self) -> Asking:
        return Asking(
            self.asked,
            self._size_asked,
            self._url,
            self._key,
            self._meter.prices,
            self._place.run_id,
            self._place.node,
            self._place.attempt,
        )

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Tells the gates of the answer's head."""
        self._passage.answered(status, headers)

    def answered(
        self,
        status: int,
        content_type: str = "",
        decode: Callable[[bytes], bytes] | None = None,
    ) -> bool:
        """Takes the head of the answer; true if its body is to be measured.

        Args:
            status: the HTTP status.
            content_type: what the body is.
            decode: unpacks the whole body, where it is packed.
        """
        self._status = status
        if 300 <= status < 400:
            self._over = True
            self._passage.over(None)
        elif status >= 400:
            self.finish()
        elif content_type.startswith("text/event-stream"):
            self._events = Events()
        self._decode = decode
        return not self._over

    @property
    def passes_whole_events(self) -> bool:
        """Whether what `feed` gives is to be passed on in place of what it took."""
        return self._events is not None and self.added and self._decode is None

    def feed(self, data: bytes) -> bytes:
        """Takes bytes of the answer as they come; gives those that the caller is to see."""
        if self._first is None:
            self._first = perf_counter() - self._began
        if self._events is None or self._decode is not None:
            self._keep(data)
            return data
        found = self._events.feed(data)
        if len(found) == 1:
            seen = self._sees(found[0])
            return data if not self.added else found[0] if seen else b""
        passed = [event for event in found if self._sees(event)]
        return b"".join(passed) if self.added else data

    def rest(self) -> bytes:
        """What the caller is to see at the end of the stream."""
        return self._events.rest() if self._events is not None else b""

    def failed(self, error: BaseException) -> None:
        """Takes what ended the exchange before its answer was whole."""
        self.finish("cut" if isinstance(error, GeneratorExit) else type(error).__name__)

    def finish(self, error: str | None = None) -> None:
        """Tells the row of the ledger, once."""
        if self._over:
            return
        self._over = True
        if self._kept and self._status is not None and self._status < 400:
            self._read_kept()
        usage = self._usage(error)
        answered = self._answer.get("model")
        answered = answered if isinstance(answered, str) else None
        status = self._status
        if error is None and status is not None and status >= 400:
            error = str(status)
        response_id = self._answer.get("id")
        parts = urlsplit(self._url)
        call = Call(
            operation=self.asked.operation,
            api=self.asked.api,
            model=self.asked.model,
            answered_model=answered,
            usage=priced(
                usage,
                model=self.asked.model,
                answered=answered,
                url=self._url,
                own=self._meter.prices,
                more=self._more or charges_more(self._reported),
            ),
            **self._place._asdict(),
            started=self._started,
            duration=perf_counter() - self._began,
            first_chunk=self._first if self.asked.streamed else None,
            status=status,
            error=error,
            streamed=self.asked.streamed,
            response_id=response_id if isinstance(response_id, str) else None,
            finish_reasons=self._reasons,
            server=(parts.hostname or "", parts.port),
            key=self.call_key,
            reported=self._reported,
        )
        self._passage.over(call)
        self._context.run(self._ears.call_made, call, self._said())

    def _said(self) -> Said | None:
        if self._heard is None:
            return None
        text = text_of_events(self._heard) if self._events is not None else self._text
        return Said(self.asked.body, text)

    def _usage(self, error: str | None) -> Usage:
        if error in NOT_SENT:
            return Usage()
        status = self._status
        if status is not None and status >= 400:
            return Usage(requests=1, unmeasured=int(status in PERHAPS_BILLED))
        usage = usage_of(self._reported, operation=self.asked.operation)
        if usage.unmeasured:
            given = about_tokens(text_length(self.asked.body))
            usage = replace(
                usage,
                estimated_input=max(given - usage.input_tokens, 0),
                estimated_output=max(self._seen - usage.output_tokens, 0),
            )
        return usage

    def _keep(self, data: bytes) -> None:
        if self._kept is not None:
            self._size += len(data)
            self._kept.append(data)
            if self._size > KEPT:
                self._kept = None

    def _read_kept(self) -> None:
        data = b"".join(self._kept or ())
        try:
            data = self._decode(data) if self._decode else data
        except Exception:
            return  # the caller meets the same error, and with it knows more than the ledger
        if self._events is not None:
            events = Events()
            for event in (*events.feed(data), events.rest()):
                self._reads(data_of(event))
        else:
            self._takes(data)

    def _sees(self, event: bytes) -> bool:
        """Reads an event; false for the one that the caller has not asked for."""
        data = data_of(event)
        if data == b"[DONE]":
            self.finish()
            return True
        return self._reads(data)

    def _reads(self, data: bytes) -> bool:
        if not data:
            return True
        if self._heard is not None:
            self._heard.append(b"data: " + data + b"\n\n")
        if self._answer and not _TELLS.search(data):
            self._seen += 1
            return True
        answer = self._takes(data)
        only_usage = answer.get("choices") == [] and isinstance(answer.get("usage"), Mapping)
        self._seen += not only_usage
        return not (self.added and only_usage)

    def _takes(self, data: bytes) -> Mapping[str, Any]:
        """Reads one JSON answer, or one of a stream."""
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError):
            return {}
        if not isinstance(answer, dict):
            return {}
        inner = next(
            (i for n in ("response", "message") if isinstance(i := answer.get(n), dict)), {}
        )
        for source in (inner, answer):
            self._answer |= {n: source[n] for n in ("model", "id") if n in source}
            if isinstance(reported := source.get("usage"), Mapping):
                self._reported = largest(self._reported or {}, reported)
            self._reasons = finish_reasons(source) or self._reasons
            self._more = self._more or charges_more(None, source.get("output"))
        self._answer.setdefault("id", None)
        if self._heard is not None and self._events is None:
            self._text = text_of(answer)
        return answer


def _asked(operation: str, api: str, body: bytes) -> Asked:
    try:
        read = json.loads(body) if body[:1] == b"{" else {}
    except (ValueError, RecursionError):
        read = {}
    model = read.get("model")
    return Asked(
        operation, api, model if isinstance(model, str) else None, read.get("stream") is True, read
    )


def call_key(ears: Ears, place: Place, said: bytes, *, again: bool) -> str:
    """What all attempts at one call have in common, in this process or a later one.

    Of requests that say the same within one attempt, each is a call of its own.
    """
    who = place.run_id, place.node, place.task_id
    ordinal = ears.ordinal(*who, place.attempt, said, again=again)
    return sha256(repr((*who, said, ordinal)).encode()).hexdigest()[:32]


def _digest(headers: Mapping[str, str]) -> str:
    """What tells one API key from another without showing it."""
    given = headers.get("authorization") or headers.get("x-api-key") or headers.get("api-key") or ""
    return sha256(given.encode()).hexdigest()[:16] if given else ""


def _server(url: str) -> str:
    return urlsplit(url).netloc
