"""What the chunks of a stream become: read live by any number of readers, and whole in the end.

A `Live` stream is pulled by its readers, in one thread; a `Feed` is filled by a thread or a task.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any

from stepwell.lifecycle.made import Restart
from stepwell.plan import Literal, Maybe, Piece, Whole
from stepwell.routes import SKIPPED
from stepwell.types import Type

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from contextlib import AbstractContextManager


def joined(stream: Type) -> bool:
    """Whether the chunks of such a stream are joined to a text; else they make a list."""
    return bool(stream.args) and isinstance(stream.args[0], Type) and stream.args[0].name == "str"


def whole(chunks: list[Any], stream: Type) -> Any:
    """All chunks: a text for `Stream[str]`, the list itself for any other."""
    return "".join(chunks) if joined(stream) else chunks


def counted(chunks: list[Any]) -> list[Any]:
    """Those chunks that count: all after the step was made again for the last time."""
    for position in reversed(range(len(chunks))):
        if chunks[position].__class__ is Restart:
            return chunks[position + 1 :]
    return chunks


def close(source: Any) -> None:
    """Ends a generator that may not have ended by itself; an async one is left to its loop."""
    end = getattr(source, "close", None)
    if end is not None:
        end()


class Live:
    """A stream that is read while it is made, by readers in one thread.

    Each reader gets every chunk; whoever is ahead pulls the next one from the step. Whatever ends
    the stream (its last chunk, an error, `close`) calls `ended` once.

    Args:
        source: what the step returned; a sync iterator.
        stream: the step's type.
        ended: called with all chunks, or with those that came and the error.
        within: is entered while the step is at work.
        keeps: whether anyone needs the chunks again: a second reader, a hook, the caller.
    """

    def __init__(
        self,
        source: Any,
        stream: Type,
        *,
        ended: Callable[[list[Any], BaseException | None], object] | None = None,
        within: AbstractContextManager[object] | None = None,
        keeps: bool = True,
    ) -> None:
        self._source, self._stream = source, stream
        self._next = iter(source).__next__
        self._chunks: list[Any] = []
        self._within, self._keeps = within, keeps
        self._error: BaseException | None = None
        self._over = False
        self.ended = ended
        self.seen: Callable[[Any], object] | None = None
        """Called with each chunk as it comes."""

    def __iter__(self) -> Iterator[Any]:
        if self._keeps or self.seen is not None or self._within is not None:
            return self._replayed()
        return self._straight()

    def whole(self) -> Any:
        """All chunks together, once the step has given its last."""
        chunks = self._chunks
        while self._pull(len(chunks)):
            pass
        return whole(chunks, self._stream)

    def close(self) -> None:
        """Ends the step where it has not ended by itself."""
        if not self._over:
            self._end(None)

    def _straight(self) -> Iterator[Any]:
        """The chunks as they come, for the only reader."""
        try:
            yield from self._source
        except GeneratorExit:
            raise  # the reader has enough; `close` follows
        except BaseException as error:
            self._end(error)
            raise
        self._end(None)

    def _replayed(self) -> Iterator[Any]:
        chunks = self._chunks
        position = 0
        while position < len(chunks) or self._pull(position):
            yield chunks[position]
            position += 1

    def _pull(self, position: int) -> bool:
        """Makes sure that there is a chunk at this position; false where the stream has ended."""
        if position < len(self._chunks):
            return True
        if self._over:
            if self._error is not None:
                raise self._error
            return False
        try:
            if self._within is None:
                chunk = self._next()
            else:
                with self._within:
                    chunk = self._next()
        except StopIteration:
            self._end(None)
            return False
        except BaseException as error:
            self._end(error)
            raise
        self._chunks.append(chunk)
        if self.seen is not None:
            self.seen(chunk)
        return True

    def _end(self, error: BaseException | None) -> None:
        self._over, self._error = True, error
        close(self._source)
        if self.ended is not None:
            self.ended(self._chunks, error)


class Feed:
    """A stream that its step's own thread or task fills, while others read it.

    Args:
        stream: the step's type.
        loop: the event loop of its async readers, if there are any.
    """

    def __init__(self, stream: Type, loop: AbstractEventLoop | None = None) -> None:
        self._stream, self._loop = stream, loop
        self._chunks: list[Any] = []
        self._over = False
        self._error: BaseException | None = None
        from threading import Condition

        self._changed = Condition()
        self._waiters: list[Future[None]] = []
        self._wanted = True

    def put(self, chunk: Any) -> bool:
        """Gives the readers one more chunk; false where nobody reads any more."""
        self._chunks.append(chunk)
        self._tell()
        return self._wanted

    def end(self, error: BaseException | None = None) -> None:
        """Tells the readers that no more comes, or why."""
        self._over, self._error = True, error
        self._tell()

    def close(self) -> None:
        """Tells the step that nobody reads any more."""
        self._wanted = False

    def __iter__(self) -> Iterator[Any]:
        position = 0
        while True:
            with self._changed:
                while position == len(self._chunks) and not self._over:
                    self._changed.wait()
            if position == len(self._chunks):
                self._finish()
                return
            yield self._chunks[position]
            position += 1

    async def __aiter__(self) -> AsyncIterator[Any]:
        position = 0
        while True:
            while position < len(self._chunks):
                yield self._chunks[position]
                position += 1
            if self._over:
                self._finish()
                return
            await self._change()

    async def complete(self) -> None:
        """Waits for the last chunk."""
        while not self._over:
            await self._change()
        self._finish()

    def whole(self) -> Any:
        """All chunks together, once the step has given its last."""
        with self._changed:
            while not self._over:
                self._changed.wait()
        self._finish()
        return whole(self._chunks, self._stream)

    def _finish(self) -> None:
        if self._error is not None:
            raise self._error

    async def _change(self) -> None:
        assert self._loop is not None
        waiter = self._loop.create_future()
        self._waiters.append(waiter)
        await waiter

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()
        if self._loop is not None and self._waiters:
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


def piece_value(piece: Piece, values: list[Any]) -> Any:
    """What an argument is, given the values made so far."""
    if isinstance(piece, int):
        return values[piece]
    if isinstance(piece, Literal):
        return piece.value
    if isinstance(piece, Whole):
        stream = values[piece.slot]
        return stream if stream is SKIPPED else stream.whole()
    if isinstance(piece, Maybe):
        value = piece_value(piece.piece, values)
        return piece.default if value is SKIPPED else value
    parts = [piece_value(part, values) for part in piece.pieces]
    return parts if piece.keys is None else dict(zip(piece.keys, parts, strict=True))
