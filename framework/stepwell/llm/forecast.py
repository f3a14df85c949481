"""What a run will use: worked out from requests that don't leave, and from runs that were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NamedTuple, Protocol

from stepwell.errors import told
from stepwell.execution.streams import Live, whole
from stepwell.execution.work import At, Attribution, Work, new_run_id
from stepwell.lifecycle.dispatch import LifecycleSet
from stepwell.lifecycle.listening import listen, unlisten
from stepwell.llm.bounds import AROUND, bound_of
from stepwell.llm.gates import Asking
from stepwell.llm.prices import dearest, priced
from stepwell.llm.reading import about_tokens, tier_of
from stepwell.llm.tokens import counted
from stepwell.plan import Plan, Route
from stepwell.routes import SKIPPED, first_made
from stepwell.spec import Node
from stepwell.usage import Call, Failed, Usage

Basis = Literal["nothing", "rendered", "history", "unknown"]

NONE = Decimal(0)
_UNMADE = object()


class History(Protocol):
    """What remembers earlier runs: a `TokenAccounting`, a `RunStore`."""

    def used_before(self, nodes: Mapping[str, Node]) -> Mapping[str, list[Usage]]:
        """What each of these nodes used in each run in which it did not fail."""


class Range(NamedTuple):
    """At least `low`, at most `high`; `None` where nobody knows."""

    low: Decimal | int
    high: Decimal | int | None

    def __add__(self, other: object) -> Range:
        assert isinstance(other, Range)
        known = self.high is not None and other.high is not None
        return Range(self.low + other.low, self.high + other.high if known else None)  # type: ignore[operator]

    def __str__(self) -> str:
        low = _number(self.low)
        if self.high is None:
            return f"≥ {low}"
        return low if self.low == self.high else f"{low} to {_number(self.high)}"


ZERO = Range(0, 0)
OPEN = Range(0, None)


@dataclass(frozen=True, slots=True)
class StepEstimate:
    """What one node will use.

    Args:
        node: the node.
        basis: how that is known: it was `rendered` (its first request was made, and did not
            leave), from `history`, it asks for `nothing`, or it is `unknown`.
        input: its tokens of input.
        output: those of its answers.
        cost: what they cost, in the estimate's currency.
        model: the model that it asks.
        why: what is not known, if something isn't.
    """

    node: str
    basis: Basis
    input: Range = ZERO
    output: Range = ZERO
    cost: Range = ZERO
    model: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will use, by step and together."""

    steps: tuple[StepEstimate, ...]
    currency: str = "USD"

    @property
    def input(self) -> Range:
        """The tokens of all input."""
        return sum((step.input for step in self.steps), ZERO)

    @property
    def output(self) -> Range:
        """The tokens of all answers."""
        return sum((step.output for step in self.steps), ZERO)

    @property
    def cost(self) -> Range:
        """What it costs."""
        return sum((step.cost for step in self.steps), ZERO)

    def __str__(self) -> str:
        lines = [
            f"{step.node} ({step.basis}): {_line(step, self.currency)}"
            + (f"; {step.why}" if step.why else "")
            for step in self.steps
            if step.basis != "nothing"
        ]
        return "\n".join([*lines, f"together: {_line(self, self.currency)}"])


def _is_known_skipped(route: Route, values: Sequence[Any]) -> bool:
    """Whether it is known before the run that a step will not be taken."""
    known = all(values[slot] is not _UNMADE for slot in route.slots())
    return known and not route.is_taken(values)


class _Leaves(BaseException):
    """Raised in the place of a request, so that it does not leave; no step's to catch."""


class _Probe:
    """A gate that lets nothing pass and remembers what came."""

    def __init__(self) -> None:
        self.came: list[Asking] = []

    def admit(self, asking: Asking) -> None:
        """Lets nothing pass.

        Raises:
            _Leaves: always.
        """
        self.came.append(asking)
        raise _Leaves

    def call_made(self, call: Call) -> None:
        """Nothing: none is."""

    def attempt_failed(self, failed: Failed) -> None:
        """Nothing."""


def estimate(
    plan: Plan,
    given: Sequence[Any],
    *,
    history: History | None = None,
    currency: str = "USD",
) -> Estimate:
    """What a run of that plan will use.

    Its steps run, up to their first request; what needs an answer is not run.

    Args:
        plan: the plan.
        given: the given values, in the order of `plan.given`.
        history: what is remembered of earlier runs.
        currency: that of the costs; prices in others are not known.
    """
    values, steps = [*given], []
    past = _Past(plan, history, currency)
    for position, line in enumerate(plan.lines):
        name = line.node.name
        if line.block is not None or line.node.kind == "part":
            values.append(_UNMADE)
            nodes = line.block.plan.nodes if line.block is not None else []
            steps += [past.of(node.name) or _unknown(node.name, _FOR_EACH) for node in nodes]
            continue
        if line.node.kind == "join":
            values.append(first_made(*(values[slot] for slot in plan.reads[position])))
            continue
        if line.route is not None and _is_known_skipped(line.route, values):
            values.append(SKIPPED)
            continue
        if any(values[slot] is _UNMADE for slot in plan.reads[position]):
            values.append(_UNMADE)
            steps.append(past.of(name) or _unknown(name, _LATER))
            continue
        probe = _Probe()
        value, why = _tried(Work(line, _NO_ADAPTERS), values, probe, live=line.slot in plan.live)
        values.append(value)
        if probe.came:
            steps.append(_rendered(name, probe.came[0], past, currency))
        elif why:
            steps.append(past.of(name) or _unknown(name, why))
        else:
            steps.append(StepEstimate(name, "nothing"))
    return Estimate(tuple(steps), currency)


