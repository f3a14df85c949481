"""`Parallelizable[T]` and `Collect[T]`: steps that are done once for each item, and who gathers.

    def page(folder: str) -> Parallelizable[str]:      # what comes after is done for each page
        for path in Path(folder).iterdir():
            yield path.read_text()

    def summary(page: str) -> str:                     # once for each
        return page[:80]

    def report(summary: Collect[str]) -> str:          # all of them, in the order of the pages
        return "\\n".join(summary)

`Collecting[T]` in the place of `Collect[T]` takes what is made for each item as it comes.

To type checkers what is collected is a list; what a step gives to fan out may be any iterable, sync
or async, a generator among them. All are plain classes that are only ever annotations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from typing import TypeAlias

    from stepwell.stream import Readable

T = TypeVar("T")

if TYPE_CHECKING:
    Parallelizable: TypeAlias = Readable[T] | Any  # for what `Stream` is: see there
    Collect: TypeAlias = list[T]
    Collecting: TypeAlias = Readable[T]
else:

    class Parallelizable(Generic[T]):
        """What a step gives of which every item goes its own way; an annotation, never made.

        A step that reads it takes one item, and so does what reads that, up to a `Collect`.

        >>> Parallelizable[str]
        stepwell.fanout.Parallelizable[str]
        """

        def __init__(self) -> None:
            raise TypeError("`Parallelizable` is an annotation: a step returns or yields the items")

    class Collect(Generic[T]):
        """A parameter that takes what was made for every item, in their order, as a list.

        >>> Collect[str]
        stepwell.fanout.Collect[str]
        """

        def __init__(self) -> None:
            raise TypeError("`Collect` is an annotation: a step that takes one is given a list")

    class Collecting(Generic[T]):
        """A parameter that takes what is made for every item, in their order, while it is made.

        What it is given is looped over once, in a `for` or an `async for`.

        >>> Collecting[str]
        stepwell.fanout.Collecting[str]
        """

        def __init__(self) -> None:
            raise TypeError("`Collecting` is an annotation: a step that takes one loops over it")


@dataclass(frozen=True, slots=True)
class ItemFailed:
    """Stands in the place of an item's result, where errors are collected.

    Args:
        number: the item's, from 0.
        error: what its step raised.
        key: what the item is called, where its source says so (`@tag(item_key=…)`).
    """

    number: int
    error: Exception
    key: str | None = None
