"""`Driver.estimate`: what a run will use, known before anything leaves, with ranges."""

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

from stepwell import Driver, RequestError, Stream
from stepwell.llm import Price, TokenAccounting, metered
from stepwell.llm.forecast import Estimate, Range, StepEstimate
from stepwell.llm.reading import Asked
from stepwell.llm.tokens import counted
from stepwell.testing import FakeModel, module_of

PRICES = {
    "gpt-4o-mini": Price(input=1, output=2),
    "m": Price(input=1, output=2),
    "e": Price(input=1, output=0),
}


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    made = OpenAI(base_url=model.url, api_key="k", max_retries=2, timeout=10)
    with metered(made, prices=PRICES) as client:
        yield client


def chat(client: Any, text: str, **options: Any) -> Any:
    given = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]}
    return client.chat.completions.create(**given | options)


def steps(estimate: Estimate) -> dict[str, StepEstimate]:
    return {step.node: step for step in estimate.steps}


def test_a_prompt_that_can_be_rendered(client: OpenAI, model: FakeModel) -> None:
    """Its input is counted, its output is at most what it asks for; nothing leaves."""

    def prompt(question: str) -> str:
        return f"Answer in one word: {question}"

    def answer(prompt: str) -> str:
        return chat(client, prompt, max_tokens=20).choices[0].message.content

    driver = Driver({}, module_of(prompt, answer))
    estimate = driver.estimate(["answer"], inputs={"question": "What is the capital of France?"})
    found = steps(estimate)
    assert found["prompt"].basis == "nothing"
    assert found["answer"].basis == "rendered"
    assert found["answer"].model == "gpt-4o-mini"
    assert estimate.input == Range(19, 19)
    assert estimate.output == Range(1, 20)
    assert estimate.cost == Range(Decimal("0.000021"), Decimal("0.000059"))
    assert str(estimate) == (
        "answer (rendered): input 19, output 1 to 20, cost 0.000021 to 0.000059 USD\n"
        "together: input 19, output 1 to 20, cost 0.000021 to 0.000059 USD"
    )
    assert model.requests == []


def test_what_an_answer_makes_is_unknown(client: OpenAI) -> None:
    """So the sum has no upper end; a stand-in for the answer makes more known."""

    def draft(topic: str) -> str:
        return chat(client, topic, max_tokens=20).choices[0].message.content

    def final(draft: str) -> str:
        return chat(client, f"Improve: {draft}", max_tokens=30).choices[0].message.content

    driver = Driver({}, module_of(draft, final))
    estimate = driver.estimate(["final"], inputs={"topic": "capitals"})
    assert [step.basis for step in estimate.steps] == ["rendered", "unknown"]
    assert estimate.output == Range(1, None)
    assert "final (unknown)" in str(estimate)
    assert "it reads what an answer makes" in str(estimate)
    known = driver.estimate(["final"], overrides={"draft": "x " * 20})
    assert known.output == Range(1, 30)


def test_history_tells_what_can_not_be_rendered(client: OpenAI) -> None:
    """At least and at most what runs have used; steps that never asked ask for nothing."""

    def draft(topic: str) -> str:
        return chat(client, topic, max_tokens=20).choices[0].message.content

    def final(draft: str, topic: str) -> str:
        return chat(client, f"Improve {topic}: {draft}").choices[0].message.content

    def length(final: str) -> int:
        return len(final)

    ledger = TokenAccounting()
    module = module_of(draft, final, length)
    for topic in ("capitals", "capitals of some countries"):
        Driver({}, module, adapter=ledger).execute(["length"], inputs={"topic": topic})
    estimate = Driver({}, module).estimate(["length"], inputs={"topic": "rivers"}, history=ledger)
    found = steps(estimate)
    assert [found[name].basis for name in ("draft", "final", "length")] == [
        "rendered",
        "history",
        "nothing",
    ]
    assert found["final"].output == Range(4, 4)
    low, high = found["final"].input
    assert high is not None
    assert high - low == 3
    assert found["draft"].output == Range(4, 20)
    assert estimate.cost.high is not None


def test_a_step_that_asks_often_goes_by_its_history(client: OpenAI) -> None:
    """As only its first request can be made."""

    def answer(question: str) -> None:
        for _ in range(3):
            chat(client, question, max_tokens=10)

    ledger = TokenAccounting()
    module = module_of(answer)
    Driver({}, module, adapter=ledger).execute(["answer"], inputs={"question": "why"})
    (step,) = (
        Driver({}, module).estimate(["answer"], inputs={"question": "why"}, history=ledger).steps
    )
    assert (step.basis, step.output) == ("history", Range(12, 12))


