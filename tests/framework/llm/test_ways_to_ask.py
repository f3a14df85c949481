"""Every way in which the SDK asks: what the caller gets is the same, and all of it is counted."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletion
from pydantic import BaseModel

from stepwell import Driver
from stepwell.llm import Call, TokenAccounting, arguments_in, metered
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
ASKED: Any = {"model": "m", "messages": MESSAGES}
TEXT = "Paris is the capital."


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    with metered(OpenAI(base_url=model.url, api_key="k", max_retries=0)) as made:
        yield made


def counted(step: Callable[[], Any]) -> tuple[Any, list[Call]]:
    """What the step makes, and the rows of its calls."""
    accounting = TokenAccounting()
    made = Driver({}, module_of(step), adapter=[accounting]).execute([step.__name__])
    return made[step.__name__], accounting.calls


class City(BaseModel):
    """What a structured answer is."""

    name: str


def raw(client: OpenAI) -> str:
    response = client.chat.completions.with_raw_response.create(**ASKED)
    assert response.headers["content-type"] == "application/json"
    return response.parse().choices[0].message.content or ""


def raw_stream(client: OpenAI) -> str:
    response = client.chat.completions.with_raw_response.create(**ASKED, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in response.parse())


def streaming_response(client: OpenAI) -> str:
    with client.chat.completions.with_streaming_response.create(**ASKED) as response:
        return response.parse().choices[0].message.content or ""


def streaming_lines(client: OpenAI) -> str:
    with client.chat.completions.with_streaming_response.create(**ASKED, stream=True) as response:
        events = [line[6:] for line in response.iter_lines() if line.startswith("data: {")]
    return "".join(json.loads(e)["choices"][0]["delta"].get("content", "") for e in events)


def streaming_bytes(client: OpenAI) -> str:
    with client.chat.completions.with_streaming_response.create(**ASKED) as response:
        return json.loads(response.read())["choices"][0]["message"]["content"]


def stream_helper(client: OpenAI) -> str:
    with client.chat.completions.stream(**ASKED) as stream:
        for _ in stream:
            pass
        return stream.get_final_completion().choices[0].message.content or ""


def responses(client: OpenAI) -> str:
    return client.responses.create(model="m", input="What is the capital of it all?").output_text


def responses_helper(client: OpenAI) -> str:
    with client.responses.stream(model="m", input="What is the capital of it all?") as stream:
        texts = [event.delta for event in stream if event.type == "response.output_text.delta"]
    return "".join(texts)


def with_options(client: OpenAI) -> str:
    other = client.with_options(timeout=5, max_retries=1)
    return other.chat.completions.create(**ASKED).choices[0].message.content or ""


def by_hand(client: OpenAI) -> str:
    made = client.post("/chat/completions", body=ASKED, cast_to=ChatCompletion)
    return made.choices[0].message.content or ""


WAYS = [
    raw,
    raw_stream,
    streaming_response,
    streaming_lines,
    streaming_bytes,
    stream_helper,
    responses,
    responses_helper,
    with_options,
    by_hand,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_way_gives_the_text_and_one_row(
    client: OpenAI, model: FakeModel, way: Callable[[OpenAI], str]
) -> None:
    """As a plain client gives it; the row has the tokens that the server counted."""
    with OpenAI(base_url=model.url, api_key="k", max_retries=0) as plain:
        assert way(plain) == TEXT

    def answer() -> str:
        return way(client)

    text, (call,) = counted(answer)
    assert text == TEXT
    assert (call.usage.input_tokens, call.usage.output_tokens, call.error) == (7, 4, None)


def test_a_response_that_is_not_read(client: OpenAI) -> None:
    """Left before its body came: one row, a lower bound."""

    def answer() -> int:
        with client.chat.completions.with_streaming_response.create(**ASKED) as response:
            return response.status_code

    status, (call,) = counted(answer)
    assert (status, call.status, call.usage.unmeasured) == (200, 200, 1)


def test_a_structured_answer(client: OpenAI, model: FakeModel) -> None:
    """`parse` is a call as any other, and so is what it could not parse."""
    model.reply = Reply('{"name": "Paris"}')

    def answer() -> City | None:
        made = client.chat.completions.parse(**ASKED, response_format=City)
        return made.choices[0].message.parsed

    city, calls = counted(answer)
    assert city == City(name="Paris")
    assert [call.usage.output_tokens for call in calls] == [2]


def test_a_tool_loop(client: OpenAI, model: FakeModel) -> None:
    """A row for each turn; the tools' definitions are input that the server counts."""
    function = {"name": "look_up", "arguments": '{"city": "Paris"}'}
    asks = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function"}]}
    asks["tool_calls"][0]["function"] = function  # type: ignore[index]
    usage = {"prompt_tokens": 90, "completion_tokens": 12, "total_tokens": 102}
    wishes = {
        "id": "chat-0",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": asks, "finish_reason": "tool_calls"}],
        "usage": usage,
    }
    model.replies.append(Reply(body=json.dumps(wishes).encode()))
    tool: Any = {"type": "function", "function": {"name": "look_up", "parameters": {}}}

    def agent() -> str:
        history = [*MESSAGES]
        while True:
            made = client.chat.completions.create(model="m", messages=history, tools=[tool])
            message = made.choices[0].message
            if not message.tool_calls:
                return message.content or ""
            (call,) = message.tool_calls
            result = f"{arguments_in(call)['city']} has two million"
            history += [message, {"role": "tool", "tool_call_id": call.id, "content": result}]

    text, calls = counted(agent)
    assert text == TEXT
    assert [call.number for call in calls] == [1, 2]
    assert [call.finish_reasons for call in calls] == [("tool_calls",), ("stop",)]
    assert calls[0].usage.input_tokens == 90


