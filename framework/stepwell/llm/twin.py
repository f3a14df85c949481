"""Twins of clients: of the same type and settings, on the same connections, with a changed door."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, TypeVar

import httpx2

from stepwell.llm.classic import among_classic, is_classic

Client = TypeVar("Client")


def http_of(client: object, *, what: str) -> Any:
    """The HTTP client of an SDK's client, or the client itself if it is one.

    Args:
        client: what is given.
        what: what needs it, with what it would do, for the message.

    Raises:
        TypeError: if it has none.
    """
    given: Any = client
    http = given if is_bare(given) else getattr(given, "_client", None)
    if not is_bare(http):
        raise TypeError(
            f"{what} a `{type(given).__module__}.{type(given).__qualname__}`; give a client of an"
            " SDK over `httpx2` or `httpx`, as `openai.OpenAI` is, or such an HTTP client"
        )
    return http


def is_bare(client: object) -> bool:
    """Whether it is an HTTP client itself."""
    return isinstance(client, (httpx2.Client, httpx2.AsyncClient)) or is_classic(client)


def is_async(client: Any) -> bool:
    """Whether an HTTP client is one for an event loop."""
    return hasattr(client, "aclose")


def with_http(client: Client, http: Any) -> Client:
    """A client like this one over that HTTP client."""
    given: Any = client
    result: Client = http if is_bare(given) else given.copy(http_client=http)
    return result


def twin_of(client: Any, wrap: Callable[[Any], Any]) -> Any:
    """A twin of an HTTP client whose transports are wrapped; it shares the connection pool.

    The twin of a client that closes itself when dropped does not: the pool is the first one's.
    What wraps has to keep the client, as one that is dropped closes its transports.
    """
    wrap = among_classic(wrap, is_async=is_async(client)) if is_classic(client) else wrap
    twin = copy(client)
    twin.__class__ = next(c for c in type(client).__mro__ if not hasattr(c, "__del__"))
    twin._transport = wrap(client._transport)
    twin._mounts = {
        pattern: None if transport is None else wrap(transport)
        for pattern, transport in client._mounts.items()
    }
    return twin
