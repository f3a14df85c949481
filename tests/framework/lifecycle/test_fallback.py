"""`Fallback`: another model, a function or a value, with its reason, its price and its budget."""

import logging
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from stepwell import BudgetExceeded, Driver, Stream
from stepwell.lifecycle import Fallback, Retry
from stepwell.llm import Budget, Price, TokenAccounting, metered
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
PRICES = {"large": Price(input=10, output=10), "small": Price(input=1, output=1)}


class Passing(Exception):
    """An error that the tests fall back on."""


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    made = OpenAI(base_url=model.url, api_key="k", max_retries=0, timeout=10)
    with metered(made, prices=PRICES) as client:
        yield client


def ask(client: OpenAI, **options: Any) -> Any:
    return client.chat.completions.create(
        model="large", messages=MESSAGES, max_tokens=10, **options
    )


def failing(*errors: Exception) -> Any:
    left = list(errors)

    def answer(question: str = "") -> str:
        if left:
            raise left.pop(0)
        return "made"

    return answer


def run(step: Any, *adapters: Any) -> Any:
    return Driver({}, module_of(step), adapter=[*adapters]).execute([step.__name__])[step.__name__]


def test_a_value() -> None:
    """Is what the step gives then; a step that succeeds gives its own."""
    assert run(failing(TimeoutError()), Fallback(value="nothing known")) == "nothing known"
    assert run(failing(TimeoutError()), Fallback(value=None)) is None
    assert run(failing(), Fallback(value="nothing known")) == "made"


def test_a_function() -> None:
    """It is called with those of the step's arguments that it takes."""

    def answer(question: str, context: str) -> str:
        raise TimeoutError

    def shorter(question: str) -> str:
        return f"{question}?"

    driver = Driver({}, module_of(answer), adapter=Fallback(step=shorter))
    assert driver.execute(["answer"], inputs={"question": "why", "context": "x"}) == {
        "answer": "why?"
    }


def test_trap_26_fallback_changes_the_price_and_the_model(client: OpenAI, model: FakeModel) -> None:
    """The step is called again, its requests name the other model; each row has its own price."""
    model.replies.append(Reply(status=503))

    def answer() -> str:
        return ask(client).choices[0].message.content

    ledger = TokenAccounting()
    assert run(answer, ledger, Fallback(model="small")) == "Paris is the capital."
    assert [request.body["model"] for request in model.requests] == ["large", "small"]
    assert [(call.model, call.status) for call in ledger.calls] == [("large", 503), ("small", 200)]
    total = ledger.total().cost
    assert total is not None
    assert total.amount == Decimal("0.000011")
    assert ledger.by_step()["answer"].requests == 2
    assert [step.attempts for step in ledger.steps()] == [2]


def test_models_in_turn(client: OpenAI, model: FakeModel) -> None:
    """Until one answers."""
    model.replies.extend([Reply(status=503), Reply(status=500), Reply(status=404)])

    def answer() -> None:
        ask(client)

    fallback = Fallback(model=["medium", "small", "tiny"])
    run(answer, fallback)
    assert [request.body["model"] for request in model.requests] == [
        "large",
        "medium",
        "small",
        "tiny",
    ]
    assert [fell.instead for fell in fallback.used] == ["model medium", "model small", "model tiny"]


def test_the_budget_is_asked_again(client: OpenAI, model: FakeModel) -> None:
    """What is too dear may be asked of a cheaper model; and that too may be too dear."""

    def answer() -> str:
        return ask(client).choices[0].message.content

    fallback = Fallback(model="small")
    assert run(answer, Budget("0.001", output=10), fallback) == "Paris is the capital."
    assert [request.body["model"] for request in model.requests] == ["small"]
    assert "BudgetExceeded" in fallback.used[0].error
    with pytest.raises(BudgetExceeded) as caught:
        run(answer, Budget("0.0001"), fallback)
    assert isinstance(caught.value.__cause__, BudgetExceeded)
    assert "`answer` fell back on model small after" in "\n".join(caught.value.__notes__)


def test_the_reason_is_recorded(caplog: pytest.LogCaptureFixture) -> None:
    """In `used`, in the log, and by what listens."""
    fallback = Fallback(value="")
    with caplog.at_level(logging.WARNING, "stepwell"):
        run(failing(TimeoutError("too slow")), fallback)
    (fell,) = fallback.used
    assert (fell.node, fell.instead, fell.error) == ("answer", "value", "TimeoutError: too slow")
    assert caplog.messages == ["`answer` falls back on value: TimeoutError: too slow"]


