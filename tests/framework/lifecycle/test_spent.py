"""What is shown and logged of tokens and cost while a run goes, and at its end."""

import json
import logging
import pickle
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from stepwell import Builder, Collect, Driver, Parallelizable
from stepwell.executors import AsyncioExecutor, ProcessesExecutor, ThreadsExecutor
from stepwell.lifecycle import LogRuns, PrintLn, ProgressBar, Retry, RunIds
from stepwell.llm import Price, metered
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
USED = "1 call, 7 tokens in, 4 out, $0.000015"


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
        f"run finished in … s; {USED}",
    ]


def test_a_failed_run_tells_what_it_spent(steps: Any, model: FakeModel) -> None:
    """Attempts that failed are calls; one that was cut off is a lower bound."""
    model.replies.extend([Reply(usage=None), Reply(fault="truncated_json"), Reply(status=401)])
    lines = printed(steps, Retry(sleep=lambda seconds: None))
    assert lines[-1] == "run finished in … s; 1 call, ≥ 0 tokens in, ≥ 0 out, cost unknown"
    lines = printed(steps, Retry(sleep=lambda seconds: None))
    assert lines[-1] == (
        "run failed after … s: AuthenticationError; 2 calls, ≥ 0 tokens in, ≥ 0 out, cost unknown"
    )


def test_a_bar_tells_what_was_spent(steps: Any) -> None:
    """Where the output is no terminal, on the lines, and as one at the end."""
    file = StringIO()
    Driver({}, steps, adapter=[ProgressBar("asking", file=file)]).execute(["answer"])
    *lines, step, last = file.getvalue().splitlines()
    assert lines == ["asking 1/2 question"]
    assert step == f"asking 2/2 answer ({USED})"
    assert re.sub(r"[\d.]+ (ms|s)\b", "…", last) == f"asking: 2 of 2 nodes in …; {USED}"


class Terminal(StringIO):
    """Takes what is drawn."""

    def isatty(self) -> bool:
        return True


def test_a_drawn_bar_tells_what_was_spent(steps: Any) -> None:
    """In a terminal the sum stays when the bar is gone."""
    file = Terminal()
    Driver({}, steps, adapter=[ProgressBar("asking", file=file)]).execute(["answer"])
    assert "asking: 2 of 2 nodes in " in file.getvalue()
    assert f"; {USED}" in file.getvalue()


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


def test_what_waits_to_be_made_again_is_seen(steps: Any, model: FakeModel) -> None:
    """With the class of what failed and the wait, on lines and beside a bar."""
    file = StringIO()
    for adapter in (PrintLn(print_fn=lambda line: print(line, file=file)), ProgressBar(file=file)):
        model.replies.append(Reply(status=429, headers={"retry-after-ms": "20"}))
        retry = Retry(wait=0, sleep=lambda seconds: None)
        Driver({}, steps, adapter=[adapter, retry]).execute(["answer"])
    told = [line.strip() for line in file.getvalue().splitlines() if "attempt" in line]
    line = "answer: attempt 1 failed with RateLimitError, again in 0.0 s"
    assert told == [line, f"running {line}"]


@pytest.mark.parametrize("executor", [ThreadsExecutor(2), AsyncioExecutor(2)])
def test_items_are_counted_as_they_become_known(executor: Any) -> None:
    """There are never more done than there are; at the end all are."""

    def page(count: int) -> Parallelizable[int]:
        yield from range(count)

    def word(page: int) -> Parallelizable[int]:
        yield from range(page)

    def read(word: int) -> int:
        return word

    def words(read: Collect[int]) -> int:
        return len(read)

    def pages(words: Collect[int]) -> int:
        return sum(words)

    file = StringIO()
    builder = Builder().with_modules(module_of(page, word, read, words, pages))
    dr = builder.with_adapters(ProgressBar(file=file)).with_executor(executor).build()
    assert dr.execute(["pages"], {"count": 4}) == {"pages": 6}
    counts = re.findall(r"running (\d+)/(\d+) (.*)", file.getvalue())
    assert [int(done) for done, _, _ in counts] == [*range(1, 1 + 1 + 4 * 2 + 6 + 1)]
    assert all(int(done) <= int(total) for done, total, _ in counts)
    assert counts[-1] == ("16", "16", "pages")
    assert {"word of page[3]", "read of page[3].word[2]"} <= {what for _, _, what in counts}


TEXT = """
from stepwell import Collect, Parallelizable
from stepwell.llm import Usage, record_usage

def item(count: int) -> Parallelizable[int]:
    yield from range(count)

def asked(item: int) -> int:
    record_usage(Usage(input_tokens=5, requests=1), operation="chat", model="m")
    return item

def all_asked(asked: Collect[int]) -> int:
    return sum(asked)
"""


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Any]:
    """A module that another process can import as well."""
    (tmp_path / "counted_steps.py").write_text(TEXT, "utf-8")
    sys.path.insert(0, str(tmp_path))
    try:
        yield import_module("counted_steps")
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("counted_steps")


def test_what_is_used_in_other_processes_is_told_here(
    counted: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """By each of the three."""
    file = StringIO()
    builder = Builder().with_modules(counted).with_executor(ProcessesExecutor(2))
    builder.with_adapters(ProgressBar(file=file), LogRuns(), PrintLn())
    with caplog.at_level(logging.INFO, "stepwell.run"):
        assert builder.build().execute(["all_asked"], {"count": 3}) == {"all_asked": 3}
    used = "3 calls, 15 tokens in, 0 out, cost unknown"
    lines = file.getvalue().splitlines()
    assert lines[-1].startswith("running: 5 of 5 nodes in ")
    assert lines[-1].endswith(f"; {used}")
    assert caplog.records[-1].getMessage().endswith(used)
    assert capfd.readouterr().out.splitlines()[-1].endswith(f"; {used}")
