"""How many tokens a request's input has, counted before it leaves where its tokenizer is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from stepwell.llm.reading import Asked

A_MESSAGE, A_CHAT = 3, 3
"""Tokens around each message, and before the answer, in the chat format of OpenAI's models."""


def counted(asked: Asked) -> int | None:
    """The tokens of a request's input, if it is plain text and the model's tokenizer is at hand.

    It is with the extra `tokens`, for OpenAI's models.
    """
    pieces = _pieces(asked)
    if pieces is None or asked.model is None:
        return None
    if (encoding := _encoding(asked.model)) is None:
        return None
    around, texts = pieces
    return around + sum(len(encoding.encode_ordinary(text)) for text in texts)


@cache
def _encoding(model: str) -> Any:
    """The tokenizer of a model, or `None`."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it opens its data in an old way
            from bpe_openai import encoding_for_model

            return encoding_for_model(model)
    except (ImportError, LookupError):
        return None


def _pieces(asked: Asked) -> tuple[int, list[str]] | None:
    """The tokens that are no text, and the texts; `None` if there is more than text."""
    body = asked.body
    if asked.operation == "embeddings":
        given = body.get("input")
        texts: Any = [given] if isinstance(given, str) else given
        return (0, texts) if _all_text(texts) else None
    messages = body.get("messages")
    if asked.api != "chat_completions" or not isinstance(messages, list) or body.get("tools"):
        return None
    found: list[str] = []
    for message in messages:
        if not isinstance(message, Mapping) or not message.keys() <= {"role", "content"}:
            return None
        parts = [*_texts(message.get("content"))]
        if not _all_text([message.get("role"), *parts]):
            return None
        found += [str(message["role"]), "".join(parts)]
    return A_CHAT + A_MESSAGE * len(messages), found


def _texts(content: Any) -> Iterator[Any]:
    """The texts of a message; anything else in it as it is."""
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, Mapping) and part.get("type") == "text":
            yield part.get("text")
        else:
            yield part


def _all_text(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(each, str) for each in found)
