"""The door that all requests of a metered client go through: its HTTP transport."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx2

from stepwell.lifecycle.current import refuse_late
from stepwell.llm.classic import is_classic
from stepwell.llm.meter import Exchange, Meter
from stepwell.llm.renaming import renamed, with_body
from stepwell.llm.twin import is_async, twin_of


class Body(httpx2.SyncByteStream):
    """An answer's bytes, measured on their way to the caller."""

    def __init__(self, stream: Any, exchange: Exchange) -> None:
        self._stream, self._exchange = stream, exchange

    def __iter__(self) -> Iterator[bytes]:
        exchange, only_whole = self._exchange, self._exchange.passes_whole_events
        try:
            for data in self._stream:
                passed = exchange.feed(data)
                if passed or not only_whole:
                    yield passed
            if only_whole and (rest := exchange.rest()):
                yield rest
        except BaseException as error:
            exchange.failed(error)
            raise
        exchange.finish()

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._exchange.finish("cut")


class AsyncBody(httpx2.AsyncByteStream):
    """The same for an async client."""

    def __init__(self, stream: Any, exchange: Exchange) -> None:
        self._stream, self._exchange = stream, exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        exchange, only_whole = self._exchange, self._exchange.passes_whole_events
        try:
            async for data in self._stream:
                passed = exchange.feed(data)
                if passed or not only_whole:
                    yield passed
            if only_whole and (rest := exchange.rest()):
                yield rest
        except BaseException as error:
            exchange.failed(error)
            raise
        exchange.finish()

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._exchange.finish("cut")


class Door(httpx2.BaseTransport):
    """A transport that measures what passes through another.

    Args:
        inner: the transport that does the work.
        meter: what measures.
        owner: the client that `inner` belongs to; kept, as one that is dropped closes it.
    """

    def __init__(self, inner: httpx2.BaseTransport, meter: Meter, owner: object) -> None:
        self.inner, self.meter, self._owner = inner, meter, owner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        refuse_late()
        request = renamed(request)
        exchange = _begin(self.meter, request)
        if exchange is None:
            return self.inner.handle_request(request)
        _admit(exchange)
        try:
            response = self.inner.handle_request(_sent(request, exchange))
            if _may_refuse(exchange, response):
                response.read()
                if exchange.refused(response.status_code, response.content):
                    exchange = exchange.again()
                    _admit(exchange)
                    response = self.inner.handle_request(request)
        except BaseException as error:
            exchange.failed(error)
            raise
        return _measured(exchange, response, Body)

    def close(self) -> None:
        self.inner.close()


class AsyncDoor(httpx2.AsyncBaseTransport):
    """The same for an async client."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, meter: Meter, owner: object) -> None:
        self.inner, self.meter, self._owner = inner, meter, owner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        refuse_late()
        request = renamed(request)
        exchange = _begin(self.meter, request)
        if exchange is None:
            return await self.inner.handle_async_request(request)
        await _admit_async(exchange)
        try:
            response = await self.inner.handle_async_request(_sent(request, exchange))
            if _may_refuse(exchange, response):
                await response.aread()
                if exchange.refused(response.status_code, response.content):
                    exchange = exchange.again()
                    await _admit_async(exchange)
                    response = await self.inner.handle_async_request(request)
        except BaseException as error:
            exchange.failed(error)
            raise
        return _measured(exchange, response, AsyncBody)

    async def aclose(self) -> None:
        await self.inner.aclose()


DOORS = (Door, AsyncDoor)


def through_door(client: Any, meter: Meter) -> Any:
    """A twin of an HTTP client whose requests are measured; it shares the connection pool."""
    door: Callable[..., Any] = AsyncDoor if is_async(client) else Door
    return twin_of(client, lambda transport: door(transport, meter, client))


def is_through_door(client: Any) -> bool:
    """Whether that HTTP client's requests are measured."""
    outer = client._transport
    return isinstance(getattr(outer, "inner", None) if is_classic(client) else outer, DOORS)


def _begin(meter: Meter, request: httpx2.Request) -> Exchange | None:
    def read() -> bytes:
        try:
            return request.content
        except httpx2.RequestNotRead:
            if isinstance(request.stream, httpx2.ByteStream):
                return request.read()  # it is sent on, to where the first one was redirected
            return b""  # it is sent as it is read, so nobody can look at it first

    exchange = meter.begin(request.method, str(request.url), request.headers, read)
    if exchange is not None and exchange.call_key is not None:
        request.headers.setdefault("idempotency-key", exchange.call_key)
    return exchange


def _admit(exchange: Exchange) -> None:
    """Waits until the request may leave.

    Raises:
        StepwellError: if it must not.
    """
    try:
        for pause in exchange.admission():
            pause.block()
    except BaseException as error:
        exchange.withdrawn(error)
        raise


async def _admit_async(exchange: Exchange) -> None:
    try:
        for pause in exchange.admission():
            await pause.later()
    except BaseException as error:
        exchange.withdrawn(error)
        raise


def _sent(request: httpx2.Request, exchange: Exchange) -> httpx2.Request:
    if not exchange.added:
        return request
    return with_body(request, exchange.body())


def _may_refuse(exchange: Exchange, response: httpx2.Response) -> bool:
    return exchange.added and response.status_code in (400, 422)


def _measured(
    exchange: Exchange, response: httpx2.Response, body: Callable[..., Any]
) -> httpx2.Response:
    """The response, its body on its way through the exchange."""
    headers = response.headers
    read = response.is_closed  # as a transport for tests gives it: whole, and unpacked
    packed = not read and headers.get("content-encoding", "identity") != "identity"

    def decode(data: bytes) -> bytes:
        return httpx2.Response(200, headers=headers, content=data).content

    content_type = headers.get("content-type", "")
    exchange.heard(response.status_code, headers)
    if not exchange.answered(response.status_code, content_type, decode if packed else None):
        return response
    if not read:
        response.stream = body(response.stream, exchange)
        return response
    passed = exchange.feed(response.content) + exchange.rest()
    exchange.finish()
    if not exchange.passes_whole_events:
        return response
    changed = ("content-encoding", "content-length")
    kept = {name: value for name, value in headers.items() if name not in changed}
    return httpx2.Response(response.status_code, headers=kept, content=passed)
