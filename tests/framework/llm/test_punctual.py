"""Deadlines of plain clients: what drips ends, and what is quick keeps its connection."""

import ssl
from time import monotonic
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI

from stepwell.llm import metered
from stepwell.llm.punctual import Connection, Until, keep_time
from stepwell.testing import FakeModel, Reply

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]


@pytest.mark.parametrize("fault", ["slow_headers", "slow_body"])
def test_what_drips_ends_on_a_connection_that_was_used_before(fault: str) -> None:
    """The first answer is quick; the second drips over the same connection until its deadline."""
    with (
        FakeModel([Reply(), Reply(fault=fault, pace=0.1), Reply()]) as model,
        metered(OpenAI(base_url=model.url, api_key="k", max_retries=0), deadline=1.5) as client,
    ):

        def ask() -> Any:
            return client.chat.completions.create(model="m", messages=MESSAGES)

        assert ask().choices
        with pytest.raises(openai.APITimeoutError) as caught:
            ask()
        assert "longer than its deadline of 1.5 s" in str(caught.value.__cause__)
        assert ask().choices
        assert len(model.requests) == 3
    assert model.is_left()


def test_the_limit_of_each_read_stays(model: FakeModel) -> None:
    """A deadline far away makes no read wait longer than the client's own timeout."""
    model.reply = Reply(fault="hang")
    settings: Any = {"base_url": model.url, "api_key": "k", "max_retries": 0, "timeout": 0.2}
    with (
        metered(OpenAI(**settings), deadline=600) as client,
        pytest.raises(openai.APITimeoutError) as caught,
    ):
        client.chat.completions.create(model="m", messages=MESSAGES)
    assert "deadline" not in str(caught.value.__cause__)


def test_a_deadline_holds_no_thread(model: FakeModel) -> None:
    """Nothing watches from outside: a read itself knows how long it may last."""
    import threading

    with metered(OpenAI(base_url=model.url, api_key="k"), deadline=60) as client:
        before = {t.name for t in threading.enumerate() if "process_request" not in t.name}
        assert client.chat.completions.create(model="m", messages=MESSAGES).choices
        after = {t.name for t in threading.enumerate() if "process_request" not in t.name}
    assert after == before


def test_a_pool_is_wrapped_once() -> None:
    """Metering a client twice, or two twins of one, puts no second layer below it."""
    transport: Any = httpx2.HTTPTransport(verify=ssl.create_default_context())
    keep_time(transport)
    backend = transport._pool._network_backend
    keep_time(transport)
    assert transport._pool._network_backend is backend
    keep_time(httpx2.MockTransport(lambda request: httpx2.Response(200)))
    transport.close()


class Stream:
    """A connection that tells the time limits that it is given."""

    def __init__(self) -> None:
        self.limits: list[float | None] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.limits.append(timeout)
        return b"x"

    def start_tls(self, *args: Any, **options: Any) -> "Stream":
        return self


def test_a_limit_shrinks() -> None:
    """A read has its own limit or what is left, whichever is less, with TLS too; or none at all."""
    stream = Stream()
    connection = Connection(stream).start_tls(ssl.create_default_context())
    connection.read(1, None)
    connection.read(1, 5.0)
    connection.read(1, Until(5.0, monotonic() + 600))
    connection.read(1, Until(5.0, monotonic() + 2))
    with pytest.raises(TimeoutError):
        connection.read(1, Until(5.0, monotonic() - 1))
    *whole, left = stream.limits
    assert whole == [None, 5.0, 5.0]
    assert left is not None
    assert 0 < left <= 2
