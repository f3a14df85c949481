"""What is measured of each request to a provider. Sees bytes; does no I/O.

`transport` brings the bytes. One `Meter` belongs to a client, one `Exchange` to a request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from threading import Lock
from time import perf_counter, time
from typing import NamedTuple
from urllib.parse import urlsplit

from stepwell.errors import StepwellError
from stepwell.lifecycle.current import current
from stepwell.lifecycle.listening import Ears, ears_of
from stepwell.lifecycle.retrying import retrying
from stepwell.llm.debts import Debts
from stepwell.llm.gates import Asking, Passage, Pause, gates_of
from stepwell.llm.heard import Heard
from stepwell.llm.prices import Prices, priced
from stepwell.llm.reading import (
    Asked,
    about_tokens,
    amount_of,
    operation_of,
    reported_cost,
    text_length,
    tier_of,
    usage_of,
)
from stepwell.llm.sdk import dressed
from stepwell.usage import Call, Cost, Said, Usage

NOT_SENT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"}
"""Errors that come before a request has left."""

PERHAPS_BILLED = {408, 502, 504}
"""Statuses after which the work may have been done all the same, by a server behind the server."""

COST_HEADER = "x-litellm-response-cost"
"""Where a gateway says what a request has cost, in dollars."""


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
        kind: the class of errors that the client passes on as they are.
    """

    def __init__(
        self, prices: Prices, *, max_retries: int = 0, kind: type[Exception] | None = None
    ) -> None:
        self.prices, self.max_retries, self.kind = prices, max_retries, kind
        self.plain: set[str] = set()
        self.debts = Debts()
        self._lock = Lock()
        self._told = False

    def begin(
        self, method: str, url: str, headers: Mapping[str, str], read: Callable[[], bytes]
    ) -> Exchange | None:
        """What measures this request; `None` if it uses no tokens or nobody wants to know.

        Args:
            method: the HTTP method; only a POST uses anything, what else comes may tell of it.
            url: where it goes.
            headers: those of the request.
            read: gives the request's body.
        """
        found = operation_of(urlsplit(url).path) if method == "POST" else None
        if found is None:
            return self._fetching(url)
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

    def _fetching(self, url: str) -> Exchange | None:
        """What measures a request for an answer that was asked for before."""
        owed = self.debts.of(url)
        if owed is None:
            return None
        run_id, node, task_id, attempt = owed.run_id, owed.node, owed.task_id, owed.attempt
        ears = ears_of(run_id)
        if ears is None and (now := current.get()) is not None:
            run_id, node, task_id, attempt = now.run_id, now.node, now.task_id, now.attempt
            ears = ears_of(run_id)
        if ears is None:
            return None
        place = Place(run_id, node, task_id, attempt, ears.number(node, task_id))
        asked = Asked(owed.operation, owed.api, owed.model, False, {})
        return Exchange(self, ears, place, asked, url, owed=owed)

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
        owed: Call | None = None,
    ) -> None:
        self.asked, self.call_key = asked, call_key
        self._meter, self._ears, self._place, self._url = meter, ears, place, url
        self._key, self._size, self._owed = key, size, owed
        self._passage = Passage()
        self._started, self._began = time(), perf_counter()
        self._first: float | None = None
        self._status: int | None = None
        self._told: Decimal | None = None
        self._context = copy_context()
        self._over = False
        self.added = self._asks_for_usage()
        self._heard = Heard(hides_usage=self.added, keeps_text=ears.want_said and owed is None)

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
            size=self._size,
            call_key=self.call_key,
        )

    def admission(self) -> Iterator[Pause]:
        """The waits before it may leave; its time counts from their end.

        Raises:
            StepwellError: if it must not leave.
        """
        if self._owed is None:
            yield from self._passage.through(gates_of(self._ears.listeners), self._asking)
        self._started, self._began = time(), perf_counter()

    def withdrawn(self, error: BaseException | None = None) -> None:
        """Takes note that it does not leave: no row of the ledger, and nothing kept for it."""
        self._over = True
        self._passage.over(None)
        if isinstance(error, StepwellError):
            dressed(error, self._meter.kind)

    def _asking(self) -> Asking:
        return Asking(
            self.asked,
            self._size,
            self._url,
            self._key,
            self._meter.prices,
            self._place.run_id,
            self._place.node,
            self._place.attempt,
        )

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Tells the gates of the answer's head."""
        self._told = amount_of(headers.get(COST_HEADER))
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
            self.withdrawn()
        elif status >= 400:
            self.finish()
        else:
            self._heard.begins(content_type, decode)
        return not self._over

    @property
    def passes_whole_events(self) -> bool:
        """Whether what `feed` gives is to be passed on in place of what it took."""
        return self._heard.passes_whole_events

    def feed(self, data: bytes) -> bytes:
        """Takes bytes of the answer as they come; gives those that the caller is to see."""
        if self._first is None:
            self._first = perf_counter() - self._began
        passed = self._heard.feed(data)
        if self._heard.ended:
            self.finish()
        return passed

    def rest(self) -> bytes:
        """What the caller is to see at the end of the stream."""
        return self._heard.rest()

    def failed(self, error: BaseException) -> None:
        """Takes what ended the exchange before its answer was whole."""
        self.finish("cut" if isinstance(error, GeneratorExit) else type(error).__name__)

    def finish(self, error: str | None = None) -> None:
        """Tells the row of the ledger, once."""
        if self._over:
            return
        self._over = True
        heard, status = self._heard, self._status
        if status is not None and status < 400:
            heard.read_kept()
        if error is None and status is not None and status >= 400:
            error = str(status)
        call = self._call(error)
        if self._owed is not None:
            settled = self._meter.debts.settled(self._owed, call, heard.known("status"))
            if settled is not None:
                self._context.run(self._ears.call_made, settled)
            return
        self._meter.debts.note(call)
        self._passage.over(call)
        wanted = self._ears.want_said
        said = Said(self.asked.body, heard.text) if wanted else None
        self._context.run(self._ears.call_made, call, said)

    def _call(self, error: str | None) -> Call:
        heard = self._heard
        answered = heard.known("model")
        model = self.asked.model or (self._owed.model if self._owed is not None else None)
        asked_tier = self._owed.tier if self._owed is not None else tier_of(self.asked.body)
        tier = heard.tier or asked_tier
        if self.asked.api == "batches":
            tier = "batch"
        host, port = urlsplit(self._url).hostname or "", urlsplit(self._url).port
        said = reported_cost(heard.reported)
        told = said if said is not None else self._told
        usage, priced_as = priced(
            self._usage(error),
            model=model,
            answered=answered,
            url=self._url,
            own=self._meter.prices,
            tier=tier,
            more=heard.more,
            told=None if told is None else Cost(told, "USD", (f"reported by {host}",)),
        )
        return Call(
            operation=self.asked.operation,
            api=self.asked.api,
            model=model,
            answered_model=answered,
            usage=usage,
            **self._place._asdict(),
            started=self._started,
            duration=perf_counter() - self._began,
            first_chunk=self._first if self.asked.streamed else None,
            status=self._status,
            error=error,
            streamed=self.asked.streamed,
            response_id=heard.known("id"),
            finish_reasons=heard.reasons,
            tier=tier,
            priced_as=priced_as,
            server=(host, port),
            key=self.call_key,
            reported=heard.reported,
        )

    def _usage(self, error: str | None) -> Usage:
        if error in NOT_SENT:
            return Usage()
        status = self._status
        if status is not None and status >= 400:
            return Usage(requests=1, unmeasured=int(status in PERHAPS_BILLED))
        heard = self._heard
        usage = usage_of(heard.reported, operation=self.asked.operation)
        if error is not None and heard.so_far:
            usage = replace(usage, unmeasured=1)
        if usage.unmeasured:
            given = about_tokens(text_length(self.asked.body))
            usage = replace(
                usage,
                estimated_input=max(given - usage.input_tokens, 0),
                estimated_output=max(heard.seen - usage.output_tokens, 0),
            )
        return usage


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
