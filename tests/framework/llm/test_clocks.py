"""Clocks that jump: the wall clock goes back a day and forward a year between any two looks."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import itertools, json, sys, time

DAY, YEAR = 86_400.0, 31_536_000.0
real, jumps = time.time, itertools.cycle([0.0, -DAY, YEAR, -YEAR, DAY])
time.time = lambda: real() + next(jumps)

import logging
from openai import OpenAI
from stepwell import Driver
from stepwell.lifecycle import Fallback, Hedge, LogRuns, PrintLn, Retry, Timeout
from stepwell.llm import Budget, CircuitBreaker, Price, RateLimit, TokenAccounting, metered
from stepwell.store import RunStore, Runs
from stepwell.testing import FakeModel, Reply, module_of

logged = []
logging.getLogger("stepwell.run").setLevel(logging.INFO)
logging.getLogger("stepwell.run").addFilter(lambda record: logged.append(record) or True)

ledger, store, waits = TokenAccounting(), RunStore(sys.argv[1]), []
refused = Reply(status=429, headers={"retry-after-ms": "30"})
down, up = Reply(status=503), Reply()
with FakeModel([refused, down, up, down, down, up]) as model:
    client = OpenAI(base_url=model.url, api_key="k", max_retries=0)
    with metered(client, prices={"m": Price(1, 2)}) as client:

        def answer(question: str) -> str:
            messages = [{"role": "user", "content": question}]
            made = client.chat.completions.create(model="m", max_tokens=9, messages=messages)
            return made.choices[0].message.content

        adapters = [
            ledger, store, LogRuns(), PrintLn(print_fn=lambda line: None),
            Budget("1", requests=9, seconds=60.0), Budget(tokens=9_000, per="all", window=60.0),
            RateLimit(requests=1_000), CircuitBreaker(failures=9), Timeout(60.0),
            Fallback(value="none"), Retry(3, wait=0.01, deadline=30.0),
        ]
        dr = Driver({}, module_of(answer), adapter=adapters)
        made = [dr.execute(["answer"], {"question": f"{n}"})["answer"] for n in range(2)]
    asked = len(model.requests)

found = Runs(sys.argv[1]).latest()
print(json.dumps({
    "made": made,
    "asked": asked,
    "calls": [(call.attempt, call.status) for call in ledger.calls],
    "durations": [call.duration for call in ledger.calls]
        + [step.duration for step in ledger.steps()]
        + [record.seconds for record in logged]
        + [run.seconds for run in found],
    "order": [run.run_id for run in found] in (ledger.runs, ledger.runs[::-1]),
}))
"""


def test_fault_p12_clocks_that_jump(tmp_path: Path) -> None:
    """Waits, deadlines, limits and windows go by a clock that never jumps; what is shown of time
    was measured by it, and what came first is told by a count."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, f"{tmp_path}/runs.db"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert said["made"] == ["Paris is the capital."] * 2
    assert said["asked"] == 6
    assert said["calls"] == [[1, 429], [2, 503], [3, 200], [1, 503], [2, 503], [3, 200]]
    assert all(0 <= seconds < 60 for seconds in said["durations"])
    assert said["order"]
