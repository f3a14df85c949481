"""Attempts at a call: each is counted, none in vain, and none by two at once."""

import logging
from collections.abc import Iterator

import openai
import pytest
from metered_runs import PRICES, ask, ledger, only
from openai import OpenAI

from stepwell import Driver
from stepwell.lifecycle import Retry
from stepwell.llm import TokenAccounting, Usage, metered
from stepwell.testing import FakeModel, Reply, module_of


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    with metered(
        OpenAI(base_url=model.url, api_key="k", max_retries=0, timeout=10), prices=PRICES
    ) as made:
        yield made


def test_trap_1_only_the_last_attempt_is_counted(client: OpenAI) -> None:
    """An answer that one's own check rejects has been paid; each attempt has its row."""
    tries: list[int] = []

    def answer() -> None:
        ask(client)
        tries.append(1)
        if len(tries) < 3:
            raise ValueError("not in the form asked for")

    retry = Retry(on=ValueError, sleep=lambda seconds: None)
    accounting = ledger(answer, adapters=[retry])
    assert [(call.attempt, call.number) for call in accounting.calls] == [(1, 1), (2, 2), (3, 3)]
    assert accounting.total().output_tokens == 12
    assert {key: usage.output_tokens for key, usage in accounting.by_attempt().items()} == {
        ("answer", 1): 4,
        ("answer", 2): 4,
        ("answer", 3): 4,
    }
    assert [step.attempts for step in accounting.steps()] == [3]


def test_trap_18_cost_after_an_exception(client: OpenAI) -> None:
    """What was spent before a step failed is in the ledger of the failed run."""

    def answer() -> None:
        ask(client)
        raise ValueError("too late")

    accounting = ledger(answer)
    assert accounting.total().output_tokens == 4
    assert [step.error for step in accounting.steps()] == ["ValueError"]


@pytest.mark.parametrize(
    ("reply", "error", "cure"),
    [
        (Reply(status=400), openai.BadRequestError, ""),
        (Reply(status=401), openai.AuthenticationError, "give a valid one"),
        (Reply(status=403), openai.PermissionDeniedError, "the key may not do this"),
        (Reply(status=404), openai.NotFoundError, "look at `base_url`"),
        (
            Reply(status=400, error={"code": "context_length_exceeded"}),
            openai.BadRequestError,
            "shorten it",
        ),
        (
            Reply(status=429, error={"code": "insufficient_quota"}),
            openai.RateLimitError,
            "credit is used up",
        ),
        (
            Reply(status=400, error={"code": "content_filter"}),
            openai.BadRequestError,
            "change what is in it",
        ),
    ],
    ids=lambda value: str(getattr(value, "status", "")),
)
def test_trap_24_permanent_errors_make_one_request(
    client: OpenAI, model: FakeModel, reply: Reply, error: type[Exception], cure: str
) -> None:
    """Exactly one request under a retry of three; it cost nothing; what to do is told."""
    model.reply = reply
    accounting = TokenAccounting()

    def answer() -> None:
        ask(client)

    driver = Driver({}, module_of(answer), adapter=[accounting, Retry(sleep=lambda seconds: None)])
    with pytest.raises(error) as caught:
        driver.execute(["answer"])
    assert cure in "\n".join(caught.value.__notes__)
    assert len(model.requests) == 1
    assert only(accounting).usage == Usage(requests=1)
    assert only(accounting).error == str(reply.status)


def test_errors_that_pass_are_retried(client: OpenAI, model: FakeModel) -> None:
    """429 with a wait, 503, a lost connection, then an answer: four requests, three waits."""
    waits: list[float] = []
    model.replies.extend(
        [
            Reply(status=429, headers={"retry-after": "7"}),
            Reply(status=503, body=b"<html>busy</html>"),
            Reply(cut_after=0),
        ]
    )

    def answer() -> None:
        ask(client)

    accounting = ledger(answer, adapters=[Retry(4, sleep=waits.append)])
    assert [call.status for call in accounting.calls] == [429, 503, None, 200]
    assert len(model.requests) == 4
    assert 7 <= waits[0] <= 7.5
    assert accounting.total().unmeasured == 1  # the lost one may have been billed


def test_trap_19_nested_retries_multiply(
    client: OpenAI, model: FakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that retries under a retrying step is told of, with the product; once."""
    model.reply = Reply(status=500, headers={"retry-after-ms": "1"})
    own = metered(OpenAI(base_url=model.url, api_key="k", max_retries=2))

    def answer() -> None:
        ask(own)

    with caplog.at_level(logging.WARNING, "stepwell"):
        ledger(answer, adapters=[Retry(sleep=lambda seconds: None)])
        ledger(answer, adapters=[Retry(sleep=lambda seconds: None)])
    own.close()
    assert len(model.requests) == 18
    (record,) = caplog.records
    assert "up to 9 requests" in record.getMessage()
    assert "max_retries=0" in record.getMessage()
