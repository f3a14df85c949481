"""`Retry`: what is made again, how often, after how long, and what is never."""

import asyncio
from email.utils import formatdate
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from stepwell import Driver, Stream
from stepwell.driver.driver import WORKERS
from stepwell.lifecycle import Fallback, GracefulErrorAdapter, Retry
from stepwell.lifecycle.transient import retry_after, transient
from stepwell.llm import TokenAccounting
from stepwell.testing import module_of


class ProviderError(Exception):
    """An error as client libraries raise it."""

    def __init__(self, status: int, code: str = "", **headers: str) -> None:
        super().__init__(f"status {status}")
        self.status_code, self.code = status, code
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.response = SimpleNamespace(headers=named)


class Waits(list):
    """Notes how long it is asked to sleep, and does not."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)

    async def later(self, seconds: float) -> None:
        self.append(seconds)


class Failing:
    """Raises the given errors one after another, then gives `made`."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors, self.calls = list(errors), 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "made"


def run(failing: Failing, retry: Retry) -> str:
    def answer() -> str:
        return failing()

    return Driver({}, module_of(answer), adapter=[retry]).execute(["answer"])["answer"]


async def run_async(failing: Failing, retry: Retry) -> str:
    async def answer() -> str:
        await asyncio.sleep(0)
        return failing()

    driver = Driver({}, module_of(answer), adapter=[retry])
    return (await driver.aexecute(["answer"]))["answer"]


def test_a_passing_error_is_retried() -> None:
    """Two failures and a success make three calls and two waits."""
    failing, waits = Failing(ProviderError(429), ProviderError(503)), Waits()
    assert run(failing, Retry(sleep=waits)) == "made"
    assert failing.calls == 3
    assert len(waits) == 2


async def test_an_async_step_is_retried() -> None:
    """The body is awaited within the attempt, not after it."""
    failing, waits = Failing(ProviderError(429), ConnectionResetError()), Waits()
    assert await run_async(failing, Retry(async_sleep=waits.later)) == "made"
    assert failing.calls == 3


def test_the_last_error_is_raised_as_it_is() -> None:
    """The caller gets the step's own exception, with a note on the attempts."""
    errors = [ProviderError(500) for _ in range(3)]
    with pytest.raises(ProviderError) as caught:
        run(Failing(*errors), Retry(sleep=Waits()))
    assert caught.value is errors[2]
    assert any("attempt 3 of 3 at `answer`" in note for note in caught.value.__notes__)


@pytest.mark.parametrize(
    "error",
    [
        ProviderError(400),
        ProviderError(401),
        ProviderError(403),
        ProviderError(404),
        ProviderError(422),
        ProviderError(400, "context_length_exceeded"),
        ProviderError(400, "content_filter"),
        ProviderError(429, "insufficient_quota"),
        ProviderError(500, "exceed_context_size_error"),
        ProviderError(503, x_should_retry="false"),
        ValueError("a mistake"),
        KeyError("a mistake"),
    ],
    ids=lambda error: f"{error}-{getattr(error, 'code', '')}",
)
def test_trap_24_wrong_things_retried(error: Exception) -> None:
    """What stays wrong is tried exactly once, and arrives without a word about attempts."""
    failing, waits = Failing(error), Waits()
    with pytest.raises(type(error)):
        run(failing, Retry(sleep=waits))
    assert (failing.calls, waits) == (1, [])


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_statuses_that_pass(status: int) -> None:
    """These may be different a moment later."""
    assert transient(ProviderError(status))


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), asyncio.CancelledError()])
def test_trap_21_cancellation_swallowed(error: BaseException) -> None:
    """What is no `Exception` is never retried, whatever `on` says."""
    failing = Failing(error)
    with pytest.raises(type(error)):
        run(failing, Retry(on=lambda _: True, sleep=Waits()))
    assert failing.calls == 1


