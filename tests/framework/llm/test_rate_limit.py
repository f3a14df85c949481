"""`RateLimit`: no faster than a provider takes it, in turn, and nobody together after a wait."""

import asyncio
from collections import Counter
from email.utils import formatdate
from itertools import pairwise
from random import Random
from threading import Event
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI, OpenAI

from stepwell import Driver, Unavailable
from stepwell.lifecycle import Retry
from stepwell.llm import RateLimit, TokenAccounting, metered
from stepwell.llm.limits import limit_in, seconds_of
from stepwell.llm.pace import Pace, Turn
from stepwell.testing import FakeModel, Reply, module_of

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]


class Time:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, []  # type: float, list[float]

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def later(self, seconds: float) -> None:
        self.sleep(seconds)
        await asyncio.sleep(0)


def limit(time: Time, **options: Any) -> RateLimit:
    return RateLimit(clock=time, sleep=time.sleep, async_sleep=time.later, seed=1, **options)


def ask(client: OpenAI) -> None:
    client.chat.completions.create(model="m", messages=MESSAGES, max_tokens=10)


def answered(pace: Pace, turn: Turn, status: int = 200, **told: Any) -> None:
    headers = {
        name.replace("_", "-"): str(value) for name, value in told.pop("headers", {}).items()
    }
    pace.answered(turn, status, headers, **{"now": 0.0, "asked": None, "today": 0.0} | told)


# --- the line itself


def test_nothing_known_nothing_waited_for() -> None:
    """Without a limit, a header or a refusal everybody goes at once."""
    pace = Pace()
    for number in range(100):
        pace.join(Turn(number % 3, 50))
    for _ in range(100):
        assert pace.wait(0.0) == 0.0
        pace.go(0.0)
    assert pace.first() is None


def test_runs_take_turns() -> None:
    """A run of many requests doesn't keep another waiting."""
    pace = Pace()
    for _ in range(5):
        pace.join(Turn("many", 1))
    for name in ("one", "other", "one"):
        pace.join(Turn(name, 1))
    order = [pace.go(0.0).run for _ in range(8)]
    assert order == ["many", "one", "other", "many", "one", "many", "many", "many"]


def test_who_leaves_is_no_longer_waited_for() -> None:
    """The next one is the first then."""
    pace, first, second = Pace(), Turn("a", 1), Turn("b", 1)
    pace.join(first)
    pace.join(second)
    pace.leave(first)
    assert pace.first() is second
    pace.leave(second)
    assert pace.first() is None


@given(
    cap=st.integers(1, 200),
    arrivals=st.lists(st.floats(0, 300), min_size=1, max_size=300),
)
def test_no_minute_has_more_than_its_limit(cap: int, arrivals: list[float]) -> None:
    """Of whatever comes, in any minute at most so many leave; and all leave in the end."""
    pace = Pace(requests=cap)
    pace.limit(requests=cap, tokens=None, now=0.0)
    gone: list[float] = []
    now = 0.0
    for at in sorted(arrivals):
        pace.join(Turn("run", 1))
        now = max(now, at)
        now += pace.wait(now)
        assert pace.wait(now) < 1e-6
        pace.go(now)
        gone.append(now)
    assert len(gone) == len(arrivals)
    for start in gone:
        assert sum(start <= at < start + 60 - 1e-6 for at in gone) <= max(cap, 1)


def test_tokens_have_a_limit_too() -> None:
    """What was guessed is corrected by what was used."""
    pace = Pace(tokens=6000)
    first, second = Turn("run", 1200), Turn("run", 1200)
    pace.join(first)
    pace.join(second)
    pace.limit(requests=None, tokens=5000, now=0.0)
    assert pace.wait(0.0) == 0.0
    pace.go(0.0)
    assert pace.wait(0.0) > 10
    pace.over(first, 0, 0.0)
    assert pace.wait(0.0) < 4


