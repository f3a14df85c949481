"""`@retry`, `@timeout` and `@fallback`: what a step says of itself holds in any driver."""

import asyncio
import pickle
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from stepwell import Driver, GraphError, fallback, retry, tag, timeout
from stepwell.lifecycle import Fallback, PrintLn, Retry, Timeout
from stepwell.testing import graph_of, module_of


def failing(times: int, error: Exception | None = None) -> Any:
    """A step that fails so many times, and the list of its calls."""
    calls: list[int] = []

    def answer() -> str:
        calls.append(1)
        if len(calls) <= times:
            raise error or TimeoutError("slow")
        return "made"

    return answer, calls


def plain(x: int) -> int:
    return x


def run(step: Any, *adapters: Any) -> Any:
    return Driver({}, module_of(step), adapter=[*adapters]).execute([step.__name__])[step.__name__]


def test_a_step_is_retried_without_any_adapter() -> None:
    """As often as it says."""
    answer, calls = failing(4)
    assert run(retry(5, wait=0)(answer)) == "made"
    assert len(calls) == 5


def test_its_own_comes_before_the_driver_s() -> None:
    """Together they don't multiply."""
    answer, calls = failing(99)
    with pytest.raises(TimeoutError):
        run(retry(2, wait=0)(answer), Retry(7, wait=0))
    assert len(calls) == 2


def test_other_steps_are_the_driver_s() -> None:
    """A step that says nothing goes by the adapter of the driver."""
    answer, calls = failing(99)
    with pytest.raises(TimeoutError):
        run(tag(owner="search")(answer), Retry(4, wait=0))
    assert len(calls) == 4


def test_a_value_instead_when_all_attempts_have_failed() -> None:
    """The fallback is around the retry, however they are written."""
    for decorate in (
        lambda step: fallback(value=[1, None])(retry(3, wait=0)(step)),
        lambda step: retry(3, wait=0)(fallback(value=[1, None])(step)),
    ):
        answer, calls = failing(99)
        assert run(decorate(answer)) == [1, None]
        assert len(calls) == 3


def test_a_function_instead() -> None:
    """With those of the step's arguments that it takes; two of one name are not mixed up."""

    def failing(reads: str) -> Any:
        def other(x: int) -> str:
            return f"{reads} {x}"

        def answer(x: int, y: int = 0) -> str:
            raise TimeoutError

        answer.__name__ = reads
        return fallback(step=other)(answer)

    dr = Driver({}, module_of(failing("first"), failing("second")))
    found = dr.execute(["first", "second"], {"x": 1})
    assert found == {"first": "first 1", "second": "second 1"}
    assert {node.tags["fallback.step"] for node in dr.graph.nodes.values()} == {"other"}


def test_a_function_instead_travels_with_its_step() -> None:
    """By its own name."""
    (node,) = Driver({}, module_of(fallback(step=failing)(plain))).graph.nodes.values()
    sent = pickle.loads(pickle.dumps(node.tags["fallback.step"]))
    assert (sent, sent.function) == ("failing", failing)


async def test_a_function_instead_of_an_async_step() -> None:
    async def other(x: int) -> int:
        await asyncio.sleep(0)
        return x

    @fallback(step=other)
    async def answer(x: int) -> int:
        raise TimeoutError

    assert await Driver({}, module_of(answer)).aexecute(["answer"], {"x": 3}) == {"answer": 3}


async def test_a_timeout_is_for_each_attempt() -> None:
    """Also where it is written outside the retry."""
    calls: list[int] = []

    @timeout(0.02)
    @retry(3, wait=0)
    async def answer() -> str:
        calls.append(1)
        if len(calls) < 3:
            await asyncio.Event().wait()
        return "made"

    assert await Driver({}, module_of(answer)).aexecute(["answer"]) == {"answer": "made"}
    assert len(calls) == 3


