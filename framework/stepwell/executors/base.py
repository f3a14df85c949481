"""What an executor is: it does items, many at once perhaps, and gives what they come to in order.

Knows nothing of steps, runs or adapters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Protocol


class Batch(NamedTuple):
    """Items that follow each other.

    Args:
        first: the number of the first of them, from 0.
        items: what is to be done.
    """

    first: int
    items: list[Any]

    @property
    def numbers(self) -> range:
        """The number of each."""
        return range(self.first, self.first + len(self.items))

    def item(self, number: int) -> Any:
        """The item of that number."""
        return self.items[number - self.first]


class Done(NamedTuple):
    """What a batch came to.

    Args:
        batch: what was to be done.
        results: one for each item; `None` for those that failed.
        errors: by the item's number, why it failed.
    """

    batch: Batch
    results: list[Any]
    errors: dict[int, BaseException]


class Cancelled(BaseException):
    """What becomes of an item that was given to an executor and not begun, as another failed."""


def undone(batch: Batch, error: BaseException) -> Done:
    """A batch of which nothing was done, for one reason."""
    return Done(batch, [None] * len(batch.items), dict.fromkeys(batch.numbers, error))


class Do(Protocol):
    """Does items, here or elsewhere."""

    def __call__(self, batch: Batch, /) -> Done:
        """What the items come to; raises nothing."""

    @property
    def modules(self) -> Iterable[str]:
        """The modules whose functions and classes it takes along."""

    def name(self, number: int, /) -> str:
        """What messages call the item of that number."""

    def stop(self) -> None:
        """No further item is to be begun."""

    def arrived(self) -> None:
        """Called in a worker process, before its first item."""

    def news(self) -> Any:
        """Called there: what happened since it was last called, to be taken home."""

    def left(self) -> None:
        """Called there when it is needed no more."""

    def take_news(self, news: Any) -> None:
        """Called at home with what a worker process tells."""


class Executor:
    """Does items. Subclasses say how; `str` says it to the user."""

    is_async: ClassVar[bool] = False
    """Whether items are done on an event loop; `map` is not called then."""

    pickler: ClassVar[str] = ""
    """The module that pickles what does the items, where that is sent elsewhere."""

    limits: Mapping[str, int] = MappingProxyType({})
    """So many steps of a tag at most are at work at the same time."""

    def require(self) -> None:
        """Imports what it can't do without.

        Raises:
            MissingExtra: if that is not installed.
        """

    def map(self, do: Do, items: Iterator[Any], is_over: Callable[[], bool]) -> Iterator[Done]:
        """What the items come to, in their order, as soon as it is there.

        Of `items` no more is taken than is done soon. Every item that was taken is in a batch:
        once `is_over()` is true no more is taken, and those not begun are `Cancelled`. Whatever
        ends the iteration, nothing is at work afterwards.
        """
        raise NotImplementedError

    def __str__(self) -> str:
        return type(self).__name__


class InlineExecutor(Executor):
    """Does one item after the other, where the run is."""

    def map(self, do: Do, items: Iterator[Any], is_over: Callable[[], bool]) -> Iterator[Done]:
        for number, item in enumerate(items):
            yield do(Batch(number, [item]))
            if is_over():
                return


def concurrency(
    given: int | Mapping[str, int], default: int, name: str
) -> tuple[int, dict[str, int]]:
    """How many items at the same time, and how many steps of each tag.

    Args:
        given: the first, or the second with the first as `"*"`.
        default: how many items, where nobody says.
        name: the argument's name, for messages.

    Raises:
        ValueError: if one is less than 1.

    >>> concurrency(4, 16, "workers"), concurrency({"*": 8, "model": 2}, 16, "workers")
    ((4, {}), (8, {'model': 2}))
    """
    limits = {"*": given} if isinstance(given, int) else dict(given)
    for tag, count in limits.items():
        if count < 1:
            which = "" if tag == "*" else f" of `{tag}`"
            raise ValueError(f"`{name}={count}`{which} does no item; give 1 or more")
    return limits.pop("*", max(default, *limits.values(), 1)), limits


def told_limits(limits: Mapping[str, int]) -> str:
    """How many steps of each tag, as messages add it.

    >>> told_limits({"model": 2})
    ', 2 of `model`'
    """
    return "".join(f", {count} of `{tag}`" for tag, count in limits.items())