async def test_a_cancelled_run_stops_in_its_wait() -> None:
    """Cancelling while it waits for the next attempt ends it; nothing is called any more."""
    waiting, failing = asyncio.Event(), Failing(ProviderError(429))

    async def forever(seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(run_async(failing, Retry(async_sleep=forever)))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert failing.calls == 1


async def test_a_cancelled_run_ends_a_wait_in_a_thread() -> None:
    """A plain step in an async run waits in a worker thread: cancelled, it is not called again."""
    called, loop = asyncio.Event(), asyncio.get_running_loop()
    failing = Failing(*(ProviderError(429, retry_after="100") for _ in range(9)))

    def answer() -> str:
        loop.call_soon_threadsafe(called.set)
        return failing()

    driver = Driver({}, module_of(answer), adapter=[Retry(9)])
    task = asyncio.create_task(driver.aexecute(["answer"]))
    await called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert failing.calls == 1


def test_a_run_that_fails_elsewhere_ends_a_wait() -> None:
    """On threads: where one step fails for good, another is not made again."""
    waiting = Event()
    failing = Failing(*(ProviderError(429, retry_after="100") for _ in range(9)))

    def left() -> str:
        waiting.set()
        return failing()

    def right() -> str:
        assert waiting.wait(10)
        raise ValueError("a mistake")

    def both(left: str, right: str) -> str:
        return left + right

    driver = Driver({}, module_of(left, right, both), adapter=[Retry(9)], threads=2)
    with pytest.raises(ValueError, match="a mistake"):
        driver.execute(["both"])
    assert failing.calls <= 1


def test_trap_23_unbounded_by_default() -> None:
    """Without any argument it is bounded in attempts and in time."""
    retry = Retry()
    assert (retry.attempts, retry.deadline) == (3, 300.0)


def test_waits_are_random_and_grow_to_a_limit() -> None:
    """Full jitter: between nothing and a bound that doubles, at most `longest`."""
    waits = Waits()
    with pytest.raises(ProviderError):
        run(
            Failing(*(ProviderError(500) for _ in range(8))),
            Retry(8, wait=1.0, longest=4.0, sleep=waits, seed=1),
        )
    bounds = [1, 2, 4, 4, 4, 4, 4]
    assert all(0 <= wait <= bound for wait, bound in zip(waits, bounds, strict=True))
    assert len(set(waits)) == 7


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "3"}, 3.0),
        ({"retry_after": "0.25"}, 0.25),
        ({"Retry_After": "3"}, 3.0),
        ({"retry_after_ms": "1500"}, 1.5),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after": formatdate(1_000_030, usegmt=True)}, 30.0),
        ({"retry_after": formatdate(999_000, usegmt=True)}, None),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after_ms": "x", "retry_after": "2"}, 2.0),
        ({}, None),
    ],
    ids=str,
)
def test_forms_of_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    """Milliseconds come before seconds; what makes no sense is not obeyed."""
    assert retry_after(ProviderError(429, **headers), now=1_000_000) == seconds


DAY = 86_400


@pytest.mark.parametrize(
    ("until", "date", "seconds"),
    [
        (30, 0, 30.0),
        (30, 5, 25.0),
        (30 + 3600, 3600, 30.0),
        (30 - 3600, -3600, 30.0),
        (30, -3600, 30.0),
        (30, 3600, 30.0),
        (30, -900 * DAY, 30.0),
        (-3600, 0, None),
        (3 * DAY, 0, 3.0 * DAY),
        (-10, -3 * DAY, None),
    ],
    ids=[
        "all clocks agree",
        "theirs is a little ahead",
        "ours is an hour late",
        "ours is an hour early",
        "a date long past",
        "a date to come",
        "a clock that was never set",
        "over long ago",
        "asked for days",
        "nothing fits",
    ],
)
def test_clocks_that_jump(until: int, date: int, seconds: float | None) -> None:
    """A date is read by the provider's clock, unless its `Date` would make the wait far longer."""
    headers = {
        "retry_after": formatdate(1_000_000 + until, usegmt=True),
        "date": formatdate(1_000_000 + date, usegmt=True),
    }
    assert retry_after(ProviderError(429, **headers), now=1_000_000.0) == seconds


def test_a_date_that_is_none() -> None:
    """Then our own clock is all there is."""
    headers = {"retry_after": formatdate(1_000_030, usegmt=True), "date": "yesterday"}
    assert retry_after(ProviderError(429, **headers), now=1_000_000.0) == 30


def test_the_provider_s_wait_is_never_cut_short() -> None:
    """One's own random wait is added, so that not all who were told the same come back at once."""
    waits = Waits()
    run(Failing(ProviderError(429, retry_after="20")), Retry(wait=1.0, sleep=waits))
    assert 20 <= waits[0] <= 21


def test_trap_20_hidden_sleeping() -> None:
    """A wait past the deadline is not begun; the error says so."""
    failing, waits = Failing(ProviderError(429, retry_after="600")), Waits()
    with pytest.raises(ProviderError) as caught:
        run(failing, Retry(deadline=60.0, sleep=waits))
    assert (failing.calls, waits) == (1, [])
    note = "\n".join(caught.value.__notes__)
    assert "the provider asks for 600 s" in note
    assert "past the deadline of 60 s" in note


def test_the_deadline_counts_from_the_first_failure() -> None:
    """Time that later attempts take counts too."""
    now = iter([0.0, 50.0, 61.0])
    failing = Failing(*(ProviderError(500) for _ in range(9)))
    with pytest.raises(ProviderError):
        run(failing, Retry(9, wait=1.0, deadline=60.0, sleep=Waits(), clock=lambda: next(now)))
    assert failing.calls == 2


