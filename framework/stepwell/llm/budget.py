"""`Budget`: caps that no request may pass, asked before it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, Decimal
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from stepwell.errors import BudgetExceeded
from stepwell.lifecycle.api import GraphExecutionHook
from stepwell.lifecycle.filters import NodeFilter, selects, told_filter
from stepwell.lifecycle.listening import listen, unlisten
from stepwell.llm.account import NONE, Account, Amount, Caps
from stepwell.llm.bounds import Bound, bound_of, output_of
from stepwell.llm.gates import Asking, after_the_fact
from stepwell.llm.prices import dearest
from stepwell.llm.reservation import Reservation
from stepwell.llm.waiting import Waiter
from stepwell.spec import Node
from stepwell.usage import Call, Failed

if TYPE_CHECKING:
    from stepwell.store import RunStore

Key: TypeAlias = "tuple[object, ...]"

Count: TypeAlias = Callable[[Mapping[str, Any]], int]

FINEST = Decimal("1e-12")
"""Amounts of money are rounded up to this, so that what is put aside and taken back is the same."""


class Standing(NamedTuple):
    """How one account of a budget stands."""

    spent: Amount
    reserved: Amount
    caps: Caps


class _Run(NamedTuple):
    """What accounts are told apart by."""

    began: float
    nodes: Mapping[str, Any]
    inputs: Mapping[str, Any]


class Budget(GraphExecutionHook):
    """Refuses a request that could pass a cap, before it leaves, with `BudgetExceeded`.

    What a request may use at most is reserved: its input, its `max_tokens`, at list price. When it
    is over, what it really used takes that place; of a request that failed nothing is left, and of
    one that may have been billed all of it. Branches, threads and tasks share one account, so they
    can't pass a cap together either; with a `store`, neither can processes.

    Give it before other adapters, and the clients' own `max_tokens`: a request without a limit
    can't be bounded, so it is refused where a cap on money or tokens is set.

    Args:
        money: the most that may be spent: `"2.50"`, a `Decimal`, an `int`.
        currency: the currency of that.
        tokens: the most tokens, input and output together.
        requests: the most requests that may leave, repeated ones too.
        seconds: no request leaves later than so long after the account's run began. It cuts off
            nothing that is under way; `Timeout` does.
        per: what the caps are for: each `"run"`, each `"step"` of a run, `"all"` runs together;
            `"tag:team"` for each value of a tag (a step without it has no cap), `"input:tenant"`
            for each value of an input.
        window: with it, the caps are for any so many seconds: what was spent earlier is forgotten.
        warn_at: the share of a cap from which on a warning is logged, once for each account.
        patience: where a request does not fit only because of what is reserved for others, it waits
            so many seconds at most for them to use less; with 0 it is refused at once.
        output: how long an answer is at most, in tokens, where a request names no limit.
        count: gives the most tokens that a request's input may have, from its JSON body. Unless
            told otherwise it is the size of the body: never too little, and about four times
            what English text has.
        unknown: what becomes of a request whose bound or price is not known: `"refuse"` it, or
            `"allow"` it, at the risk that it passes a cap.
        node_filter: the nodes it is for: a name, several, or a function of name and tags.
        keep: how many accounts are remembered, the latest.
        store: with it, the accounts are one for all processes that use that run store, and outlive
            them. Budgets are the same there that cap the same (`money`, `tokens`, …) per the same.
        clock: gives the time in seconds.
    """

    needs_context = True

    def __init__(
        self,
        money: Decimal | int | str | None = None,
        *,
        currency: str = "USD",
        tokens: int | None = None,
        requests: int | None = None,
        seconds: float | None = None,
        per: str = "run",
        window: float | None = None,
        warn_at: float = 0.8,
        patience: float = 10.0,
        output: int | None = None,
        count: Count | None = None,
        unknown: Literal["refuse", "allow"] = "refuse",
        node_filter: NodeFilter = None,
        keep: int = 1000,
        store: RunStore | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._told = {name: value for name, value in locals().items() if name != "self"}
        if isinstance(money, float):
            raise TypeError(
                f'`money={money}` is a float, which holds no exact amount; write "{money}"'
            )
        if all(cap is None for cap in (money, tokens, requests, seconds)):
            raise ValueError("a `Budget` without a cap caps nothing; give `money`, `tokens`, …")
        if seconds is not None and window is not None:
            raise ValueError("`seconds` counts from the beginning, which a `window` forgets")
        self._per = _per(per)
        self.caps = Caps(None if money is None else Decimal(money), tokens, requests)
        self.currency, self.seconds, self.per, self.window = currency, seconds, per, window
        self.warn_at, self.output, self.count = warn_at, output, count
        self.patience = patience
        self.unknown, self.node_filter, self.keep = unknown, node_filter, keep
        self.store = store
        self._clock, self._lock = clock, Lock()
        self._runs: dict[str, _Run] = {}
        self._accounts: dict[Key, Account] = {}
        self._waiting: dict[Account, list[Waiter]] = {}
        self._strays = False

    def __getstate__(self) -> dict[str, Any]:
        # Of a store's accounts, a copy in a worker process has to know those of the runs.
        runs = {} if self.store is None else dict(self._runs)
        return {"told": self._told, "runs": {key: self._sent(run) for key, run in runs.items()}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state["told"])  # type: ignore[misc]
        self._runs = state["runs"]

    def _sent(self, run: _Run) -> _Run:
        """What of a run decides which account a request is under."""
        name = self._per[1]
        given = {name: run.inputs[name]} if self._per[0] == "input" and name in run.inputs else {}
        bare = {node.name: Node(node.name, tags=node.tags) for node in run.nodes.values()}
        return _Run(run.began, bare, given)

    def run_before_graph_execution(
        self, *, run_id: str, graph: Any, inputs: Mapping[str, Any], **future_kwargs: Any
    ) -> None:
        if self.store is not None:
            self.store.shared.hold()
        with self._lock:
            self._runs[run_id] = _Run(self._clock(), graph.nodes, inputs)
        listen(run_id, self)

    def run_after_graph_execution(self, *, run_id: str, **future_kwargs: Any) -> None:
        unlisten(run_id, self)
        with self._lock:
            self._runs.pop(run_id, None)
        if self.store is not None:
            with after_the_fact():
                self.store.shared.release()

    def arrived(self, *, run_id: str) -> None:
        """In a worker process: requests are under the caps there too, if those are of a store."""
        if self.store is not None:
            self.store.shared.hold()
            listen(run_id, self)

    def left(self, *, run_id: str) -> None:
        """In a worker process: hears no more of that run."""
        if self.store is not None:
            self.run_after_graph_execution(run_id=run_id)

    def admit(self, asking: Asking) -> Reservation | None:
        """Reserves what a request may use.

        Raises:
            BudgetExceeded: if that would pass a cap, or can't be known.
        """
        run = self._runs.get(asking.run_id) if asking.run_id else None
        key = self._key(run, asking.run_id, asking.node)
        if key is None:
            return None
        amount = self._most(asking)
        now = self._clock()
        with self._lock:
            account = self._account(key, run, now)
        return Reservation(self, account, amount, asking)

    def reserve(self, account: Account, amount: Amount, asking: Asking, waited: float) -> bool:
        """Reserves an amount; false if that has to wait for what others do.

        Args:
            account: whose caps it is under.
            amount: how much.
            asking: who asks.
            waited: for how many seconds it has waited.

        Raises:
            BudgetExceeded: if it would pass a cap, and no waiting helps.
        """
        now = self._clock()
        with self._lock:
            if self.seconds is not None and now - account.began >= self.seconds:
                raise self._too_late(asking, now - account.began)
            name = account.reserve(amount, now=now)
            if name is None:
                return True
            if waited < self.patience and account.fits_alone(amount):
                return False
            standing = _standing(account)
        raise self._exceeded(asking, name, standing, amount)

    def waits(self, account: Account, waiter: Waiter) -> None:
        """Wakes the waiter when a request of that account is over and it is its turn."""
        with self._lock:
            self._waiting.setdefault(account, []).append(waiter)

    def waits_no_more(self, account: Account, waiter: Waiter) -> None:
        """Ends that: it is the next one's turn."""
        with self._lock:
            waiting = self._waiting[account]
            waiting.remove(waiter)
            if not waiting:
                del self._waiting[account]
        self._wake_first(account)

    def _wake_first(self, account: Account) -> None:
        """Only the first, who wakes the next when it has what it needs: not all at once."""
        with self._lock:
            waiting = self._waiting.get(account)
            first = waiting[0] if waiting else None
        if first is not None:
            first.wake()

    def call_made(self, call: Call) -> None:
        """Counts a call that no metered client has made; those have reserved."""
        if call.api != "recorded":
            return
        run = self._runs.get(call.run_id) if call.run_id else None
        key = self._key(run, call.run_id, call.node)
        if key is None:
            return
        now = self._clock()
        with self._lock:
            account = self._account(key, run, now)
            with after_the_fact():
                account.spend(self._used(call, Amount()), now=now)
        self._warn(account)

    def attempt_failed(self, failed: Failed) -> None:
        """Nothing: the attempt's calls have been counted."""

    @property
    def standing(self) -> dict[Key, Standing]:
        """How each account stands, by what it is for: `("run", run_id)`, `("all",)`, …."""
        with self._lock:
            now = self._clock()
            for account in self._accounts.values():
                account.forget(now)
            return {key: _standing(account) for key, account in self._accounts.items()}

    def settle(self, account: Account, reserved: Amount, call: Call | None) -> None:
        """Puts what a request has used in the place of what was reserved for it."""
        spent = Amount() if call is None else self._used(call, reserved)
        with self._lock, after_the_fact():
            account.settle(reserved, spent, now=self._clock())
        self._wake_first(account)
        self._warn(account)

    def _key(self, run: _Run | None, run_id: str | None, node: str | None) -> Key | None:
        """The account that a request belongs to; `None` if it is under no cap."""
        kind, name = self._per
        if kind == "all" and self.node_filter is None:
            return ("all",)
        if run is None or node is None:
            self._tell_of_strays()
            return None
        tags = run.nodes[node].tags if node in run.nodes else {}
        if not selects(self.node_filter, node, tags):
            return None
        match kind:
            case "run":
                return "run", run_id
            case "step":
                return "step", run_id, node
            case "tag":
                return ("tag", name, tags[name]) if name in tags else None
            case "input":
                value = run.inputs.get(name)
                return "input", name, value if value.__hash__ else repr(value)
            case _:
                return ("all",)

    def _account(self, key: Key, run: _Run | None, now: float) -> Account:
        if (account := self._accounts.get(key)) is None:
            began = run.began if run is not None and key[0] in ("run", "step") else now
            account = self._new_account(key, began)
            self._accounts[key] = account
            if len(self._accounts) > self.keep and self._per[0] in ("run", "step"):
                over = next((k for k in self._accounts if k[1] not in self._runs), None)
                if over is not None:
                    del self._accounts[over]
        return account

    def _new_account(self, key: Key, began: float) -> Account:
        if self.store is None:
            return Account(self.caps, window=self.window, began=began)
        from stepwell.llm.shared import SharedAccount, shared_name

        capped = tuple(name for name, cap in self.caps._asdict().items() if cap is not None)
        whose = told_filter(self.node_filter)
        name = shared_name("budget", *capped, self.currency, self.window, whose, *key)
        return SharedAccount(
            self.caps, window=self.window, began=began, shared=self.store.shared, name=name
        )

    def _most(self, asking: Asking) -> Amount:
        """The most that a request may use.

        Raises:
            BudgetExceeded: if that can't be known.
        """
        if self.caps.money is None and self.caps.tokens is None:
            return Amount(requests=1)
        bound = self._bound(asking)
        given, made, why = bound.input or 0, bound.output or 0, bound.why
        money = NONE
        if self.caps.money is not None:
            cost = dearest(asking.asked, given, made, asking.url, asking.prices)
            if cost is None:
                why = why or f"`{asking.asked.model}` has no known price (`prices` of `metered`)"
            elif cost.currency != self.currency:
                why = why or f"its price is in {cost.currency}"
            else:
                money = cost.amount.quantize(FINEST, ROUND_CEILING)
        if why and self.unknown == "refuse":
            raise self._unknown(asking, why)
        return Amount(money, given + made, 1)

    def _bound(self, asking: Asking) -> Bound:
        given, made, why = bound_of(asking.asked, asking.size)
        if self.count is not None:
            given = self.count(asking.asked.body)
            made = output_of(asking.asked)
            why = "" if made is not None else "it names no limit for its answer (`max_tokens`)"
        if made is None and self.output is not None and given is not None:
            made, why = self.output, ""
        return Bound(given, made, why)

    def _used(self, call: Call, reserved: Amount) -> Amount:
        usage = call.usage
        known = next((c.amount for c in usage.costs if c.currency == self.currency), NONE)
        known = known.quantize(FINEST, ROUND_CEILING)
        if usage.unmeasured:
            tokens = max(reserved.tokens, usage.total_tokens)
            return Amount(max(reserved.money, known), tokens, usage.requests)
        money = max(reserved.money, known) if usage.unpriced else known
        return Amount(money, usage.total_tokens, usage.requests)

    def _warn(self, account: Account) -> None:
        share = account.share()
        if account.warned or share < self.warn_at:
            return
        account.warned = True
        from logging import getLogger

        getLogger("stepwell").warning("%.0f %% of the budget of %s is spent", share * 100, self)

    def _tell_of_strays(self) -> None:
        if self._strays:
            return
        self._strays = True
        from logging import getLogger

        getLogger("stepwell").warning(
            "a request that belongs to no step of a run is under no cap of the budget of %s; submit"
            " work to threads of your own with `contextvars.copy_context().run`",
            self,
        )

    def __str__(self) -> str:
        caps = [
            _told(name, cap, self.currency)
            for name, cap in (*self.caps._asdict().items(), ("seconds", self.seconds))
            if cap is not None
        ]
        return f"{' and '.join(caps)} {self._whose()}"

    def _whose(self) -> str:
        kind, name = self._per
        within = f" in {self.window:g} s" if self.window is not None else ""
        return f"for all runs{within}" if kind == "all" else f"per {name or kind}{within}"

    def _exceeded(
        self, asking: Asking, name: str, standing: Standing, amount: Amount
    ) -> BudgetExceeded:
        cap, spent, reserved, asked = (
            getattr(of, name) for of in (standing.caps, standing.spent, standing.reserved, amount)
        )
        cure = "" if name == "requests" else ", or ask for less (`max_tokens`)"
        return BudgetExceeded(
            f"{_who(asking)} asks for up to {_told(name, asked, self.currency)}; of the budget of"
            f" {_told(name, cap, self.currency)} {self._whose()}, {_number(spent)} is spent and"
            f" {_number(reserved)} is reserved; raise `{name}`{cure}",
            node=asking.node,
            unit=name,
            cap=cap,
            spent=spent,
            reserved=reserved,
            asked=asked,
        )

    def _too_late(self, asking: Asking, elapsed: float) -> BudgetExceeded:
        return BudgetExceeded(
            f"{_who(asking)} asks for a request {elapsed:.1f} s after the beginning, past the"
            f" budget of {self}; raise `seconds`",
            node=asking.node,
            unit="seconds",
            cap=self.seconds,
            spent=elapsed,
            reserved=0,
            asked=0,
        )

    def _unknown(self, asking: Asking, why: str) -> BudgetExceeded:
        return BudgetExceeded(
            f"{_who(asking)} asks for what can't be bounded: {why}; make it known, or give"
            f' `unknown="allow"` to the budget of {self}',
            node=asking.node,
            unit="unknown",
            cap=None,
            spent=None,
            reserved=None,
            asked=None,
        )


def _per(per: str) -> tuple[str, str]:
    kind, _, name = per.partition(":")
    if (kind in ("run", "step", "all") and not name) or (kind in ("tag", "input") and name):
        return kind, name
    raise ValueError(
        f"`per={per!r}` is none of `run`, `step`, `all`, `tag:NAME` and `input:NAME`; give one"
    )


def _standing(account: Account) -> Standing:
    return Standing(account.spent, account.reserved, account.caps)


def _who(asking: Asking) -> str:
    return f"`{asking.node}`" if asking.node else "a request outside the steps"


def _told(name: str, amount: Any, currency: str) -> str:
    if name == "money":
        return f"{_number(amount)} {currency}"
    return f"{_number(amount)} {name.removesuffix('s') if amount == 1 else name}"


def _number(amount: Any) -> str:
    if isinstance(amount, int):
        return f"{amount:,}"
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