def test_no_limit_for_the_answer(client: OpenAI) -> None:
    """Is said, and leaves the upper end open."""

    def answer(question: str) -> None:
        chat(client, question)

    (step,) = Driver({}, module_of(answer)).estimate(["answer"], inputs={"question": "?"}).steps
    assert step.output == Range(1, None)
    assert "names no limit for its answer" in step.why


def test_a_model_of_which_little_is_known(client: OpenAI) -> None:
    """Its tokens are between a guess and the size of the request; no price is no cost at all."""

    def answer(question: str) -> None:
        chat(client, question, model="m", max_tokens=5)

    def other(question: str) -> None:
        chat(client, question, model="nobody-knows", max_tokens=5)

    driver = Driver({}, module_of(answer, other))
    found = steps(driver.estimate(["answer", "other"], inputs={"question": "why " * 100}))
    low, high = found["answer"].input
    assert high is not None
    assert low < 100 < 400 < high
    assert found["other"].cost == Range(Decimal(0), None)
    assert "has no known price" in found["other"].why


def test_embeddings(client: OpenAI) -> None:
    """Have no output."""

    def vectors(texts: list[str]) -> None:
        client.embeddings.create(model="e", input=texts)

    estimate = Driver({}, module_of(vectors)).estimate(["vectors"], inputs={"texts": ["a", "b"]})
    assert estimate.output == Range(0, 0)
    assert estimate.cost.high is not None


async def test_async_steps_and_streams(model: FakeModel) -> None:
    """Are rendered too, also from within a running loop."""
    async with metered(AsyncOpenAI(base_url=model.url, api_key="k"), prices=PRICES) as client:

        async def words(question: str) -> Stream[str]:
            for word in question.split():
                yield word

        async def prompt(words: str) -> str:
            return f"Answer: {words}"

        async def answer(prompt: str) -> AsyncIterator[str]:
            made = await chat(client, prompt, max_tokens=9)
            return made.choices[0].message.content

        driver = Driver({}, module_of(words, prompt, answer))
        estimate = driver.estimate(["answer"], inputs={"question": "why not"})
    assert [step.basis for step in estimate.steps] == ["nothing", "nothing", "rendered"]
    assert model.requests == []


def test_plain_streams(client: OpenAI) -> None:
    """One that asks is rendered; one that is read chunk by chunk is too."""

    def words(question: str) -> Stream[str]:
        yield from question

    def upper(words: Stream[str]) -> Stream[str]:
        for word in words:
            yield word.upper()

    def answer(upper: str) -> Stream[str]:
        for chunk in chat(client, upper, max_tokens=9, stream=True):
            yield chunk.choices[0].delta.content or ""

    driver = Driver({}, module_of(words, upper, answer))
    estimate = driver.estimate(["answer"], inputs={"question": "why"})
    assert [step.basis for step in estimate.steps] == ["nothing", "nothing", "rendered"]


def test_a_step_that_fails_is_unknown() -> None:
    """With the error; the estimate goes on."""

    def broken() -> str:
        raise ValueError("no such file\nand more")

    def fine() -> int:
        return 1

    found = steps(Driver({}, module_of(broken, fine)).estimate(["broken", "fine"]))
    assert found["broken"].why == "it fails with ValueError: no such file"
    assert found["fine"].basis == "nothing"


def test_a_step_s_own_net_does_not_catch_it(client: OpenAI, model: FakeModel) -> None:
    """What holds the request back is no exception that a step would catch."""

    def answer() -> str:
        try:
            return chat(client, "why", max_tokens=9).choices[0].message.content
        except Exception:
            return chat(client, "why", model="m", max_tokens=9).choices[0].message.content

    (step,) = Driver({}, module_of(answer)).estimate(["answer"]).steps
    assert step.model == "gpt-4o-mini"
    assert model.requests == []


def test_a_wrong_request_is_told() -> None:
    """As `execute` tells it."""
    with pytest.raises(RequestError, match="`anwser`"):
        Driver({}, module_of(test_a_wrong_request_is_told)).estimate(["anwser"])


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
        {"messages": [{"role": "user", "content": "a", "name": "b"}]},
        {"messages": [{"role": "user", "content": "a"}], "tools": [{}]},
        {"messages": "a"},
        {},
    ],
)
def test_what_is_not_counted(body: Any) -> None:
    """More than plain text: nobody says how many tokens that is."""
    assert counted(Asked("chat", "chat_completions", "gpt-4o-mini", False, body)) is None
