"""The transport that answers are judged in, and the hook that follows a redirection warily."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx2

from stepwell.errors import BadAnswer
from stepwell.keys import HEADERS, keys_in
from stepwell.lifecycle.current import left
from stepwell.llm.checks import UNBOUNDED, Asked, Bounds, Check
from stepwell.llm.punctual import Until, keep_time
from stepwell.llm.reading import operation_of
from stepwell.llm.sdk import Fail
from stepwell.llm.twin import is_async, twin_of

TRAIL = "stepwell.trail"
STREAMED = re.compile(rb'"stream"\s*:\s*true')
LATE = (httpx2.TransportError, TimeoutError)
"""What a deadline may have caused."""

REDIRECTIONS = 1
"""So many are followed."""


class Body(httpx2.SyncByteStream):
    """An answer's bytes, judged on their way to the caller."""

    def __init__(self, stream: Any, check: Check, watch: Watch) -> None:
        self._stream, self._check, self._watch = stream, check, watch

    def __iter__(self) -> Iterator[bytes]:
        check, watch = self._check, self._watch
        try:
            for data in self._stream:
                watch.look()
                if passed := check.feed(data):
                    yield passed
        except LATE as error:
            watch.look(error)
            raise
        if rest := check.end():
            yield rest

    def close(self) -> None:
        self._stream.close()


class AsyncBody(httpx2.AsyncByteStream):
    """The same for an async client."""

    def __init__(self, stream: Any, check: Check, watch: Watch) -> None:
        self._stream, self._check, self._watch = stream, check, watch

    async def __aiter__(self) -> AsyncIterator[bytes]:
        check, watch = self._check, self._watch
        source = aiter(self._stream)
        while True:
            try:
                data = await watch.within(anext(source))
            except StopAsyncIteration:
                break
            if passed := check.feed(data):
                yield passed
        if rest := check.end():
            yield rest

    async def aclose(self) -> None:
        await self._stream.aclose()


class Watch:
    """Sees to it that an exchange ends by its deadline, if it has one.

    Each read has a time limit of its own, which a server that sends a byte now and then never
    reaches. In an async client every wait ends at the deadline; in a plain one a read does.
    """

    def __init__(self, check: Check, request: httpx2.Request) -> None:
        self._check, self._request = check, request
        seconds = _shortest(check.bounds.deadline, left())
        self._seconds = seconds or 0.0
        self._end = None if seconds is None else monotonic() + seconds
        if seconds is not None and self._end is not None:
            limits = request.extensions.get("timeout", {})
            seconds = max(seconds, 0.001)  # 0 would be no waiting at all, not even for a moment
            shortest = {
                name: Until(_shortest(limits.get(name), seconds) or seconds, self._end)
                for name in ("connect", "read", "write", "pool")
            }
            request.extensions = {**request.extensions, "timeout": shortest}

    def look(self, error: Exception | None = None) -> None:
        """Does nothing before the deadline.

        Raises:
            ReadTimeout: after it.
        """
        if self._end is not None and monotonic() >= self._end:
            raise httpx2.ReadTimeout(
                self._check.late(self._seconds), request=self._request
            ) from error

    async def within(self, awaited: Awaitable[Any]) -> Any:
        """What is awaited, if it comes before the deadline.

        Raises:
            ReadTimeout: if it does not.
        """
        if self._end is None:
            return await awaited
        import anyio

        try:
            with anyio.fail_after(max(self._end - monotonic(), 0)):
                return await awaited
        except TimeoutError as error:
            raise httpx2.ReadTimeout(
                self._check.late(self._seconds), request=self._request
            ) from error


class Guard(httpx2.BaseTransport):
    """A transport that judges the answers of another.

    Args:
        inner: the transport that does the work.
        bounds: what answers are held to.
        fail: makes what is raised for a bad one.
        owner: the client that `inner` belongs to; kept, as one that is dropped closes it.
    """

    def __init__(
        self,
        inner: httpx2.BaseTransport,
        bounds: Bounds,
        fail: Fail,
        owner: object,
    ) -> None:
        self.inner, self.bounds, self.fail, self._owner = inner, bounds, fail, owner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        asked = _asked(request)
        if asked is None:
            return self.inner.handle_request(request)
        check = Check(asked, self.bounds, self.fail)
        watch = Watch(check, request)
        try:
            response = self.inner.handle_request(request)
        except LATE as error:
            watch.look(error)
            raise
        try:
            if _passes_here(check, response):
                response.stream = Body(response.stream, check, watch)
        except BadAnswer:
            response.close()
            raise
        return response

    def close(self) -> None:
        self.inner.close()


