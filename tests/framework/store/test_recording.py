"""`RunStore`: what runs, steps and calls did is in the file, and nothing that was said."""

import asyncio
import pickle
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from threading import enumerate as threads
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

from stepwell import Collect, Driver, Parallelizable, Stream
from stepwell.lifecycle import Retry
from stepwell.llm import Price, TokenAccounting, Usage, metered, record_usage
from stepwell.store import PastRun, PastStep, Runs, RunStore
from stepwell.testing import FakeModel, Reply, module_of

PRICES = {"m": Price(input=1, output=2)}
SECRET = "sk-canary-1234567890abcdef"


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / ".stepwell" / "runs.db")


@pytest.fixture
def client(model: FakeModel) -> Iterator[OpenAI]:
    made = OpenAI(base_url=model.url, api_key=SECRET, max_retries=0, timeout=10)
    with metered(made, prices=PRICES) as client:
        yield client


def ask(client: OpenAI, text: str = "What is the capital?") -> str:
    messages: Any = [{"role": "user", "content": text}]
    answer = client.chat.completions.create(model="m", messages=messages, max_tokens=9)
    return answer.choices[0].message.content or ""


def last(store: RunStore) -> PastRun:
    run = store.runs.run()
    assert run is not None
    return run


def step(store: RunStore, node: str) -> PastStep:
    found = last(store).step(node)
    assert found is not None
    return found


def test_a_run_is_there_with_its_steps(store: RunStore) -> None:
    def found(question: str) -> list[str]:
        return [question]

    def answer(found: list[str]) -> str:
        return found[0]

    driver = Driver({}, module_of(found, answer), adapter=store)
    driver.execute(["answer"], inputs={"question": SECRET})
    run = last(store)
    assert (run.ended, run.error, run.targets, run.inputs) == (
        "finished",
        None,
        ("answer",),
        ("question",),
    )
    assert run.digest == driver.graph.digest()
    assert [(each.node, each.times, each.attempts) for each in run.steps] == [
        ("found", 1, 1),
        ("answer", 1, 1),
    ]
    assert run.seconds is not None
    assert sum(each.seconds for each in run.steps) <= run.seconds
    assert run.steps[0].file == __file__
    assert run.steps[0].line == found.__code__.co_firstlineno


def test_a_failure_is_told_by_its_class_and_its_place(store: RunStore) -> None:
    def answer() -> str:
        raise ValueError(SECRET)

    def never(answer: str) -> str:
        return answer

    with pytest.raises(ValueError, match=SECRET):
        Driver({}, module_of(answer, never), adapter=store).execute(["never"])
    run, place = last(store), f"{__file__}:{answer.__code__.co_firstlineno + 1}"
    assert (run.ended, run.error, run.place) == ("failed", "ValueError", place)
    assert (step(store, "answer").failures, step(store, "answer").place) == (1, place)
    assert step(store, "never").times == 0


def test_calls_are_kept_with_tokens_and_exact_cost(store: RunStore, client: OpenAI) -> None:
    def answer() -> str:
        return ask(client)

    def summary(answer: str) -> str:
        return ask(client) + ask(client)

    accounting = TokenAccounting()
    Driver({}, module_of(answer, summary), adapter=[store, accounting]).execute(["summary"])
    run = last(store)
    assert run.usage == accounting.total()
    assert {each.node: each.usage for each in run.steps} == accounting.by_step()
    assert run.usage.cost is not None
    assert isinstance(run.usage.cost.amount, Decimal)
    told = [(call.node, call.number, call.status, call.model) for call in run.calls]
    assert told == [("answer", 1, 200, "m"), ("summary", 1, 200, "m"), ("summary", 2, 200, "m")]


def test_what_is_not_known_of_a_call_stays_unknown(store: RunStore) -> None:
    def answer() -> str:
        record_usage(Usage(input_tokens=3, requests=1), operation="chat", model="m")
        return ""

    Driver({}, module_of(answer), adapter=store).execute(["answer"])
    usage = last(store).usage
    assert (usage.input_tokens, usage.unpriced, usage.costs) == (3, 1, ())


