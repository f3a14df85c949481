"""What a request may use at most, worked out before it leaves.

A token of text is one byte of it at least, and a request's JSON is longer than its text, so its
size bounds its input. What a request only points at (a file, an image's address, an earlier answer)
has no such bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from stepwell.llm.reading import Asked

AROUND = 64
"""Tokens that a provider may put around the messages."""

LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")

NO_OUTPUT = frozenset(("embeddings", "moderations", "rerank"))
"""Operations whose answers have no tokens."""

EARLIER = ("previous_response_id", "conversation", "prompt_id")
"""What stands for input that the request does not hold."""

POINTERS = frozenset(("file_id", "file_url", "image_url", "url"))
"""Keys under which a request points at more input; a `data:` address holds it itself."""


class Bound(NamedTuple):
    """The most tokens that a request may use; `None` where that can't be known.

    Args:
        input: of its input.
        output: of its output.
        why: what can't be known, and how to make it known; empty if all is.
    """

    input: int | None
    output: int | None
    why: str = ""


def bound_of(asked: Asked, size: int) -> Bound:
    """The most that a request may use.

    Args:
        asked: what it asks for.
        size: the bytes of its body.

    >>> body = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 9, "n": 2}
    >>> bound_of(Asked("chat", "chat_completions", "m", False, body), 70)
    Bound(input=134, output=18, why='')
    """
    given = None if pointer_in(asked.body) else size + AROUND
    made = output_of(asked)
    why = ""
    if given is None:
        why = f"it points at input that it does not hold (`{pointer_in(asked.body)}`)"
    elif made is None:
        why = "it names no limit for its answer (`max_tokens`)"
    return Bound(given, made, why)


def output_of(asked: Asked) -> int | None:
    """The most tokens of an answer, all choices together, if the request names a limit.

    >>> output_of(Asked("embeddings", "embeddings", "e", False, {}))
    0
    """
    if asked.operation in NO_OUTPUT:
        return 0
    limits = (_count(asked.body.get(name)) for name in LIMITS)
    limit = next((limit for limit in limits if limit is not None), None)
    if limit is None:
        return None
    choices = (_count(asked.body.get(name)) or 1 for name in ("n", "best_of"))
    return limit * max(choices)


def pointer_in(body: Mapping[str, Any]) -> str:
    """The first key by which a request points at input that it does not hold, or an empty text.

    >>> part = {"type": "image_url", "image_url": {"url": "https://pictures.example/cat.png"}}
    >>> pointer_in({"messages": [{"role": "user", "content": [part]}]})
    'url'
    """
    for name in EARLIER:
        if body.get(name):
            return name
    waiting: list[Any] = [body.get("messages"), body.get("input"), body.get("system")]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, Mapping):
            for key, value in item.items():
                if key in POINTERS and isinstance(value, str) and not value.startswith("data:"):
                    return str(key)
                waiting.append(value)
    return ""


def _count(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return None
