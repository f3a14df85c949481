"""Clients of providers, as the text of steps makes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from stepwell.spec import Body, Call

CLIENTS = (
    "openai.OpenAI",
    "openai.AsyncOpenAI",
    "openai.AzureOpenAI",
    "openai.AsyncAzureOpenAI",
)
"""What `metered` can measure."""


class Made(NamedTuple):
    """A client that a function makes, or its module under the name `constant`."""

    call: Call
    constant: str = ""


def made(body: Body) -> Iterator[Made]:
    """The clients that a function makes, and those made at the top of its module that it reads."""
    for call in body.calls:
        if call.name in CLIENTS:
            yield Made(call)
    for name, call in body.constants:
        if call.name in CLIENTS:
            yield Made(call, name)
