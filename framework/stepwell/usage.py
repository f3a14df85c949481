"""Tokens, cost, and the rows of a ledger: one for each request to a provider, one for each retry.

Plain data, standard library only. What is not known is `None` or counted as unknown, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount of money, and where its price comes from.

    Costs of one currency add up; those of two don't.

    >>> print(Cost(Decimal("0.5"), sources=("own",)) + Cost(Decimal("0.25"), sources=("own",)))
    0.75 USD
    """

    amount: Decimal
    currency: str = "USD"
    sources: tuple[str, ...] = ()

    def __add__(self, other: Cost) -> Cost:
        if self.currency != other.currency:
            raise ValueError(
                f"{self} and {other} are of two currencies, which don't add up; keep them apart"
            )
        sources = tuple(dict.fromkeys((*self.sources, *other.sources)))
        return Cost(self.amount + other.amount, self.currency, sources)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


@dataclass(frozen=True, slots=True)
class Usage:
    """What requests used. It adds up; `Usage()` is nothing.

    `input_tokens` and `output_tokens` are whole totals; `cached_read`, `cache_write`, `audio_input`
    and `image_input` are part of the input, `reasoning`, `audio_output` and `image_output` part of
    the output. Only what a provider reported is in them: where `unmeasured` is not 0 they are lower
    bounds.

    Args:
        requests: how many requests left for a provider.
        unmeasured: how many of them may have used tokens that no one reported.
        unpriced: how many of them cost what is not known.
        estimated_input: a guess at the tokens of unmeasured requests; in no total.
        estimated_output: the same for what they answered.
        cache_write_1h: what of `cache_write` is kept for an hour, which costs more.
        costs: what is known of the cost, one for each currency.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_read: int = 0
    cache_write: int = 0
    audio_input: int = 0
    reasoning: int = 0
    audio_output: int = 0
    requests: int = 0
    unmeasured: int = 0
    unpriced: int = 0
    estimated_input: int = 0
    estimated_output: int = 0
    cache_write_1h: int = 0
    image_input: int = 0
    image_output: int = 0
    costs: tuple[Cost, ...] = ()

    def __add__(self, other: Usage) -> Usage:
        if not isinstance(other, Usage):
            return NotImplemented
        counts: dict[str, Any] = {
            name: getattr(self, name) + getattr(other, name) for name in COUNTS
        }
        costs = {cost.currency: cost for cost in self.costs}
        for cost in other.costs:
            known = costs.get(cost.currency)
            costs[cost.currency] = cost if known is None else known + cost
        return Usage(**counts, costs=tuple(costs[currency] for currency in sorted(costs)))

    def __radd__(self, other: object) -> Usage:
        return self if other == 0 else NotImplemented

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

    @property
    def cost(self) -> Cost | None:
        """What is known of the cost; `None` where nothing is. With `unpriced` it is a lower bound.

        Raises:
            ValueError: if it is of several currencies; `costs` has them all.
        """
        if len(self.costs) > 1:
            listed = ", ".join(str(cost) for cost in self.costs)
            raise ValueError(f"the cost is {listed}, which don't add up; read `costs`")
        return self.costs[0] if self.costs else None


COUNTS = tuple(name for name in Usage.__slots__ if name != "costs")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a provider: a row of the ledger.

    Args:
        operation: `chat`, `embeddings`, `text_completion`, or the last part of the path.
        api: which interface was used: `chat_completions`, `responses`, `embeddings`, ….
        model: the model as asked for.
        answered_model: the model as the provider names it.
        usage: what it used, and its cost.
        run_id: the run it belongs to, or `None`: it was made outside a step, or in a thread of
            one's own that knows no step.
        node: the step's node.
        task_id: the group of nodes that was given to an executor.
        attempt: the attempt at the node, from 1.
        number: which request of the node it is in its run, from 1, attempts counted through.
        started: when it left, in seconds since the epoch.
        duration: how long it took, in seconds, to the end of its answer.
        first_chunk: seconds to the first chunk of a stream.
        status: the HTTP status; `None` where no answer came.
        error: the class of what failed, or the status as text.
        streamed: whether the answer came as a stream.
        response_id: the provider's name for the answer.
        finish_reasons: why each choice ended.
        tier: the service tier that was answered in, or asked for: `flex`, `priority`, `batch`, ….
        priced_as: the model whose price was taken: as answered, or else as asked for.
        server: host and port.
        key: the same for all attempts at one call: what is sent as its idempotency key.
        reported: the usage as the provider reported it.
    """

    operation: str
    api: str
    model: str | None
    usage: Usage
    answered_model: str | None = None
    run_id: str | None = None
    node: str | None = None
    task_id: str | None = None
    attempt: int = 1
    number: int = 1
    started: float = 0.0
    duration: float = 0.0
    first_chunk: float | None = None
    status: int | None = None
    error: str | None = None
    streamed: bool = False
    response_id: str | None = None
    finish_reasons: tuple[str, ...] = ()
    tier: str | None = None
    priced_as: str | None = None
    server: tuple[str, int | None] | None = None
    key: str | None = None
    reported: Mapping[str, Any] | None = None


