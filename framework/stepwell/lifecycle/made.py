"""What calling a step makes: its result, or what is awaited or iterated over for it.

An adapter that replaces how a step runs says what it does with each, and `as_made` tells them
apart. Knows nothing of adapters.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stepwell.types import Type

END = object()
"""What stands for the end of a stream."""


class Restart:
    """Among the chunks of a stream: those before it don't count, as the step is made again."""


_YIELDED = frozenset(("stepwell.Stream", "stepwell.Parallelizable"))


def streams(made: Type) -> bool:
    """Whether steps that make such a thing give it chunk by chunk to who asked for it."""
    return made.name == "stepwell.Stream"


def yields(made: Type) -> bool:
    """Whether steps that make such a thing are generators: their call returns before any work."""
    return made.name in _YIELDED


_LAZY = frozenset((GeneratorType, AsyncGeneratorType, CoroutineType))


def is_result(made: Any) -> bool:
    """Whether what was made is a result, and nothing that is awaited or iterated over for it.

    >>> is_result("text"), is_result(n for n in range(2))
    (True, False)
    """
    kind = type(made)
    return kind not in _LAZY and not hasattr(kind, "__await__")


def as_made(
    made: Any,
    *,
    awaited: Callable[[Awaitable[Any]], Any],
    stream: Callable[[Any], Any],
    async_stream: Callable[[Any], Any],
) -> Any:
    """What was made, if it is a result; else what the function for its kind makes of it.

    Args:
        made: what a step, or the next method, returned.
        awaited: for what is to be awaited.
        stream: for a generator.
        async_stream: for an async generator.

    >>> keep = dict(awaited=print, stream=lambda made: [*made], async_stream=print)
    >>> as_made("text", **keep), as_made((n for n in range(2)), **keep)
    ('text', [0, 1])
    """
    kind = type(made)
    if kind is GeneratorType:
        return stream(made)
    if kind is AsyncGeneratorType:
        return async_stream(made)
    if kind is CoroutineType or hasattr(kind, "__await__"):
        return awaited(made)
    return made


def begun(source: Any, instead: Callable[[Exception], tuple[Any, Any]]) -> Iterator[Any]:
    """The chunks of a stream, or of another if it fails before its first chunk.

    Args:
        source: the generator.
        instead: gives for its error another one, begun, and its first chunk (or `END`).

    Raises:
        Exception: what `instead` raises, and what a stream raises after its first chunk.
    """
    try:
        try:
            chunk = next(source, END)
        except Exception as error:
            source, chunk = instead(error)
        if chunk is not END:
            yield chunk
            yield from source
    finally:
        source.close()


async def begun_async(
    source: Any, instead: Callable[[Exception], Awaitable[tuple[Any, Any]]]
) -> AsyncIterator[Any]:
    """As `begun`, of async generators."""
    try:
        try:
            chunk = await anext(source, END)
        except Exception as error:
            source, chunk = await instead(error)
        if chunk is not END:
            yield chunk
            async for chunk in source:
                yield chunk
    finally:
        await source.aclose()


def in_a_loop() -> bool:
    """Whether an event loop runs in this thread, which must not be kept waiting."""
    import sys

    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None