def test_attempts_are_counted(store: RunStore, model: FakeModel, client: OpenAI) -> None:
    model.replies.extend([Reply(status=500), Reply(status=500)])

    def answer() -> str:
        return ask(client)

    retry = Retry(attempts=3, sleep=lambda seconds: None)
    Driver({}, module_of(answer), adapter=[store, retry]).execute(["answer"])
    assert (step(store, "answer").attempts, step(store, "answer").failures) == (3, 0)
    assert [(call.attempt, call.status) for call in last(store).calls] == [
        (1, 500),
        (2, 500),
        (3, 200),
    ]


def test_items_of_a_fan_out_add_up_in_one_step(store: RunStore) -> None:
    def number() -> Parallelizable[int]:
        yield from range(5)

    def square(number: int) -> int:
        return number * number

    def total(square: Collect[int]) -> int:
        return sum(square)

    Driver({}, module_of(number, square, total), adapter=store).execute(["total"])
    assert step(store, "square").times == 5
    assert step(store, "square").longest <= step(store, "square").seconds


async def test_an_async_run_is_recorded_too(store: RunStore, model: FakeModel) -> None:
    async with metered(
        AsyncOpenAI(base_url=model.url, api_key=SECRET, max_retries=0), prices=PRICES
    ) as client:

        async def answer() -> str:
            messages: Any = [{"role": "user", "content": "?"}]
            made = await client.chat.completions.create(model="m", messages=messages)
            return made.choices[0].message.content or ""

        driver = Driver({}, module_of(answer), adapter=store)
        await asyncio.gather(*[driver.aexecute(["answer"]) for _ in range(8)])
    runs = store.runs.latest()
    assert len(runs) == 8
    assert {(run.ended, run.usage.requests) for run in runs} == {("finished", 1)}


async def test_a_run_that_is_cancelled_says_so(store: RunStore) -> None:
    begun = asyncio.Event()

    async def answer() -> str:
        begun.set()
        await asyncio.sleep(60)
        return ""

    task = asyncio.ensure_future(Driver({}, module_of(answer), adapter=store).aexecute(["answer"]))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (last(store).ended, last(store).error) == ("cancelled", "CancelledError")


def test_a_stream_that_is_left_early_is_cancelled(store: RunStore) -> None:
    def words() -> Stream[str]:
        yield from ("one", "two", "three")

    driver = Driver({}, module_of(words), adapter=store)
    events = driver.stream(["words"])
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert last(store).ended == "cancelled"


def test_a_run_that_goes_on_is_running(store: RunStore) -> None:
    seen: list[str] = []

    def answer() -> int:
        while not (run := store.runs.run()):
            pass
        seen.append(run.ended)
        return 1

    Driver({}, module_of(answer), adapter=store).execute(["answer"])
    assert seen == ["running"]


def test_nothing_that_is_said_or_secret_is_in_the_file(store: RunStore, client: OpenAI) -> None:
    said = "the patient has a rash"

    def answer(question: str) -> str:
        raise ValueError(ask(client, question) + question)

    with pytest.raises(ValueError, match=said):
        Driver({}, module_of(answer), adapter=store).execute(["answer"], inputs={"question": said})
    assert last(store).usage.requests == 1
    for file in store.path.parent.iterdir():
        data = file.read_bytes()
        for secret in (said, SECRET, "Paris"):
            assert secret.encode() not in data, (file, secret)


def test_the_latest_runs_are_kept(tmp_path: Path) -> None:
    def answer() -> int:
        return 1

    store = RunStore(tmp_path / "runs.db", keep=3)
    driver = Driver({}, module_of(answer), adapter=store)
    for _ in range(7):
        driver.execute(["answer"])
    assert [run.number for run in store.runs.latest()] == [7, 6, 5]
    assert len(store.runs.latest(2)) == 2


def test_the_file_does_not_grow_beyond_what_is_kept(tmp_path: Path) -> None:
    def answer() -> int:
        for _ in range(50):
            record_usage(Usage(input_tokens=3, requests=1), operation="chat", model="m")
        return 1

    store = RunStore(tmp_path / "runs.db", keep=2)
    driver = Driver({}, module_of(answer), adapter=store)
    for _ in range(40):
        driver.execute(["answer"])
    # Forty runs with all their calls are a megabyte, and SQLite's log is emptied at four.
    assert store.path.stat().st_size < 300_000
    assert Path(f"{store.path}-wal").stat().st_size < 6_000_000


