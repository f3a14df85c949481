"""Plain steps that somebody stops waiting for: what ends, what is left behind, and what is said."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import pytest
from openai import OpenAI, RateLimitError

from stepwell import Driver, tag
from stepwell.lifecycle import Fallback, Hedge, Retry, Timeout
from stepwell.lifecycle.stop import Stop
from stepwell.llm import RateLimit, TokenAccounting, metered
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]
SHORT, LONG = 0.02, 60.0


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """What a step waits for that nobody can end; afterwards its thread is."""
    event = threading.Event()
    yield event
    event.set()
    for thread in threading.enumerate():
        if thread.name in ("stepwell answer", "stepwell passages"):
            thread.join(LONG)


@pytest.fixture
def hanging() -> Iterator[FakeModel]:
    """A server that answers its first request at the end alone."""
    answer = threading.Event()
    with FakeModel([Reply(held=answer)]) as model:
        yield model
        answer.set()


def names() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate())


def test_the_run_goes_on_without_a_step_that_can_not_be_ended(held: threading.Event) -> None:
    """The error says where in the code its thread is."""

    def answer() -> None:
        held.wait(LONG)

    dr = Driver({}, module_of(answer), adapter=Timeout(SHORT))
    with pytest.raises(TimeoutError, match=r"`answer` took longer than 0\.02 s") as caught:
        dr.execute(["answer"])
    note = caught.value.__notes__[0]
    assert note.startswith("the thread of `answer` can't be ended and is left at work, at ")
    assert "threading.py:" in note
    (left,) = [thread for thread in threading.enumerate() if thread.name == "stepwell answer"]
    assert left.daemon  # it keeps no process alive


@pytest.mark.parametrize(
    ("fails", "said"), [(False, "`answer` returned"), (True, "`answer` failed with KeyError")]
)
def test_when_it_ends_after_all_that_is_said(
    fails: bool, said: str, held: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    """What it made is dropped, and nothing of it keeps anything alive."""

    def answer() -> str:
        held.wait(LONG)
        if fails:
            raise KeyError("k")
        return "late"

    with pytest.raises(TimeoutError):
        Driver({}, module_of(answer), adapter=Timeout(SHORT)).execute(["answer"])
    (left,) = [thread for thread in threading.enumerate() if thread.name == "stepwell answer"]
    held.set()
    left.join(LONG)
    (message,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert message.startswith(said)
    assert message.endswith("after nobody waited for it any more; its result is dropped")


def test_something_else_takes_its_place(held: threading.Event) -> None:
    """Also on threads and beside an event loop: nobody waits for it there either."""

    def answer() -> str:
        held.wait(LONG)
        return "late"

    for threads in (0, 2):
        adapters = [Fallback(value="none"), Timeout(SHORT)]
        dr = Driver({}, module_of(answer), adapter=adapters, threads=threads)
        assert dr.execute(["answer"]) == {"answer": "none"}
        assert asyncio.run(dr.aexecute(["answer"])) == {"answer": "none"}


def test_another_attempt_is_made_without_it(held: threading.Event) -> None:
    """Each attempt has a thread of its own."""
    calls: list[int] = []

    def answer() -> int:
        calls.append(1)
        if len(calls) == 1:
            held.wait(LONG)
        return len(calls)

    dr = Driver({}, module_of(answer), adapter=Retry(2, wait=0, timeout=SHORT))
    assert dr.execute(["answer"]) == {"answer": 2}


def test_no_thread_is_left_where_it_comes_in_time() -> None:
    """Whatever it comes to; its context is a copy of the caller's."""
    mine: ContextVar[str] = ContextVar("mine")
    mine.set("mine")

    def answer(error: BaseException | None = None) -> str:
        if error is not None:
            raise error
        found = mine.get()
        mine.set("the step's")
        return found

    before = names()
    dr = Driver({}, module_of(answer), adapter=Timeout(LONG))
    assert dr.execute(["answer"]) == {"answer": "mine"}
    assert mine.get() == "mine"
    for error in (ValueError("no"), KeyboardInterrupt(), StopIteration("x")):
        with pytest.raises(type(error)) as caught:
            dr.execute(["answer"], {"error": error})
        assert caught.value is error
    assert names() == before


def test_what_is_said_of_an_error_is_said_as_without_it() -> None:
    """Also in a compiled plan, which looks for its line in the traceback."""

    def answer(fail: bool) -> str:
        if fail:
            raise ValueError("no")
        return "made"

    dr = Driver({}, module_of(answer), adapter=Timeout(LONG))
    for _ in range(120):
        dr.execute(["answer"], {"fail": False})
    with pytest.raises(ValueError, match="no") as caught:
        dr.execute(["answer"], {"fail": True})
    (note,) = caught.value.__notes__
    assert note.startswith("in node `answer`")


