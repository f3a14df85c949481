"""What may go wrong with an answer, by name: each of these is a `Reply(fault=…)`.

A fault is a generator over an answer that would have been good. It yields the bytes to write to
the connection, seconds to wait, or how it ends the connection, `CLOSE` or `RESET`.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

Script: TypeAlias = Iterator[bytes | float | str]

CLOSE, RESET = "close", "reset"

FAULTS: dict[str, Callable[[Good], Script]] = {}
"""All faults by name."""


class Good(NamedTuple):
    """The answer that it would have been.

    Args:
        whole: the body of one that is no stream.
        events: those of a stream.
        headers: headers to add.
        pace: seconds between the pieces of what is slow.
        to: where a redirection leads.
        key: the key that the request carried.
    """

    whole: bytes
    events: tuple[bytes, ...]
    headers: Mapping[str, str]
    pace: float
    to: str
    key: str


def fault(script: Callable[[Good], Script]) -> Callable[[Good], Script]:
    """Enters a fault into `FAULTS` by its name."""
    FAULTS[script.__name__] = script
    return script


def described() -> dict[str, str]:
    """What each fault is, in a line.

    >>> described()["empty_body"]
    'An answer of no bytes.'
    """
    return {name: str(made.__doc__) for name, made in FAULTS.items()}


@fault
def reset_before_headers(good: Good) -> Script:
    """The connection is reset before the answer begins, which may have been made."""
    yield b""
    yield RESET


@fault
def reset_mid_body(good: Good) -> Script:
    """The connection is reset in the midst of an answer."""
    yield _head(good, len(good.whole)) + good.whole[: len(good.whole) // 2]
    yield RESET


@fault
def short_body(good: Good) -> Script:
    """The connection ends before as many bytes have come as were announced."""
    yield _head(good, len(good.whole)) + good.whole[:-9]
    yield CLOSE


@fault
def garbage(good: Good) -> Script:
    """What comes is not HTTP."""
    yield b"\x16\x03\x01 this is not HTTP\r\n\r\n"
    yield CLOSE


@fault
def truncated_json(good: Good) -> Script:
    """A whole body of JSON that ends before its end."""
    yield from _body(good, good.whole[:-9])


@fault
def not_json(good: Good) -> Script:
    """A body that says that it is JSON, and is none."""
    yield from _body(good, b"upstream says hello")


@fault
def empty_body(good: Good) -> Script:
    """An answer of no bytes."""
    yield from _body(good, b"")


@fault
def invalid_utf8(good: Good) -> Script:
    """JSON with a byte that is no UTF-8."""
    yield from _body(good, good.whole.replace(b"i", b"\xff", 1))


@fault
def html_page(good: Good) -> Script:
    """A proxy's page with status 200."""
    page = b"<!doctype html><title>Sign in</title><h1>Sign in to the network</h1>"
    yield from _body(good, page, kind="text/html; charset=utf-8")


@fault
def wrong_content_type(good: Good) -> Script:
    """A good answer that says that it is plain text."""
    yield from _body(good, good.whole, kind="text/plain")


@fault
def bad_gateway(good: Good) -> Script:
    """A proxy's page with status 502."""
    yield from _body(good, b"<html><h1>502 Bad Gateway</h1></html>", "502 Bad Gateway", "text/html")


@fault
def error_in_200(good: Good) -> Script:
    """An error in the body, with status 200."""
    error = {"error": {"message": "the upstream is busy", "code": "overloaded"}}
    yield from _body(good, json.dumps(error).encode())


@fault
def empty_choices(good: Good) -> Script:
    """An answer without choices."""
    yield from _answer(good, choices=[])


@fault
def null_content(good: Good) -> Script:
    """A message without content."""
    yield from _message(good, content=None)


@fault
def refusal(good: Good) -> Script:
    """A message in which the model refuses."""
    yield from _message(good, content=None, refusal="I can't help with that.")


@fault
def content_filter(good: Good) -> Script:
    """A message that a content filter has stopped."""
    yield from _message(good, "content_filter", content="")


@fault
def length_stop(good: Good) -> Script:
    """A message that ended at its token limit."""
    yield from _message(good, "length", content="Paris is the")


@fault
def bad_tool_args(good: Good) -> Script:
    """A tool call whose arguments are no JSON."""
    function = {"name": "look_up", "arguments": '{"city": "Par'}
    call = {"id": "call-1", "type": "function", "function": function}
    yield from _message(good, "tool_calls", content=None, tool_calls=[call])


@fault
def echoed_key(good: Good) -> Script:
    """A refusal that repeats the key."""
    error = {"error": {"message": f"Incorrect API key: {good.key}.", "code": "invalid_api_key"}}
    yield from _body(good, json.dumps(error).encode(), "401 Unauthorized")


@fault
def bad_gzip(good: Good) -> Script:
    """A body that says that it is packed, and breaks off."""
    packed = gzip.compress(good.whole)
    yield from _body(good, packed[:10] + b"\x00\xff\x00\xff" + packed[14:], more=PACKED)


