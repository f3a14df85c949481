"""What a request may use at most, worked out before it leaves.

A token of text is one byte of it at least, and a request's JSON is longer than its text, so its
size bounds its input. What is no text (a picture of few bytes may be many tokens), and what a
request only points at (a file, an earlier answer, what a search finds), has no such bound.
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

BEYOND = ("previous_response_id", "conversation", "web_search_options", "mcp_servers", "container")
"""What stands for input that the request does not hold."""

POINTERS = frozenset(("file_id", "file_url", "image_url", "audio", "video"))
"""Keys of a part of a message that is more than its text, or elsewhere."""

MEDIA = frozenset(
    {
        "audio",
        "document",
        "file",
        "image",
        "input_audio",
        "input_file",
        "input_image",
        "item_reference",
        "video",
    }
)
"""Types of such parts: a picture of few bytes may be many tokens."""

OWN_TOOLS = frozenset(("function", "custom", None))
"""Types of tools that the caller carries out; others bring input of their own."""


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
        why = f"it has input that is more than its text (`{pointer_in(asked.body)}`)"
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
    limits = [limit for name in LIMITS if (limit := _count(asked.body.get(name))) is not None]
    if not limits:
        return None
    choices = (_count(asked.body.get(name)) or 1 for name in ("n", "best_of"))
    return max(limits) * max(choices)


def pointer_in(body: Mapping[str, Any]) -> str:
    """The first thing by which a request has more input than its text, or an empty text.

    >>> part = {"type": "image_url", "image_url": {"url": "https://pictures.example/cat.png"}}
    >>> pointer_in({"messages": [{"role": "user", "content": [part]}]})
    'image_url'
    """
    for name in BEYOND:
        if body.get(name):
            return name
    if isinstance(body.get("prompt"), Mapping):
        return "prompt"
    tools = body.get("tools")
    for tool in tools if isinstance(tools, list) else []:
        if isinstance(tool, Mapping) and tool.get("type") not in OWN_TOOLS:
            return str(tool["type"])
    waiting: list[Any] = [body.get("messages"), body.get("input"), body.get("system")]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += reversed(item)
        elif isinstance(item, Mapping):
            if item.get("type") in MEDIA:
                return str(item["type"])
            if found := next((str(key) for key in item if key in POINTERS), ""):
                return found
            waiting += item.values()
    return ""


def _count(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return None
