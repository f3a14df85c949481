"""A process that is killed and started again and again: what it may spend, and what is known."""

import signal
import subprocess
import sys
from pathlib import Path

from stepwell.store import Runs
from stepwell.testing import FakeModel, Reply

CRASHES = """
import os, signal, sys
from openai import OpenAI
from stepwell import BudgetExceeded, Driver
from stepwell.lifecycle import Retry
from stepwell.llm import Budget, TokenAccounting, metered
from stepwell.store import RunStore
from stepwell.testing import module_of

path, url = sys.argv[1:]
store = RunStore(path)
client = metered(OpenAI(base_url=url, api_key="k", max_retries=0))
asked = []

def answer() -> str:
    if len(asked) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    asked.append(1)
    made = client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "?"}], max_tokens=10
    )
    return made.choices[0].message.content

adapters = [
    TokenAccounting(store=store),
    Budget(requests=8, per="all", store=store),
    Retry(9, sleep=lambda seconds: None),
]
try:
    Driver({}, module_of(answer), adapter=adapters).execute(["answer"])
except BudgetExceeded as error:
    print(error)
"""


def test_trap_28_a_crash_loop_has_an_end(tmp_path: Path) -> None:
    """Killed after three attempts each time: the fourth start asks nothing, however often it runs.

    The budget is exact; the record knows the attempts of the runs that were cut off too.
    """
    path = tmp_path / "runs.db"
    with FakeModel(reply=Reply(fault="reset_before_headers")) as model:
        ended = []
        for _ in range(5):
            command = [sys.executable, "-c", CRASHES, str(path), model.url]
            ended.append(subprocess.run(command, capture_output=True, text=True, timeout=60))
        assert len(model.requests) == 8
        keys = [request.headers["idempotency-key"] for request in model.requests]
    assert [each.returncode for each in ended] == [-signal.SIGKILL] * 2 + [0] * 3
    for each in ended[2:]:
        assert "8 is spent and 0 is reserved" in each.stdout
    assert keys[0] == keys[1] == keys[2] != keys[3] == keys[4]
    runs = [*Runs(path).latest()][::-1]
    assert {run.ended for run in runs[:2]} <= {"running", "cut off"}  # known after a moment
    assert [run.ended for run in runs[2:]] == ["failed"] * 3
    # The record is written a moment later, so the last row before a kill may not be there.
    assert 6 <= sum(run.usage.requests for run in runs) <= 8
    assert all(run.usage.requests == run.usage.unmeasured for run in runs)
