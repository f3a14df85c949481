"""Requests whose usage comes later: background responses, batches, streams that broke off.

Their row of the ledger says that it is unmeasured. Who fetches the answer under its name then
gets a row that makes up for it, once; fetching what is known adds nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from stepwell.usage import COUNTS, Call, Usage

KEPT = 10_000
"""So many are remembered, the latest."""

UNDER_WAY = {"queued", "in_progress", "validating", "finalizing", "cancelling"}
"""What an answer says of itself as long as it is not made."""

LATER = {"responses", "batches"}
"""The interfaces whose answers can be fetched."""


class Debts:
    """Those of one client."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._owed: OrderedDict[str, Call] = OrderedDict()

    def note(self, call: Call) -> None:
        """Remembers a call whose usage may come later."""
        if call.api not in LATER or not call.usage.unmeasured or call.response_id is None:
            return
        with self._lock:
            self._owed[call.response_id] = call
            while len(self._owed) > KEPT:
                self._owed.popitem(last=False)

    def of(self, url: str) -> Call | None:
        """The call whose answer is under that address, if its usage is not known yet."""
        if not self._owed:
            return None
        parts = urlsplit(url).path.split("/")
        return next((found for part in parts if (found := self._owed.get(part))), None)

    def settled(self, owed: Call, fetched: Call, status: str | None) -> Call | None:
        """The row that makes up for what was not known; `None` as long as it is not known.

        Args:
            owed: the call that was made.
            fetched: the request that has fetched its answer.
            status: how far the answer says that it is.
        """
        if fetched.usage.unmeasured or fetched.error is not None or status in UNDER_WAY:
            return None
        with self._lock:
            if self._owed.pop(owed.response_id or "", None) is None:
                return None
        usage = _less(fetched.usage, owed.usage)
        if fetched.run_id != owed.run_id:  # whose sums are closed, and stay a lower bound
            usage = replace(usage, unmeasured=0, unpriced=fetched.usage.unpriced)
        return replace(fetched, operation="fetch_response", api=owed.api, usage=usage, key=owed.key)


def _less(usage: Usage, known: Usage) -> Usage:
    """What a later report on the same requests has more than an earlier one."""
    counts: dict[str, Any] = {n: getattr(usage, n) - getattr(known, n) for n in COUNTS}
    return Usage(**counts, costs=usage.costs)