def _body(**known: Any) -> Reply:
    return Reply(body=json.dumps(known).encode())


IMAGES = {
    "input_tokens": 50,
    "output_tokens": 4000,
    "total_tokens": 4050,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
    "output_tokens_details": {"text_tokens": 0, "image_tokens": 4000},
}
HEARD = {
    "type": "tokens",
    "input_tokens": 30,
    "output_tokens": 5,
    "total_tokens": 35,
    "input_token_details": {"audio_tokens": 28, "text_tokens": 2},
}

OTHERS = [
    pytest.param(
        lambda c: c.moderations.create(model="m", input="hi"),
        _body(id="mod-1", model="m", results=[]),
        ("moderations", 0, 0, 1),
        id="moderations",
    ),
    pytest.param(
        lambda c: c.images.generate(model="m", prompt="a cat"),
        _body(created=1, data=[{"b64_json": "AA=="}], usage=IMAGES),
        ("images", 50, 4000, 0),
        id="images",
    ),
    pytest.param(
        lambda c: c.images.edit(model="m", prompt="a cat", image=("a.png", b"PNG")),
        _body(created=1, data=[{"b64_json": "AA=="}], usage=IMAGES),
        ("images", 50, 4000, 0),
        id="image-edits",
    ),
    pytest.param(
        lambda c: c.audio.transcriptions.create(model="m", file=("a.wav", b"RIFF")),
        _body(text="hi", usage=HEARD),
        ("transcriptions", 30, 5, 0),
        id="transcriptions",
    ),
    pytest.param(
        lambda c: c.audio.speech.create(model="m", voice="v", input="hi").read(),
        Reply(body=b"RIFF\x00\xff", headers={"content-type": "audio/wav"}),
        ("speech", 0, 0, 1),
        id="speech",
    ),
    pytest.param(
        lambda c: c.embeddings.create(model="m", input=["one two", "three"]),
        Reply(),
        ("embeddings", 3, 0, 0),
        id="embeddings",
    ),
    pytest.param(
        lambda c: c.completions.create(model="m", prompt="one"),
        _body(
            id="c",
            object="text_completion",
            created=1,
            model="m",
            choices=[{"index": 0, "text": "two", "finish_reason": "stop", "logprobs": None}],
            usage={"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        ),
        ("text_completion", 1, 1, 0),
        id="completions",
    ),
]


@pytest.mark.parametrize(("ask", "reply", "expected"), OTHERS)
def test_other_interfaces(
    client: OpenAI,
    model: FakeModel,
    ask: Callable[[OpenAI], Any],
    reply: Reply,
    expected: tuple[str, int, int, int],
) -> None:
    """Where they report their usage it is counted; where they don't it is not known."""
    model.reply = reply

    def made() -> None:
        ask(client)

    _, (call,) = counted(made)
    usage = call.usage
    assert (call.operation, usage.input_tokens, usage.output_tokens, usage.unmeasured) == expected
    if call.operation == "images":
        assert (usage.image_input, usage.image_output) == (40, 4000)
    if call.operation == "transcriptions":
        assert usage.audio_input == 28


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.models.list(),
        lambda c: c.files.list(),
        lambda c: c.files.create(file=b"{}", purpose="batch"),
        lambda c: c.files.content("file-1"),
        lambda c: c.batches.list(),
    ],
    ids=["models", "files", "upload", "download", "batches"],
)
def test_what_uses_no_tokens_is_no_call(
    client: OpenAI, model: FakeModel, ask: Callable[[OpenAI], Any]
) -> None:
    """Lists, files up and down: nothing is measured, nothing refused for its size or form."""
    model.reply = _body(object="list", data=[], id="x")

    def looked() -> None:
        from contextlib import suppress

        from openai import NotFoundError

        with suppress(NotFoundError):
            ask(client)

    assert counted(looked)[1] == []
