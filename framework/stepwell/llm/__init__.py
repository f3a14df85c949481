"""LLM calls: counted, priced and attributed to the step that makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stepwell.llm.accounting import TokenAccounting as TokenAccounting
    from stepwell.llm.client import metered as metered
    from stepwell.llm.client import record_usage as record_usage
    from stepwell.llm.prices import Price as Price
    from stepwell.usage import Call as Call
    from stepwell.usage import Cost as Cost
    from stepwell.usage import Usage as Usage

_HOME = {
    "Call": "stepwell.usage",
    "Cost": "stepwell.usage",
    "Price": "stepwell.llm.prices",
    "TokenAccounting": "stepwell.llm.accounting",
    "Usage": "stepwell.usage",
    "metered": "stepwell.llm.client",
    "record_usage": "stepwell.llm.client",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if (home := _HOME.get(name)) is None:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