def test_trap_27_thundering_herd() -> None:
    """Refused together with one `Retry-After`: nobody comes back early, and no two together."""
    pace = Pace(seed=1)
    turns = [Turn(f"run {number}", 1) for number in range(64)]
    for turn in turns:
        pace.join(turn)
        pace.go(0.0)
    for turn in turns:
        answered(pace, turn, 429, now=1.0, asked=20.0)
    back, now = [], 1.0
    for number in range(64):
        pace.join(Turn(f"run {number}", 1))
    for _ in range(64):
        now += pace.wait(now)
        pace.go(now)
        back.append(now)
    assert back[0] >= 21.0
    assert back[0] <= 22.0
    assert all(b - a >= 0.25 - 1e-6 for a, b in pairwise(back))


def test_the_distance_doubles_with_refusals_and_shrinks_with_answers() -> None:
    """Many that left together are one refusal."""
    pace, now = Pace(seed=1), 0.0
    gaps = []
    for _ in range(4):
        together = [Turn("run", 1) for _ in range(9)]
        for turn in together:
            turn.granted = now
        now += 100
        for turn in together:
            answered(pace, turn, 429, now=now)
        gaps.append(pace.gap)
    assert gaps == [0.25, 0.5, 1.0, 2.0]
    for _ in range(40):
        answered(pace, Turn("run", 1), now=now)
    assert pace.gap == 0.0


def test_headers_say_how_much_is_left() -> None:
    """With nothing left the next one waits for what it takes to come back."""
    pace, turn = Pace(), Turn("run", 1)
    told = {
        "x_ratelimit_limit_requests": 60,
        "x_ratelimit_remaining_requests": 0,
        "x_ratelimit_reset_requests": "30s",
    }
    pace.join(turn)
    answered(pace, pace.go(0.0), headers=told)
    pace.join(Turn("run", 1))
    assert pace.wait(0.0) == pytest.approx(0.5)


def test_what_is_under_way_is_not_left() -> None:
    """Three left before the answer came that says two are left: none is."""
    pace = Pace()
    for _ in range(4):
        pace.join(Turn("run", 1))
    first = pace.go(0.0)
    for _ in range(3):
        pace.go(0.0)
    told = {
        "x_ratelimit_limit_requests": 60,
        "x_ratelimit_remaining_requests": 2,
        "x_ratelimit_reset_requests": "58s",
    }
    answered(pace, first, headers=told)
    pace.join(Turn("run", 1))
    assert pace.wait(0.0) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("1h1m1.5s", 3661.5),
        ("250ms", 0.25),
        ("12.5", 12.5),
        ("2026-11-24T00:00:30Z", 30.0),
        ("2026-11-23T00:00:30Z", 0.0),
        ("", None),
        ("-3", None),
        ("nan", None),
        ("3 apples", None),
        ("1s2", None),
    ],
)
def test_forms_of_a_reset(text: str, seconds: float | None) -> None:
    """A time, a number, a date; what makes no sense says nothing."""
    today = 1795478400.0  # 2026-11-24
    assert seconds_of(text, today=today) == seconds


@pytest.mark.parametrize("jump", [-86_000, -600, 0, 600, 86_000])
def test_a_reset_does_not_depend_on_our_clock(jump: int) -> None:
    """Set forwards or back, it is half a minute by the clock of who said so."""
    today = 1795478400.0
    date = formatdate(today, usegmt=True)
    assert seconds_of("2026-11-24T00:00:30Z", today=today + jump, date=date) == 30.0


def test_limits_of_two_families() -> None:
    """OpenAI's names and Anthropic's; half of it says nothing."""
    names = {
        "anthropic-ratelimit-tokens-limit": "100",
        "anthropic-ratelimit-tokens-remaining": "500",
    }
    found = limit_in(names, "tokens", today=0.0)
    assert found is not None
    assert (found.limit, found.remaining, found.reset) == (100.0, 100.0, 60.0)
    assert limit_in(names, "requests", today=0.0) is None
    assert limit_in({"x-ratelimit-limit-requests": "9"}, "requests", today=0.0) is None


