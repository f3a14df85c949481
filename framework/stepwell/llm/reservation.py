"""What a `Budget` sets aside for one request, and how the request waits for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import monotonic
from typing import TYPE_CHECKING

from stepwell.lifecycle.current import left, refuse_late
from stepwell.llm.account import Account, Amount
from stepwell.llm.gates import Asking, Pause
from stepwell.llm.waiting import Waiter
from stepwell.usage import Call

if TYPE_CHECKING:
    from stepwell.llm.budget import Budget


class Reservation:
    """What is set aside for one request."""

    __slots__ = ("_account", "_asking", "_budget", "_made", "amount")

    def __init__(self, budget: Budget, account: Account, amount: Amount, asking: Asking) -> None:
        self._budget, self._account, self.amount = budget, account, amount
        self._asking, self._made = asking, False

    def pauses(self) -> Iterator[Pause]:
        """Waits as long as others have reserved what it needs, if they may leave it something.

        Raises:
            BudgetExceeded: if it would pass a cap.
        """
        budget, account = self._budget, self._account
        self._made = budget.reserve(account, self.amount, self._asking, 0.0)
        if self._made:
            return
        began, waiter = monotonic(), Waiter()
        budget.waits(account, waiter)
        try:
            while not self._made:
                waiter.sleep_again()
                waited = monotonic() - began
                self._made = budget.reserve(account, self.amount, self._asking, waited)
                if not self._made:
                    time_left = left()
                    longest = budget.patience - waited
                    bounds = (longest, time_left, account.polled)
                    waiter.seconds = min(each for each in bounds if each is not None)
                    yield waiter
                    refuse_late()
        finally:
            budget.waits_no_more(account, waiter)

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Nothing: what counts is known at the end."""

    def over(self, call: Call | None) -> None:
        """Settles."""
        if self._made:
            self._made = False
            self._budget.settle(self._account, self.amount, call)
