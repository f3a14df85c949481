"""The arithmetic of a budget: what is spent, what is reserved, what may still be asked for.

Knows no requests, runs or prices. Whoever uses it from several threads guards it with a lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

NONE = Decimal(0)


class Amount(NamedTuple):
    """What a request uses, or may use.

    >>> Amount(Decimal("0.5"), 10, 1) == Amount(Decimal("0.50"), 10, 1)
    True
    """

    money: Decimal = NONE
    tokens: int = 0
    requests: int = 0


class Caps(NamedTuple):
    """The most that may be used of each; `None` is without limit."""

    money: Decimal | None = None
    tokens: int | None = None
    requests: int | None = None


class Account:
    """What was used under one set of caps. Spent and reserved together never pass a cap.

    That holds as long as nothing costs more than was reserved for it.

    >>> account = Account(Caps(tokens=100))
    >>> account.reserve(Amount(tokens=70), now=0.0), account.reserve(Amount(tokens=70), now=0.0)
    (None, 'tokens')
    >>> account.settle(Amount(tokens=70), Amount(tokens=20), now=1.0)
    >>> account.reserve(Amount(tokens=70), now=2.0), account.spent.tokens, account.reserved.tokens
    (None, 20, 70)

    Args:
        caps: the caps.
        window: if given, what was spent is forgotten after so many seconds.
    """

    __slots__ = ("_past", "began", "caps", "reserved", "spent", "warned", "window")

    polled: float | None = None
    """Where others than this process spend: after so many seconds a wait for them looks again."""

    def __init__(self, caps: Caps, *, window: float | None = None, began: float = 0.0) -> None:
        self.caps, self.window, self.began = caps, window, began
        self.spent = self.reserved = Amount()
        self.warned = False
        self._past: deque[tuple[float, Amount]] = deque()

    def reserve(self, asked: Amount, *, now: float) -> str | None:
        """Sets that much aside; or gives the name of a cap that it would pass, and does nothing."""
        self._drop(now)
        name = self._passed(asked, self.reserved)
        if name is None:
            self.reserved = plus(self.reserved, asked)
        return name

    def fits_alone(self, asked: Amount) -> bool:
        """Whether that much could be set aside if nothing were reserved."""
        return self._passed(asked, Amount()) is None

    def _passed(self, asked: Amount, reserved_of_all: Amount) -> str | None:
        """The name of the first cap that would be passed."""
        rows: Iterable[tuple[str, Any, Any, Any, Any]] = zip(
            Amount._fields, self.caps, self.spent, reserved_of_all, asked, strict=True
        )
        for name, cap, spent, reserved, more in rows:
            if cap is not None and spent + reserved + more > cap:
                return name
        return None

    def settle(self, reserved: Amount, spent: Amount, *, now: float) -> None:
        """Puts what was spent in the place of what was reserved for it."""
        self.reserved = minus(self.reserved, reserved)
        self.spend(spent, now=now)

    def spend(self, spent: Amount, *, now: float) -> None:
        """Adds what was spent, whatever the caps say: it is a fact."""
        self.spent = plus(self.spent, spent)
        if self.window is not None and any(spent):
            self._past.append((now, spent))

    def forget(self, now: float) -> None:
        """Takes out of what was spent all that has left the window."""
        self._drop(now)

    def _drop(self, now: float) -> None:
        while self._past and self.window is not None and self._past[0][0] <= now - self.window:
            self.spent = minus(self.spent, self._past.popleft()[1])

    def share(self) -> float:
        """How much of the cap that is nearest is spent: 1.0 is all of it."""
        pairs: Iterable[tuple[Any, Any]] = zip(self.spent, self.caps, strict=True)
        shares = [
            float(spent / cap) if cap else float(bool(spent))
            for spent, cap in pairs
            if cap is not None
        ]
        return max(shares, default=0.0)


def plus(a: Amount, b: Amount) -> Amount:
    """Both together."""
    return Amount(a.money + b.money, a.tokens + b.tokens, a.requests + b.requests)


def minus(a: Amount, b: Amount) -> Amount:
    """What is left of `a`."""
    return Amount(a.money - b.money, a.tokens - b.tokens, a.requests - b.requests)
