"""What is shown and logged of tokens and cost while a run goes, and at its end."""

import json
import logging
import pickle
import re
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from typing import Any

import openai
import pytest
from openai import OpenAI

from stepwell import Driver
from stepwell.lifecycle import LogRuns, PrintLn, ProgressBar, Retry, RunIds
from stepwell.llm import Price, metered
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
USED = "1 call, 7 tokens in, 4 out, $0.000015"


@pytest.fixture
def model() -> Iterator[FakeModel]:
    with FakeModel() as running:
        yield running


@pytest.fixture
def steps(model: FakeModel) -> Iterator[Any]:
    plain = OpenAI(base_url=model.url, api_key="k", max_retries=0)
    with metered(plain, prices={"m": Price(1, 2)}) as client:

        def question() -> str:
            logging.getLogger("mine").warning("a word from within")
            return "What is the capital?"

        def answer(question: str) -> str:
            made = client.chat.completions.create(model="m", messages=MESSAGES)
            return made.choices[0].message.content or ""

        yield module_of(question, answer)


def printed(steps: Any, *adapters: Any) -> list[str]:
    lines: list[str] = []
    driver = Driver({}, steps, adapter=[PrintLn(print_fn=lines.append), *adapters])
    with suppress(openai.OpenAIError):
        driver.execute(["answer"])
    return [re.sub(r"[\d.]+ (µs|ms|s)\b", "… s", line) for line in lines]


def test_lines_tell_what_was_spent(steps: Any) -> None:
    """On the line of the step that asked, and on the last."""
    assert printed(steps) == [
        "run of 2 nodes for answer",
        "  question: … s",
        f"  answer: … s, {USED}",
        f"run finished; {USED}",
    ]


def test_a_failed_run_tells_what_it_spent(steps: Any, model: FakeModel) -> None:
    """Attempts that failed are calls; one that was cut off is a lower bound."""
    model.replies.extend([Reply(usage=None), Reply(fault="truncated_json"), Reply(status=401)])
    lines = printed(steps, Retry(sleep=lambda seconds: None))
    assert lines[-1] == "run finished; 1 call, ≥ 0 tokens in, ≥ 0 out, cost unknown"
    lines = printed(steps, Retry(sleep=lambda seconds: None))
    assert lines[-1] == (
        "run failed: AuthenticationError; 2 calls, ≥ 0 tokens in, ≥ 0 out, cost unknown"
    )


def test_a_bar_tells_what_was_spent(steps: Any) -> None:
    """Where the output is no terminal, as a line at the end."""
    file = StringIO()
    Driver({}, steps, adapter=[ProgressBar("asking", file=file)]).execute(["answer"])
    assert file.getvalue().splitlines()[-1] == f"asking: {USED}"


class Terminal(StringIO):
    """Takes what is drawn."""

    def isatty(self) -> bool:
        return True


def test_a_drawn_bar_tells_what_was_spent(steps: Any) -> None:
    """In a terminal the sum stays when the bar is gone."""
    file = Terminal()
    Driver({}, steps, adapter=[ProgressBar("asking", file=file)]).execute(["answer"])
    assert f"asking: {USED}" in file.getvalue()


def test_records_have_ids(steps: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Run, step, time, tokens and cost are attributes, as a structured formatter wants them."""
    with caplog.at_level(logging.INFO, "stepwell.run"):
        Driver({}, steps, adapter=[LogRuns()]).execute(["answer"])
    question, answer, run = [r for r in caplog.records if r.name == "stepwell.run"]
    found = vars(answer)
    assert (found["node"], found["calls"], found["input_tokens"], found["output_tokens"]) == (
        "answer",
        1,
        7,
        4,
    )
    assert (str(found["cost"]), found["currency"]) == ("0.000015", "USD")
    assert vars(question)["run_id"] == found["run_id"] == vars(run)["run_id"]
    assert "calls" not in vars(question)
    assert run.getMessage().startswith("run finished in ")
    assert run.getMessage().endswith(USED)


def test_a_failure_is_a_warning_without_its_text(
    steps: Any, model: FakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    """The class is told; the text may hold what was said."""
    model.reply = Reply(status=401, error={"message": "What is the capital?"})
    driver = Driver({}, steps, adapter=[LogRuns()])
    with caplog.at_level(logging.INFO, "stepwell"), pytest.raises(openai.AuthenticationError):
        driver.execute(["answer"])
    warned = [r for r in caplog.records if r.levelno == logging.WARNING and r.name != "mine"]
    assert [vars(record)["error"] for record in warned] == ["AuthenticationError"] * 2
    assert "capital" not in " ".join(record.getMessage() for record in warned)


def test_what_a_step_logs_has_ids(steps: Any) -> None:
    """A filter on a handler gives any record the run and the step that it was made in."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(RunIds())
    handler.setFormatter(logging.Formatter('{"node": "%(node)s", "run": "%(run_id)s"}'))
    logger = logging.getLogger("mine")
    logger.addHandler(handler)
    try:
        Driver({}, steps, adapter=[LogRuns()]).execute(["answer"])
        logger.warning("outside")
    finally:
        logger.removeHandler(handler)
    inside, outside = (json.loads(line) for line in written.getvalue().splitlines())
    assert inside["node"] == "question"
    assert inside["run"] != "None"
    assert outside == {"node": "None", "run": "None"}


@pytest.mark.parametrize(
    "adapter", [PrintLn(), ProgressBar("a"), LogRuns("x")], ids=["lines", "bar", "log"]
)
def test_they_can_be_pickled(adapter: Any) -> None:
    """With their settings, and without what they count."""
    assert type(pickle.loads(pickle.dumps(adapter))) is type(adapter)
