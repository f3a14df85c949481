"""Budgets and rate limits that several processes have in common, through a run store."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from time import monotonic, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai import OpenAI

from stepwell import BudgetExceeded, Driver, StoreError, tag
from stepwell.llm import Budget, Price, RateLimit, Usage, metered, record_usage
from stepwell.llm.account import Account, Amount, Caps
from stepwell.llm.pace import BURST, Turn
from stepwell.llm.shared import SharedAccount, SharedPace, shared_name
from stepwell.store import Runs, RunStore
from stepwell.testing import FakeModel, Received, Reply, module_of

USED = 8
"""The tokens of a question and its answer below, as the fake counts them."""

MOST = 146
"""The most that such a request may use, by the size of its body."""

MESSAGES: Any = [{"role": "user", "content": "What is the capital?"}]

ASKS = """
import json, sys
from time import time
from openai import OpenAI
from stepwell import BudgetExceeded, Driver
from stepwell.llm import Budget, Price, RateLimit, metered
from stepwell.store import Runs, RunStore
from stepwell.testing import module_of

store, url, adapter, times, retries = sys.argv[1:]
adapter = eval(adapter, {"Budget": Budget, "RateLimit": RateLimit, "store": RunStore(store)})
made = OpenAI(base_url=url, api_key="k", max_retries=int(retries), timeout=60)
prices = {"m": Price(input=1, output=2)}
done = []

def answers() -> int:
    with metered(made, prices=prices) as client:
        for _ in range(int(times)):
            client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "?"}], max_tokens=10
            )
            done.append(time())
    return len(done)

refused = 0
print("ready", flush=True)
sys.stdin.readline()
try:
    Driver({}, module_of(answers), adapter=adapter).execute(["answers"])
except BudgetExceeded:
    refused = 1
