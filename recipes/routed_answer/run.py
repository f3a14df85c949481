"""Answers three questions, each by its own route, and shows which requests that took.

The provider is a fake one in this process. OPENAI_API_KEY or OPENAI_BASE_URL (and OPENAI_MODEL)
choose a real one.
"""

from contextlib import ExitStack
from os import environ

import pipeline
from openai import OpenAI

from stepwell import Driver, RunFinished, StepSkipped
from stepwell.llm import TokenAccounting, metered
from stepwell.testing import FakeModel, Reply

QUESTIONS = ["What is 17 and 4 and 21?", "How high is the tower?", "How are you today?"]
NOTES = ["The tower is 330 metres high.", "The bridge is closed in winter."]
SAID = ["sum", "fact", "330 metres.", "talk", "Well, thank you."]


def main(stack: ExitStack) -> None:
    """Each question with its answer, and what was not needed for it."""
    if {"OPENAI_API_KEY", "OPENAI_BASE_URL"} & environ.keys():
        client = OpenAI(api_key=environ.get("OPENAI_API_KEY", "none"), max_retries=0)
        model = environ.get("OPENAI_MODEL", "gpt-4o-mini")
    else:
        provider = stack.enter_context(FakeModel([Reply(text) for text in SAID]))
        client = OpenAI(base_url=provider.url, api_key="none", max_retries=0)
        model = "small-model"
    accounting = TokenAccounting()
    driver = Driver({}, pipeline, adapter=accounting)
    inputs = {"client": metered(client), "model": model, "notes": NOTES}
    for question in QUESTIONS:
        skipped = []
        for event in driver.stream(["page"], {**inputs, "question": question}):
            match event:
                case StepSkipped(node=node):
                    skipped.append(node)
                case RunFinished(results=results):
                    print(results["page"])
        print(f"  not made: {', '.join(skipped)}")
    print(f"{len(accounting.calls)} requests: {', '.join(c.node for c in accounting.calls)}")


if __name__ == "__main__":
    with ExitStack() as exits:
        main(exits)
