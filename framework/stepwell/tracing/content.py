"""What is recorded of what is said, where that is asked for: through a function, without keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from stepwell.keys import hidden
from stepwell.tracing import names
from stepwell.usage import Call, Said

Capture = Callable[[object], "str | None"]


class Content:
    """Turns values into texts to record.

    Args:
        capture: the user's function, which leaves out what must not be seen.
    """

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    def of(self, value: object) -> str | None:
        """The text for a value, or `None` if it is not to be recorded."""
        text = self._capture(value)
        return None if text is None else hidden(text.encode(errors="replace")).decode()

    def of_call(self, call: Call, said: Said) -> dict[str, str]:
        """The attributes for what was said in a call, in the form of the conventions."""
        answered = {
            "role": "assistant",
            "parts": [{"type": "text", "content": said.text}],
            "finish_reason": ", ".join(call.finish_reasons),
        }
        texts = {
            names.INPUT_MESSAGES: self.of(messages(said.sent)),
            names.OUTPUT_MESSAGES: self.of(Messages([answered])) if said.text else None,
        }
        return {name: text for name, text in texts.items() if text is not None}


class Messages(list[Any]):
    """Messages of a call; `str` gives their JSON."""

    def __str__(self) -> str:
        return json.dumps(list(self), ensure_ascii=False, default=str)


def messages(sent: Mapping[str, Any]) -> Messages:
    """The messages of a request, in the form of the conventions.

    >>> str(messages({"input": "hi"}))
    '[{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]'
    """
    given = sent.get("messages", sent.get("input", sent.get("prompt", [])))
    listed = given if isinstance(given, list) else [given]
    return Messages(_message(one) for one in listed)


def _message(given: object) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        return {"role": "user", "parts": [{"type": "text", "content": str(given)}]}
    content = given.get("content")
    parts = content if isinstance(content, list) else [content] if content else []
    return {"role": str(given.get("role", "user")), "parts": [_part(part) for part in parts]}


def _part(given: object) -> dict[str, Any]:
    if isinstance(given, Mapping):
        text = given.get("text")
        kind = str(given.get("type", "text"))
        return {"type": "text", "content": text} if text is not None else {"type": kind}
    return {"type": "text", "content": str(given)}