def test_own_classes_and_questions() -> None:
    """`on` takes classes or a question."""
    assert run(Failing(ValueError()), Retry(on=ValueError, sleep=Waits())) == "made"
    assert run(Failing(KeyError()), Retry(on=(ValueError, KeyError), sleep=Waits())) == "made"
    asked = Retry(on=lambda error: "later" in str(error), sleep=Waits())
    assert run(Failing(ValueError("later")), asked) == "made"


def test_only_the_nodes_it_is_for() -> None:
    """A node that the filter leaves out fails at once."""
    failing = Failing(ProviderError(503))
    with pytest.raises(ProviderError):
        run(failing, Retry(node_filter="another", sleep=Waits()))
    assert failing.calls == 1


def test_trap_22_retrying_generators() -> None:
    """A step that yields is made again before its first chunk, and never after it."""
    starts: list[str] = []

    def words() -> Stream[str]:
        starts.append("start")
        if len(starts) < 3:
            raise ProviderError(503)
        yield "a"
        yield "b"

    driver = Driver({}, module_of(words), adapter=[Retry(sleep=Waits())])
    assert driver.execute(["words"]) == {"words": "ab"}
    assert len(starts) == 3

    def broken() -> Stream[str]:
        starts.append("start")
        yield "a"
        raise ProviderError(503)

    starts.clear()
    with pytest.raises(ProviderError):
        Driver({}, module_of(broken), adapter=[Retry(sleep=Waits())]).execute(["broken"])
    assert len(starts) == 1


async def test_async_generators_are_retried_before_their_first_chunk() -> None:
    """The same for a step that yields asynchronously."""
    starts: list[str] = []

    async def words() -> Stream[str]:
        starts.append("start")
        if len(starts) < 3:
            raise ProviderError(503)
        yield "a"
        yield "b"

    driver = Driver({}, module_of(words), adapter=[Retry(async_sleep=Waits().later)])
    assert await driver.aexecute(["words"]) == {"words": "ab"}
    assert len(starts) == 3


def test_a_plan_that_runs_often_retries_as_well() -> None:
    """Compiled, a step is called directly; what it raises is retried, or arrives as itself."""
    failing, waits = Failing(), Waits()

    def question() -> str:
        return "?"

    def answer(question: str) -> str:
        return question + failing()

    retry = Retry(sleep=waits)
    driver = Driver({}, module_of(question, answer), adapter=[retry])
    for _ in range(300):
        assert driver.execute(["answer"]) == {"answer": "?made"}
    failing.errors = [ProviderError(503), ProviderError(429)]
    assert driver.execute(["answer"]) == {"answer": "?made"}
    assert len(waits) == 2
    mistake = KeyError("a mistake")
    failing.errors = [ProviderError(503), mistake]
    with pytest.raises(KeyError) as caught:
        driver.execute(["answer"])
    assert caught.value is mistake
    assert [note for note in mistake.__notes__ if "in node `answer`" in note]


def test_a_retry_of_one_s_own_is_asked_each_time() -> None:
    """A class that overrides how a node runs is not passed by, however often a plan runs."""
    calls: list[str] = []

    class Counting(Retry):
        def run_to_execute_node(self, *, node_name: str, **keywords: Any) -> Any:
            calls.append(node_name)
            return super().run_to_execute_node(node_name=node_name, **keywords)

    def answer() -> str:
        return "made"

    driver = Driver({}, module_of(answer), adapter=[Counting()])
    for _ in range(300):
        driver.execute(["answer"])
    assert len(calls) == 300


def test_no_attempt_is_refused() -> None:
    """A retry that never calls the step is a mistake."""
    with pytest.raises(ValueError, match=r"attempts=0.*makes no attempt"):
        Retry(0)


async def test_a_waiting_retry_holds_no_worker_thread() -> None:
    """Of plain steps beside an event loop more wait than there are threads, and others run."""
    over, waiting = asyncio.Event(), asyncio.Event()
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2 * WORKERS:
            waiting.set()
        await over.wait()

    failed: set[int] = set()

    def answer(x: int) -> int:
        if x not in failed:
            failed.add(x)
            raise ProviderError(503)
        return x

    def other(x: int) -> int:
        return x

    retry = Retry(2, async_sleep=wait)
    adapters = [TokenAccounting(), Fallback(value=0), GracefulErrorAdapter(), retry]
    for given in ([retry], adapters):
        over.clear()
        waiting.clear()
        waits.clear()
        failed.clear()
        dr = Driver({}, module_of(answer, other), adapter=given)
        runs = [asyncio.create_task(dr.aexecute(["answer"], {"x": x})) for x in range(2 * WORKERS)]
        await waiting.wait()
        assert await dr.aexecute(["other"], {"x": 1}) == {"other": 1}
        over.set()
        assert await asyncio.gather(*runs) == [{"answer": x} for x in range(2 * WORKERS)]
