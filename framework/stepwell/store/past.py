"""A run as it is remembered: plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from stepwell.usage import Call, Usage

Ended = Literal["finished", "failed", "cancelled", "running", "cut off"]
"""How a run stands. `cut off`: its process has gone without a word."""


@dataclass(frozen=True, slots=True)
class PastStep:
    """What one node did in one run, all its items and attempts together.

    Args:
        run_id: the run.
        node: the node's name.
        step: the name of the function that made it.
        module: the dotted name of the module that this is written in.
        file: that module's file, from the store's project if it lies inside.
        line: where its step began.
        digest: what `text_digest` gave for its text; empty where that was not at hand.
        started: when it first ran, in seconds since the epoch.
        times: how often it ran: once for each item of a fan-out.
        attempts: at all of these together.
        failures: how many of these failed for good.
        seconds: how long all of them took.
        longest: how long one of them took at most.
        error: the class of what it raised last; `None` if it did not.
        place: the file and the line that raised it.
        usage: what its calls used.
    """

    run_id: str
    node: str
    step: str
    module: str
    file: str
    line: int
    digest: str
    started: float
    times: int
    attempts: int
    failures: int
    seconds: float
    longest: float
    error: str | None = None
    place: str | None = None
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run of a driver.

    Args:
        number: its place in the order in which runs began.
        run_id: its id.
        began: when, in seconds since the epoch.
        seconds: how long it took; `None` as long as that is not known.
        ended: how it stands.
        error: the class of what ended it; `None` if nothing did.
        place: the file and the line that raised it.
        digest: that of its graph.
        modules: the dotted names of its modules and their files.
        targets: what it was asked for.
        inputs: the names of the inputs that it was given.
        usage: what all its calls used.
        steps: what its nodes did, in the order in which they began.
        calls: its ledger, where that was asked for.
    """

    number: int
    run_id: str
    began: float
    seconds: float | None
    ended: Ended
    error: str | None
    place: str | None
    digest: str
    modules: tuple[tuple[str, str], ...]
    targets: tuple[str, ...]
    inputs: tuple[str, ...]
    usage: Usage = field(default_factory=Usage)
    steps: tuple[PastStep, ...] = ()
    calls: tuple[Call, ...] = ()

    @property
    def files(self) -> frozenset[str]:
        """The files of its modules, as the store names them."""
        return frozenset(file for _, file in self.modules)

    def step(self, node: str) -> PastStep | None:
        """What that node did; `None` if it did not run."""
        return next((step for step in self.steps if step.node == node), None)
