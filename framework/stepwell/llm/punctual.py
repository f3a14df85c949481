"""Reads of plain connections that end by a deadline, however slowly their bytes drip, and at once
where what runs there is no longer wanted.

A read's time limit is for that read alone, and a server that sends a byte now and then never
reaches it. Below a plain client every read is given what is left until the deadline. (In an async
one every wait can be ended from outside.)
"""

from __future__ import annotations

import socket
from contextlib import suppress
from time import monotonic
from typing import Any

from stepwell.lifecycle.current import stopping


class Until(float):
    """A time limit in seconds for each wait, which ends at some time in any case.

    Where nobody looks at its end it is an ordinary limit.
    """

    end: float
    """When it is over, by the monotonic clock."""

    def __new__(cls, seconds: float, end: float) -> Until:
        made = super().__new__(cls, seconds)
        made.end = end
        return made


def keep_time(transport: Any) -> None:
    """Has connections that this transport opens from now on keep to an `Until`.

    One without a pool, as those for tests are, stays as it is.
    """
    pool: Any = getattr(transport, "_pool", None)
    backend = getattr(pool, "_network_backend", None)
    if hasattr(backend, "connect_tcp") and not isinstance(backend, Punctual):
        pool._network_backend = Punctual(backend)


class Punctual:
    """Opens connections whose reads keep to an `Until`."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def connect_tcp(self, *args: Any, **options: Any) -> Connection:
        return Connection(self._backend.connect_tcp(*args, **options))

    def connect_unix_socket(self, *args: Any, **options: Any) -> Connection:
        return Connection(self._backend.connect_unix_socket(*args, **options))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class Connection:
    """One of them."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes
        stop = stopping.get()
        if stop is None:
            data = self._stream.read(max_bytes, _left(timeout))
            return data
        with stop.ends(self._shut):
            try:
                data = self._stream.read(max_bytes, _left(timeout))
            except Exception:
                stop.refuse_cut()
                raise
        stop.refuse_cut()
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *args: Any, **options: Any) -> Connection:
        return Connection(self._stream.start_tls(*args, **options))

    def _shut(self) -> None:
        """Ends a read that is under way in another thread."""
        connection = self._stream.get_extra_info("socket")
        if connection is not None:
            with suppress(OSError):  # it is shut already
                # not the method of a TLS socket, which takes away what the reading thread needs
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None) -> float | None:
    """What is left of a limit now.

    Raises:
        TimeoutError: if nothing is.
    """
    if not isinstance(timeout, Until):
        return timeout
    left = timeout.end - monotonic()
    if left <= 0:
        raise TimeoutError
    return min(left, float(timeout))
