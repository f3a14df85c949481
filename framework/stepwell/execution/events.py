"""What happens in a run, as data: the events that `stream` and `astream` give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A node is about to run."""

    node: str


class Chunk(NamedTuple):
    """One chunk of a node that is a `Stream`; a tuple, as there may be very many."""

    node: str
    value: Any


@dataclass(frozen=True, slots=True)
class StreamReset:
    """The chunks of a node so far don't count: its stream is made again, from its beginning.

    Comes where an adapter does that alone: `Retry(restart=True)`.
    """

    node: str


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A node has run; of a stream the result is the whole."""

    node: str
    result: Any
    seconds: float


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A node has failed. The error itself is raised after all events."""

    node: str
    error: BaseException
    seconds: float


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """A node is not made in this run: no route led there, or it needs what was not made."""

    node: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The last event of a run that did not fail; `results` is what `execute` returns."""

    run_id: str
    results: Any
    seconds: float


Event: TypeAlias = (
    StepStarted | Chunk | StreamReset | StepFinished | StepFailed | StepSkipped | RunFinished
)
