"""A provider that is down and comes back: who waits, who fails, and that nothing is repeated."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from stepwell import Driver, Unavailable
from stepwell.lifecycle import Fallback, Retry
from stepwell.llm import CircuitBreaker, TokenAccounting, metered, text_in
from stepwell.testing import FakeModel, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]


class Outage:
    """A provider that answers, is stopped, and is started again at the same place."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        with FakeModel() as first:
            self.url, self._port = first.url, first.port
            self.before = self._asked(first)
        self.waits: list[float] = []
        self.models: list[FakeModel] = []

    def _asked(self, model: FakeModel) -> int:
        with OpenAI(base_url=model.url, api_key="k", max_retries=0) as client:
            client.chat.completions.create(model="m", messages=MESSAGES)
        return len(model.requests)

    def wait(self, seconds: float) -> None:
        """It is back after the third wait."""
        self.waits.append(seconds)
        if len(self.waits) == 3:
            self.models.append(self._stack.enter_context(FakeModel(port=self._port)))

    async def wait_later(self, seconds: float) -> None:
        """The same in tasks."""
        self.wait(seconds)


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
async def test_who_waits_goes_on_when_it_is_back(is_async: bool) -> None:
    """Nothing left while it was down, so nothing is in doubt; one request when it is back."""
    with ExitStack() as stack:
        outage, accounting = Outage(stack), TokenAccounting()
        settings: Any = {"base_url": outage.url, "api_key": "k", "max_retries": 0}
        client = stack.enter_context(metered(OpenAI(**settings)))

        def plain() -> str:
            return text_in(client.chat.completions.create(model="m", messages=MESSAGES))

        async def awaited() -> str:
            async with metered(AsyncOpenAI(**settings)) as later:
                made = await later.chat.completions.create(model="m", messages=MESSAGES)
                return text_in(made)

        step: Callable[..., Any] = awaited if is_async else plain
        retry = Retry(9, sleep=outage.wait, async_sleep=outage.wait_later)
        driver = Driver({}, module_of(step), adapter=[accounting, retry])
        made = await driver.aexecute([step.__name__])
        assert made == {step.__name__: "Paris is the capital."}
        (model,) = outage.models
        assert len(model.requests) == 1
    assert [call.error for call in accounting.calls] == ["ConnectError"] * 3 + [None]
    total = accounting.total()
    assert (total.requests, total.unmeasured, total.output_tokens) == (1, 0, 4)


def test_who_does_not_wait_fails_at_once() -> None:
    """Without a retry the SDK's error arrives, one attempt was made, and nothing was used."""
    with ExitStack() as stack:
        outage, accounting = Outage(stack), TokenAccounting()
        client = metered(OpenAI(base_url=outage.url, api_key="k", max_retries=0))

        def answer() -> str:
            with client:
                return text_in(client.chat.completions.create(model="m", messages=MESSAGES))

        with pytest.raises(openai.APIConnectionError):
            Driver({}, module_of(answer), adapter=[accounting]).execute(["answer"])
    assert accounting.total().requests == 0


def test_a_circuit_leaves_it_alone_until_it_is_back() -> None:
    """After so many failures nothing is tried; when the pause is over, one request, then all."""
    now = [0.0]
    with ExitStack() as stack:
        outage, accounting = Outage(stack), TokenAccounting()
        client = stack.enter_context(
            metered(OpenAI(base_url=outage.url, api_key="k", max_retries=0))
        )

        def answer() -> str:
            return text_in(client.chat.completions.create(model="m", messages=MESSAGES))

        breaker = CircuitBreaker(failures=2, pause=30, clock=lambda: now[0])
        adapters = [accounting, Fallback(value="later", on=openai.APIConnectionError), breaker]
        driver = Driver({}, module_of(answer), adapter=adapters)
        for _ in range(2):
            assert driver.execute(["answer"]) == {"answer": "later"}
        with pytest.raises(Unavailable):
            driver.execute(["answer"])
        for _ in range(3):
            outage.wait(10)
        now[0] = 31.0
        for _ in range(2):
            assert driver.execute(["answer"]) == {"answer": "Paris is the capital."}
        (model,) = outage.models
        assert len(model.requests) == 2
    assert [call.error for call in accounting.calls] == ["ConnectError"] * 2 + [None] * 2