print(json.dumps([done, refused]))
"""


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs.db")


class Clocked(FakeModel):
    """Knows when each request came."""

    def received(self, request: Received) -> Reply:
        self.at = [*getattr(self, "at", []), monotonic()]
        return super().received(request)


@pytest.fixture
def model() -> Iterator[Clocked]:
    with Clocked() as running:
        yield running


def together(
    store: RunStore, model: FakeModel, adapter: str, *, processes: int, times: int, retries: int = 0
) -> list[tuple[list[float], int]]:
    """What so many processes come to that all ask so many times, from the same moment on."""
    words = [str(store.path), model.url, adapter, str(times), str(retries)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ASKS, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    with ThreadPoolExecutor(processes) as pool:
        outs = [*pool.map(lambda each: each.communicate("go\n", timeout=120)[0], running)]
    assert [each.returncode for each in running] == [0] * processes
    return [tuple(json.loads(out)) for out in outs]


@pytest.mark.slow
def test_processes_together_pass_no_cap_on_requests(store: RunStore, model: FakeModel) -> None:
    adapter = "Budget(requests=25, per='all', store=store, patience=0)"
    came = together(store, model, adapter, processes=4, times=20)
    assert len(model.requests) == sum(len(done) for done, _ in came) == 25
    assert sum(refused for _, refused in came) >= 3


@pytest.mark.slow
def test_processes_together_pass_no_cap_on_tokens(store: RunStore, model: FakeModel) -> None:
    adapter = "Budget(tokens=900, per='all', store=store)"
    came = together(store, model, adapter, processes=4, times=100)
    used = USED * len(model.requests)
    # They waited for what the others leave, so that no more is left than one may ask for.
    assert 900 - MOST <= used <= 900
    assert all(refused for _, refused in came)


@pytest.mark.slow
def test_processes_together_go_no_faster_than_the_limit(store: RunStore, model: FakeModel) -> None:
    adapter = "RateLimit(requests=600, store=store)"
    came = together(store, model, adapter, processes=4, times=34)
    assert [len(done) for done, _ in came] == [34] * 4
    left = sorted(moment for done, _ in came for moment in done)
    burst, rate = BURST * 600, (1 - BURST) * 600 / 60
    # An answer comes some time after its request has left: of many, all but a few soon.
    for first, last in ((0, 135), (60, 135), (0, 125)):
        seconds = left[last] - left[first]
        assert last - first + 1 <= burst + rate * (seconds + 1.0) + 4


@pytest.mark.slow
def test_nobody_comes_back_early_or_together_after_a_shared_wait(
    store: RunStore, model: Clocked
) -> None:
    model.replies.extend([Reply(status=429, headers={"Retry-After": "2"})])
    came = together(store, model, "RateLimit(store=store)", processes=4, times=3, retries=5)
    assert [len(done) for done, _ in came] == [3] * 4
    arrived = sorted(model.at)
    refused = arrived[0]
    # What had left before the refusal was heard of is none that came back.
    later = [moment for moment in arrived if moment > refused + 1.0]
    assert len(later) >= 12 - 4
    assert min(later) >= refused + 2.0
    gaps = [after - before for before, after in pairwise(later)]
    assert min(gaps[:3]) > 0.02


def test_what_is_spent_outlives_the_process(store: RunStore, model: FakeModel) -> None:
    adapter = "Budget(requests=3, per='all', store=store)"
    for expected in (2, 1, 0):
        ((done, refused),) = together(store, model, adapter, processes=1, times=2)
        assert (len(done), refused) == (expected, int(expected < 2))


def test_what_a_process_held_that_was_killed_counts_as_spent(store: RunStore) -> None:
    account = account_of(store, tokens=100)
    assert account.reserve(Amount(tokens=70), now=0.0) is None
    with store._writer.file.transaction() as base:
        base.execute("insert into process values ('gone', 0)")
        found = base.execute("select state from shared").fetchone()[0]
        base.execute("update shared set state = ?", (found.replace(store._writer.process, "gone"),))
    other = account_of(store, tokens=100)
    assert other.reserve(Amount(tokens=40), now=0.0) == "tokens"
    assert (other.spent.tokens, other.reserved.tokens) == (70, 0)
    # It was there after all: what is settled late is spent already.
    account.settle(Amount(tokens=70), Amount(tokens=50), now=0.0)
    assert (account.reserved.tokens, account.spent.tokens) == (0, 120)


def account_of(store: RunStore, *, window: float | None = None, **caps: Any) -> SharedAccount:
    return SharedAccount(
        Caps(**caps), window=window, began=0.0, shared=store.shared, name="budget test"
    )


AMOUNTS = st.builds(
    Amount,
    money=st.decimals(0, 5, places=3),
    tokens=st.integers(0, 40),
    requests=st.integers(0, 2),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["reserve", "settle", "spend"]), AMOUNTS), max_size=20))
def test_it_counts_as_an_account_of_one_process(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Amount]]
) -> None:
    store = RunStore(tmp_path_factory.mktemp("store") / "runs.db")
    caps = Caps(money=Decimal(12), tokens=150, requests=9)
    alone = Account(caps)
    ours = [account_of(store, **caps._asdict()) for _ in range(2)]
    held: list[Amount] = []
    for number, (what, amount) in enumerate(steps):
        shared = ours[number % 2]
        if what == "reserve":
            refused = alone.reserve(amount, now=0.0)
            assert shared.reserve(amount, now=0.0) == refused
            held += [amount] if refused is None else []
        elif what == "settle" and held:
            before = held.pop()
            alone.settle(before, amount, now=0.0)
            shared.settle(before, amount, now=0.0)
        elif what == "spend":
            alone.spend(amount, now=0.0)
            shared.spend(amount, now=0.0)
        shared.forget(0.0)
        assert (shared.spent, shared.reserved) == (alone.spent, alone.reserved)


def test_a_window_forgets_what_is_long_past(store: RunStore) -> None:
    account = account_of(store, window=1000.0, tokens=100)
    account.spend(Amount(tokens=60), now=0.0)
    with store.shared.change("budget test") as changing:
        changing.state["past"] = [[time() - 1001, ["0", 60, 0]]]
    assert account.reserve(Amount(tokens=70), now=0.0) is None
    assert account.spent.tokens == 0


def test_of_a_window_no_more_parts_are_kept_than_it_has(store: RunStore) -> None:
    account = account_of(store, window=86400.0, tokens=10_000)
    for _ in range(50):
        account.spend(Amount(tokens=1), now=0.0)
    assert len(account._past) <= 2
    assert account.spent.tokens == 50


def pace_of(store: RunStore, **caps: float) -> SharedPace:
    pace = SharedPace(store.shared, "pace test", seed=1)
    pace.limit(requests=caps.get("requests"), tokens=caps.get("tokens"), now=0.0)
    return pace


def goes(pace: SharedPace, now: float, tokens: float = 1.0) -> float:
    """How long the next request has to wait; 0 if it went."""
    turn = Turn("run", tokens)
    pace.join(turn)
    wait = pace.ask(now)
    if wait:
        pace.leave(turn)
    return wait


def test_two_paces_share_what_may_leave(store: RunStore) -> None:
    one, other = pace_of(store, requests=60), pace_of(store, requests=60)
    now = monotonic()
    went = [goes(pace, now) == 0.0 for _ in range(10) for pace in (one, other)]
    assert sum(went) == BURST * 60
    assert goes(one, now) == pytest.approx(60 / (0.8 * 60), abs=0.01)


def test_the_lowest_limit_of_those_that_are_there_counts(store: RunStore) -> None:
    now = monotonic()
    generous, strict = pace_of(store, requests=6000), pace_of(store, requests=10)
    assert goes(strict, now) == 0.0
    assert goes(generous, now + 0.01) == 0.0
    assert goes(strict, now + 0.02) > 1.0


def test_a_refusal_of_one_holds_the_other(store: RunStore) -> None:
    one, other = pace_of(store), pace_of(store)
    now = monotonic()
    turn = Turn("run", 1.0)
    one.join(turn)
    assert one.ask(now) == 0.0
    one.answered(turn, 429, {}, now=now, asked=5.0, today=time())
    assert 5.0 <= goes(other, now) <= 5.5
    assert goes(other, now + 6.0) == 0.0
    assert 0.1 < goes(one, now + 6.0) < 1.0


def test_what_a_clock_said_before_the_machine_was_started_is_forgotten(store: RunStore) -> None:
    pace = pace_of(store)
    now = monotonic()
    turn = Turn("run", 1.0)
    pace.join(turn)
    pace.ask(now + 1e6)
    pace.answered(turn, 429, {}, now=now + 1e6, asked=5.0, today=time())
    assert goes(pace_of(store), now) == 0.0


def ask(client: OpenAI) -> str:
    made = client.chat.completions.create(model="m", messages=MESSAGES, max_tokens=10)
    return made.choices[0].message.content or ""


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    made = OpenAI(base_url=model.url, api_key="k", max_retries=0, timeout=10)
    with metered(made, prices={"m": Price(input=1, output=2)}) as client:
        yield client


@pytest.mark.parametrize(
    ("per", "inputs", "answers"),
    [
        ("all", ["a", "b", "a"], [1, 1, 0]),
        ("run", ["a", "b", "a"], [1, 1, 1]),
        ("input:tenant", ["a", "b", "a", "a"], [1, 1, 1, 0]),
        ("tag:team", ["a", "b", "a"], [1, 1, 0]),
    ],
)
def test_two_drivers_share_each_account(
    store: RunStore, client: OpenAI, per: str, inputs: list[str], answers: list[int]
) -> None:
    @tag(team="search")
    def answer(tenant: str) -> str:
        return ask(client)

    came = []
    for tenant in inputs:
        budget = Budget(requests=2, per=per, store=store)
        driver = Driver({}, module_of(answer), adapter=budget)
        try:
            driver.execute(["answer"], inputs={"tenant": tenant})
            came.append(1)
        except BudgetExceeded:
            came.append(0)
    assert came == answers


def test_budgets_of_different_things_are_accounts_of_their_own(
    store: RunStore, client: OpenAI
) -> None:
    def answer() -> str:
        return ask(client)

    requests = Budget(requests=9, per="all", store=store)
    tokens = Budget(tokens=900, per="all", store=store)
    Driver({}, module_of(answer), adapter=[requests, tokens]).execute(["answer"])
    for budget in (requests, tokens):
        (standing,) = budget.standing.values()
        assert standing.spent.requests == 1


def test_recorded_calls_count_for_all(store: RunStore) -> None:
    def answer() -> int:
        record_usage(Usage(input_tokens=7, requests=1), operation="chat")
        return 1

    for expected in (7, 14):
        budget = Budget(tokens=100, per="all", store=store)
        Driver({}, module_of(answer), adapter=budget).execute(["answer"])
        (standing,) = budget.standing.values()
        assert standing.spent.tokens == expected


@pytest.mark.parametrize(
    "adapter",
    [
        lambda store: Budget(requests=9, per="all", store=store),
        lambda store: RateLimit(store=store),
    ],
)
def test_nothing_leaves_while_the_store_can_not_be_used(
    store: RunStore, client: OpenAI, model: FakeModel, adapter: Callable[[RunStore], object]
) -> None:
    def answer() -> str:
        with store._writer.file.transaction() as base:
            base.execute("drop table shared")
        return ask(client)

    driver = Driver({}, module_of(answer), adapter=adapter(store))
    with pytest.raises(StoreError, match=r"runs\.db"):
        driver.execute(["answer"])
    assert model.requests == []


def test_a_store_that_fails_after_the_fact_is_logged(
    store: RunStore, client: OpenAI, caplog: pytest.LogCaptureFixture, model: FakeModel
) -> None:
    model.reply = Reply("fine")

    def answer() -> str:
        text = ask(client)
        with store._writer.file.transaction() as base:
            base.execute("drop table shared")
        record_usage(Usage(requests=1), operation="chat")
        return text

    budget = Budget(requests=9, per="all", store=store)
    assert Driver({}, module_of(answer), adapter=budget).execute(["answer"])["answer"] == "fine"
    assert "is not told to others" in caplog.text


def test_names_in_the_store_say_nothing_of_what_they_are_made_of() -> None:
    name = shared_name("budget", "input", "tenant", "Mr. Canary")
    assert "Canary" not in name
    assert name != shared_name("budget", "input", "tenant", "Mr. Finch")
    assert not math.isnan(len(name))


FAN = """
import os
from openai import OpenAI
from stepwell import Collect, Parallelizable, tag
from stepwell.llm import Price, metered

