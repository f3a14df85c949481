"""What is known of an answer while its bytes pass: its usage, its model, why it ended, its text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from stepwell.llm.events import Events, data_of
from stepwell.llm.reading import (
    charges_more,
    finish_reasons,
    largest,
    text_of,
    text_of_events,
    tier_of,
)

KEPT = 32 * 1024 * 1024
"""Of an answer no more bytes are kept to be read for its usage."""

_TELLS = re.compile(
    rb'"usage"\s*:\s*\{|"finish_reason"\s*:\s*"|"response\.(?:completed|incomplete|failed)"'
)


class Heard:
    """Reads one answer.

    Args:
        hides_usage: whether the caller is not to see the event that brings the usage, as it has
            not asked for it.
        keeps_text: whether its text is wanted.

    Attributes:
        reported: the usage as the provider reported it; the largest of several reports.
        so_far: whether that was a report in the midst of a stream, so that more may have followed.
        seen: how many events have brought something.
        reasons: why each choice ended.
        tier: the service tier.
        more: whether other things than tokens are charged.
        status: what the answer itself says of how far it is: `queued`, `completed`, ….
        ended: whether a stream has said that it is at its end.
    """

    def __init__(self, *, hides_usage: bool = False, keeps_text: bool = False) -> None:
        self.reported: Mapping[str, Any] | None = None
        self.seen = 0
        self.reasons: tuple[str, ...] = ()
        self.tier: str | None = None
        self.more = self.ended = self.so_far = False
        self._hides = hides_usage
        self._said: list[bytes] | None = [] if keeps_text else None
        self._text = ""
        self._known: dict[str, Any] = {}
        self._events: Events | None = None
        self._kept: list[bytes] | None = []
        self._size = 0
        self._decode: Callable[[bytes], bytes] | None = None

    def begins(self, content_type: str, decode: Callable[[bytes], bytes] | None) -> None:
        """Takes the head of the answer.

        Args:
            content_type: what the body is.
            decode: unpacks the whole body, where it is packed.
        """
        self._decode = decode
        if content_type.startswith("text/event-stream"):
            self._events = Events()

    @property
    def passes_whole_events(self) -> bool:
        """Whether what `feed` gives is to be passed on in place of what it took."""
        return self._events is not None and self._hides and self._decode is None

    @property
    def text(self) -> str:
        """What was answered, if it is wanted."""
        if self._events is None or self._said is None:
            return self._text
        return text_of_events(self._said)

    def known(self, name: str) -> str | None:
        """What the answer says of itself: its `id`, `model` or `status`."""
        value = self._known.get(name)
        return value if isinstance(value, str) else None

    def feed(self, data: bytes) -> bytes:
        """Takes bytes of the answer as they come; gives those that the caller is to see."""
        events = self._events
        if events is None or self._decode is not None:
            self._keep(data)
            return data
        if self._known and self._said is None and events.is_line(data) and not _TELLS.search(data):
            self.seen += 1  # one more piece of text, as nearly all are
            return data
        passed = [event for event in events.feed(data) if self._sees(event)]
        return b"".join(passed) if self._hides else data

    def rest(self) -> bytes:
        """What the caller is to see at the end of the stream."""
        return self._events.rest() if self._events is not None else b""

    def read_kept(self) -> None:
        """Reads what was kept of an answer that is over."""
        if not self._kept:
            return
        data = b"".join(self._kept)
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

    def _keep(self, data: bytes) -> None:
        if self._kept is not None:
            self._size += len(data)
            self._kept.append(data)
            if self._size > KEPT:
                self._kept = None

    def _sees(self, event: bytes) -> bool:
        """Reads an event; false for the one that the caller has not asked for."""
        data = data_of(event)
        if data == b"[DONE]":
            self.ended = True
            return True
        return self._reads(data)

    def _reads(self, data: bytes) -> bool:
        if not data:
            return True
        if self._said is not None:
            self._said.append(b"data: " + data + b"\n\n")
        if self._known and not _TELLS.search(data):
            self.seen += 1
            return True
        answer = self._takes(data)
        only_usage = answer.get("choices") == [] and isinstance(answer.get("usage"), Mapping)
        self.seen += not only_usage
        return not (self._hides and only_usage)

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
            self._known |= {n: source[n] for n in ("model", "id", "status") if n in source}
            if isinstance(reported := source.get("usage"), Mapping):
                self.reported = largest(self.reported or {}, reported)
                self.so_far = _in_the_midst(answer)
            self.reasons = finish_reasons(source) or self.reasons
            self.tier = tier_of(source, reported) or self.tier
            self.more = self.more or charges_more(reported, source.get("output"))
        self._known.setdefault("id", None)
        if self._said is not None and self._events is None:
            self._text = text_of(answer)
        return answer


def _in_the_midst(answer: Mapping[str, Any]) -> bool:
    """Whether an event with a usage is one that more output follows.

    >>> _in_the_midst({"type": "message_start"}), _in_the_midst({"choices": [], "usage": {}})
    (True, False)
    >>> _in_the_midst({"choices": [{"delta": {"content": "a"}, "finish_reason": None}]})
    True
    """
    if answer.get("type") in ("message_start", "response.created", "response.in_progress"):
        return True
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        return False
    return "delta" in choices[0] and not choices[0].get("finish_reason")
