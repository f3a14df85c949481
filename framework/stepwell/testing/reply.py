"""One answer of a `FakeModel`, as a test writes it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from stepwell.errors import did_you_mean
from stepwell.testing.faults import FAULTS

REPORT: Mapping[str, Any] = {}
"""The usage of an answer whose words are counted."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a `FakeModel`.

    Args:
        text: what the model says; a stream has a chunk for each word.
        status: another HTTP status than 200 makes it an error.
        headers: headers to add.
        error: the error's body: its `code`, `type` and `message`.
        body: these bytes in place of any other body.
        usage: the usage to report, in place of the words counted; `None` reports none.
        model: the model's name in the answer, if not the one that was asked for.
        cut_after: ends the connection after so many chunks of a stream; 0 sends no answer at all.
        cached: how many of the input tokens came from a cache.
        held: waits for this event before answering.
        delay: waits so many seconds before answering.
        fault: what goes wrong, by name; `stepwell.testing.faults` tells them all.
        pace: seconds between the pieces of a fault that is slow.
        polls: how often who fetches a background response or a batch hears that it is not made yet.
        to: where the fault `redirect_away` leads.

    Raises:
        ValueError: if there is no such fault.
    """

    text: str = "Paris is the capital."
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    error: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    usage: Mapping[str, Any] | None = field(default_factory=lambda: REPORT)
    model: str | None = None
    cut_after: int | None = None
    cached: int = 0
    held: Event | None = None
    delay: float = 0.0
    fault: str | None = None
    pace: float = 0.01
    polls: int = 0
    to: str = ""

    def __post_init__(self) -> None:
        if self.fault is not None and self.fault not in FAULTS:
            raise ValueError(f"there is no fault `{self.fault}`{did_you_mean(self.fault, FAULTS)}")
