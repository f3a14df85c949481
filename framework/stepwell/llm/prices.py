"""What a request costs: by one's own prices, else by those that the package genai-prices holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from stepwell.errors import require
from stepwell.llm.reading import Asked, tier_of
from stepwell.usage import Cost, Usage

MILLION = Decimal(1_000_000)

TIERS = {"flex", "priority", "batch", "fast"}
"""Service tiers with prices of their own; others cost what is usual."""

Prices: TypeAlias = Mapping[str, "Price"]
"""Own prices by the name of a model, as asked for or as answered."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, for a million tokens each; what is cached is like input unless given.

    Audio and pictures have no price unless given: what is heard, spoken or seen then makes a cost a
    lower bound. So has a service tier none that is not in `tiers`.

    >>> Price(input=Decimal("2.5"), output=10).cost(Usage(input_tokens=1000, output_tokens=500))
    Cost(amount=Decimal('0.0075'), currency='USD', sources=('configured',))

    Args:
        cache_write_1h: what is written to a cache for an hour; like `cache_write` unless given.
        tiers: the prices in other service tiers: `{"batch": Price(…), "flex": Price(…)}`.
    """

    input: Decimal | int | str
    output: Decimal | int | str
    cached_read: Decimal | int | str | None = None
    cache_write: Decimal | int | str | None = None
    cache_write_1h: Decimal | int | str | None = None
    audio_input: Decimal | int | str | None = None
    audio_output: Decimal | int | str | None = None
    image_input: Decimal | int | str | None = None
    image_output: Decimal | int | str | None = None
    currency: str = "USD"
    tiers: Mapping[str, Price] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in AMOUNTS:
            if isinstance(given := getattr(self, name), float):
                raise TypeError(
                    f"`{name}={given}` is a float, which holds no exact amount; "
                    f'write "{given}" or Decimal("{given}")'
                )

    def cost(self, usage: Usage) -> Cost:
        """What this usage costs, without audio and pictures that have no price."""
        full = Decimal(self.input)
        read = full if self.cached_read is None else Decimal(self.cached_read)
        write = full if self.cache_write is None else Decimal(self.cache_write)
        hour = write if self.cache_write_1h is None else Decimal(self.cache_write_1h)
        cached = usage.cached_read + usage.cache_write
        plain = usage.input_tokens - cached - usage.audio_input - usage.image_input
        amount = (
            max(plain, 0) * full
            + usage.audio_input * Decimal(self.audio_input or 0)
            + usage.image_input * Decimal(self.image_input or 0)
            + usage.cached_read * read
            + (usage.cache_write - usage.cache_write_1h) * write
            + usage.cache_write_1h * hour
            + (usage.output_tokens - usage.audio_output - usage.image_output) * Decimal(self.output)
            + usage.audio_output * Decimal(self.audio_output or 0)
            + usage.image_output * Decimal(self.image_output or 0)
        ) / MILLION
        return Cost(amount, self.currency, ("configured",))

    def covers(self, usage: Usage) -> bool:
        """Whether there is a price for all of it."""
        return all(getattr(self, name) is not None or not getattr(usage, name) for name in MEDIA)

    def of_tier(self, tier: str | None) -> Price | None:
        """The price in that service tier, if there is one."""
        return self.tiers.get(tier or "", None if tier in TIERS else self)


MEDIA = ("audio_input", "audio_output", "image_input", "image_output")
AMOUNTS = [name for name in Price.__slots__ if name not in ("currency", "tiers")]


class Priced(NamedTuple):
    """A request's usage with its cost, and the name of the model whose price was taken."""

    usage: Usage
    model: str | None = None


def priced(
    usage: Usage,
    *,
    model: str | None,
    answered: str | None,
    url: str,
    own: Prices,
    tier: str | None = None,
    more: bool = False,
    told: Cost | None = None,
) -> Priced:
    """One request's usage with its cost, or marked as unpriced if that can't be known.

    Args:
        usage: what the one request used; where it is unmeasured its cost is not known.
        model: the model as asked for.
        answered: the model as answered, whose price comes first.
        url: where the request went: the same model costs differently with each provider.
        own: one's own prices, which come before all others.
        tier: the service tier.
        more: whether other things than tokens are charged too: the cost is then a lower bound.
        told: what the provider says that it has cost: the whole of it, before any list.
    """
    names = [name for name in (answered, model) if name]
    name = next((name for name in names if name in own), None)
    if told is not None and name is None:
        return Priced(replace(usage, costs=(told,), unpriced=0), names[0] if names else None)
    if usage.unmeasured:
        return Priced(replace(usage, unpriced=usage.requests))
    beyond = usage.requests if more else 0
    if not usage.total_tokens:
        return Priced(replace(usage, unpriced=beyond))
    if name is not None:
        price = own[name].of_tier(tier)
        if price is None:
            return Priced(replace(usage, unpriced=usage.requests))
        beyond = beyond if price.covers(usage) else usage.requests
        return Priced(replace(usage, costs=(price.cost(usage),), unpriced=beyond), name)
    for name in names:
        if (cost := _listed(usage, name, url, tier)) is not None:
            return Priced(replace(usage, costs=(cost,), unpriced=beyond), name)
    return Priced(replace(usage, unpriced=usage.requests))


