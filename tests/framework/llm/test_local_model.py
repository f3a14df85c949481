"""The ledger of a real model on this machine."""

from decimal import Decimal

import pytest
from openai import AsyncOpenAI, OpenAI

from stepwell import Driver, Stream
from stepwell.lifecycle import Retry
from stepwell.llm import Price, TokenAccounting, metered
from stepwell.local import ModelServer
from stepwell.testing import module_of

pytestmark = pytest.mark.local

MESSAGES = [{"role": "user", "content": "The sky is blue. What colour is it?"}]


async def test_a_real_model_is_metered() -> None:
    """Chat, a stream, the responses API and an error: counted as the server itself counts."""
    reported: list[int] = []
    with ModelServer(parallel=1, context=512) as server:
        free = {server.name: Price(input=0, output=0)}
        given = {"base_url": server.base_url, "api_key": "none", "max_retries": 0}

        def whole(client: OpenAI) -> str:
            made = client.chat.completions.create(
                model=server.name, messages=MESSAGES, max_tokens=8
            )
            reported.append(made.usage.total_tokens)
            return made.choices[0].message.content or ""

        def words(client: OpenAI, whole: str) -> Stream[str]:
            with client.chat.completions.create(
                model=server.name, messages=MESSAGES, max_tokens=8, stream=True
            ) as chunks:
                for chunk in chunks:
                    yield chunk.choices[0].delta.content or ""

        async def response(words: str, other: AsyncOpenAI) -> str:
            made = await other.responses.create(
                model=server.name, input="What colour is the sky?", max_output_tokens=8
            )
            reported.append(made.usage.total_tokens)
            return made.output_text

        def refused(response: str, client: OpenAI) -> str:
            return whole_text(client, "sky " * 2000)

        def whole_text(client: OpenAI, text: str) -> str:
            messages = [{"role": "user", "content": text}]
            client.chat.completions.create(model=server.name, messages=messages)
            return ""

        accounting = TokenAccounting()
        with metered(OpenAI(**given), prices=free) as client:
            async with metered(AsyncOpenAI(**given), prices=free) as other:
                driver = Driver(
                    {},
                    module_of(whole, words, response, refused),
                    adapter=[accounting, Retry(wait=0.0)],
                )
                with pytest.raises(Exception, match="exceed"):
                    await driver.aexecute(["refused"], inputs={"client": client, "other": other})
    first, stream, third, fourth = accounting.calls
    assert [first.usage.total_tokens, third.usage.total_tokens] == reported
    assert stream.usage.input_tokens == first.usage.input_tokens
    assert 0 < stream.usage.output_tokens <= 8
    assert stream.first_chunk is not None
    assert (fourth.status, fourth.usage.requests, fourth.usage.total_tokens) == (400, 1, 0)
    total = accounting.total()
    assert (total.unmeasured, total.unpriced) == (0, 0)
    assert total.cost is not None
    assert total.cost.amount == Decimal(0)
