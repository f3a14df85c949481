"""What is in an answer, or why it isn't: never an empty text that looks like one."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from stepwell.errors import BadAnswer
from stepwell.keys import hidden

CUT = {"length": "length", "max_output_tokens": "length", "content_filter": "content_filter"}
"""Why an answer ended before its end, by the names of both interfaces."""


def text_in(answer: Any, *, cut: bool = False) -> str:
    """The text of a chat completion or a response of the SDK.

    Args:
        answer: what the client returned.
        cut: whether a text that ended at its token limit will do.

    Raises:
        BadAnswer: if there is none, or not all of it; `code` says why: `no_choices`, `refusal`,
            `content_filter`, `length`, `no_text`. `partial` has what there is.
    """
    if hasattr(answer, "output"):
        text, refusal, reason = _of_response(answer)
    else:
        choices = getattr(answer, "choices", None)
        if not choices:
            _fail("no_choices", "has no choices", answer)
        message = choices[0].message
        text, refusal = message.content or "", getattr(message, "refusal", None)
        reason = CUT.get(choices[0].finish_reason or "")
    if refusal:
        _fail("refusal", f"is a refusal: {_shown(refusal)}", answer, text)
    if reason == "content_filter":
        _fail(reason, "was stopped by a content filter", answer, text)
    if reason == "length" and not cut:
        _fail(reason, "ended at its token limit; raise it, or give `cut=True`", answer, text)
    if not text.strip():
        _fail("no_text", "has no text", answer, text)
    return text


def arguments_in(call: Any) -> dict[str, Any]:
    """The arguments of a tool call that a model asks for.

    Args:
        call: a tool call of a chat completion, or a function call of a response.

    Raises:
        BadAnswer: with the code `bad_arguments` if they are no JSON object; `partial` is the text.
    """
    function = getattr(call, "function", call)
    text = function.arguments or ""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadAnswer(
            f"the arguments for the tool `{function.name}` are no JSON object: {_shown(text)}",
            code="bad_arguments",
            partial=text,
        )
    return found


def _of_response(answer: Any) -> tuple[str, str | None, str | None]:
    details = getattr(answer, "incomplete_details", None)
    parts = [part for item in answer.output for part in getattr(item, "content", None) or ()]
    refused = [part.refusal for part in parts if getattr(part, "refusal", None)]
    reason = CUT.get(getattr(details, "reason", None) or "")
    return answer.output_text, refused[0] if refused else None, reason


def _fail(code: str, fault: str, answer: Any, text: str = "") -> NoReturn:
    name = getattr(answer, "id", None)
    raise BadAnswer(
        f"the answer{f' `{name}`' if name else ''} {fault}",
        code=code,
        request_id=getattr(answer, "_request_id", None),
        partial=text,
    )


def _shown(text: str) -> str:
    return repr(hidden(text.encode(errors="replace")).decode()[:200])
