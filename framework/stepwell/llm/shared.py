"""The accounts of budgets and the paces of rate limits that processes of a machine have in common.

The arithmetic is that of `account` and `pace`. Around each of its steps the state is taken from the
file of a run store, and put back, while no other process can.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from hashlib import blake2b
from math import ceil
from time import time
from typing import TYPE_CHECKING, Any

from stepwell.llm.account import NONE, Account, Amount, Caps, minus, plus
from stepwell.llm.pace import Pace, Turn

if TYPE_CHECKING:
    from stepwell.store.shared import Shared

POLL = 0.1
"""Seconds after which who waits for what other processes do looks again."""

STEPS = 256
"""A window is kept in so many parts: what was spent leaves it late, by one of them at most."""


def shared_name(kind: str, *parts: Hashable) -> str:
    """The name of a state in a store; what it is made of can't be read out of it."""
    return f"{kind} {blake2b(repr(parts).encode(), digest_size=16).hexdigest()}"


class SharedAccount(Account):
    """An account under which several processes spend.

    What a process had reserved that has gone counts as spent: it may have been billed.

    Raises:
        StoreError: from every method, if the store can't be used.
    """

    __slots__ = ("_name", "_shared")

    polled = POLL

    def __init__(
        self, caps: Caps, *, window: float | None, began: float, shared: Shared, name: str
    ) -> None:
        super().__init__(caps, window=window, began=began)
        self._shared, self._name = shared, name

    def reserve(self, asked: Amount, *, now: float) -> str | None:
        with self._synced() as today:
            return super().reserve(asked, now=today)

    def settle(self, reserved: Amount, spent: Amount, *, now: float) -> None:
        with self._synced() as today:
            self.reserved = minus(self.reserved, reserved)
            self._spends(spent, today)

    def spend(self, spent: Amount, *, now: float) -> None:
        with self._synced() as today:
            self._spends(spent, today)

    def forget(self, now: float) -> None:
        with self._synced():
            pass

    def _spends(self, spent: Amount, today: float) -> None:
        if self.window is None:
            super().spend(spent, now=today)
            return
        part = self.window / STEPS
        until = ceil(today / part) * part
        super().spend(spent, now=until)
        if len(self._past) > 1 and self._past[-2][0] >= until:
            (_, last), (at, before) = self._past.pop(), self._past.pop()
            self._past.append((at, plus(before, last)))

    @contextmanager
    def _synced(self) -> Iterator[float]:
        """Within, it is as the store says, and what is changed is what the store says then.

        Gives the time by which what was spent is forgotten: the same for all processes, and after
        the machine is started again.
        """
        today = time()
        with self._shared.change(self._name) as changing:
            state = changing.state or {"spent": _written(Amount()), "past": [], "reserved": {}}
            self.spent = _read(state["spent"])
            self._past = deque((at, _read(spent)) for at, spent in state["past"])
            held = {process: _read(amount) for process, amount in state["reserved"].items()}
            for gone in held.keys() - changing.alive:
                self._spends(held.pop(gone), today)
            self._drop(today)
            mine = held.pop(changing.process, Amount())
            others = Amount()
            for amount in held.values():
                others = plus(others, amount)
            self.reserved = plus(others, mine)
            yield today
            # Less than nothing: it was taken for gone meanwhile, and what it had held for spent.
            money, tokens, requests = minus(self.reserved, others)
            mine = Amount(max(money, NONE), max(tokens, 0), max(requests, 0))
            self.reserved = plus(others, mine)
            if any(mine):
                held[changing.process] = mine
            changing.state = {
                "spent": _written(self.spent),
                "past": [[at, _written(spent)] for at, spent in self._past],
                "reserved": {process: _written(amount) for process, amount in held.items()},
            }


def _written(amount: Amount) -> list[Any]:
    return [str(amount.money), amount.tokens, amount.requests]


def _read(written: list[Any]) -> Amount:
    money, tokens, requests = written
    return Amount(Decimal(money), tokens, requests)


class SharedPace(Pace):
    """The pace of several processes before one provider; each has a line of its own.

    Raises:
        StoreError: from `ask`, `answered` and `over`, if the store can't be used.
    """

    def __init__(self, shared: Shared, name: str, *, seed: int | None = None) -> None:
        super().__init__(seed=seed)
        self._shared, self._name = shared, name
        self._mine: dict[str, float] = {}

    def limit(self, *, requests: float | None, tokens: float | None, now: float) -> None:
        for kind, cap in (("requests", requests), ("tokens", tokens)):
            if cap is not None:
                self._mine[kind] = min(cap, self._mine.get(kind, cap))

    def ask(self, now: float) -> float:
        with self._synced(now):
            return super().ask(now)

    def answered(
        self,
        turn: Turn,
        status: int,
        headers: Mapping[str, str],
        *,
        now: float,
        asked: float | None,
        today: float,
    ) -> None:
        with self._synced(now):
            super().answered(turn, status, headers, now=now, asked=asked, today=today)

    def over(self, turn: Turn, used: float | None, now: float) -> None:
        with self._synced(now):
            super().over(turn, used, now)

    @contextmanager
    def _synced(self, now: float) -> Iterator[None]:
        """Within, it is as the store says, and what is changed is what the store says then."""
        with self._shared.change(self._name) as changing:
            state = changing.state or {}
            if state.get("now", now) > now + 1.0:  # by a clock that began anew since
                state = {}
            there = changing.alive
            flying = _of_those(there, state.get("flying", {}))
            mine = flying.pop(changing.process, {})
            caps = _of_those(there, state.get("caps", {})) | {changing.process: self._mine}
            self.restore(state)
            self._limit_to(_least(caps.values()), now)
            others = _sums(flying.values())
            self._flying = {kind: others[kind] + mine.get(kind, 0.0) for kind in others}
            yield
            flying[changing.process] = {
                kind: max(self._flying[kind] - others[kind], 0.0) for kind in others
            }
            changing.state = {**self.state(), "now": now, "flying": flying, "caps": caps}


def _of_those(there: set[str], told: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """What the processes say that are there."""
    return {process: said for process, said in told.items() if process in there}


def _least(caps: Any) -> dict[str, float]:
    found: dict[str, float] = {}
    for told in caps:
        for kind, cap in told.items():
            found[kind] = min(cap, found.get(kind, cap))
    return found


def _sums(flying: Any) -> dict[str, float]:
    told = [*flying]
    return {kind: sum(said.get(kind, 0.0) for said in told) for kind in ("requests", "tokens")}