def test_1000_random_days_end_with_everybody_gone() -> None:
    """Whatever is answered, asked for and told: nobody goes early, and nobody waits for ever."""
    for seed in range(1000):
        random = Random(seed)
        pace = Pace(
            requests=random.choice([None, 30]), tokens=random.choice([None, 9000]), seed=seed
        )
        now, flying, left, not_before = 0.0, [], 40, 0.0
        pace.limit(requests=None, tokens=None, now=now)
        gone: Counter[object] = Counter()
        while left or flying or pace.first() is not None:
            if left and random.random() < 0.5:
                left -= 1
                pace.join(Turn(random.choice("abc"), random.randrange(1000)))
            elif pace.first() is not None and random.random() < 0.6:
                wait = pace.wait(now)
                assert 0.0 <= wait < 3600
                now += wait
                assert now >= not_before
                turn = pace.go(now)
                gone[turn.run] += 1
                flying.append(turn)
            elif flying:
                turn = flying.pop(random.randrange(len(flying)))
                status = random.choice([200, 200, 200, 429, 500])
                asked = random.choice([None, 5.0]) if status == 429 else None
                if asked:
                    not_before = now + asked
                answered(pace, turn, status, now=now, asked=asked)
                pace.over(turn, random.choice([None, 0, 2000]), now)
        assert sum(gone.values()) == 40


# --- real requests


def test_a_429_holds_back_who_has_not_asked_yet() -> None:
    """One run is told to wait; another run of the process waits too, without asking first."""
    time = Time()
    with (
        FakeModel([Reply(status=429, headers={"retry-after": "20"})]) as model,
        metered(OpenAI(base_url=model.url, api_key="k", max_retries=0)) as client,
    ):

        def answer() -> None:
            ask(client)

        driver = Driver({}, module_of(answer), adapter=limit(time))
        with pytest.raises(openai.RateLimitError):
            driver.execute(["answer"])
        assert time.slept == []
        Driver({}, module_of(answer), adapter=limit(time)).execute(["answer"])
        assert 20.0 <= sum(time.slept) <= 21.0
        assert len(model.requests) == 2


def test_another_key_or_model_has_a_gate_of_its_own() -> None:
    """What one account is told does not concern another."""
    time = Time()
    with (
        FakeModel([Reply(status=429, headers={"retry-after": "20"})]) as model,
        metered(OpenAI(base_url=model.url, api_key="k", max_retries=0)) as client,
    ):

        def answer() -> None:
            with pytest.raises(openai.RateLimitError):
                ask(client)
            ask(client.with_options(api_key="another"))
            client.chat.completions.create(model="n", messages=MESSAGES)

        Driver({}, module_of(answer), adapter=limit(time)).execute(["answer"])
    assert time.slept == []


@pytest.mark.parametrize("way", ["threads", "tasks"])
async def test_many_branches_go_through_one_gate(way: str) -> None:
    """A limit of 60 a minute: 20 go at once less what is reserved, the rest one after another."""
    time = Time()
    with FakeModel() as model:
        options: Any = {"base_url": model.url, "api_key": "k", "max_retries": 0}
        with metered(OpenAI(**options)) as client:
            async with metered(AsyncOpenAI(**options)) as later:

                def plain(number: int) -> Any:
                    def step() -> None:
                        ask(client)

                    step.__name__ = f"step_{number}"
                    return step

                def awaited(number: int) -> Any:
                    async def step() -> None:
                        await later.chat.completions.create(model="m", messages=MESSAGES)

                    step.__name__ = f"step_{number}"
                    return step

                steps = [(plain if way == "threads" else awaited)(n) for n in range(24)]
                gate = limit(time, requests=60)
                driver = Driver({}, module_of(*steps), adapter=gate, threads=8)
                targets = [step.__name__ for step in steps]
                if way == "threads":
                    await asyncio.to_thread(driver.execute, targets)
                else:
                    await driver.aexecute(targets)
        assert len(model.requests) == 24
    assert sum(time.slept) == pytest.approx(12 / 0.8)


