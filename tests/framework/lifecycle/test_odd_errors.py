"""Errors that are hard to handle arrive all the same, in every way to run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwell import driver
from stepwell.errors import HookError
from stepwell.execution.events import RunFinished
from stepwell.execution.inline import HOT
from stepwell.lifecycle import GracefulErrorAdapter, NodeExecutionHook, PrintLn
from stepwell.testing import module_of


class Mute(Exception):
    """One whose text can't be had."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


class Sealed(Exception):
    """One that takes no note."""

    def add_note(self, note: str) -> None:
        raise RuntimeError("sealed")


def execute(dr: driver.Driver) -> Any:
    return dr.execute(["step"])


def hot(dr: driver.Driver) -> Any:
    for _ in range(HOT):
        with pytest.raises(Exception):  # noqa: B017, PT011
            dr.execute(["step"])
    return dr.execute(["step"])


def in_loop(dr: driver.Driver) -> Any:
    return asyncio.run(dr.aexecute(["step"]))


def streamed(dr: driver.Driver) -> Any:
    *_, last = dr.stream(["step"])
    assert isinstance(last, RunFinished)
    return last.results


every_way = pytest.mark.parametrize("run", [execute, hot, in_loop, streamed])
every_error = pytest.mark.parametrize("kind", [StopIteration, GeneratorExit, Mute, Sealed, OSError])


def raising(kind: type[BaseException]) -> Any:
    def step() -> int:
        raise kind

    return module_of(step)


class Watches(NodeExecutionHook):
    def __init__(self) -> None:
        self.seen: list[BaseException | None] = []

    def run_after_node_execution(self, *, error: BaseException | None, **_: Any) -> None:
        self.seen.append(error)


@every_way
@every_error
@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("watched", [False, True])
def test_what_a_step_raises_arrives_as_itself(
    run: Any, kind: type[BaseException], watched: bool, threads: int
) -> None:
    """But for a `StopIteration` where Python makes it the cause of a `RuntimeError`."""
    watches = Watches()
    dr = driver.Driver({}, raising(kind), adapter=[watches][:watched], threads=threads)
    with pytest.raises((kind, RuntimeError)) as caught:
        run(dr)
    error: BaseException | None = caught.value
    if kind is StopIteration and type(error) is RuntimeError and run in (in_loop, streamed):
        error = error.__cause__
    assert type(error) is kind
    assert not watched or type(watches.seen[-1]) is kind


@every_way
@every_error
def test_what_a_hook_raises_is_named(run: Any, kind: type[BaseException]) -> None:
    class Raises(NodeExecutionHook):
        def run_before_node_execution(self, *, node_name: str, **_: Any) -> None:
            raise kind

    dr = driver.Driver({}, raising(ValueError), adapter=Raises())
    if not issubclass(kind, Exception):
        with pytest.raises(kind):
            run(dr)
        return
    with pytest.raises(HookError) as caught:
        run(dr)
    assert caught.value.hook == "Raises.run_before_node_execution"
    assert caught.value.node == "step"
    assert type(caught.value.__cause__) is kind


def test_adapters_that_print_survive_an_error_without_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines: list[str] = []
    graceful = GracefulErrorAdapter()
    results = driver.Driver({}, raising(Mute), adapter=graceful).execute(["step"])
    assert results["step"].node == "step"
    with pytest.raises(Mute):
        driver.Driver({}, raising(Mute), adapter=PrintLn(print_fn=lines.append)).execute(["step"])
    assert lines[-2].endswith("failed: Mute: <Mute>")
