"""`Stream[T]`: what a step makes chunk by chunk.

    def answer(prompt: str) -> Stream[str]:        # a generator, or with `async def` an async one
        for piece in client.ask(prompt):
            yield piece

    def shouted(answer: Stream[str]) -> Stream[str]:   # reads the chunks as they come
        for piece in answer:
            yield piece.upper()

    def words(answer: str) -> int:                 # gets them joined; of `Stream[T]` a `list[T]`
        return len(answer.split())

No interface of Python is met by a generator and by an async generator alike, and by what a reader
may loop over either way. So to type checkers a stream is `Readable[T] | Any`: what is *given* may
be any generator, what is *read* is `Readable`, in a `for` or an `async for`. mypy, pyright and ty
accept both and report what a `Readable` has not. Two things they don't do: none checks that what is
yielded is a `T`; and pyright takes a direct call of an async generator step for a coroutine.
A live `Stream` is a plain class that is only ever an annotation: never made, never an instance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import TypeAlias

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Readable(Protocol[T_co]):
    """What a step that takes a stream can do with it: loop over its chunks, in either way."""

    def __iter__(self) -> Iterator[T_co]: ...

    def __aiter__(self) -> AsyncIterator[T_co]: ...


if TYPE_CHECKING:
    Stream: TypeAlias = Readable[T] | Any
else:

    class Stream(Generic[T]):
        """What a step makes chunk by chunk; an annotation, never made.

        As a result it says that the step is a generator, sync or async. As a parameter it asks for
        the chunks while they are made; a parameter that asks for `str` gets them joined, of any
        `Stream[T]` but `Stream[str]` as a `list[T]`.

        >>> Stream[str]
        stepwell.stream.Stream[str]
        """

        def __init__(self) -> None:
            raise TypeError("`Stream` is an annotation: a step that gives one is a generator")
