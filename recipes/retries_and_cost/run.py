"""Runs a pipeline against a provider that fails now and then, and shows what that cost.

The provider is a fake one in this process: it asks to wait, is overloaded, loses a connection. With
`--local` a model on this machine answers behind it. OPENAI_API_KEY or OPENAI_BASE_URL (and
OPENAI_MODEL, OPENAI_EMBEDDING_MODEL) choose a real provider.
"""

import logging
import sys
from contextlib import ExitStack
from os import environ

import pipeline
from openai import OpenAI
from rich import print

from stepwell import Driver, local
from stepwell.lifecycle import Retry
from stepwell.llm import Price, TokenAccounting, metered
from stepwell.testing import FakeModel, Reply

TEXTS = [
    Reply("Salt, tides, light."),
    Reply("The sea is salt, moves with the moon, and is lit from below by what lives there."),
    Reply("What the sea is"),
]
BUSY = [
    Reply(status=429, headers={"retry-after": "1"}),  # waits as long as it is asked to
    Reply(status=503),  # tries again after a moment
]
LOST = Reply(cut_after=0)  # no answer came: perhaps it was billed, so the sum is a lower bound
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


def main(stack: ExitStack) -> None:
    """With a provider that fails, or a real one."""
    if {"OPENAI_API_KEY", "OPENAI_BASE_URL"} & environ.keys():
        chosen = {name: environ.get(f"OPENAI_{name.upper()}", REAL[name]) for name in REAL}
        client = OpenAI(api_key=environ.get("OPENAI_API_KEY", "none"), max_retries=0)
        run(metered(client), {**INPUTS, **chosen})
        return
    behind, texts = None, [*TEXTS]
    if "--local" in sys.argv:
        behind = stack.enter_context(local.ModelServer()).base_url
        texts = [None, None, None]  # the model's own
    replies = [texts[0], *BUSY, texts[1], LOST, texts[2], Reply()]
    fake = stack.enter_context(FakeModel(replies, behind=behind))
    client = OpenAI(base_url=fake.url, api_key="none", max_retries=0)
    run(metered(client, prices=PRICES), INPUTS)


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    logging.getLogger("stepwell").setLevel(logging.INFO)
    with ExitStack() as exits:
        main(exits)
