"""Runs under a budget: what they ask, and how the budget stands then."""

from typing import Any

from openai import OpenAI

from stepwell import Driver
from stepwell.llm import Budget, Price
from stepwell.testing import module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
USED = 11
"""The tokens of a question and its answer, as the fake counts them."""

PRICES = {"m": Price(input=1, output=2), "e": Price(input=1, output=0)}


def ask(client: OpenAI, **options: Any) -> Any:
    return client.chat.completions.create(
        **{"model": "m", "messages": MESSAGES, "max_tokens": 10} | options
    )


def asks(client: OpenAI, times: int = 1, **options: Any) -> Any:
    def answer() -> None:
        for _ in range(times):
            ask(client, **options)

    return answer


def run(budget: Any, *steps: Any, **options: Any) -> dict[str, Any]:
    driver = Driver({}, module_of(*steps), adapter=budget)
    return driver.execute([step.__name__ for step in steps], **options)


def only(budget: Budget) -> Any:
    (standing,) = budget.standing.values()
    return standing
