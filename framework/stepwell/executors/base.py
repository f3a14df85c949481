"""What an executor is: it does tasks, many at once perhaps, and gives what they come to in order.

Knows nothing of steps, runs or adapters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple, Protocol


class Task(NamedTuple):
    """One item to be done.

    Args:
        number: the item's, from 0.
        id: names the task in its run: `page[3]`, or `page[3].word[0]` where it is within another.
        item: what is to be done.
    """

    number: int
    id: str
    item: Any


class Outcome(NamedTuple):
    """What a task came to: a result, or an error."""

    task: Task
    result: Any
    error: BaseException | None


class Cancelled(BaseException):
    """What becomes of a task that was given to an executor and not begun, as another failed."""


class Do(Protocol):
    """Does tasks, here or elsewhere."""

    def __call__(self, task: Task, /) -> Outcome:
        """What the task comes to; raises nothing."""

    def arrived(self) -> None:
        """Called in a worker process, before its first task."""

    def news(self) -> Any:
        """Called there: what happened since it was last called, to be taken home."""

    def take_news(self, news: Any) -> None:
        """Called at home with what a worker process tells."""


class Executor:
    """Does tasks. Subclasses say how; `str` says it to the user."""

    is_async: ClassVar[bool] = False
    """Whether tasks are done on an event loop; `map` is not called then."""

    sends: ClassVar[bool] = False
    """Whether what does the tasks is pickled on its way."""

    def map(self, do: Do, tasks: Iterator[Task], is_over: Callable[[], bool]) -> Iterator[Outcome]:
        """What each task comes to, in the order of tasks, as soon as it is there.

        Of `tasks` no more is taken than is done soon. Every task that was taken has an outcome:
        once `is_over()` is true, those not begun are `Cancelled`. Whatever ends the iteration,
        nothing is at work afterwards.
        """
        raise NotImplementedError

    def __str__(self) -> str:
        return type(self).__name__


class InlineExecutor(Executor):
    """Does one item after the other, where the run is."""

    def map(self, do: Do, tasks: Iterator[Task], is_over: Callable[[], bool]) -> Iterator[Outcome]:
        return map(do, tasks)