class TestHedge:
    """Of a plain step."""

    def test_the_second_wins(self, held: threading.Event, caplog: pytest.LogCaptureFixture) -> None:
        """The first, which can't be ended, is left behind, and said to be."""
        calls: list[int] = []

        @tag(read_only="true")
        def passages() -> int:
            calls.append(1)
            number = len(calls)
            if number == 1:
                held.wait(LONG)
            return number

        hedge = Hedge(after=SHORT)
        assert Driver({}, module_of(passages), adapter=hedge).execute(["passages"]) == {
            "passages": 2
        }
        assert hedge.hedged == 1
        assert "the slower call of `passages` can't be ended and is left at work" in caplog.text

    def test_the_first_wins(self, held: threading.Event) -> None:
        """The second is what is left behind."""
        began = threading.Event()
        calls: list[int] = []

        @tag(read_only="true")
        def passages() -> int:
            calls.append(1)
            number = len(calls)
            if number == 1:
                assert began.wait(LONG)
            else:
                began.set()
                held.wait(LONG)
            return number

        made = Driver({}, module_of(passages), adapter=Hedge(after=SHORT)).execute(["passages"])
        assert made == {"passages": 1}

    def test_a_failure_waits_for_the_other(self) -> None:
        """Where both fail the first one's error is raised."""
        second = threading.Event()
        calls: list[int] = []

        @tag(read_only="true")
        def passages() -> int:
            calls.append(1)
            number = len(calls)
            if number == 1:
                assert second.wait(LONG)
            second.set()
            raise ValueError(f"call {number}")

        before = names()
        with pytest.raises(ValueError, match="call 1"):
            Driver({}, module_of(passages), adapter=Hedge(after=SHORT)).execute(["passages"])
        assert names() == before

    def test_it_learns_what_is_unusual_and_needs_no_thread_until_then(self) -> None:
        """In the caller's thread as long as it isn't known how long a step usually takes."""
        here, clock = threading.current_thread(), iter(range(10_000))
        where: list[bool] = []

        @tag(read_only="true")
        def passages() -> int:
            where.append(threading.current_thread() is here)
            return 1

        hedge = Hedge(clock=lambda: float(next(clock)))
        dr = Driver({}, module_of(passages), adapter=hedge)
        for _ in range(21):
            dr.execute(["passages"])
        assert hedge.delay("passages") == 1.0
        assert where == [True] * 20 + [False]
        assert hedge.hedged == 0

    def test_the_losers_request_ends_and_both_are_in_the_ledger(self, hanging: FakeModel) -> None:
        """Its connection is shut; no thread is left."""
        with metered(OpenAI(base_url=hanging.url, api_key="k", max_retries=2)) as client:

            @tag(read_only="true")
            def answer() -> str:
                made = client.chat.completions.create(model="m", messages=MESSAGES)
                return made.choices[0].message.content or ""

            ledger = TokenAccounting()
            dr = Driver({}, module_of(answer), adapter=[ledger, Hedge(after=0.5)])
            assert dr.execute(["answer"]) == {"answer": "Paris is the capital."}
            assert "stepwell answer" not in names()
        assert len(hanging.requests) == 2
        assert sorted(call.error or "" for call in ledger.calls) == ["", "CancelledError"]
        assert ledger.total().unmeasured == 1


def test_a_wait_for_a_turn_ends_at_once() -> None:
    """Nothing is left behind of a hedged step that waits for its turn."""
    refused = Reply(status=429, headers={"retry-after": "100"})
    with (
        FakeModel([refused]) as model,
        metered(OpenAI(base_url=model.url, api_key="k", max_retries=0)) as client,
    ):
        calls: list[int] = []

        @tag(read_only="true")
        def answer() -> int:
            calls.append(1)
            if len(calls) == 1:
                for _ in range(2):  # the second waits for a turn
                    with suppress(RateLimitError):
                        client.chat.completions.create(model="m", messages=MESSAGES)
            return len(calls)

        dr = Driver({}, module_of(answer), adapter=[RateLimit(), Hedge(after=1.0)])
        assert dr.execute(["answer"]) == {"answer": 2}
        assert "stepwell answer" not in names()
        assert len(model.requests) == 1


async def test_a_cancelled_run_ends_the_requests_of_its_plain_steps(hanging: FakeModel) -> None:
    """It need not wait for an answer that may take minutes, and none is begun anew."""
    with metered(OpenAI(base_url=hanging.url, api_key="k", max_retries=2)) as client:

        def answer() -> None:
            client.chat.completions.create(model="m", messages=MESSAGES)

        ledger = TokenAccounting()
        dr = Driver({}, module_of(answer), adapter=ledger)
        task = asyncio.create_task(dr.aexecute(["answer"]))
        assert await asyncio.to_thread(hanging.came.wait, LONG)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(hanging.requests) == 1
    (call,) = ledger.calls
    assert (call.error, call.usage.unmeasured) == ("CancelledError", 1)


class TestStop:
    """The two degrees of giving up, and those within."""

    @pytest.mark.parametrize("early", [True, False])
    def test_what_is_within_hears(self, early: bool) -> None:
        outer = Stop()
        if early:
            outer.cut()
        inner = Stop(outer)
        if not early:
            outer.cut()
        assert (inner.is_set(), inner.is_cut) == (True, True)
        with pytest.raises(asyncio.CancelledError):
            inner.refuse_cut()

    def test_what_is_set_is_not_cut(self) -> None:
        outer = Stop()
        inner = Stop(outer)
        outer.set()
        assert (inner.wait(0), inner.is_cut) == (True, False)
        inner.refuse_cut()

    @pytest.mark.parametrize("early", [True, False])
    def test_an_end_is_called_once(self, early: bool) -> None:
        """At once where it is cut already; after its time no more."""
        stop, ended = Stop(), []
        if early:
            stop.cut()
        with stop.ends(lambda: ended.append(1)):
            if not early:
                stop.cut()
        stop.cut()
        assert ended == [1]

    @pytest.mark.parametrize("early", [True, False])
    @pytest.mark.parametrize("way", ["set", "cut"])
    def test_what_waits_is_woken_by_either(self, way: str, early: bool) -> None:
        outer, woken = Stop(), []
        stop = Stop(outer)
        if early:
            getattr(outer, way)()
        with stop.wakes(lambda: woken.append(1)):
            if not early:
                getattr(outer, way)()
        outer.cut()
        assert woken == [1]

    def test_what_is_within_and_gone_is_let_go(self) -> None:
        outer = Stop()
        for _ in range(3):
            Stop(outer)
        assert len(outer._inner) == 0
