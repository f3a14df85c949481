"""`FakeModel`: what it says of itself, and a real server behind it."""

from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI

from stepwell.llm import text_in
from stepwell.testing import FakeModel, Reply

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
TEXT = "Paris is the capital."


def test_a_server_behind(model: FakeModel) -> None:
    """Whole and streamed answers come through between scripted faults, with key and body."""
    with (
        FakeModel([Reply(status=503), None], behind=model.url) as front,
        OpenAI(base_url=front.url, api_key="secret", max_retries=0) as client,
    ):
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(model="m", messages=MESSAGES)
        assert text_in(client.chat.completions.create(model="m", messages=MESSAGES)) == TEXT
        stream = client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == TEXT
    assert len(model.requests) == 2
    assert model.requests[0].headers["authorization"] == "Bearer secret"
    assert model.requests[1].body["stream"] is True


def test_a_place_of_its_own() -> None:
    """Stopped and started again, it is found at the same address."""
    with FakeModel() as first:
        url, port = first.url, first.port
    with FakeModel(port=port) as second:
        assert second.url == url


def test_what_nobody_asked_for(model: FakeModel) -> None:
    """There is nothing under a name that was never given."""
    assert httpx2.get(f"{model.url}/responses/resp-9").status_code == 404


def test_a_delay(model: FakeModel) -> None:
    """It outlasts a client's patience, and ends with the server."""
    model.reply = Reply(delay=600)
    with (
        OpenAI(base_url=model.url, api_key="k", max_retries=0, timeout=0.1) as client,
        pytest.raises(openai.APITimeoutError),
    ):
        client.chat.completions.create(model="m", messages=MESSAGES)
    model.reply = Reply(delay=0.001)
    with OpenAI(base_url=model.url, api_key="k", max_retries=0) as client:
        assert text_in(client.chat.completions.create(model="m", messages=MESSAGES)) == TEXT