@pytest.mark.parametrize("error", [ValueError("a mistake"), KeyError("context"), StopIteration()])
def test_a_mistake_is_not_covered_up(error: Exception) -> None:
    """Unless it is asked for."""
    with pytest.raises((type(error), RuntimeError)):
        run(failing(error), Fallback(value=""))
    assert run(failing(error), Fallback(value="", on=Exception)) == ""


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit()])
def test_an_interrupt_is_none_to_fall_back_on(error: BaseException) -> None:
    """Whatever `on` says."""

    def answer() -> None:
        raise error

    with pytest.raises(type(error)):
        run(answer, Fallback(value="", on=lambda error: True))


def test_after_all_attempts(client: OpenAI, model: FakeModel) -> None:
    """Before `Retry` it comes last; the fallback is retried too."""
    model.replies.extend([Reply(status=503)] * 3)

    def answer() -> None:
        ask(client)

    run(answer, Fallback(model="small"), Retry(2, sleep=lambda seconds: None))
    assert [request.body["model"] for request in model.requests] == ["large"] * 2 + ["small"] * 2


def test_many_runs_of_a_compiled_plan() -> None:
    """It is the same there."""
    calls: list[int] = []

    def answer() -> str:
        calls.append(1)
        if len(calls) > 110:
            raise Passing
        return "made"

    driver = Driver({}, module_of(answer), adapter=Fallback(value="instead", on=Passing))
    made = [driver.execute(["answer"])["answer"] for _ in range(120)]
    assert made == ["made"] * 110 + ["instead"] * 10


async def test_an_async_step(model: FakeModel) -> None:
    """Its requests name the other model too, and it may fall back on an async function."""
    model.replies.append(Reply(status=503))
    async with metered(AsyncOpenAI(base_url=model.url, api_key="k", max_retries=0)) as client:

        async def answer() -> str:
            made = await client.chat.completions.create(model="large", messages=MESSAGES)
            return made.choices[0].message.content or ""

        driver = Driver({}, module_of(answer), adapter=Fallback(model="small"))
        assert await driver.aexecute(["answer"]) == {"answer": "Paris is the capital."}
        assert [request.body["model"] for request in model.requests] == ["large", "small"]

    async def broken() -> str:
        raise TimeoutError

    async def other() -> str:
        return "other"

    driver = Driver({}, module_of(broken), adapter=Fallback(step=other))
    assert await driver.aexecute(["broken"]) == {"broken": "other"}


def test_a_stream_before_its_first_chunk(client: OpenAI, model: FakeModel) -> None:
    """Falls back as a stream; after that chunk it does not."""
    model.replies.append(Reply(status=503))

    def words() -> Stream[str]:
        for chunk in ask(client, stream=True):
            yield chunk.choices[0].delta.content or ""

    assert run(words, Fallback(model="small")) == "Paris is the capital."
    assert [request.body["model"] for request in model.requests] == ["large", "small"]

    def broken() -> Stream[str]:
        yield "a"
        raise TimeoutError

    with pytest.raises(TimeoutError):
        run(broken, Fallback(value="b"))

    def none() -> Stream[str]:
        raise TimeoutError
        yield "a"

    assert run(none, Fallback(value="b")) == "b"


async def test_an_async_stream_before_its_first_chunk() -> None:
    """The same."""

    async def words() -> Stream[str]:
        raise TimeoutError
        yield "a"

    async def others() -> AsyncIterator[str]:
        yield "b"
        yield "c"

    driver = Driver({}, module_of(words), adapter=Fallback(step=others))
    assert await driver.aexecute(["words"]) == {"words": "bc"}
    driver = Driver({}, module_of(words), adapter=Fallback(value="d"))
    assert await driver.aexecute(["words"]) == {"words": "d"}


def test_own_errors(client: OpenAI, model: FakeModel) -> None:
    """`on` takes classes or a question."""
    model.reply = Reply(status=401)

    def answer() -> None:
        ask(client)

    with pytest.raises(openai.AuthenticationError):
        run(answer, Fallback(value="", on=openai.RateLimitError))
    assert run(failing(Passing()), Fallback(value="x", on=lambda e: isinstance(e, Passing))) == "x"


def test_one_thing_to_fall_back_on() -> None:
    """Not none, and not two."""
    for options in ({}, {"value": 1, "model": "small"}):
        with pytest.raises(ValueError, match="takes one of `model`, `step` and `value`"):
            Fallback(**options)
