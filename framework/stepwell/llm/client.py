"""`metered(client)`: a client whose requests are counted; `record_usage` for what has no client."""

from __future__ import annotations

from time import time
from typing import TypeVar

from stepwell.errors import require
from stepwell.lifecycle.current import current
from stepwell.lifecycle.listening import ears_of
from stepwell.llm.prices import Prices, priced
from stepwell.usage import Call, Usage

Client = TypeVar("Client")


def metered(
    client: Client,
    *,
    prices: Prices | None = None,
    checked: bool = True,
    largest: int = 32 * 1024 * 1024,
    deadline: float | None = None,
) -> Client:
    """A client like this one whose requests are counted, priced, and told to the run's adapters.

    It is of the same type, and has the same settings and connection pool: closing one closes both.
    The caller sees the same answers, errors and chunks. A request belongs to the step that makes
    it; where no adapter wants to know (`TokenAccounting`, `Tracing`), nothing is measured.

    What is no answer raises a `BadAnswer`: JSON or a stream that is cut off, a page in place of
    JSON, more bytes than allowed. With the SDKs of OpenAI and Anthropic it is an `APIError` too. A
    second redirection is not followed, and the first without the key if it leads elsewhere. The key
    is taken out of refusals that repeat it.

    Args:
        client: an `openai.OpenAI` or `AsyncOpenAI`, a client of another SDK over `httpx2` or
            `httpx`, or such an HTTP client itself.
        prices: own prices by model, as `{"smollm2": Price(input=0, output=0)}`; they come before
            those of the package genai-prices. What is in neither has an unknown price.
        checked: whether answers are judged; `False` hands the caller whatever comes.
        largest: the largest answer in bytes, unpacked.
        deadline: the longest that one exchange may take, in seconds, however slowly its bytes
            drip; the SDK then raises its `APITimeoutError`. Its own `timeout` is for each read.

    Raises:
        MissingExtra: if `httpx2` is not installed.
        TypeError: if it is no such client.
    """
    require("httpx2", extra="llm", what="`metered`")
    from stepwell.llm.checks import Bounds
    from stepwell.llm.guard import guarded
    from stepwell.llm.meter import Meter
    from stepwell.llm.sdk import REFUSALS, failing, kind_of
    from stepwell.llm.transport import is_through_door, through_door
    from stepwell.llm.twin import http_of, with_http

    http = http_of(client, what="`metered` can't measure")
    if is_through_door(http):
        return client
    meter = Meter(
        prices or {}, max_retries=getattr(client, "max_retries", 0), kind=kind_of(client, REFUSALS)
    )
    if checked:
        http = guarded(http, Bounds(largest, deadline), failing(client))
    return with_http(client, through_door(http, meter))


def record_usage(
    usage: Usage,
    *,
    operation: str,
    model: str | None = None,
    prices: Prices | None = None,
    url: str = "",
    duration: float = 0.0,
) -> None:
    """Puts a request into the ledger that no metered client has made.

    Args:
        usage: what it used. Where it has no costs, they are found as those of a metered client.
        operation: what was done: `chat`, `embeddings`, `rerank`, ….
        model: the model's name.
        prices: own prices by model.
        url: the address of the provider, by which the price package knows it; without one the
            model's name decides.
        duration: how long it took, in seconds.
    """
    now = current.get()
    ears = ears_of(now.run_id if now else None)
    if ears is None:
        return
    priced_as = None
    if not usage.costs:
        usage, priced_as = priced(usage, model=model, answered=None, url=url, own=prices or {})
    ears.call_made(
        Call(
            operation=operation,
            api="recorded",
            model=model,
            usage=usage,
            priced_as=priced_as,
            run_id=now.run_id if now else None,
            node=now.node if now else None,
            task_id=now.task_id if now else None,
            attempt=now.attempt if now else 1,
            number=ears.number(now.node if now else None, now.task_id if now else None),
            started=time() - duration,
            duration=duration,
        )
    )
