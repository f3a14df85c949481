"""What a request asks for and what an answer reports, read from their JSON. Does no I/O.

Providers agree on little; what does not read as a count is unknown, never zero.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from stepwell.llm.events import Events, data_of
from stepwell.usage import Usage

LARGEST = 10**12
"""No request uses more tokens; a larger number is a mistake."""

APIS = {
    "/chat/completions": ("chat", "chat_completions"),
    "/responses": ("chat", "responses"),
    "/responses/compact": ("chat", "responses"),
    "/completions": ("text_completion", "completions"),
    "/embeddings": ("embeddings", "embeddings"),
    "/messages": ("chat", "messages"),
    "/moderations": ("moderations", "moderations"),
    "/rerank": ("rerank", "rerank"),
    "/images/generations": ("images", "images"),
    "/images/edits": ("images", "images"),
    "/images/variations": ("images", "images"),
    "/audio/transcriptions": ("transcriptions", "audio"),
    "/audio/translations": ("translations", "audio"),
    "/audio/speech": ("speech", "audio"),
    "/batches": ("batch", "batches"),
}
"""The paths that use tokens, with the operation and the interface."""


SERVER_TOOLS = {
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "computer_call",
}
"""Parts of an answer that are charged by their number."""

OTHER_UNITS = ("seconds", "num_search_queries", "search_units", "images")
"""What usage is reported in besides tokens."""


class Asked(NamedTuple):
    """What a request asks for."""

    operation: str
    api: str
    model: str | None
    streamed: bool
    body: Mapping[str, Any]


def operation_of(path: str) -> tuple[str, str] | None:
    """The operation and interface of a path, if it is one that uses tokens.

    >>> operation_of("/v1/chat/completions")
    ('chat', 'chat_completions')
    >>> operation_of("/v1/models")
    """
    path = path.rstrip("/")
    return next((found for end, found in APIS.items() if path.endswith(end)), None)


def usage_of(reported: object, *, operation: str = "chat") -> Usage:
    """One request's usage from what a provider reported, or an unmeasured one.

    >>> usage_of({"prompt_tokens": 9, "completion_tokens": 2}).total_tokens
    11
    >>> usage_of({"prompt_tokens": -1}).unmeasured
    1
    """
    if not isinstance(reported, Mapping):
        return Usage(requests=1, unmeasured=1)
    given = count(reported, "prompt_tokens", "input_tokens")
    made = count(reported, "completion_tokens", "output_tokens")
    if made is None and operation == "embeddings":
        made = 0
    into = _details(
        reported, "prompt_tokens_details", "input_tokens_details", "input_token_details"
    )
    out = _details(reported, "completion_tokens_details", "output_tokens_details")
    read = count(into, "cached_tokens")
    write = count(into, "cache_write_tokens", "cache_creation_tokens")
    kept = _details(reported, "cache_creation")
    if "cache_read_input_tokens" in reported or "cache_creation_input_tokens" in reported:
        # here the input excludes what went through the cache
        read = count(reported, "cache_read_input_tokens")
        write = count(reported, "cache_creation_input_tokens")
        given = None if given is None else given + (read or 0) + (write or 0)
    return Usage(
        input_tokens=given or 0,
        output_tokens=made or 0,
        cached_read=min(read or 0, given or 0),
        cache_write=(written := min(write or 0, max((given or 0) - (read or 0), 0))),
        cache_write_1h=min(count(kept, "ephemeral_1h_input_tokens") or 0, written),
        audio_input=min(count(into, "audio_tokens") or 0, given or 0),
        image_input=min(count(into, "image_tokens") or 0, given or 0),
        reasoning=min(count(out, "reasoning_tokens") or 0, made or 0),
        audio_output=min(count(out, "audio_tokens") or 0, made or 0),
        image_output=min(count(out, "image_tokens") or 0, made or 0),
        requests=1,
        unmeasured=int(given is None or made is None),
    )


def charges_more(reported: object, output: object = None) -> bool:
    """Whether other things than tokens are charged: images, seconds, searches, tools.

    Args:
        reported: the usage as a provider reported it.
        output: the parts of the answer, some of which a server's own tools have made.

    >>> charges_more({"server_tool_use": {"web_search_requests": 2}}), charges_more({"tokens": 1})
    (True, False)
    """
    made = output if isinstance(output, list) else []
    if any(isinstance(part, Mapping) and part.get("type") in SERVER_TOOLS for part in made):
        return True
    if not isinstance(reported, Mapping):
        return False
    tools = _details(reported, "server_tool_use")
    used = [*tools.values(), *(reported.get(name) for name in OTHER_UNITS)]
    return any(isinstance(amount, int | float) and amount > 0 for amount in used)


def reported_cost(reported: object) -> Decimal | None:
    """What a provider or a gateway says that the request has cost, in dollars, if it says so.

    >>> reported_cost({"cost": 0.00014}), reported_cost({"cost": {"total_cost": 0.5}})
    (Decimal('0.00014'), Decimal('0.5'))
    >>> reported_cost({"cost": -1})
    """
    said = reported.get("cost") if isinstance(reported, Mapping) else None
    said = said.get("total_cost") if isinstance(said, Mapping) else said
    return amount_of(said)


def amount_of(said: object) -> Decimal | None:
    """A number or a text as an amount of money; `None` if it is none."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        amount = Decimal(str(said))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount <= LARGEST else None