class AsyncGuard(httpx2.AsyncBaseTransport):
    """The same for an async client."""

    def __init__(
        self,
        inner: httpx2.AsyncBaseTransport,
        bounds: Bounds,
        fail: Fail,
        owner: object,
    ) -> None:
        self.inner, self.bounds, self.fail, self._owner = inner, bounds, fail, owner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        asked = _asked(request)
        if asked is None:
            return await self.inner.handle_async_request(request)
        check = Check(asked, self.bounds, self.fail)
        watch = Watch(check, request)
        response: httpx2.Response = await watch.within(self.inner.handle_async_request(request))
        try:
            if _passes_here(check, response):
                response.stream = AsyncBody(response.stream, check, watch)
        except BadAnswer:
            await response.aclose()
            raise
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()


def guarded(client: Any, bounds: Bounds, fail: Fail) -> Any:
    """A twin of an HTTP client whose answers are judged; it shares the connection pool."""
    later = is_async(client)
    guard: Callable[..., Any] = AsyncGuard if later else Guard

    def wrapped(transport: Any) -> Any:
        if not later:
            keep_time(transport)
        return guard(transport, bounds, fail, client)

    twin = twin_of(client, wrapped)

    def wary(request: httpx2.Request) -> None:
        follow(request, fail)

    async def wary_async(request: httpx2.Request) -> None:
        follow(request, fail)

    hooks = client.event_hooks
    twin.event_hooks = {**hooks, "request": [*hooks["request"], wary_async if later else wary]}
    return twin


@dataclass(slots=True)
class Trail:
    """Where a request first went, and how often it has been sent elsewhere."""

    origin: tuple[str, str, int | None]
    redirections: int = 0


def follow(request: httpx2.Request, fail: Fail) -> None:
    """Takes the keys out of a request that a server sends to somebody else.

    Raises:
        BadAnswer: if it has been redirected before.
    """
    trail = request.extensions.get(TRAIL)
    if trail is None:
        request.extensions = {**request.extensions, TRAIL: Trail(_origin(request))}
        return
    trail.redirections += 1
    if trail.redirections > REDIRECTIONS:
        raise fail(
            f"`{trail.origin[1]}` redirects more than once, at last to `{request.url.host}`;"
            " give the client the address that answers",
            code="redirected",
        )
    if _origin(request) != trail.origin:
        for name in HEADERS:
            request.headers.pop(name, None)


def _origin(request: httpx2.Request) -> tuple[str, str, int | None]:
    return request.url.scheme, request.url.host, request.url.port


def _asked(request: httpx2.Request) -> Asked | None:
    parts = urlsplit(str(request.url))
    found = operation_of(parts.path) if request.method == "POST" else None
    if found is None:
        return None
    try:
        body = request.content
    except httpx2.RequestNotRead:
        body = b""
    accepted = request.headers.get("accept-encoding", "")
    if any(name in accepted for name in UNBOUNDED):
        request.headers["accept-encoding"] = "gzip, deflate"
    streamed = STREAMED.search(body) is not None
    return Asked(*found, parts.hostname or "", streamed, keys_in(request.headers))


def _passes_here(check: Check, response: httpx2.Response) -> bool:
    """Judges an answer that is whole already; true for one whose body is still to come."""
    read = response.is_closed  # as a transport for tests gives it: whole, and unpacked
    if not check.head(response.status_code, response.headers, packed=not read):
        return False
    if read and response.status_code < 400:
        check.feed(response.content)
        check.end()
    return not read


def _shortest(*seconds: float | None) -> float | None:
    """The least of those that are given."""
    return min((each for each in seconds if each is not None), default=None)