class Said(NamedTuple):
    """What was said in a call; in no row of the ledger.

    Args:
        sent: the body of the request.
        text: what was answered.
    """

    sent: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """An attempt at a node that failed and is made again.

    Args:
        attempt: the one that failed, from 1.
        error: what it raised, in one line.
        error_type: the class of what it raised.
        wait: seconds until the next attempt.
        at: when it failed, in seconds since the epoch.
    """

    run_id: str | None
    node: str
    task_id: str | None
    attempt: int
    error: str
    error_type: str
    wait: float
    at: float


SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def spent(usage: Usage) -> str:
    """Tokens and cost in a few words, or nothing where nothing was asked.

    >>> spent(Usage(input_tokens=1200, output_tokens=30, requests=2, unpriced=2))
    '2 calls, 1,200 tokens in, 30 out, cost unknown'
    >>> spent(Usage())
    ''
    """
    if not usage.requests:
        return ""
    calls = f"{usage.requests:,} call{'' if usage.requests == 1 else 's'}"
    least = "≥ " if usage.unmeasured else ""
    cost = money(usage)
    cost = f"cost {cost}" if cost in ("unknown", "0") else cost
    into, out = f"{usage.input_tokens:,}", f"{usage.output_tokens:,}"
    return f"{calls}, {least}{into} tokens in, {least}{out} out, {cost}"


def money(usage: Usage) -> str:
    """What is known of the cost, with `≥` where something isn't.

    >>> from decimal import Decimal
    >>> money(Usage(requests=2, unpriced=1, costs=(Cost(Decimal("0.00650")),)))
    '≥ $0.0065'
    >>> money(Usage(requests=1, unpriced=1))
    'unknown'
    """
    known = " + ".join(_amounts(usage))
    if not known:
        return "unknown" if usage.unpriced else "0"
    return f"≥ {known}" if usage.unpriced else known


def _amounts(usage: Usage) -> Iterable[str]:
    for cost in usage.costs:
        # four places, or three digits that matter
        places = max(4, 2 - cost.amount.adjusted()) if cost.amount else 0
        amount = f"{round(cost.amount, places):f}"
        if "." in amount:
            amount = amount.rstrip("0").rstrip(".")
        sign = SIGNS.get(cost.currency)
        yield f"{sign}{amount}" if sign else f"{amount} {cost.currency}"


def seconds(time: float) -> str:
    """A time as a person reads it.

    >>> seconds(0.01234), seconds(12.345), seconds(0.00001)
    ('12 ms', '12.3 s', '0 ms')
    """
    return f"{time:.1f} s" if time >= 1 else f"{time * 1000:.0f} ms"
