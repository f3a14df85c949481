"""Clients of providers, as the text of steps makes them."""

from __future__ import annotations

from typing import NamedTuple

from stepwell.spec import Body, Call

CLIENTS = frozenset(
    ("openai.OpenAI", "openai.AsyncOpenAI", "openai.AzureOpenAI", "openai.AsyncAzureOpenAI")
)
"""What `metered` can measure."""


class Made(NamedTuple):
    """A client that a function makes, or its module under the name `constant`."""

    call: Call
    constant: str = ""


def made(body: Body) -> list[Made]:
    """The clients that a function makes, and those made at the top of its module that it reads."""
    found = [Made(call) for call in body.calls if call.name in CLIENTS]
    if body.constants:
        found += [Made(call, name) for name, call in body.constants if call.name in CLIENTS]
    return found