def tier_of(answer: Mapping[str, Any], reported: object = None) -> str | None:
    """The service tier that an answer says, or a request.

    >>> tier_of({"service_tier": "flex"}), tier_of({}, {"service_tier": "batch"})
    ('flex', 'batch')
    """
    said = answer.get("service_tier")
    if said is None and isinstance(reported, Mapping):
        said = reported.get("service_tier")
    return said if isinstance(said, str) else None


def largest(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    """Two reports on one request as one: the larger of each count. They are totals so far.

    >>> largest({"input_tokens": 9, "output_tokens": 1}, {"output_tokens": 5})
    {'input_tokens': 9, 'output_tokens': 5}
    """
    both = dict(a)
    for name, value in b.items():
        known = both.get(name)
        if isinstance(value, Mapping) and isinstance(known, Mapping):
            both[name] = largest(known, value)
        elif _is_count(value) and _is_count(known):
            both[name] = max(value, known)
        elif value is not None:
            both[name] = value
    return both


def count(reported: Mapping[str, Any], *names: str) -> int | None:
    """The first of these that is a count, or `None`."""
    return next((int(reported[name]) for name in names if _is_count(reported.get(name))), None)


def finish_reasons(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Why each choice of an answer ended."""
    choices = answer.get("choices")
    if isinstance(choices, list):
        reasons = [c.get("finish_reason") for c in choices if isinstance(c, Mapping)]
        return tuple(str(reason) for reason in reasons if reason)
    delta = answer.get("delta")
    inner = delta.get("stop_reason") if isinstance(delta, Mapping) else None
    reason = answer.get("stop_reason") or inner or answer.get("status")
    return (reason,) if isinstance(reason, str) else ()


def text_of(answer: Mapping[str, Any]) -> str:
    """The text of a whole answer, of whatever interface.

    >>> text_of({"choices": [{"message": {"content": "Paris"}}]})
    'Paris'
    >>> text_of({"output": [{"content": [{"type": "output_text", "text": "Paris"}]}]})
    'Paris'
    """
    found: list[str] = []
    waiting: list[Any] = [answer.get("choices"), answer.get("output"), answer.get("content")]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, str):
            found.append(part)
        elif isinstance(part, list):
            waiting = [*part, *waiting]
        elif isinstance(part, Mapping):
            waiting = [part.get("message"), part.get("content"), part.get("text"), *waiting]
    return "".join(found)


def text_of_events(chunks: Iterable[bytes]) -> str:
    """The text that the events of a stream bring.

    >>> text_of_events([b'data: {"choices": [{"delta": {"content": "Pa"}}]}\\n\\n', b"data: {"])
    'Pa'
    """
    found, events = [], Events()
    for event in (event for chunk in chunks for event in events.feed(chunk)):
        try:
            answer = json.loads(data_of(event))
        except (ValueError, RecursionError):
            continue
        if isinstance(answer, dict):
            found.append(_piece(answer))
    return "".join(found)


def _piece(answer: Mapping[str, Any]) -> str:
    kind = str(answer.get("type", ""))
    if kind.endswith(".delta") and kind != "response.output_text.delta":
        return ""
    delta: Any = answer.get("delta")
    choices = answer.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
        delta = choices[0].get("delta", choices[0].get("text"))
    if isinstance(delta, Mapping):
        delta = delta.get("content", delta.get("text"))
    return delta if isinstance(delta, str) else ""


def text_length(value: object) -> int:
    """How many characters of text there are in a JSON value, keys and data URLs left out."""
    waiting, total = [value], 0
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            total += 0 if item.startswith("data:") else len(item)
        elif isinstance(item, Mapping):
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return total


def about_tokens(characters: int) -> int:
    """A guess at the tokens of so many characters: one for four."""
    return -(-characters // 4)


def _is_count(value: object) -> bool:
    if isinstance(value, float):
        return value.is_integer() and 0 <= value <= LARGEST
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def _details(reported: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    found = (reported.get(name) for name in names)
    return next((details for details in found if isinstance(details, Mapping)), {})
