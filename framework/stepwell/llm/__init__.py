"""LLM calls: counted, priced and attributed to the step that makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.lazy import exports

if TYPE_CHECKING:
    from stepwell.errors import BadAnswer as BadAnswer
    from stepwell.llm.accounting import TokenAccounting as TokenAccounting
    from stepwell.llm.answers import arguments_in as arguments_in
    from stepwell.llm.answers import text_in as text_in
    from stepwell.llm.breaker import CircuitBreaker as CircuitBreaker
    from stepwell.llm.budget import Budget as Budget
    from stepwell.llm.client import metered as metered
    from stepwell.llm.client import record_usage as record_usage
    from stepwell.llm.prices import Price as Price
    from stepwell.llm.ratelimit import RateLimit as RateLimit
    from stepwell.usage import Call as Call
    from stepwell.usage import Cost as Cost
    from stepwell.usage import Usage as Usage

__all__ = [
    "BadAnswer",
    "Budget",
    "Call",
    "CircuitBreaker",
    "Cost",
    "Price",
    "RateLimit",
    "TokenAccounting",
    "Usage",
    "arguments_in",
    "metered",
    "record_usage",
    "text_in",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "stepwell.errors": "BadAnswer",
        "stepwell.usage": "Call Cost Usage",
        ".prices": "Price",
        ".ratelimit": "RateLimit",
        ".accounting": "TokenAccounting",
        ".answers": "arguments_in text_in",
        ".breaker": "CircuitBreaker",
        ".budget": "Budget",
        ".client": "metered record_usage",
    },
)
