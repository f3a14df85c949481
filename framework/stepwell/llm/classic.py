"""Clients of `httpx`, which `httpx2` comes from: their transports among those of `httpx2`.

Some SDKs have an `httpx` client still. Requests, answers and errors of the one are turned into
those of the other on the way in and out, so that there is one door for both. `httpx` is never
imported here: it is there if a client of it is given.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import httpx2


def is_classic(client: object) -> bool:
    """Whether it is an HTTP client of `httpx`."""
    httpx = sys.modules.get("httpx")
    return httpx is not None and isinstance(client, (httpx.Client, httpx.AsyncClient))


def among_classic(wrap: Callable[[Any], Any], *, is_async: bool) -> Callable[[Any], Any]:
    """What wraps a transport of `httpx` as `wrap` does one of `httpx2`.

    Args:
        wrap: wraps one of `httpx2`.
        is_async: whether the client is one for an event loop; a transport may be for both.
    """
    kinds = _outer()

    def wrapped(transport: Any) -> Any:
        if isinstance(transport, kinds):
            return type(transport)(wrap(transport.inner))
        inner = AsyncInner(transport) if is_async else Inner(transport)
        return kinds[is_async](wrap(inner))

    return wrapped


class Inner(httpx2.BaseTransport):
    """A transport of `httpx`, for those of `httpx2` around it."""

    def __init__(self, classic: Any) -> None:
        self.classic = classic

    @property
    def _pool(self) -> Any:
        return getattr(self.classic, "_pool", None)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        with _as_httpx2(request):
            answer = self.classic.handle_request(_request(_httpx().Request, request))
        made: httpx2.Response = _response(httpx2.Response, answer, Stream(answer.stream, request))
        return made

    def close(self) -> None:
        self.classic.close()


class AsyncInner(httpx2.AsyncBaseTransport):
    """The same for an async client."""

    def __init__(self, classic: Any) -> None:
        self.classic = classic

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        with _as_httpx2(request):
            answer = await self.classic.handle_async_request(_request(_httpx().Request, request))
        stream = AsyncStream(answer.stream, request)
        made: httpx2.Response = _response(httpx2.Response, answer, stream)
        return made

    async def aclose(self) -> None:
        await self.classic.aclose()


class Stream(httpx2.SyncByteStream):
    """A body of `httpx`, for `httpx2`."""

    def __init__(self, body: Any, request: httpx2.Request) -> None:
        self._body, self._request = body, request

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx2(self._request):
            yield from self._body

    def close(self) -> None:
        self._body.close()


class AsyncStream(httpx2.AsyncByteStream):
    """The same for an async client."""

    def __init__(self, body: Any, request: httpx2.Request) -> None:
        self._body, self._request = body, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx2(self._request):
            async for data in self._body:
                yield data

    async def aclose(self) -> None:
        await self._body.aclose()


class Outer(NamedTuple):
    """The transports that an `httpx` client has: a plain one and an async one."""

    plain: Any
    later: Any


@cache
def _outer() -> Outer:
    """They are made once `httpx` is there."""
    httpx = _httpx()

    class Body(httpx.SyncByteStream):  # type: ignore[misc, name-defined]
        def __init__(self, body: Any, request: Any) -> None:
            self._body, self._request = body, request

        def __iter__(self) -> Iterator[bytes]:
            with _as_httpx(self._request):
                yield from self._body

        def close(self) -> None:
            self._body.close()

    class AsyncBody(httpx.AsyncByteStream):  # type: ignore[misc, name-defined]
        def __init__(self, body: Any, request: Any) -> None:
            self._body, self._request = body, request

        async def __aiter__(self) -> AsyncIterator[bytes]:
            with _as_httpx(self._request):
                async for data in self._body:
                    yield data

        async def aclose(self) -> None:
            await self._body.aclose()

    class Plain(httpx.BaseTransport):  # type: ignore[misc, name-defined]
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def handle_request(self, request: Any) -> Any:
            with _as_httpx(request):
                answer = self.inner.handle_request(_request(httpx2.Request, request))
            return _response(httpx.Response, answer, Body(answer.stream, request))

        def close(self) -> None:
            self.inner.close()

    class Later(httpx.AsyncBaseTransport):  # type: ignore[misc, name-defined]
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        async def handle_async_request(self, request: Any) -> Any:
            with _as_httpx(request):
                answer = await self.inner.handle_async_request(_request(httpx2.Request, request))
            return _response(httpx.Response, answer, AsyncBody(answer.stream, request))

        async def aclose(self) -> None:
            await self.inner.aclose()

    return Outer(Plain, Later)


def _httpx() -> Any:
    return sys.modules["httpx"]


def _request(kind: Any, request: Any) -> Any:
    """The same request, of the other library."""
    given = {"headers": request.headers.raw, "extensions": request.extensions}
    try:
        given["content"] = request.content
    except Exception as error:
        if type(error).__name__ != "RequestNotRead":
            raise
        given["stream"] = request.stream  # it is sent as it is read: a form, with a file in it
    return kind(request.method, str(request.url), **given)


def _response(kind: Any, answer: Any, stream: Any) -> Any:
    return kind(
        answer.status_code,
        headers=answer.headers.raw,
        stream=stream,
        extensions=answer.extensions,
    )


@contextmanager
def _as_httpx2(request: httpx2.Request) -> Iterator[None]:
    """Errors of `httpx` are those of `httpx2`."""
    try:
        yield
    except _httpx().TransportError as error:
        raise _translated(error, httpx2, request) from error


@contextmanager
def _as_httpx(request: Any) -> Iterator[None]:
    """The reverse."""
    try:
        yield
    except httpx2.TransportError as error:
        raise _translated(error, _httpx(), request) from error


def _translated(error: Exception, library: Any, request: Any) -> Exception:
    names = (base.__name__ for base in type(error).__mro__)
    kind = next(getattr(library, name) for name in names if hasattr(library, name))
    made: Exception = kind(str(error), request=request)
    return made