@fault
def gzip_bomb(good: Good) -> Script:
    """A small body that unpacks to 64 MB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    megabyte = b" " * 1024 * 1024
    packed = b"".join(packer.compress(megabyte) for _ in range(64)) + packer.flush()
    yield from _body(good, packed, more=PACKED)


@fault
def brotli_bomb(good: Good) -> Script:
    """A small body that unpacks to 64 MB, packed in a way that nobody asked for."""
    yield from _body(good, _SPACES, more=b"content-encoding: br\r\n")


@fault
def huge(good: Good) -> Script:
    """A body of 64 MB."""
    yield _head(good, 64 * 1024 * 1024)
    for _ in range(64):
        yield b" " * 1024 * 1024


@fault
def hang(good: Good) -> Script:
    """No answer at all."""
    while True:
        yield good.pace


@fault
def slow_headers(good: Good) -> Script:
    """The head comes a byte at a time."""
    yield from _dripping(_head(good, len(good.whole)) + good.whole, good.pace)


@fault
def slow_body(good: Good) -> Script:
    """The body comes a byte at a time."""
    yield _head(good, len(good.whole))
    yield from _dripping(good.whole, good.pace)


@fault
def redirect_loop(good: Good) -> Script:
    """A redirection to itself."""
    yield from _body(good, b"", "307 Temporary Redirect", more=b"location: #again\r\n")


@fault
def redirect_away(good: Good) -> Script:
    """A redirection to another server."""
    location = b"location: " + good.to.encode() + b"\r\n"
    yield from _body(good, b"", "307 Temporary Redirect", more=location)


@fault
def stream_cut(good: Good) -> Script:
    """A stream that ends neatly without its end: no `[DONE]`, no reason to finish."""
    yield from _stream(good, good.events[:3])


@fault
def stream_reset(good: Good) -> Script:
    """The connection is reset in the midst of a stream."""
    yield _stream_head(good) + _piece(good.events[0]) + _piece(good.events[1])
    yield RESET


@fault
def stream_stall(good: Good) -> Script:
    """A stream that stops in its midst and says nothing more."""
    yield _stream_head(good) + _piece(good.events[0])
    while True:
        yield good.pace


@fault
def stream_endless(good: Good) -> Script:
    """A stream without an end."""
    yield _stream_head(good)
    many = _piece(good.events[0] * 500)
    while True:
        yield many


@fault
def stream_error(good: Good) -> Script:
    """An error in the midst of a stream."""
    error = b'data: {"error": {"message": "overloaded", "code": "overloaded"}}\n\n'
    yield from _stream(good, (*good.events[:2], error))


@fault
def stream_bad_json(good: Good) -> Script:
    """An event of a stream that is no JSON."""
    yield from _stream(good, (good.events[0], b'data: {"choices": [\n\n', *good.events[1:]))


@fault
def stream_comments(good: Good) -> Script:
    """A stream with comments, events without data, and lines that end in CR LF."""
    idle = b": ping\r\n\r\nevent: ping\r\n\r\nid: 7\r\n\r\nretry: 10\r\n\r\n: more\r\n\r\n"
    yield from _stream(good, (idle + event.replace(b"\n", b"\r\n") for event in good.events))


@fault
def stream_split_utf8(good: Good) -> Script:
    """A stream in packets of a byte, so that characters are split over them."""
    yield _stream_head(good)
    for event in good.events:
        for byte in event:
            yield _piece(bytes([byte]))
    yield b"0\r\n\r\n"


@fault
def stream_without_done(good: Good) -> Script:
    """A stream that gives its reason to finish and leaves `[DONE]` out, as some servers do."""
    yield from _stream(good, (event for event in good.events if b"[DONE]" not in event))


PACKED = b"content-encoding: gzip\r\n"

_SPACES = bytes.fromhex(
    "cbffff3ff82540e2b14020f7fe8fffff7ff04b00c4611180eefd1fffffffe0970088c30200ddfb3ffeffffc1"
    "2f0110870500baf77ffcffff835f02200e0b0074effff8ffff07bf04401c1600e8defff1ffff0f7e0980382c"
    "00d0bdffe3ffff1ffc1200715800a07bff37"
)
"""64 MB of spaces, as brotli packs them."""


def _head(
    good: Good,
    length: int | None,
    status: str = "200 OK",
    kind: str = "application/json",
    more: bytes = b"",
) -> bytes:
    size = f"content-length: {length}" if length is not None else "transfer-encoding: chunked"
    lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", size, "x-request-id: req-1"]
    lines += [f"{name}: {value}" for name, value in good.headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n" + more + b"\r\n"


def _answer(good: Good, **changed: object) -> Script:
    yield from _body(good, json.dumps({**json.loads(good.whole), **changed}).encode())


def _message(good: Good, reason: str = "stop", **message: object) -> Script:
    choice = {
        "index": 0,
        "message": {"role": "assistant", **message},
        "finish_reason": reason,
    }
    yield from _answer(good, choices=[choice])


def _body(
    good: Good,
    body: bytes,
    status: str = "200 OK",
    kind: str = "application/json",
    more: bytes = b"",
) -> Script:
    yield _head(good, len(body), status, kind, more) + body


def _stream_head(good: Good) -> bytes:
    return _head(good, None, kind="text/event-stream")


def _piece(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _stream(good: Good, events: Iterable[bytes]) -> Script:
    yield _stream_head(good)
    for event in events:
        yield _piece(event)
    yield b"0\r\n\r\n"


def _dripping(data: bytes, pace: float) -> Script:
    for byte in data:
        yield bytes([byte])
        yield pace
