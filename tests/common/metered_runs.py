"""Runs whose calls are counted: what they ask, and the ledger of what they used."""

from contextlib import suppress
from typing import Any

import openai
from openai import OpenAI

from stepwell import Driver
from stepwell.llm import Call, Price, TokenAccounting
from stepwell.testing import module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
PRICES = {"m": Price(input=1, output=2), "e": Price(input="0.1", output=0)}


def ask(client: OpenAI, **options: Any) -> Any:
    return client.chat.completions.create(model="m", messages=MESSAGES, **options)


def ledger(*steps: Any, adapters: Any = (), targets: Any = None, **options: Any) -> TokenAccounting:
    """The accounting of a run of these steps, which may fail."""
    accounting = TokenAccounting()
    driver = Driver({}, module_of(*steps), adapter=[accounting, *adapters], **options)
    with suppress(openai.OpenAIError, ValueError):
        driver.execute(targets or [step.__name__ for step in steps])
    return accounting


def only(accounting: TokenAccounting) -> Call:
    (call,) = accounting.calls
    return call
