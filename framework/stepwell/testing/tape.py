"""The transports of a `cassette`: they answer from a tape, or record on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2

from stepwell.testing.recording import Tape, pieces


class Pieces(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that comes in pieces."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        yield from self._parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part


class Recorded(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that is kept when it has come to its end; one that is left early is not."""

    def __init__(self, response: httpx2.Response, request: httpx2.Request, tape: Tape) -> None:
        self._stream: Any = response.stream
        self._head = response.status_code, httpx2.Headers(response.headers)
        self._request, self._tape = request, tape
        self._parts: list[bytes] = []
        self._is_kept = False

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            self._parts.append(part)
            self._end(part)
            yield part
        self._keep()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._parts.append(part)
            self._end(part)
            yield part
        self._keep()

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def _end(self, part: bytes) -> None:
        if b"data: [DONE]" in part:  # who reads a stream stops here
            self._keep()

    def _keep(self) -> None:
        if not self._is_kept:
            self._is_kept = True
            status, headers = self._head
            plain = httpx2.Response(status, headers=headers, content=b"".join(self._parts)).content
            self._tape.keep(self._request, status, headers, plain)


class Player(httpx2.BaseTransport):
    """Answers from a tape, or lets another transport answer and records it.

    Args:
        inner: the transport that does the work while the tape records.
        tape: what it is recorded on.
        owner: the client that `inner` belongs to; kept, as one that is dropped closes it.
    """

    def __init__(self, inner: httpx2.BaseTransport, tape: Tape, owner: object) -> None:
        self.inner, self._tape, self._owner = inner, tape, owner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        if not self._tape.record:
            return _played(self._tape, request)
        response = self.inner.handle_request(request)
        response.stream = Recorded(response, request, self._tape)
        return response

    def close(self) -> None:
        self.inner.close()


class AsyncPlayer(httpx2.AsyncBaseTransport):
    """The same for an async client."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, tape: Tape, owner: object) -> None:
        self.inner, self._tape, self._owner = inner, tape, owner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        if not self._tape.record:
            return _played(self._tape, request)
        response = await self.inner.handle_async_request(request)
        response.stream = Recorded(response, request, self._tape)
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()


def _played(tape: Tape, request: httpx2.Request) -> httpx2.Response:
    answer = tape.answer(request)
    stream = Pieces(pieces(answer))
    return httpx2.Response(answer["status"], headers=answer["headers"], stream=stream)
