"""What a request costs: by one's own prices, else by those that the package genai-prices holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from stepwell.errors import require
from stepwell.llm.reading import Asked
from stepwell.usage import Cost, Usage

MILLION = Decimal(1_000_000)

Prices: TypeAlias = Mapping[str, "Price"]
"""Own prices by the name of a model, as asked for or as answered."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, for a million tokens each; what is cached is like input unless given.

    Audio has no price unless given: what is heard or spoken then makes a cost a lower bound.

    >>> Price(input=Decimal("2.5"), output=10).cost(Usage(input_tokens=1000, output_tokens=500))
    Cost(amount=Decimal('0.0075'), currency='USD', sources=('configured',))
    """

    input: Decimal | int | str
    output: Decimal | int | str
    cached_read: Decimal | int | str | None = None
    cache_write: Decimal | int | str | None = None
    audio_input: Decimal | int | str | None = None
    audio_output: Decimal | int | str | None = None
    currency: str = "USD"

    def __post_init__(self) -> None:
        for name in AMOUNTS:
            if isinstance(given := getattr(self, name), float):
                raise TypeError(
                    f"`{name}={given}` is a float, which holds no exact amount; "
                    f'write "{given}" or Decimal("{given}")'
                )

    def cost(self, usage: Usage) -> Cost:
        """What this usage costs, without audio that has no price."""
        full = Decimal(self.input)
        read = full if self.cached_read is None else Decimal(self.cached_read)
        write = full if self.cache_write is None else Decimal(self.cache_write)
        heard, spoken = Decimal(self.audio_input or 0), Decimal(self.audio_output or 0)
        plain = usage.input_tokens - usage.cached_read - usage.cache_write - usage.audio_input
        amount = (
            max(plain, 0) * full
            + usage.audio_input * heard
            + usage.audio_output * spoken
            + usage.cached_read * read
            + usage.cache_write * write
            + (usage.output_tokens - usage.audio_output) * Decimal(self.output)
        ) / MILLION
        return Cost(amount, self.currency, ("configured",))

    def covers(self, usage: Usage) -> bool:
        """Whether there is a price for all of it."""
        heard = usage.audio_input and self.audio_input is None
        return not heard and not (usage.audio_output and self.audio_output is None)


AMOUNTS = [name for name in Price.__slots__ if name != "currency"]


def priced(
    usage: Usage,
    *,
    model: str | None,
    answered: str | None,
    url: str,
    own: Prices,
    more: bool = False,
) -> Usage:
    """One request's usage with its cost, or marked as unpriced if that can't be known.

    Args:
        usage: what the one request used; where it is unmeasured its cost is not known.
        model: the model as asked for.
        answered: the model as answered, whose price comes first.
        url: where the request went: the same model costs differently with each provider.
        own: one's own prices, which come before all others.
        more: whether other things than tokens are charged too: the cost is then a lower bound.
    """
    if usage.unmeasured:
        return replace(usage, unpriced=usage.requests)
    beyond = usage.requests if more else 0
    if not usage.total_tokens:
        return replace(usage, unpriced=beyond)
    names = [name for name in (answered, model) if name]
    price = next((own[name] for name in names if name in own), None)
    if price is not None:
        beyond = beyond if price.covers(usage) else usage.requests
        return replace(usage, costs=(price.cost(usage),), unpriced=beyond)
    for name in names:
        if (cost := _listed(usage, name, url)) is not None:
            return replace(usage, costs=(cost,), unpriced=beyond)
    return replace(usage, unpriced=usage.requests)


def dearest(
    asked: Asked, input_tokens: int, output_tokens: int, url: str, own: Prices
) -> Cost | None:
    """The most that so many tokens can cost at list price; `None` if no price is known.

    Input costs the most where it is written to a cache, and all costs more where it is heard. Where
    the price is not one's own the tokens are rounded up a little, so that one look at the price
    table serves many requests.
    """
    heard = "audio" in (asked.body.get("modalities") or ())
    price = own.get(asked.model or "")
    if price is None:
        rounded = _rounded_up(input_tokens), _rounded_up(output_tokens)
        return _dearest_listed(asked.model, url, *rounded, asked.api == "messages", heard)
    kinds = _kinds(input_tokens, output_tokens, written=price.cache_write is not None, heard=heard)
    return max((price.cost(kind) for kind in kinds), key=lambda cost: cost.amount)


@lru_cache(4096)
def _dearest_listed(
    model: str | None, url: str, input_tokens: int, output_tokens: int, written: bool, heard: bool
) -> Cost | None:
    costs = [
        cost
        for kind in _kinds(input_tokens, output_tokens, written=written, heard=heard)
        for cost in priced(kind, model=model, answered=None, url=url, own={}).costs
    ]
    return max(costs, key=lambda cost: cost.amount, default=None)


def _kinds(input_tokens: int, output_tokens: int, *, written: bool, heard: bool) -> list[Usage]:
    """What a request may be priced as: plain, as written to a cache, as heard and spoken."""
    given = input_tokens if input_tokens or output_tokens else 1
    usage = Usage(input_tokens=given, output_tokens=output_tokens, requests=1)
    kinds = [usage]
    if written:
        kinds.append(replace(usage, cache_write=given))
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


def _listed(usage: Usage, model: str, url: str) -> Cost | None:
    prices: Any = require("genai_prices", extra="llm", what="the price of a request")
    known = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cached_read,
        "cache_write_tokens": usage.cache_write,
        "input_audio_tokens": usage.audio_input,
        "output_audio_tokens": usage.audio_output,
    }
    used = prices.Usage(**{name: count for name, count in known.items() if count})
    try:
        found = prices.calc_price(used, model_ref=model, provider_api_url=url)
    except LookupError:
        return None
    return Cost(found.total_price, "USD", (f"genai-prices {prices.__version__}",))
