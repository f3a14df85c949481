"""Requests that name another model than the step says, while a fallback wants it so."""

from __future__ import annotations

import json

import httpx2

from stepwell.lifecycle.current import model_instead
from stepwell.llm.reading import operation_of


def renamed(request: httpx2.Request) -> httpx2.Request:
    """The request with the model that is to be named instead, if one is."""
    model = model_instead.get()
    if model is None or operation_of(request.url.path) is None:
        return request
    try:
        body = json.loads(request.content)
    except (httpx2.RequestNotRead, ValueError, RecursionError):
        return request  # a form, with a file in it: there the model is not looked for
    if not isinstance(body, dict) or "model" not in body:
        return request
    return with_body(request, json.dumps({**body, "model": model}).encode())


def with_body(request: httpx2.Request, body: bytes) -> httpx2.Request:
    """The same request with another body."""
    headers = [(k, v) for k, v in request.headers.raw if k.lower() != b"content-length"]
    return httpx2.Request(
        request.method,
        request.url,
        headers=headers,
        content=body,
        extensions=request.extensions,
    )