def test_it_works_with_a_retry() -> None:
    """The retry's wait and the gate's are one: together they are not longer than asked for."""
    time = Time()
    with (
        FakeModel([Reply(status=429, headers={"retry-after": "7"})]) as model,
        metered(OpenAI(base_url=model.url, api_key="k", max_retries=0)) as client,
    ):

        def answer() -> None:
            ask(client)

        ledger = TokenAccounting()
        adapters = [ledger, limit(time), Retry(clock=time, sleep=time.sleep, seed=1)]
        Driver({}, module_of(answer), adapter=adapters).execute(["answer"])
        assert [call.status for call in ledger.calls] == [429, 200]
        assert 7.0 <= sum(time.slept) <= 8.0


def test_too_long_a_wait_fails_at_once() -> None:
    """The error says how long it would be; nothing leaves."""
    time = Time()
    with (
        FakeModel([Reply(status=429, headers={"retry-after": "86400"})]) as model,
        metered(OpenAI(base_url=model.url, api_key="k", max_retries=2)) as client,
    ):
        single = client.with_options(max_retries=0)

        def first() -> None:
            with pytest.raises(openai.RateLimitError):
                ask(single)

        def second(first: None) -> None:
            ask(client)

        with pytest.raises(Unavailable, match="`second` would have to wait 86400 s") as caught:
            Driver({}, module_of(first, second), adapter=limit(time)).execute(["second"])
        assert 86400 <= caught.value.wait < 86401
        assert len(model.requests) == 1


async def test_who_is_cancelled_leaves_the_line() -> None:
    """The next one goes; nothing is left of the one that was cancelled."""
    with FakeModel([Reply(status=429, headers={"retry-after": "3600"})]) as model:
        gate = RateLimit(longest=1e9)
        client = metered(AsyncOpenAI(base_url=model.url, api_key="k", max_retries=0))
        async with client:
            tried = asyncio.Event()

            async def answer(times: int) -> None:
                tried.set()
                await client.chat.completions.create(model="m", messages=MESSAGES)

            driver = Driver({}, module_of(answer), adapter=gate)
            with pytest.raises(openai.RateLimitError):
                await driver.aexecute(["answer"], inputs={"times": 1})
            tried.clear()
            tasks = [
                asyncio.create_task(driver.aexecute(["answer"], inputs={"times": 1}))
                for _ in range(3)
            ]
            await tried.wait()
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in ended] == [asyncio.CancelledError] * 3
        assert len(model.requests) == 1


def test_a_failure_elsewhere_ends_a_wait_in_a_thread() -> None:
    """Who waits for its turn gives up with its run."""
    waiting = Event()
    with (
        FakeModel([Reply(status=429, headers={"retry-after": "3600"})]) as model,
        metered(OpenAI(base_url=model.url, api_key="k", max_retries=0)) as client,
    ):

        def left() -> None:
            with pytest.raises(openai.RateLimitError):
                ask(client)
            waiting.set()
            ask(client)

        def right() -> None:
            assert waiting.wait(10)
            raise ValueError("a mistake")

        def both(left: None, right: None) -> None: ...

        driver = Driver({}, module_of(left, right, both), adapter=RateLimit(longest=1e9), threads=2)
        with pytest.raises(ValueError, match="a mistake"):
            driver.execute(["both"])
        assert len(model.requests) == 1


def test_a_limit_of_nothing() -> None:
    """Is told when it is made."""
    with pytest.raises(ValueError, match="`requests=0` lets nothing go"):
        RateLimit(requests=0)