client = metered(
    OpenAI(base_url=os.environ["FAKE"], api_key="k", max_retries=0, timeout=30),
    prices={"m": Price(input=1, output=2)},
)

def number() -> Parallelizable[int]:
    yield from range(12)

@tag(team="search")
def said(number: int) -> str:
    made = client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "?"}], max_tokens=10
    )
    return made.choices[0].message.content or ""

def all_said(said: Collect[str]) -> list[str]:
    return said
"""
RUNS_FAN = """
import sys
sys.path.insert(0, sys.argv[1])
import fan
from stepwell import Builder, BudgetExceeded
from stepwell.executors import ProcessesExecutor
from stepwell.llm import Budget, RateLimit, TokenAccounting
from stepwell.store import Runs, RunStore

if __name__ == "__main__":
    store = RunStore(sys.argv[2])
    adapters = [eval(sys.argv[3]), RateLimit(store=store), TokenAccounting(store=store)]
    builder = Builder().with_modules(fan).with_adapters(*adapters)
    driver = builder.with_executor(ProcessesExecutor(3)).build()
    try:
        print(len(driver.execute("all_said")["all_said"]))
    except BudgetExceeded as refused:
        print("refused", refused.unit)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("budget", "said", "most"),
    [
        ("Budget(requests=7, store=store)", "refused requests", 7),
        ("Budget(requests=5, per='tag:team', store=store)", "refused requests", 5),
        ("Budget(requests=5, per='input:none', store=store)", "refused requests", 5),
        ("Budget(requests=12, per='step', store=store)", "12", 12),
    ],
)
def test_worker_processes_of_a_fan_out_are_under_the_cap(
    tmp_path: Path, model: FakeModel, budget: str, said: str, most: int
) -> None:
    (tmp_path / "fan.py").write_text(FAN)
    (tmp_path / "main.py").write_text(RUNS_FAN)
    done = subprocess.run(
        [sys.executable, "main.py", str(tmp_path), str(tmp_path / "runs.db"), budget],
        cwd=tmp_path,
        env={**os.environ, "FAKE": model.url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == said
    assert len(model.requests) == most
    run = Runs(tmp_path / "runs.db").run()
    assert run is not None
    assert run.usage.requests == most