async def test_its_own_timeout_comes_before_the_driver_s() -> None:
    """And so does its own fallback."""

    @timeout(60)
    async def slow() -> str:
        await asyncio.sleep(0)
        return "made"

    @fallback(value="own")
    async def broken(slow: str) -> str:
        raise TimeoutError

    adapters = [Timeout(1e-9, node_filter="slow"), Fallback(value="driver's")]
    made = await Driver({}, module_of(slow, broken), adapter=adapters).aexecute(["broken"])
    assert made == {"broken": "own"}


def test_a_compiled_plan_too() -> None:
    """After many runs it is the same."""
    calls: list[int] = []

    @retry(2, wait=0)
    def answer() -> str:
        calls.append(1)
        if len(calls) == 130:
            raise TimeoutError
        return "made"

    driver = Driver({}, module_of(answer))
    for _ in range(140):
        assert driver.execute(["answer"]) == {"answer": "made"}
    assert len(calls) == 141


def test_streams_and_threads() -> None:
    """On threads as inline."""
    answer, calls = failing(1)
    other, others = failing(1)
    other.__name__ = "other"
    module = module_of(retry(2, wait=0)(answer), retry(2, wait=0)(other))
    assert Driver({}, module, threads=2).execute(["answer", "other"]) == {
        "answer": "made",
        "other": "made",
    }
    assert len(calls) == len(others) == 2


def test_they_are_tags() -> None:
    """Both readers know them, and so do filters and reports."""

    @retry(5, timeout=2.5)
    @fallback(model=["small", "tiny"])
    def answer() -> str:
        return "made"

    assert dict(graph_of(answer).nodes["answer"].tags) == {
        "fallback.model": ("small", "tiny"),
        "retry.attempts": "5",
        "retry.timeout": "2.5",
    }


@pytest.fixture
def module(tmp_path: Path) -> Iterator[ModuleType]:
    text = "from stepwell import retry\n\n@retry(2, wait=0)\ndef answer() -> str:\n    return 'x'\n"
    (tmp_path / "retried_steps.py").write_text(text)
    sys.path.insert(0, str(tmp_path))
    try:
        yield import_module("retried_steps")
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("retried_steps", None)


def test_a_driver_with_them_travels(module: ModuleType) -> None:
    """It has them once, not twice."""
    driver = pickle.loads(pickle.dumps(Driver({}, module, adapter=PrintLn())))
    assert [type(adapter).__name__ for adapter in driver.lifecycle.adapters] == [
        "PrintLn",
        "OwnRetry",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@retry(0)", "`retry` takes a number for `attempts`, at least 1; got `0`"),
        ("@retry('many')", "got `'many'`"),
        ("@retry(True)", "got `True`"),
        ("@retry(wait=-1)", "`wait`, at least 0"),
        ("@timeout(0)", "`timeout` takes a number for `seconds`, more than 0; got `0`"),
        ("@timeout(None)", ""),
        ("@fallback()", "takes one of `model`, `step` and `value`"),
        ("@fallback(model='m', value=1)", "takes one of `model`, `step` and `value`"),
        ("@fallback(model=3)", "takes a model's name or several; got `3`"),
        ("@fallback(step=lambda: 1)", "takes a function with a name for `step`"),
        ("@fallback(step='other')", "takes a function with a name for `step`"),
        ("@fallback(value={1, 2})", "takes a value that JSON can hold"),
    ],
)
def test_what_they_don_t_take(text: str, message: str) -> None:
    """Is told where it is written, with the step."""
    graph = graph_of(
        f"from stepwell import retry, timeout, fallback\n\n{text}\ndef answer() -> str: ...\n"
    )
    told = " ".join(problem.message for problem in graph.problems)
    assert message in told
    assert bool(told) == bool(message)


def test_a_wrong_one_stops_the_driver() -> None:
    """Before anything runs."""
    answer, calls = failing(0)
    with pytest.raises(GraphError, match="at least 1; got `0`"):
        run(retry(0)(answer))
    assert calls == []
