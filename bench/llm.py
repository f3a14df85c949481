"""What metering a client costs: CPU time for each call and each chunk. Prints, asserts nothing.

    make bench-llm

A plain client, and a metered one with more and more to do, are measured in turn in one process
against a transport without a network; the least of all rounds, which other work on the machine
disturbs least. What is printed is the difference to the plain one.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
from openai import OpenAI
from opentelemetry.sdk.trace import TracerProvider

from stepwell import Driver
from stepwell.llm import Price, TokenAccounting, metered
from stepwell.testing import module_of
from stepwell.tracing import Tracing

CALLS, CHUNKS, ROUNDS = 30, 500, 40
SAID: Any = [{"role": "user", "content": "What is the capital of France?"}]
USAGE = {"prompt_tokens": 14, "completion_tokens": 8, "total_tokens": 22}
HEAD = {"id": "chatcmpl-0123456789", "created": 1, "model": "small"}
WHOLE = json.dumps(
    {
        **HEAD,
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Paris is the capital of France."},
                "finish_reason": "stop",
            }
        ],
        "usage": USAGE,
    }
).encode()


def event(**more: Any) -> bytes:
    """One chunk of a stream."""
    return b"data: " + json.dumps({**HEAD, "object": "chat.completion.chunk", **more}).encode()


WORDS = [
    event(choices=[{"index": 0, "delta": {"content": f"word {n} "}, "finish_reason": None}])
    for n in range(CHUNKS)
]
STREAM = [
    each + b"\n\n"
    for each in (
        *WORDS,
        event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]),
        event(choices=[], usage=USAGE),
        b"data: [DONE]",
    )
]


class Pieces(httpx2.SyncByteStream):
    """A body that comes in pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces


class Here(httpx2.BaseTransport):
    """Answers at once, without a network."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if b'"stream":' in request.content:
            head = {"content-type": "text/event-stream"}
            return httpx2.Response(200, headers=head, stream=Pieces(STREAM))
        head = {"content-type": "application/json"}
        return httpx2.Response(200, headers=head, stream=Pieces([WHOLE]))


def client(**options: Any) -> OpenAI:
    """A client without a network; metered if there are options."""
    made = OpenAI(
        base_url="http://here/v1",
        api_key="sk-0123456789abcdef",
        max_retries=0,
        http_client=httpx2.Client(transport=Here()),
    )
    return metered(made, prices={"small": Price(1, 2)}, **options) if options else made


def whole(asked: OpenAI) -> None:
    """One call."""
    asked.chat.completions.create(model="small", messages=SAID)


def streamed(asked: OpenAI) -> None:
    """One stream, read to its end."""
    for _ in asked.chat.completions.create(model="small", messages=SAID, stream=True):
        pass


def within(adapters: list[Any], thing: Callable[[], None]) -> Callable[[], float]:
    """Seconds of CPU that `thing` takes within a step of a run with these adapters."""

    def step() -> float:
        began = time.process_time()
        thing()
        return time.process_time() - began

    driver = Driver({}, module_of(step), adapter=adapters)
    return lambda: driver.execute(["step"])["step"]


def measured(call: Callable[[OpenAI], None], times: int) -> dict[str, float]:
    """The CPU time of `call` in each way, in microseconds."""
    tracing = Tracing(provider=TracerProvider())

    def repeated(asked: OpenAI) -> Callable[[], None]:
        def run() -> None:
            for _ in range(times):
                call(asked)

        return run

    ways = {
        "plain": within([], repeated(client())),
        "metered, nobody listens, unchecked": within([], repeated(client(checked=False))),
        "metered, nobody listens": within([], repeated(client(checked=True))),
        "with TokenAccounting, unchecked": within(
            [TokenAccounting(keep=2)], repeated(client(checked=False))
        ),
        "with TokenAccounting": within([TokenAccounting(keep=2)], repeated(client(checked=True))),
        "with TokenAccounting and Tracing": within(
            [TokenAccounting(keep=2), tracing], repeated(client(checked=True))
        ),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    gc.collect()
    gc.disable()
    for _ in range(ROUNDS):
        for name, way in ways.items():
            taken[name].append(way() / times * 1e6)
        gc.collect()
    gc.enable()
    return {name: min(seconds) for name, seconds in taken.items()}


def main() -> None:
    """Prints both tables."""
    for title, call, times, per in (
        ("a call without a stream", whole, CALLS, 1),
        ("a chunk of a stream", streamed, 1, CHUNKS),
    ):
        found = measured(call, times)
        plain = found.pop("plain")
        print(f"{title}: {plain / per:.1f} µs with the plain client")
        for name, took in found.items():
            print(f"  {name:36} + {(took - plain) / per:6.1f} µs")


if __name__ == "__main__":
    main()
