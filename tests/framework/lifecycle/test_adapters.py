"""The adapters that come along, each seen at work in a driver."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import logging
import re
from functools import partial
from pdb import Pdb
from types import FrameType
from typing import Any

import pytest

from stepwell import driver
from stepwell.errors import GraphError, HookError, RequestError
from stepwell.lifecycle import (
    Failure,
    FunctionInputOutputTypeChecker,
    GracefulErrorAdapter,
    NodeExecutionMethod,
    NoEdgeAndInputTypeChecking,
    PDBDebugger,
    PrintLn,
    ProgressBar,
    SlowDown,
)
from stepwell.modifiers import tag
from stepwell.stream import Stream
from stepwell.testing import module_of


def first(start: int) -> int:
    return start + 1


def second(first: int) -> str:
    return "x" * first


def failing(first: int) -> int:
    raise ValueError(f"not {first}")


def after_failing(failing: int) -> int:
    return failing + 1


def both(after_failing: int, second: str) -> str:
    return f"{second}{after_failing}"


async def later(first: int) -> int:
    return first * 2


async def failing_later(first: int) -> int:
    raise ValueError(f"not {first}")


STEPS = module_of(first, second, failing, after_failing, both, name="steps")
ASYNC_STEPS = module_of(first, later, failing_later, name="async_steps")


def run(adapter: object, *targets: str, modules: Any = (STEPS,), **inputs: Any) -> Any:
    dr = driver.Driver({}, *modules, adapter=adapter)
    return dr.execute([*targets], inputs=inputs or {"start": 1})


class TestPrintLn:
    @staticmethod
    def printed(target: str, **options: Any) -> list[str]:
        lines: list[str] = []
        adapter = PrintLn(print_fn=lines.append, **options)
        with contextlib.suppress(ValueError):
            run(adapter, target)
        return [re.sub(r"[\d.]+ (s|ms|µs)\b", "TIME", line) for line in lines]

    def test_a_line_for_each_node(self) -> None:
        assert self.printed("second") == [
            "run of 2 nodes for second",
            "  first: TIME",
            "  second: TIME",
            "run finished in TIME",
        ]

    def test_what_goes_in_and_out(self) -> None:
        assert self.printed("second", verbosity=2)[1:5] == [
            "  first(start=1)",
            "  first: TIME, made 2",
            "  second(first=2)",
            "  second: TIME, made 'xx'",
        ]

    def test_a_failure(self) -> None:
        assert self.printed("failing")[-2:] == [
            "  failing: TIME, failed: ValueError: not 2",
            "run failed after TIME: ValueError",
        ]

    def test_some_nodes_only(self) -> None:
        assert self.printed("second", node_filter=["second"])[1:-1] == ["  second: TIME"]


class Stops(Pdb):
    """A debugger that notes where it stands, and goes on."""

    def __init__(self, stops: list[tuple[str, dict[str, Any]]], **options: Any) -> None:
        super().__init__(
            stdin=io.StringIO(), stdout=io.StringIO(), nosigint=True, readrc=False, **options
        )
        self.stops = stops

    def interaction(self, frame: FrameType | None, *rest: Any) -> None:
        assert frame is not None
        self.stops.append((frame.f_code.co_name, dict(frame.f_locals)))
        self.set_continue()


class TestPDBDebugger:
    @staticmethod
    def stops(target: str, modules: Any = (STEPS,), **options: Any) -> list[tuple[str, Any]]:
        found: list[tuple[str, dict[str, Any]]] = []
        adapter = PDBDebugger(debugger=partial(Stops, found), **options)
        # Some libraries have the collector call them: the debugger would stop there as well.
        gc.disable()
        try:
            with contextlib.suppress(ValueError):
                run(adapter, target, modules=modules)
        finally:
            gc.enable()
        return found

    def test_before(self) -> None:
        (place, names), _ = self.stops("second", before=True)
        assert place == "run_before_node_execution"
        assert (names["node_name"], names["node_kwargs"]) == ("first", {"start": 1})

    def test_during_stands_in_the_step(self) -> None:
        ((place, names),) = self.stops("second", during=True, node_filter="second")
        assert (place, names) == ("second", {"first": 2})

    def test_after(self) -> None:
        ((place, names),) = self.stops("second", after=True, node_filter="second")
        assert (place, names["result"]) == ("run_after_node_execution", "xx")

    def test_after_a_failure(self) -> None:
        ((_, names),) = self.stops("failing", after=True, node_filter="failing")
        assert str(names["error"]) == "not 2"

    def test_during_an_async_step_stands_before_its_await(self) -> None:
        ((place, _),) = self.stops("later", (ASYNC_STEPS,), during=True, node_filter="later")
        assert place == "_awaited"

    def test_not_asked_for(self) -> None:
        assert self.stops("second") == []


class TestProgressBar:
    @staticmethod
    def lines(file: io.StringIO) -> list[str]:
        return [re.sub(r"[\d.]+ (ms|s)\b", "TIME", line) for line in file.getvalue().splitlines()]

    def test_lines_where_there_is_no_terminal(self) -> None:
        file = io.StringIO()
        run(ProgressBar("asking", file=file), "second")
        assert self.lines(file) == [
            "asking 1/2 first",
            "asking 2/2 second",
            "asking: 2 of 2 nodes in TIME",
        ]

    def test_a_failure_is_marked(self) -> None:
        file = io.StringIO()
        with pytest.raises(ValueError, match="not 2"):
            run(ProgressBar(file=file), "failing")
        assert self.lines(file)[-2:] == [
            "running 2/2 failing failed",
            "running failed with ValueError after TIME",
        ]

    async def test_one_bar_for_each_run_at_the_same_time(self) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        file = Terminal()
        dr = driver.Driver({}, ASYNC_STEPS, adapter=ProgressBar("asking", file=file))
        runs = [dr.aexecute(["later"], inputs={"start": start}) for start in range(3)]
        assert await asyncio.gather(*runs) == [{"later": 2}, {"later": 4}, {"later": 6}]
        assert await dr.aexecute(["later"], inputs={"start": 3}) == {"later": 8}
        assert "asking" in file.getvalue()


class TestTypeChecker:
    def test_what_fits_passes(self) -> None:
        assert run(FunctionInputOutputTypeChecker(), "second") == {"second": "xx"}

    def test_a_result_that_does_not_fit(self) -> None:
        def wrong(first: int) -> str:
            return first  # type: ignore[return-value]

        with pytest.raises(HookError, match=r"`wrong`.* is annotated to return `str`.* a `int`"):
            run(FunctionInputOutputTypeChecker(), "wrong", modules=(STEPS, module_of(wrong)))

    def test_an_argument_that_does_not_fit(self) -> None:
        adapter = FunctionInputOutputTypeChecker(check_output=False)
        with pytest.raises(HookError, match=r"`first` of `second`.* is annotated `int`.* `str`"):
            driver.Driver({}, STEPS, adapter=adapter).execute(
                ["second"], overrides={"first": "two"}
            )

    def test_a_failing_step_shows_its_own_error(self) -> None:
        with pytest.raises(ValueError, match="not 2"):
            run(FunctionInputOutputTypeChecker(), "failing")


class TestGracefulErrorAdapter:
    def test_what_reads_a_failed_step_is_skipped(self, caplog: pytest.LogCaptureFixture) -> None:
        adapter = GracefulErrorAdapter()
        with caplog.at_level(logging.WARNING, "stepwell"):
            results = run(adapter, "both", "second")
        assert results["second"] == "xx"
        failure = results["both"]
        assert isinstance(failure, Failure)
        assert not failure
        assert str(failure) == "`failing` failed: ValueError: not 2"
        assert [*adapter.failures] == [failure]
        assert failure.run_id in caplog.text

    def test_a_sentinel_of_ones_own(self) -> None:
        adapter = GracefulErrorAdapter(ValueError, sentinel_value="none")
        assert run(adapter, "both") == {"both": "none"}
        assert [failure.node for failure in adapter.failures] == ["failing"]

    def test_a_step_may_do_with_a_failure(self) -> None:
        @tag(accept_error_sentinels="true")
        def report(after_failing: Any, second: str) -> str:
            return f"{second}, {after_failing}"

        results = run(GracefulErrorAdapter(), "report", modules=(STEPS, module_of(report)))
        assert results == {"report": "xx, `failing` failed: ValueError: not 2"}

    def test_other_errors_fail_the_run(self) -> None:
        with pytest.raises(ValueError, match="not 2"):
            run(GracefulErrorAdapter(KeyError), "both")

    def test_a_step_that_yields_fails_the_run(self) -> None:
        def words(start: int) -> Stream[str]:
            yield "a"
            raise ValueError(f"not {start}")

        with pytest.raises(ValueError, match="not 1"):
            run(GracefulErrorAdapter(), "words", modules=(module_of(words),))

    async def test_an_async_step(self) -> None:
        adapter = GracefulErrorAdapter()
        dr = driver.Driver({}, ASYNC_STEPS, adapter=adapter)
        results = await dr.aexecute(["failing_later", "later"], inputs={"start": 1})
        assert results["later"] == 4
        assert isinstance(results["failing_later"], Failure)

    def test_around_another_method(self) -> None:
        """A retry inside it is asked first; only what it gives up is a failure."""
        tried: list[str] = []

        class Again(NodeExecutionMethod):
            def run_to_execute_node(
                self, *, node_name: str, node_callable: Any, node_kwargs: Any, **_: Any
            ) -> Any:
                for _attempt in range(2):
                    tried.append(node_name)
                    try:
                        return node_callable(**node_kwargs)
                    except ValueError as error:
                        last = error
                raise last

        adapter = GracefulErrorAdapter()
        run([adapter, Again()], "failing")
        assert (tried, len(adapter.failures)) == (["first", "failing", "failing"], 1)


class TestSlowDown:
    def test_each_step_takes_the_time_drawn(self) -> None:
        slept: list[float] = []
        run(SlowDown(1, 0.5, seed=3, sleep=slept.append), "second")
        again: list[float] = []
        run(SlowDown(1, 0.5, seed=3, sleep=again.append), "second")
        assert len(slept) == 2
        assert slept == again
        assert min(slept) >= 0

    def test_some_steps_only(self) -> None:
        slept: list[float] = []
        run(SlowDown(7, node_filter="second", sleep=slept.append), "second")
        assert slept == [7]

    async def test_an_async_step_waits_without_blocking(self) -> None:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        adapter = SlowDown(7, node_filter="later", async_sleep=sleep)
        dr = driver.Driver({}, ASYNC_STEPS, adapter=adapter)
        assert await dr.aexecute(["later"], inputs={"start": 1}) == {"later": 4}
        assert slept == [7]


class TestNoEdgeAndInputTypeChecking:
    def test_what_types_refuse_is_permitted(self) -> None:
        def made() -> str:
            return "2"

        def reader(made: int, given: int) -> str:
            return f"{made}{given}"

        module = module_of(made, reader)
        with pytest.raises(GraphError, match="made"):
            driver.Driver({}, module)
        dr = driver.Driver({}, module, adapter=NoEdgeAndInputTypeChecking())
        assert dr.execute(["reader"], inputs={"given": "3"}) == {"reader": "23"}

    def test_an_input_of_a_wrong_type_is_refused_without_it(self) -> None:
        with pytest.raises(RequestError, match="start"):
            run((), "second", start="1")
