"""What a step can know of the run around it, by context variables.

`current` says which step is running: what a request made deep inside one is attributed to.

The execution sets it only for drivers with an adapter that asks for it (`needs_context = True`);
everything else leaves it `None`.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Event


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

stopping: ContextVar[Event | None] = ContextVar("stepwell.stopping", default=None)
"""In a worker thread: is set once the run has failed or been cancelled, so that what waits there
before it would do more gives up instead."""
