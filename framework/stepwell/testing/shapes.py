"""What a good provider answers, whole and as events, in the shape of each interface."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from stepwell.testing.reply import REPORT, Reply


def whole(path: str, body: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    """An answer that comes in one piece."""
    if path.endswith("/embeddings"):
        return _embeddings(body, reply)
    if path.endswith("/batches"):
        return _batch(body, reply)
    if path.endswith("/responses"):
        return _response(body, reply)
    if path.endswith("/messages"):
        return _message(body, reply)
    model = reply.model or body.get("model")
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


def _response(body: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    content = [{"type": "output_text", "text": reply.text, "annotations": []}]
    message = {"type": "message", "id": "m", "role": "assistant", "content": content}
    return {
        "id": "resp-1",
        "object": "response",
        "created_at": 1,
        "model": reply.model or body.get("model"),
        "status": "completed",
        "output": [message | {"status": "completed"}],
        "usage": _usage("/responses", body, reply),
    }


def _batch(body: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    kept = {name: body.get(name) for name in ("endpoint", "input_file_id")}
    more = {"created_at": 1, "completion_window": "24h", "output_file_id": "file-2"}
    made = {"object": "batch", "model": reply.model, **kept, **more}
    return {**made, "usage": _usage("/responses", body, reply)}


def _message(body: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    return {
        "id": "msg-1",
        "type": "message",
        "role": "assistant",
        "model": reply.model or body.get("model"),
        "content": [{"type": "text", "text": reply.text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": _usage("/messages", body, reply),
    }


def _embeddings(body: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    texts = body.get("input", "")
    texts = [texts] if isinstance(texts, str) else texts
    vectors: list[Any] = [[float(len(text)), 1.0, 0.0] for text in texts]
    if body.get("encoding_format") == "base64":
        vectors = [base64.b64encode(struct.pack("<3f", *vector)).decode() for vector in vectors]
    data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
    usage = _usage("/embeddings", body, reply)
    return {"object": "list", "model": body.get("model"), "data": data, "usage": usage}


def events_of(path: str, body: Mapping[str, Any], reply: Reply) -> Iterator[bytes]:
    """The events of an answer that comes as a stream."""
    if path.endswith("/messages"):
        yield from _events_of_message(body, reply)
        return
    if path.endswith("/responses"):
        yield from map(_event, _events_of_response(body, reply), count())
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


def _events_of_response(body: Mapping[str, Any], reply: Reply) -> Iterator[dict[str, Any]]:
    done = _response(body, reply)
    (item,) = done["output"]
    (part,) = item["content"]
    begun = {**done, "status": "in_progress", "output": [], "usage": None}
    there: dict[str, Any] = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    yield {"type": "response.created", "response": begun}
    started = {**item, "status": "in_progress", "content": []}
    yield {"type": "response.output_item.added", "output_index": 0, "item": started}
    yield {"type": "response.content_part.added", **there, "part": {**part, "text": ""}}
    for word in _words(reply.text):
        yield {"type": "response.output_text.delta", "delta": word, "logprobs": [], **there}
    yield {"type": "response.output_text.done", "text": reply.text, "logprobs": [], **there}
    yield {"type": "response.content_part.done", **there, "part": part}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": "response.completed", "response": done}


def _events_of_message(body: Mapping[str, Any], reply: Reply) -> Iterator[bytes]:
    message = _message(body, reply)
    used = message["usage"]
    begun = {**message, "content": [], "stop_reason": None}
    if used is not None:
        begun["usage"] = {**used, "output_tokens": 1}
    yield _named({"type": "message_start", "message": begun})
    block = {"type": "text", "text": ""}
    yield _named({"type": "content_block_start", "index": 0, "content_block": block})
    yield _named({"type": "ping"})
    for word in _words(reply.text):
        delta = {"type": "text_delta", "text": word}
        yield _named({"type": "content_block_delta", "index": 0, "delta": delta})
    yield _named({"type": "content_block_stop", "index": 0})
    ended = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    made = {"output_tokens": used["output_tokens"]} if used is not None else None
    yield _named({"type": "message_delta", "delta": ended, "usage": made})
    yield _named({"type": "message_stop"})


def _usage(path: str, body: Mapping[str, Any], reply: Reply) -> Mapping[str, Any] | None:
    if reply.usage is not REPORT:
        return reply.usage
    given = len(json.dumps(body.get("messages") or body.get("input") or "").split())
    made = 0 if path.endswith("/embeddings") else len(reply.text.split())
    if path.endswith("/messages"):
        read = {"cache_read_input_tokens": reply.cached, "cache_creation_input_tokens": 0}
        return {"input_tokens": max(given - reply.cached, 0), "output_tokens": made, **read}
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
    return _named({**data, "sequence_number": number})


def _named(data: Mapping[str, Any]) -> bytes:
    written = json.dumps(data).encode()
    return b"event: " + str(data["type"]).encode() + b"\ndata: " + written + b"\n\n"