def test_only_its_owner_reads_the_file_and_git_leaves_it_alone(store: RunStore) -> None:
    assert store.path.stat().st_mode & 0o077 == 0
    assert store.path.parent.stat().st_mode & 0o077 == 0
    assert (store.path.parent / ".gitignore").read_text() == "*\n"


def test_it_travels_to_another_process(store: RunStore) -> None:
    other = pickle.loads(pickle.dumps(store))
    assert (other.path, other.keep) == (store.path, store.keep)


def test_no_thread_is_left_when_runs_are_over(store: RunStore) -> None:
    def answer() -> int:
        return 1

    Driver({}, module_of(answer), adapter=store).execute(["answer"])
    assert not [thread for thread in threads() if thread.name == "stepwell-store"]


def test_a_file_that_can_no_longer_be_written_fails_no_run(
    store: RunStore, caplog: pytest.LogCaptureFixture
) -> None:
    def answer() -> int:
        return 1

    driver = Driver({}, module_of(answer), adapter=store)
    driver.execute(["answer"])
    with store._writer.file.transaction() as base:
        base.execute("drop table run")
    assert driver.execute(["answer"]) == {"answer": 1}
    assert "recorded" in caplog.text


def test_accounting_with_a_store_writes_there(store: RunStore, client: OpenAI) -> None:
    def answer() -> str:
        return ask(client)

    accounting = TokenAccounting(store=store)
    Driver({}, module_of(answer), adapter=accounting).execute(["answer"])
    run = last(store)
    assert (run.ended, run.usage, len(run.steps)) == ("finished", accounting.total(), 1)


def test_accounting_beside_the_store_counts_nothing_twice(store: RunStore, client: OpenAI) -> None:
    def answer() -> str:
        return ask(client)

    for adapters in ([store, TokenAccounting(store=store)], [TokenAccounting(store=store), store]):
        Driver({}, module_of(answer), adapter=adapters).execute(["answer"])
        run = last(store)
        assert (run.ended, run.usage.requests, run.steps[0].times) == ("finished", 1, 1)


def test_accounting_with_a_store_records_failures(store: RunStore, client: OpenAI) -> None:
    def answer() -> str:
        ask(client)
        raise KeyError("no")

    accounting = TokenAccounting(store=store)
    with pytest.raises(KeyError):
        Driver({}, module_of(answer), adapter=accounting).execute(["answer"])
    assert (last(store).ended, last(store).usage) == ("failed", accounting.total())


def test_without_a_file_there_are_no_runs(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "none.db")
    assert (runs.latest(), runs.run(), runs.last(), runs.last_steps()) == ([], None, {}, {})
    assert not [*tmp_path.iterdir()]


def test_a_run_is_found_by_how_its_id_begins(store: RunStore) -> None:
    def answer() -> int:
        return 1

    driver = Driver({}, module_of(answer), adapter=store)
    driver.execute(["answer"])
    driver.execute(["answer"])
    first = store.runs.latest()[1]
    found = store.runs.run(first.run_id)
    assert found is not None
    assert found.number == 1
    assert store.runs.run(first.run_id.partition("-")[0]) == store.runs.run()
    assert store.runs.run("nothing like it") is None


def test_usage_is_a_sum_of_calls(store: RunStore, client: OpenAI) -> None:
    def answer() -> str:
        return "".join(ask(client) for _ in range(3))

    Driver({}, module_of(answer), adapter=store).execute(["answer"])
    run = last(store)
    assert sum((call.usage for call in run.calls), Usage()) == run.usage


def test_what_a_run_will_use_is_estimated_from_what_is_remembered(
    store: RunStore, client: OpenAI
) -> None:
    def answer() -> str:
        return ask(client)

    def length(answer: str) -> str:
        return ask(client, answer) + ask(client, "twice")

    driver = Driver({}, module_of(answer, length), adapter=store)
    driver.execute(["length"])
    used = step(store, "length").usage
    driver.execute(["length"])
    _fails.__name__ = "length"
    with pytest.raises(ValueError, match="not so"):
        Driver({}, module_of(answer, _fails), adapter=store).execute(["length"])
    estimate = driver.estimate(["length"], history=store)
    (told,) = [each for each in estimate.steps if each.node == "length"]
    assert (told.basis, told.why) == ("history", "of 2 runs")
    assert (told.input.high, told.output.high) == (used.input_tokens, used.output_tokens)


def _fails(answer: str) -> str:
    raise ValueError("not so")