_NO_ADAPTERS = LifecycleSet()
_LATER = "it reads what an answer makes"
_FOR_EACH = "it is done once for each item"


def _unknown(node: str, why: str) -> StepEstimate:
    return StepEstimate(node, "unknown", OPEN, OPEN, OPEN, why=why)


def _tried(work: Work, values: list[Any], probe: _Probe, *, live: bool) -> tuple[Any, str]:
    """What a step gives without any request, or why it gives nothing."""
    at = At(new_run_id())
    listen(at.run_id, probe)
    try:
        with Attribution(at, work.node.name):
            made = _called(work, values, at)
    except _Leaves:
        return _UNMADE, ""
    except Exception as error:
        return _UNMADE, f"it fails with {told(error)}".partition("\n")[0]
    finally:
        unlisten(at.run_id, probe)
    if not work.is_stream:
        return made, ""
    return (Live(made, work.node.type) if live else whole(made, work.node.type)), ""


def _called(work: Work, values: list[Any], at: At) -> Any:
    made = work.call(values, at)
    if work.in_loop:
        return _on_a_loop(_all_of(made) if work.is_stream else made)
    return [*made] if work.is_stream else made


async def _all_of(stream: Any) -> list[Any]:
    return [chunk async for chunk in stream]


def _on_a_loop(made: Any) -> Any:
    """The result of a coroutine, on a loop of its own, also where one is running."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor
    from contextvars import copy_context

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(copy_context().run, asyncio.run, made).result()


class _Past:
    """What nodes have used in runs that were."""

    def __init__(self, plan: Plan, history: History | None, currency: str) -> None:
        self._currency = currency
        self._used = {} if history is None else history.used_before(plan.graph.nodes)

    def asks_often(self, node: str) -> bool:
        """Whether it has made more than one request in a run."""
        return any(usage.requests > 1 for usage in self._used.get(node, ()))

    def of(self, node: str) -> StepEstimate | None:
        """What it has used at least and at most; `None` if it has not run."""
        used = self._used.get(node)
        if not used:
            return None
        if not any(usage.requests for usage in used):
            return StepEstimate(node, "nothing")
        unmeasured = any(usage.unmeasured for usage in used)
        unpriced = any(usage.unpriced for usage in used)
        costs = [self._cost(usage) for usage in used]
        return StepEstimate(
            node,
            "history",
            _span([usage.input_tokens for usage in used], is_open=unmeasured),
            _span([usage.output_tokens for usage in used], is_open=unmeasured),
            _span(costs, is_open=unmeasured or unpriced),
            why=f"of {len(used)} runs",
        )

    def _cost(self, usage: Usage) -> Decimal:
        return next((c.amount for c in usage.costs if c.currency == self._currency), NONE)


def _rendered(node: str, asking: Asking, past: _Past, currency: str) -> StepEstimate:
    """What a node uses whose first request is known."""
    known = past.of(node)
    if known is not None and past.asks_often(node):
        return known
    asked, why = asking.asked, ""
    bound = bound_of(asked, asking.size)
    exact = counted(asked)
    if exact is not None:
        given = Range(exact, exact)
    else:
        low = about_tokens(asking.size) // 2
        given = Range(low, None if bound.input is None else bound.input - AROUND)
    if bound.output == 0:
        made = ZERO
    elif known is not None:
        made = known.output
        if bound.output is not None:
            made = Range(min(made.low, bound.output), bound.output)
    else:
        made = Range(1, bound.output)
    if given.high is None or made.high is None:
        why = bound.why
    cost, unpriced = _cost(asking, given, made, currency)
    return StepEstimate(node, "rendered", given, made, cost, asked.model, why or unpriced)


def _cost(asking: Asking, given: Range, made: Range, currency: str) -> tuple[Range, str]:
    asked = asking.asked
    least = priced(
        Usage(input_tokens=int(given.low), output_tokens=int(made.low), requests=1),
        model=asked.model,
        answered=None,
        url=asking.url,
        own=asking.prices,
        tier=tier_of(asked.body),
    ).usage
    low = next((cost.amount for cost in least.costs if cost.currency == currency), None)
    if low is None:
        return Range(NONE, None), f"`{asked.model}` has no known price in {currency}"
    if given.high is None or made.high is None:
        return Range(low, None), ""
    most = dearest(asked, int(given.high), int(made.high), asking.url, asking.prices)
    return Range(low, most.amount if most else None), ""


def _span(amounts: Sequence[Decimal | int], *, is_open: bool) -> Range:
    return Range(min(amounts), None if is_open else max(amounts))


def _line(used: Any, currency: str) -> str:
    return f"input {used.input}, output {used.output}, cost {used.cost} {currency}"


def _number(amount: Decimal | int) -> str:
    if isinstance(amount, int):
        return f"{amount:,}"
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
