"""What a step can know of the run around it, by context variables.

`current` says which step is running: what a request made deep inside one is attributed to.
`deadline` says by when it has to be over.

The execution sets it only for drivers with an adapter that asks for it (`needs_context = True`);
everything else leaves it `None`.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepwell.lifecycle.stop import Stop


@dataclass(frozen=True, slots=True)
class Current:
    """One attempt at one node of one run.

    Args:
        run_id: the run.
        node: the node's name.
        task_id: the group of nodes it was given to an executor with, if it was.
        attempt: 1 for the first try, 2 for the first retry.
    """

    run_id: str
    node: str
    task_id: str | None = None
    attempt: int = 1


current: ContextVar[Current | None] = ContextVar("stepwell.current", default=None)

stopping: ContextVar[Stop | None] = ContextVar("stepwell.stopping", default=None)
"""In a worker thread: is set once the run has failed or been cancelled, so that what waits there
before it would do more gives up instead; is cut where requests under way are to end as well."""

deadline: ContextVar[float | None] = ContextVar("stepwell.deadline", default=None)
"""When what runs has to be over, by the monotonic clock: no request begins after it."""


def left() -> float | None:
    """How many seconds are left until then, at least 0; `None` if there is no such time."""
    end = deadline.get()
    return None if end is None else max(end - monotonic(), 0.0)


def refuse_late() -> None:
    """Does nothing as long as there is time, and as what runs here is wanted.

    Raises:
        TimeoutError: if there is no time left.
        CancelledError: if what runs here has been cut.
    """
    stop = stopping.get()
    if stop is not None:
        stop.refuse_cut()
    if left() == 0.0:
        raise TimeoutError("no request is begun: the time of its step is over")


threads_above: ContextVar[int] = ContextVar("stepwell.threads_above", default=0)
"""How many worker threads wait for what runs here: 1 in a step that one of them does, 2 in a step
of a run that such a step has begun. So deep, other threads do the work than those held above."""


model_instead: ContextVar[str | None] = ContextVar("stepwell.model_instead", default=None)
"""The model that requests of metered clients name, whatever the step says."""
