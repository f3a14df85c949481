"""`Hedge`: what takes unusually long is begun twice; the first result counts, the loser ends."""

import asyncio
from collections.abc import AsyncIterator
from threading import Event
from typing import Any

import pytest
from openai import AsyncOpenAI

from stepwell import Driver, Stream, tag
from stepwell.lifecycle import Hedge
from stepwell.llm import TokenAccounting, metered
from stepwell.testing import FakeModel, Reply, module_of


class Calls:
    """Calls of a step, of which the named ones wait until they are cancelled."""

    def __init__(self, *slow: int, fails: tuple[int, ...] = ()) -> None:
        self.slow, self.fails = slow, fails
        self.began = 0
        self.cancelled: list[int] = []
        self.both = asyncio.Event()

    async def __call__(self) -> int:
        self.began += 1
        number = self.began
        if number == 2:
            self.both.set()
        try:
            if number in self.slow:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        if number in self.fails:
            raise ValueError(f"call {number}")
        return number


def driver(calls: Calls, hedge: Hedge) -> Driver:
    @tag(read_only="true")
    async def passages() -> int:
        return await calls()

    return Driver({}, module_of(passages), adapter=hedge)


async def test_the_second_wins_and_the_first_is_cancelled() -> None:
    """Nothing of the loser is left."""
    calls, hedge = Calls(1), Hedge(after=0.0)
    assert await driver(calls, hedge).aexecute(["passages"]) == {"passages": 2}
    assert (calls.cancelled, hedge.hedged) == ([1], 1)


async def test_the_first_may_still_win() -> None:
    """The second is cancelled then."""
    calls, go, began = Calls(), asyncio.Event(), asyncio.Event()

    @tag(read_only="true")
    async def passages() -> int:
        calls.began += 1
        if calls.began == 1:
            await go.wait()
            return 1
        go.set()
        began.set()
        await asyncio.Event().wait()
        return 2

    dr = Driver({}, module_of(passages), adapter=Hedge(after=0.0))
    assert await dr.aexecute(["passages"]) == {"passages": 1}
    assert began.is_set()


async def test_a_failure_waits_for_the_other() -> None:
    """What succeeds counts; where both fail the first one's error is raised."""
    held = Calls(1, fails=(2,))
    task = asyncio.create_task(driver(held, Hedge(after=0.0)).aexecute(["passages"]))
    await held.both.wait()
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert held.cancelled == [1]
    with pytest.raises(ValueError, match="call 1"):
        await driver(Calls(fails=(1, 2)), Hedge(after=0.0)).aexecute(["passages"])


async def test_a_cancellation_ends_both() -> None:
    """Nothing goes on after the run."""
    calls = Calls(1, 2)
    task = asyncio.create_task(driver(calls, Hedge(after=0.0)).aexecute(["passages"]))
    await calls.both.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(calls.cancelled) == [1, 2]


async def test_it_learns_what_is_unusual() -> None:
    """After enough runs it begins again when a run takes longer than 19 of 20 did."""
    clock, calls = iter(range(10_000)), Calls()
    hedge = Hedge(clock=lambda: float(next(clock)))
    dr = driver(calls, hedge)
    assert hedge.delay("passages") is None
    for _ in range(20):
        await dr.aexecute(["passages"])
    assert hedge.delay("passages") == 1.0
    assert hedge.hedged == 0


async def test_few_are_begun_twice() -> None:
    """At most a share of the runs: who is slow gets little more to do."""
    calls = Calls()

    async def answer() -> int:
        calls.began += 1
        if calls.began == 1:
            await asyncio.Event().wait()
        await asyncio.sleep(0.001)
        return calls.began

    hedge = Hedge(after=0.0, share=0.1, node_filter="answer")
    dr = Driver({}, module_of(answer), adapter=hedge)
    for _ in range(20):
        await dr.aexecute(["answer"])
    assert 1 <= hedge.hedged <= 2


async def test_other_steps_are_left_alone() -> None:
    """Those that are not said to only read, and streams."""
    begun: list[str] = []

    async def writes() -> None:
        begun.append("writes")
        await asyncio.sleep(0.001)

    @tag(read_only="true")
    async def words() -> Stream[str]:
        begun.append("words")
        yield "a"

    dr = Driver({}, module_of(writes, words), adapter=Hedge(after=0.0))
    made = await dr.aexecute(["writes", "words"])
    assert made == {"writes": None, "words": "a"}
    assert sorted(begun) == ["words", "writes"]


@pytest.fixture
async def model() -> AsyncIterator[FakeModel]:
    held = Event()
    with FakeModel([Reply(held=held)]) as running:
        yield running
        held.set()


async def test_both_are_in_the_ledger(model: FakeModel) -> None:
    """The loser's request may have been billed."""
    messages: Any = [{"role": "user", "content": "What is the capital?"}]
    async with metered(AsyncOpenAI(base_url=model.url, api_key="k", max_retries=0)) as client:

        @tag(read_only="true")
        async def answer() -> str:
            made = await client.chat.completions.create(model="m", messages=messages)
            return made.choices[0].message.content or ""

        async def first_came() -> None:
            await asyncio.to_thread(model.came.wait)

        ledger = TokenAccounting()
        dr = Driver({}, module_of(answer), adapter=[ledger, Hedge(after=0.3)])
        made, _ = await asyncio.gather(dr.aexecute(["answer"]), first_came())
    assert made == {"answer": "Paris is the capital."}
    assert sorted(call.error or "" for call in ledger.calls) == ["", "CancelledError"]
    assert ledger.total().requests == 2
    assert ledger.total().unmeasured == 1


@pytest.mark.parametrize("options", [{"quantile": 1.0}, {"share": 0.0}])
def test_wrong_shares(options: Any) -> None:
    """Are told when it is made."""
    with pytest.raises(ValueError, match="give shares of 1"):
        Hedge(**options)
