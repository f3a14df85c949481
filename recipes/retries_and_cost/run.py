"""Runs a pipeline against a provider that fails now and then, and shows what that cost.

The provider is a fake one in this process: it asks to wait, is overloaded, loses a connection.
With OPENAI_API_KEY set the real one is used, or that of OPENAI_BASE_URL.
"""

import logging
from os import environ

import pipeline
from openai import OpenAI
from rich import print

from stepwell import Driver
from stepwell.lifecycle import Retry
from stepwell.llm import Price, TokenAccounting, metered
from stepwell.testing import FakeModel, Reply

TROUBLE = [
    Reply("Salt, tides, light."),
    Reply(status=429, headers={"retry-after": "1"}),  # waits as long as it is asked to
    Reply(status=503),  # tries again after a moment
    Reply("The sea is salt, moves with the moon, and is lit from below by what lives there."),
    Reply(cut_after=0),  # no answer came: perhaps it was billed, so the sum is a lower bound
    Reply("What the sea is"),
]
PRICES = {"small-model": Price(input="0.15", output="0.60")}  # for a million tokens
INPUTS = {"topic": "the sea", "model": "small-model", "embedding_model": "small-vectors"}
REAL = {"model": "gpt-4o-mini", "embedding_model": "text-embedding-3-small"}


def run(client: OpenAI, inputs: dict[str, str]) -> None:
    """One run with retries, then its ledger and its table."""
    accounting = TokenAccounting()
    driver = Driver({}, pipeline, adapter=[accounting, Retry(attempts=4)])
    print(driver.execute(["notice"], inputs={"client": client, **inputs})["notice"], end="\n\n")
    for call in accounting.calls:
        said = call.error or call.status
        print(f"{call.node}, attempt {call.attempt}, call {call.number}: {said}")
    print(accounting.table())


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    logging.getLogger("stepwell").setLevel(logging.INFO)
    if "OPENAI_API_KEY" in environ:
        chosen = {"model": environ.get("OPENAI_MODEL", REAL["model"])}
        run(metered(OpenAI(max_retries=0)), {**INPUTS, **REAL, **chosen})
    else:
        with FakeModel(TROUBLE) as fake:
            client = OpenAI(base_url=fake.url, api_key="none", max_retries=0)
            run(metered(client, prices=PRICES), INPUTS)
