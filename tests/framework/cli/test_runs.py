"""`stepwell run --store` records; `stepwell runs` lists and shows."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stepwell import Driver
from stepwell.cli import main
from stepwell.llm import Usage, record_usage
from stepwell.store import RunStore
from stepwell.testing import module_of
from stepwell.usage import Cost


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(words) == code
    said = capsys.readouterr()
    return said.err if code else said.out


@pytest.fixture
def recorded(folder: Path) -> Path:
    """A folder in which two runs were recorded, the second of which failed."""

    def answer(question: str) -> str:
        cost = Cost(Decimal("0.0015"))
        used = Usage(input_tokens=1200, output_tokens=34, requests=1, costs=(cost,))
        record_usage(used, operation="chat")
        return question

    def broken(answer: str) -> str:
        raise KeyError("the patient has a rash")

    driver = Driver({}, module_of(answer, broken), adapter=RunStore())
    driver.execute(["answer"], inputs={"question": "why"})
    with pytest.raises(KeyError):
        driver.execute(["broken"], inputs={"question": "why"})
    return folder


def test_a_run_is_recorded_when_it_is_asked_to(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(capsys, "run", "flow_c.py", "-t", "count", "-i", "text=one two", "--store")
    assert (folder / ".stepwell" / "runs.db").is_file()
    shown = told(capsys, "runs", "show")
    assert "asked for count\ngiven text\n" in shown
    assert "finished" in shown


def test_it_is_recorded_in_the_file_that_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(capsys, "run", "flow_c.py", "--store=mine.db", "-t", "count", "-i", "text=one two")
    assert not (folder / ".stepwell").exists()
    assert "count" in told(capsys, "runs", "--store", "mine.db")


@pytest.mark.parametrize("words", [[], ["--explain", "--store"]])
def test_nothing_is_recorded_unasked(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    told(capsys, "run", "flow_c.py", "-t", "count", "-i", "text=one two", *words)
    assert not (folder / ".stepwell").exists()


def test_runs_are_listed_the_latest_first(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head, first, second = told(capsys, "runs").splitlines()
    assert head.split() == ["run", "began", "time", "ended", "targets", "calls", "tokens", "cost"]
    assert "failed: KeyError  broken       1   1,234  $0.0015" in first
    assert "finished          answer       1   1,234  $0.0015" in second
    assert len(told(capsys, "runs", "-n", "1").splitlines()) == 2


def test_a_run_is_shown_step_by_step(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = told(capsys, "runs", "show")
    assert "failed with KeyError at" in shown
    assert "rash" not in shown
    rows = {line.split()[0]: line.split() for line in shown.splitlines() if line}
    assert rows["answer"][3:] == ["1", "1", "1,200", "34", "$0.0015"]
    assert rows["broken"][-3:-1] == ["KeyError", "at"]
    first = told(capsys, "runs").splitlines()[2].split()[0]
    assert f"run {first}, begun" in told(capsys, "runs", "show", first)


def test_json_has_everything(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed: list[dict[str, Any]] = json.loads(told(capsys, "runs", "--json"))
    assert [run["ended"] for run in listed] == ["failed", "finished"]
    run = json.loads(told(capsys, "runs", "show", "--json"))
    assert run["usage"]["costs"][0]["amount"] == "0.0015"
    assert [step["node"] for step in run["steps"]] == ["answer", "broken"]
    assert run["calls"][0]["operation"] == "chat"


def test_with_colours_it_is_a_table_of_rich(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = told(capsys, "runs", "--color", "always")
    assert "\x1b[31mfailed" in shown


def test_where_nothing_is_recorded_it_says_how(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs"]) == 0
    assert "stepwell run --store" in capsys.readouterr().err
    assert json.loads(told(capsys, "runs", "--json")) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["runs", "show", "nothing"], "no run whose id begins with `nothing`"),
        (["runs", "--store", "flow_c.py"], "flow_c.py` is no run store"),
    ],
)
def test_what_is_not_there_is_told(
    recorded: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert said in told(capsys, *words, code=2)


def test_a_number_of_runs_is_at_least_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["runs", "-n", "0"])
    assert "1 or more" in capsys.readouterr().err
