"""What a request passes before it leaves: gates that may refuse it, or have it wait for its turn.

A gate is a listener that has `admit`. Every request of a metered client asks the gates of its run,
in the order of adapters, and tells them when it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from stepwell.errors import StoreError
from stepwell.llm.prices import Prices
from stepwell.llm.reading import Asked
from stepwell.usage import Call


@dataclass(frozen=True, slots=True)
class Asking:
    """A request that is about to leave.

    Args:
        asked: what it asks for.
        size: the bytes of its body.
        url: where it goes.
        key: what tells one account with a provider from another: the address and a digest of the
            API key; never the key.
        prices: own prices of its client.
        run_id: the run it belongs to, or `None`.
        node: the step's node.
        attempt: the attempt at the node, from 1.
    """

    asked: Asked
    size: int
    url: str
    key: tuple[str, str] = ("", "")
    prices: Prices = field(default_factory=dict)
    run_id: str | None = None
    node: str | None = None
    attempt: int = 1


class Pause(Protocol):
    """A wait before a request may leave; nobody else is kept from anything meanwhile."""

    def block(self) -> None:
        """Waits in a thread."""

    async def later(self) -> None:
        """Waits on an event loop."""


class Ticket(Protocol):
    """What a gate gives one request. Each of its functions may be called from any thread."""

    def pauses(self) -> Iterator[Pause]:
        """The waits until it may leave, each asked for when the one before is over."""

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Called with the head of the answer."""

    def over(self, call: Call | None) -> None:
        """Called once: with the row of the ledger, or with `None` if the request never left."""


class Gate(Protocol):
    """A listener that requests have to pass."""

    def admit(self, asking: Asking) -> Ticket | None:
        """What goes with the request on its way; `None` if it is none of this gate's.

        Raises:
            StepwellError: if the request must not leave.
        """


class Passage:
    """One request's way through the gates, and what they gave it."""

    __slots__ = ("_tickets",)

    def __init__(self) -> None:
        self._tickets: list[Ticket] = []

    def through(self, gates: Iterator[Gate], asking: Callable[[], Asking]) -> Iterator[Pause]:
        """The waits at all gates. If it does not end, nothing has left: call `over(None)`.

        Raises:
            StepwellError: what a gate refuses the request with.
        """
        asked: Asking | None = None
        for gate in gates:
            asked = asked or asking()
            ticket = gate.admit(asked)
            if ticket is not None:
                self._tickets.append(ticket)
                yield from ticket.pauses()

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Tells all gates."""
        for ticket in self._tickets:
            ticket.answered(status, headers)

    def over(self, call: Call | None) -> None:
        """Tells all gates, once."""
        tickets, self._tickets = self._tickets, []
        for ticket in reversed(tickets):
            ticket.over(call)


@contextmanager
def after_the_fact() -> Iterator[None]:
    """Within, a store that can't be used fails nothing: the request has been made. It is logged."""
    try:
        yield
    except StoreError as error:
        from logging import getLogger

        getLogger("stepwell").warning("what a request used is not told to others: %s", error)


def gates_of(listeners: tuple[Any, ...]) -> Iterator[Gate]:
    """Those of the listeners that are gates."""
    return (listener for listener in listeners if hasattr(listener, "admit"))
