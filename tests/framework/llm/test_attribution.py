"""Whose request it is: run, step and number, in tasks and threads and however it runs."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from metered_runs import MESSAGES, PRICES, ask, ledger
from openai import AsyncOpenAI, OpenAI

from stepwell import Driver, Stream
from stepwell.llm import TokenAccounting, metered
from stepwell.testing import FakeModel, module_of


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    with metered(
        OpenAI(base_url=model.url, api_key="k", max_retries=0, timeout=10), prices=PRICES
    ) as made:
        yield made


async def test_trap_10_one_global_counter(model: FakeModel) -> None:
    """A hundred interleaved runs of three calls each: every row with its own run and node."""
    accounting = TokenAccounting()
    async with metered(AsyncOpenAI(base_url=model.url, api_key="k", max_retries=0)) as client:

        async def call(name: str) -> None:
            await client.chat.completions.create(model=name, messages=MESSAGES)

        async def left(question: str) -> None:
            await asyncio.gather(*(call(f"left {question}") for _ in range(2)))

        async def right(question: str) -> None:
            await call(f"right {question}")

        driver = Driver({}, module_of(left, right), adapter=[accounting])
        await asyncio.gather(
            *(
                driver.aexecute(["left", "right"], inputs={"question": str(number)})
                for number in range(100)
            )
        )
    assert len(accounting.calls) == 300
    for run_id in accounting.runs:
        calls = accounting.calls_of(run_id)
        assert len({(call.model or "").split()[1] for call in calls}) == 1
        assert sorted((call.node, call.number) for call in calls) == [
            ("left", 1),
            ("left", 2),
            ("right", 1),
        ]
        assert all((call.model or "").startswith(call.node or "?") for call in calls)


def test_trap_11_threads_lose_the_context(client: OpenAI) -> None:
    """The driver's threads keep it; in a pool of one's own a call is *unattributed*, and said."""

    def kept() -> None:
        ask(client)

    def lost() -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(ask, client).result()

    accounting = ledger(kept, lost, threads=2)
    assert [call.node for call in accounting.calls] == ["kept"]
    assert [call.node for call in accounting.unattributed] == [None]
    assert accounting.total().requests == 1


@pytest.mark.parametrize("way", ["execute", "threads", "aexecute", "stream", "astream"])
def test_every_way_to_run_attributes_alike(client: OpenAI, model: FakeModel, way: str) -> None:
    """Plain, yielding and (where they can run) async steps: each call belongs to its step."""
    accounting = TokenAccounting()

    def plain() -> str:
        return ask(client).choices[0].message.content

    def words(plain: str) -> Stream[str]:
        with ask(client, stream=True) as chunks:
            for chunk in chunks:
                yield chunk.choices[0].delta.content or ""

    def text(words: str) -> int:
        ask(client)
        return len(words)

    def live(words: Stream[str]) -> int:
        ask(client)
        return len(list(words))

    steps = module_of(plain, words, text, live)
    driver = Driver({}, steps, adapter=[accounting], threads=2 if way == "threads" else 0)
    targets = ["text", "live"]
    if way in ("execute", "threads"):
        assert driver.execute(targets) == {"text": 21, "live": 5}
    elif way == "aexecute":
        assert asyncio.run(driver.aexecute(targets)) == {"text": 21, "live": 5}
    elif way == "stream":
        list(driver.stream(targets))
    else:

        async def read() -> None:
            async for _ in driver.astream(targets):
                pass

        asyncio.run(read())
    assert sorted((call.node, call.number, call.error) for call in accounting.calls) == [
        ("live", 1, None),
        ("plain", 1, None),
        ("text", 1, None),
        ("words", 1, None),
    ]
    assert accounting.unattributed == []


def test_outside_a_run_nothing_is_measured(client: OpenAI, model: FakeModel) -> None:
    """With nobody listening a stream is not even asked for its usage."""
    list(ask(client, stream=True))
    assert "stream_options" not in model.requests[0].body
