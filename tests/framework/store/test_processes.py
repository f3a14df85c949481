"""A store that several processes use, and some of them are killed."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stepwell import Driver
from stepwell.llm import Usage, record_usage
from stepwell.store import Runs, RunStore
from stepwell.testing import module_of

WORKER = """
import sys
from stepwell import Driver
from stepwell.llm import TokenAccounting, Usage, record_usage
from stepwell.store import RunStore
from stepwell.testing import module_of

def answer(times: int) -> int:
    for number in range(times):
        record_usage(Usage(input_tokens=1, requests=1), operation="chat", model="m")
        if times > 1000:
            print(number + 1, flush=True)
    return times

driver = Driver({}, module_of(answer), adapter=TokenAccounting(store=RunStore(sys.argv[1])))
for _ in range(int(sys.argv[2])):
    driver.execute(["answer"], inputs={"times": int(sys.argv[3])})
"""


def started(path: Path, *words: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(path), *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_eight_processes_lose_no_row(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    workers = [started(path, 10, 5) for _ in range(8)]
    for worker in workers:
        worker.communicate(timeout=120)
        assert worker.returncode == 0
    runs = Runs(path).latest()
    assert len(runs) == 80
    assert {(run.ended, run.usage.requests) for run in runs} == {("finished", 5)}


@pytest.mark.parametrize("kill_at", [1, 2, 7, 40, 200])
def test_no_call_is_lost_that_a_killed_process_had_an_answer_to(
    tmp_path: Path, kill_at: int
) -> None:
    path = tmp_path / "runs.db"
    worker = started(path, 1, 100_000)
    assert worker.stdout is not None
    told = 0
    while told < kill_at:
        told = int(worker.stdout.readline())
    worker.send_signal(signal.SIGKILL)
    rest, _ = worker.communicate(timeout=60)
    told = max(told, *map(int, rest.split()[:-1] or [0]))
    (run,) = Runs(path).latest()
    # One may have been written whose number it came no more to tell.
    assert told <= run.usage.requests
    assert run.usage.input_tokens == run.usage.requests
    assert run.ended in ("running", "cut off")


def test_a_run_whose_process_is_gone_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    worker = started(path, 1, 100_000)
    assert worker.stdout is not None
    worker.stdout.readline()
    worker.kill()
    worker.communicate(timeout=60)
    store = RunStore(path)
    with store._writer.file.transaction() as base:
        base.execute("update process set until = 0")
    (run,) = Runs(path).latest()
    assert (run.ended, run.seconds) == ("cut off", None)


def test_the_next_run_goes_on_in_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    for _ in range(3):
        worker = started(path, 1, 100_000)
        assert worker.stdout is not None
        worker.stdout.readline()
        worker.kill()
        worker.communicate(timeout=60)
    worker = started(path, 1, 3)
    worker.communicate(timeout=60)
    runs = Runs(path).latest()
    assert runs[0].ended == "finished"
    assert len(runs) == 4


def test_items_in_other_processes_are_recorded(tmp_path: Path) -> None:
    (tmp_path / "squares.py").write_text(
        "from stepwell import Collect, Parallelizable\n"
        "from stepwell.llm import Usage, record_usage\n"
        "def number() -> Parallelizable[int]:\n"
        "    yield from range(6)\n"
        "def square(number: int) -> int:\n"
        "    record_usage(Usage(input_tokens=number, requests=1), operation='chat')\n"
        "    return number * number\n"
        "def total(square: Collect[int]) -> int:\n"
        "    return sum(square)\n"
    )
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import squares\n"
        "from stepwell import Builder\n"
        "from stepwell.executors import ProcessesExecutor\n"
        "from stepwell.store import RunStore\n"
        "if __name__ == '__main__':\n"
        "    store = RunStore(sys.argv[2])\n"
        "    builder = Builder().with_modules(squares).with_adapters(store)\n"
        "    driver = builder.with_executor(ProcessesExecutor(2)).build()\n"
        "    print(driver.execute(['total']))\n"
    )
    (tmp_path / "main.py").write_text(code)
    path = tmp_path / "runs.db"
    done = subprocess.run(
        [sys.executable, str(tmp_path / "main.py"), str(tmp_path), str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    run = Runs(path).run()
    assert run is not None
    square = run.step("square")
    assert square is not None
    assert (square.times, square.usage.requests, run.usage.input_tokens) == (6, 6, 15)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_leaves_the_file_whole(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs.db")

    def answer() -> int:
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
        return 1

    Driver({}, module_of(answer), adapter=store).execute(["answer"])
    run = store.runs.run()
    assert run is not None
    assert run.ended == "finished"


def test_where_the_file_is_not_at_hand_what_happened_is_sent_home(tmp_path: Path) -> None:
    """As in a worker process on another machine, where no file is made either."""
    store = RunStore(tmp_path / "here" / "runs.db")

    def answer() -> int:
        elsewhere = pickle.loads(pickle.dumps(store))
        elsewhere.__setstate__({"path": tmp_path / "there" / "runs.db", "keep": 1})
        run_id = store.runs.latest()[0].run_id
        elsewhere.arrived(run_id=run_id)
        words = {"run_id": run_id, "node_name": "far", "task_id": "1"}
        elsewhere.run_before_node_execution(**words)
        record_usage(Usage(input_tokens=5, requests=1), operation="chat")
        elsewhere.run_after_node_execution(**words, error=None)
        news = pickle.loads(pickle.dumps(elsewhere.send_home(run_id=run_id)))
        elsewhere.left(run_id=run_id)
        assert elsewhere.send_home(run_id=run_id) == []
        store.take_home(run_id=run_id, state=[row for row in news if len(row.values) > 1])
        return 1

    Driver({}, module_of(answer), adapter=store).execute(["answer"])
    run = store.runs.run()
    assert run is not None
    assert [(step.node, step.times) for step in run.steps] == [("answer", 1), ("far", 1)]
    assert not (tmp_path / "there").exists()


FULL = """
import resource, sys
from stepwell import Driver, StoreError
from stepwell.llm import Budget, Usage, metered
from stepwell.store import RunStore
from stepwell.testing import FakeModel, module_of
from openai import OpenAI

store = RunStore(sys.argv[1])
adapter = Budget(requests=99, per="all", store=store) if sys.argv[2] == "budget" else store

with FakeModel() as model:
    client = metered(OpenAI(base_url=model.url, api_key="k", max_retries=0))

    def answers() -> int:
        for number in range(20):
            if number == 3:
                resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
            client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "?"}], max_tokens=5
            )
        return number

    try:
        Driver({}, module_of(answers), adapter=adapter).execute(["answers"])
        print("done", len(model.requests))
    except StoreError:
        print("refused", len(model.requests))
    finally:
        client.close()
"""


@pytest.mark.parametrize(("what", "said"), [("budget", "refused 3"), ("record", "done 20")])
def test_a_full_disk_stops_before_the_next_paid_call_where_that_is_counted_on(
    tmp_path: Path, what: str, said: str
) -> None:
    """A budget must not go on without its ledger; a record of runs fails none, and says so."""
    path = tmp_path / "runs.db"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path), what],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == said, done.stderr
    assert "runs.db" in done.stderr or what == "budget"
