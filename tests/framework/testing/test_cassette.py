"""`cassette`: what is recorded of a provider, and that nothing is asked again."""

import asyncio
import json
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from stepwell import Driver
from stepwell.llm import TokenAccounting, metered
from stepwell.testing import FakeModel, NotRecorded, Reply, cassette, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
KEY = "sk-proj-0123456789abcdefghij"


def said(client: OpenAI, *, stream: bool = False, model: str = "m") -> Any:
    made: Any = client.chat.completions.create(model=model, messages=MESSAGES, stream=stream)
    if not stream:
        return made.choices[0].message.content
    return [chunk.choices[0].delta.content for chunk in made if chunk.choices]


def recorded(model: FakeModel, path: Path) -> None:
    with cassette(OpenAI(base_url=model.url, api_key=KEY, max_retries=0), path, record=True) as c:
        assert said(c) == "Paris is the capital."
        assert "".join(text or "" for text in said(c, stream=True)) == "Paris is the capital."
        model.reply = Reply(status=429, headers={"retry-after": "2"}, error={"message": KEY})
        with pytest.raises(openai.RateLimitError):
            said(c, model="busy")


def test_it_plays_what_it_recorded(model: FakeModel, tmp_path: Path) -> None:
    """The same answers, chunks and errors, from the file alone; measured as ever."""
    path = tmp_path / "answers" / "tape.json"
    recorded(model, path)
    asked = len(model.requests)
    accounting = TokenAccounting()
    plain = OpenAI(base_url="http://nowhere.invalid/v1", api_key="none", max_retries=0)
    client = metered(cassette(plain, path, record=False))

    def answer() -> str:
        return said(client)

    driver = Driver({}, module_of(answer), adapter=[accounting])
    assert driver.execute(["answer"]) == {"answer": "Paris is the capital."}
    assert accounting.total().output_tokens == 4
    chunks = said(client, stream=True)
    assert len(chunks) == 5
    with pytest.raises(openai.RateLimitError) as caught:
        said(client, model="busy")
    assert caught.value.response.headers["retry-after"] == "2"
    client.close()
    assert len(model.requests) == asked


def test_no_key_is_in_the_file(model: FakeModel, tmp_path: Path) -> None:
    """Not from a header, and not where an answer repeats it."""
    path = tmp_path / "tape.json"
    recorded(model, path)
    text = path.read_text("utf-8")
    assert KEY not in text
    assert "authorization" not in text.lower()
    assert [entry["answer"]["status"] for entry in json.loads(text)] == [200, 200, 429]


def test_what_was_not_recorded_is_not_sent(tmp_path: Path) -> None:
    """The request, the file and the way to record it are named."""
    client = cassette(OpenAI(api_key="k", max_retries=3), tmp_path / "none.json", record=False)
    with pytest.raises(NotRecorded, match=r"no answer to this POST of `/v1/chat/completions`"):
        said(client)
    client.close()


def test_the_same_again_gets_what_came_then(model: FakeModel, tmp_path: Path) -> None:
    """In order, and then the last."""
    path = tmp_path / "tape.json"
    model.replies.extend([Reply("one"), Reply("two")])
    settings: Any = {"base_url": model.url, "api_key": "k"}
    with cassette(OpenAI(**settings), path, record=True) as client:
        assert [said(client), said(client)] == ["one", "two"]
    with cassette(OpenAI(**settings), path) as client:
        assert [said(client), said(client), said(client)] == ["one", "two", "two"]


def test_an_async_client(model: FakeModel, tmp_path: Path) -> None:
    """The same for an async client, streams too."""
    path = tmp_path / "tape.json"

    async def asked(*, record: bool) -> tuple[str | None, int]:
        plain = AsyncOpenAI(base_url=model.url, api_key="k", max_retries=0)
        async with cassette(plain, path, record=record) as client:
            made = await client.chat.completions.create(model="m", messages=MESSAGES)
            stream = await client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
            return made.choices[0].message.content, len([chunk async for chunk in stream])

    first = asyncio.run(asked(record=True))
    assert asyncio.run(asked(record=False)) == first == ("Paris is the capital.", 5)
    assert len(model.requests) == 2


def test_a_file_that_is_no_cassette(tmp_path: Path) -> None:
    """It is named, and left as it is."""
    path = tmp_path / "tape.json"
    path.write_text('{"a": 1}', "utf-8")
    with pytest.raises(ValueError, match="is no cassette"):
        cassette(OpenAI(api_key="k"), path, record=False)
    assert path.read_text("utf-8") == '{"a": 1}'