def dearest(
    asked: Asked, input_tokens: int, output_tokens: int, url: str, own: Prices
) -> Cost | None:
    """The most that so many tokens can cost at list price; `None` if no price is known.

    Input costs the most where it is written to a cache, and all costs more where it is heard, or
    asked for in a dearer service tier. Where the price is not one's own the tokens are rounded up a
    little, so that one look at the price table serves many requests.
    """
    heard = "audio" in (asked.body.get("modalities") or ())
    price, tier = own.get(asked.model or ""), tier_of(asked.body)
    if price is None:
        rounded = _rounded_up(input_tokens), _rounded_up(output_tokens)
        written = asked.api == "messages"
        return _dearest_listed(asked.model, url, *rounded, written, heard, tier)
    in_tier = price.of_tier(tier)
    if in_tier is None:
        return None
    kinds = _kinds(input_tokens, output_tokens, written=_writes(in_tier), heard=heard)
    return max((in_tier.cost(kind) for kind in kinds), key=lambda cost: cost.amount)


def _writes(price: Price) -> bool:
    return price.cache_write is not None or price.cache_write_1h is not None


@lru_cache(4096)
def _dearest_listed(
    model: str | None,
    url: str,
    input_tokens: int,
    output_tokens: int,
    written: bool,
    heard: bool,
    tier: str | None,
) -> Cost | None:
    costs = [
        cost
        for kind in _kinds(input_tokens, output_tokens, written=written, heard=heard)
        for cost in priced(kind, model=model, answered=None, url=url, own={}, tier=tier).usage.costs
    ]
    return max(costs, key=lambda cost: cost.amount, default=None)


def _kinds(input_tokens: int, output_tokens: int, *, written: bool, heard: bool) -> list[Usage]:
    """What a request may be priced as: plain, as written to a cache, as heard and spoken."""
    given = input_tokens if input_tokens or output_tokens else 1
    usage = Usage(input_tokens=given, output_tokens=output_tokens, requests=1)
    kinds = [usage]
    if written:
        kinds.append(replace(usage, cache_write=given))
        kinds.append(replace(usage, cache_write=given, cache_write_1h=given))
    if heard:
        kinds.append(replace(usage, audio_input=given, audio_output=output_tokens))
    return kinds


def _rounded_up(tokens: int) -> int:
    """At most a sixteenth more.

    >>> [_rounded_up(tokens) for tokens in (0, 31, 33, 1000, 1025)]
    [0, 31, 34, 1024, 1088]
    """
    step = 1 << max(tokens.bit_length() - 5, 0)
    return -(-tokens // step) * step


def _listed(usage: Usage, model: str, url: str, tier: str | None) -> Cost | None:
    prices: Any = require("genai_prices", extra="llm", what="the price of a request")
    known = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cached_read,
        "cache_write_tokens": usage.cache_write,
        "cache_write_1h_tokens": usage.cache_write_1h,
        "input_audio_tokens": usage.audio_input,
        "output_audio_tokens": usage.audio_output,
        "input_image_tokens": usage.image_input,
        "output_image_tokens": usage.image_output,
    }
    used = prices.Usage(**{name: count for name, count in known.items() if count})
    wish = {"processing" if tier == "batch" else "service_tier": tier} if tier in TIERS else None
    try:
        found = prices.calc_price(used, model_ref=model, provider_api_url=url, price_context=wish)
    except LookupError:
        return None
    if wish and not any(each.when == wish for each in found.model.price_variants or ()):
        return None
    at = found.auto_update_timestamp
    table = f"genai-prices {prices.__version__}" + (f", updated {at:%Y-%m-%d}" if at else "")
    return Cost(found.total_price, "USD", (table,))
