"""Runs a batch of documents at once under one budget, and says beforehand what it may cost.

Documents that the budget does not reach are named, not lost in silence. The provider is a fake one
in this process, which is busy now and then. With OPENAI_API_KEY set the real one is used, or that
of OPENAI_BASE_URL.
"""

import asyncio
import logging
from os import environ
from pydoc_data.topics import topics

import pipeline
from openai import AsyncOpenAI
from rich import print

from stepwell import BudgetExceeded, Driver
from stepwell.lifecycle import Fallback
from stepwell.llm import Budget, Price, RateLimit, TokenAccounting, metered
from stepwell.testing import FakeModel, Reply

TARGETS = ["summary", "subject"]
CAP = "0.0075"  # dollars
PRICES = {  # for a million tokens
    "large": Price(input="2.50", output="10"),
    "small": Price(input="0.15", output="0.60"),
}
BUSY = Reply(status=429, headers={"retry-after-ms": "200"})


async def batch(client: AsyncOpenAI, model: str, smaller: str, documents: dict[str, str]) -> None:
    """An estimate, then all documents at once, then what became of each and what it cost."""
    ledger, budget = TokenAccounting(), Budget(CAP, per="all")
    cheaper = Fallback(model=smaller, on=BudgetExceeded)
    driver = Driver({}, pipeline, adapter=[ledger, budget, cheaper, RateLimit()])

    def inputs(text: str) -> dict[str, object]:
        return {"document": text, "client": client, "model": model}

    forecasts = [driver.estimate(["summary"], inputs=inputs(t)).cost for t in documents.values()]
    low, high = sum(f.low for f in forecasts), sum(f.high or 0 for f in forecasts)
    print(f"{len(documents)} summaries: between ${low:.4f} and ${high:.4f}; the cap is ${CAP}\n")

    runs = (driver.aexecute(TARGETS, inputs=inputs(text)) for text in documents.values())
    results = await asyncio.gather(*runs, return_exceptions=True)
    for name, made in zip(documents, results, strict=True):
        if isinstance(made, BudgetExceeded):
            print(f"[red]{name}: not done, the budget is used up[/red]")
        elif isinstance(made, BaseException):
            raise made
        else:
            print(f"{name}: {made['summary']} ({made['subject']})")

    print(f"\n{len(cheaper.used)} times the smaller model was asked, as the larger was too dear")
    for used_model, usage in ledger.by_model().items():
        print(f"{used_model}: {usage.requests} requests, {usage.total_tokens:,} tokens")
    print(f"spent: ${budget.standing['all',].spent.money:.6f} of ${CAP}")


async def main() -> None:
    """Twelve chapters of Python's own manual."""
    documents = {name: topics[name] for name in sorted(topics)[:12]}
    if "OPENAI_API_KEY" in environ:
        chosen = environ.get("OPENAI_MODEL", "gpt-4o")
        async with metered(AsyncOpenAI(max_retries=0)) as client:
            await batch(client, chosen, "gpt-4o-mini", documents)
        return
    with FakeModel([Reply("A statement."), BUSY, BUSY], reply=Reply("A rule, told.")) as fake:
        plain = AsyncOpenAI(base_url=fake.url, api_key="none", max_retries=0)
        async with metered(plain, prices=PRICES) as client:
            await batch(client, "large", "small", documents)


if __name__ == "__main__":
    logging.getLogger("stepwell").setLevel(logging.ERROR)  # `cheaper.used` has it all
    asyncio.run(main())
