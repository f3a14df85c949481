"""Runs a batch of documents at once under one budget, and says beforehand what it may cost.

Documents that the budget does not reach are named, not lost in silence. The provider is a fake one
in this process, which is busy now and then; with `--local` a model on this machine answers behind
it. OPENAI_API_KEY or OPENAI_BASE_URL (and OPENAI_MODEL, OPENAI_SMALLER_MODEL) choose a real one.
"""

import asyncio
import logging
import sys
from contextlib import ExitStack
from os import environ
from pydoc_data.topics import topics
from textwrap import shorten

import pipeline
from openai import AsyncOpenAI
from rich import print
from rich.markup import escape

from stepwell import BudgetExceeded, Driver, local
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

    first, *others = (
        driver.estimate(["summary"], inputs=inputs(text)).cost for text in documents.values()
    )
    print(f"{len(documents)} summaries: {sum(others, first)} dollars; the cap is {CAP}\n")

    runs = (driver.aexecute(TARGETS, inputs=inputs(text)) for text in documents.values())
    results = await asyncio.gather(*runs, return_exceptions=True)
    for name, made in zip(documents, results, strict=True):
        if isinstance(made, BudgetExceeded):
            known = made.unit != "unknown"  # without a price there is no bound to reserve
            why = "the budget is used up" if known else "nobody knows its price"
            print(f"[red]{name}: not done, {why}[/red]")
        elif isinstance(made, BaseException):
            raise made
        else:
            summary, subject = (shorten(made[target], 90, placeholder=" …") for target in TARGETS)
            print(f"{name}: {escape(summary)} ({escape(subject)})")

    print(f"\n{len(cheaper.used)} times the smaller model was tried, as the larger was too dear")
    for used_model, usage in ledger.by_model().items():
        print(f"{used_model}: {usage.requests} requests, {usage.total_tokens:,} tokens")
    print(f"spent: ${budget.standing['all',].spent.money:.6f} of ${CAP}")


async def main(stack: ExitStack) -> None:
    """Twelve chapters of Python's own manual."""
    documents = {name: topics[name] for name in sorted(topics)[:12]}
    if {"OPENAI_API_KEY", "OPENAI_BASE_URL"} & environ.keys():
        chosen = environ.get("OPENAI_MODEL", "gpt-4o")
        smaller = environ.get("OPENAI_SMALLER_MODEL", "gpt-4o-mini")
        plain = AsyncOpenAI(api_key=environ.get("OPENAI_API_KEY", "none"), max_retries=0)
        async with metered(plain) as client:
            await batch(client, chosen, smaller, documents)
        return
    behind = None
    if "--local" in sys.argv:
        behind = stack.enter_context(local.ModelServer()).base_url
    said = None if behind else Reply("A rule, told.")
    fake = stack.enter_context(FakeModel([said, BUSY, BUSY], reply=said, behind=behind))
    plain = AsyncOpenAI(base_url=fake.url, api_key="none", max_retries=0)
    async with metered(plain, prices=PRICES) as client:
        await batch(client, "large", "small", documents)


if __name__ == "__main__":
    logging.getLogger("stepwell").setLevel(logging.ERROR)  # `cheaper.used` has it all
    with ExitStack() as exits:
        asyncio.run(main(exits))
