"""What is called when, in every way to run: inline, on threads, in an event loop.

Every claim is made of plain and of async hooks, and of plain and of async steps.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

import pytest

from stepwell import driver
from stepwell.errors import HookError, StepwellError
from stepwell.execution.events import RunFinished
from stepwell.execution.inline import HOT
from stepwell.lifecycle import (
    GraphExecutionHook,
    NodeExecutionHook,
    NodeExecutionMethod,
    Observer,
    ResultBuilder,
    base,
)
from stepwell.stream import Stream
from stepwell.testing import module_of

Say = Callable[[str], None]

SAID: list[str] = []
"""What was said in the run at hand."""


def first(start: int) -> int:
    return start + 1


def second(first: int) -> int:
    if first < 0:
        raise ValueError(f"{first} is below zero")
    if first == 99:
        raise KeyboardInterrupt
    return first * 2


async def first_later(start: int) -> int:
    await asyncio.sleep(0)
    return first(start)


async def second_later(first: int) -> int:
    await asyncio.sleep(0)
    return second(first)


first_later.__name__, second_later.__name__ = "first", "second"

PLAIN = module_of(first, second, name="plain")
ASYNC = module_of(first_later, second_later, name="async_")


class Says(NodeExecutionHook, GraphExecutionHook):
    """Tells what it hears; `fails` names what it raises at: `before`, `after`, `start`, `end`."""

    def __init__(self, name: str, say: Say, fails: str = "", node: str = "second") -> None:
        self.name, self.say, self.fails, self.node = name, say, fails, node

    def tell(self, what: str, node: str = "second", told: str = "") -> None:
        self.say(f"{self.name} {what}{f' {node}' if what in ('before', 'after') else ''}{told}")
        if what == self.fails and node == self.node:
            raise RuntimeError(f"{self.name} refuses")

    def run_before_graph_execution(self, **_: Any) -> Any:
        self.tell("start")

    def run_after_graph_execution(
        self, *, success: bool, error: BaseException | None, results: Any, **_: Any
    ) -> Any:
        self.tell("end", told=outcome(success, error, results))

    def run_before_node_execution(self, *, node_name: str, **_: Any) -> Any:
        self.tell("before", node_name)

    def run_after_node_execution(
        self, *, node_name: str, success: bool, error: BaseException | None, result: Any, **_: Any
    ) -> Any:
        self.tell("after", node_name, outcome(success, error, result))


class SaysLater(Says):
    """The same, told by async hooks."""

    async def run_before_graph_execution(self, **keywords: Any) -> None:
        await asyncio.sleep(0)
        super().run_before_graph_execution(**keywords)

    async def run_after_graph_execution(self, **keywords: Any) -> None:
        await asyncio.sleep(0)
        super().run_after_graph_execution(**keywords)

    async def run_before_node_execution(self, **keywords: Any) -> None:
        await asyncio.sleep(0)
        super().run_before_node_execution(**keywords)

    async def run_after_node_execution(self, **keywords: Any) -> None:
        await asyncio.sleep(0)
        super().run_after_node_execution(**keywords)


class Watches(Observer, Says):
    """The same, by one who only watches."""


class WatchesLater(Observer, SaysLater):
    """The same, by one who only watches, later."""


def outcome(success: bool, error: BaseException | None, result: Any) -> str:
    assert success is (error is None)
    return f" {result}" if success else f" {type(error).__name__}"


def inline(dr: driver.Driver, inputs: Any, overrides: Any) -> Any:
    return dr.execute(["second"], inputs=inputs, overrides=overrides)


def in_loop(dr: driver.Driver, inputs: Any, overrides: Any) -> Any:
    return asyncio.run(dr.aexecute(["second"], inputs=inputs, overrides=overrides))


def hot(dr: driver.Driver, inputs: Any, overrides: Any) -> Any:
    """So often run before that the plan is compiled."""
    for _ in range(HOT):
        with contextlib.suppress(BaseException):
            inline(dr, inputs, overrides)
    SAID.clear()
    return inline(dr, inputs, overrides)


def streamed(dr: driver.Driver, inputs: Any, overrides: Any) -> Any:
    *_, last = dr.stream(["second"], inputs=inputs, overrides=overrides)
    assert isinstance(last, RunFinished)
    return last.results


WAYS = [
    pytest.param(steps, threads, run, id=f"{steps.__name__}-{name}")
    for steps in (PLAIN, ASYNC)
    for name, threads, run in [
        ("inline", 0, inline),
        ("threads", 2, inline),
        ("loop", 0, in_loop),
        ("stream", 0, streamed),
        ("hot", 0, hot),
    ]
    if (steps, run) != (ASYNC, hot)
]
every_way = pytest.mark.parametrize(("steps", "threads", "run"), WAYS)
both_kinds = pytest.mark.parametrize("kind", [Says, SaysLater])


class Way:
    """One way to run `second`, and what was said meanwhile."""

    def __init__(self, steps: Any, threads: int, run: Any) -> None:
        self.steps, self.threads, self.run = steps, threads, run
        self.said = SAID

    def __call__(self, *adapters: object, start: int = 1, **overrides: int) -> Any:
        builder = driver.Builder().with_modules(self.steps).with_adapters(*adapters)
        dr = builder.with_threads(self.threads).build()
        return self.run(dr, {} if overrides else {"start": start}, overrides)


@pytest.fixture
def way(steps: Any, threads: int, run: Any) -> Way:
    SAID.clear()
    return Way(steps, threads, run)


@every_way
@both_kinds
def test_before_in_order_and_after_in_reverse(way: Way, kind: type[Says]) -> None:
    assert way(kind("a", way.said.append), Says("b", way.said.append)) == {"second": 4}
    assert way.said == [
        "a start",
        "b start",
        *("a before first", "b before first", "b after first 2", "a after first 2"),
        *("a before second", "b before second", "b after second 4", "a after second 4"),
        "b end {'second': 4}",
        "a end {'second': 4}",
    ]


@every_way
@both_kinds
def test_a_failing_step_is_told_to_all(way: Way, kind: type[Says]) -> None:
    """The error arrives as itself, with a note that names the step."""
    with pytest.raises(ValueError, match="-1 is below zero") as caught:
        way(kind("a", way.said.append), Says("b", way.said.append), start=-2)
    assert "in node `second`" in "".join(caught.value.__notes__)
    assert way.said[-6:] == [
        "a before second",
        "b before second",
        "b after second ValueError",
        "a after second ValueError",
        "b end ValueError",
        "a end ValueError",
    ]


@every_way
def test_keyboard_interrupt_is_a_failure(way: Way) -> None:
    with pytest.raises(KeyboardInterrupt):
        way(Says("a", way.said.append), start=98)
    assert way.said[-2:] == ["a after second KeyboardInterrupt", "a end KeyboardInterrupt"]


@both_kinds
async def test_cancellation_is_a_failure(kind: type[Says]) -> None:
    said: list[str] = []
    started = asyncio.Event()

    async def waits(start: int) -> int:
        started.set()
        await asyncio.Event().wait()
        return start

    dr = driver.Driver({}, module_of(waits), adapter=kind("a", said.append))
    task = asyncio.ensure_future(dr.aexecute(["waits"], inputs={"start": 1}))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert said[-2:] == ["a after waits CancelledError", "a end CancelledError"]


@every_way
@both_kinds
def test_a_before_hook_that_raises_stops_the_node(way: Way, kind: type[Says]) -> None:
    """After-hooks run for those whose before-hook returned, and the run fails with a name."""
    say = way.said.append
    with pytest.raises(HookError) as caught:
        way(Says("a", say), kind("b", say, "before"), Says("c", say))
    assert way.said[-6:] == [
        "a before second",
        "b before second",
        "a after second HookError",
        "c end HookError",
        "b end HookError",
        "a end HookError",
    ]
    assert caught.value.node == "second"
    assert caught.value.hook == f"{kind.__name__}.run_before_node_execution"
    assert str(caught.value.__cause__) == "b refuses"
    assert str(caught.value) == (
        f"hook `{kind.__name__}.run_before_node_execution` raised at node `second`:"
        " RuntimeError: b refuses"
    )


@every_way
@both_kinds
def test_an_after_hook_that_raises_fails_the_run(way: Way, kind: type[Says]) -> None:
    say = way.said.append
    with pytest.raises(HookError, match="run_after_node_execution` raised at node `second`"):
        way(Says("a", say), kind("b", say, "after"))
    assert way.said[-4:] == [
        "b after second 4",
        "a after second HookError",
        "b end HookError",
        "a end HookError",
    ]


@every_way
@both_kinds
def test_an_after_hook_never_hides_the_steps_error(way: Way, kind: type[Says]) -> None:
    """Both are shown: the step's error is the cause of the hook's."""
    say = way.said.append
    with pytest.raises(HookError, match="run_after_node_execution") as caught:
        way(Says("a", say), kind("b", say, "after"), start=-2)
    cause = caught.value.__cause__
    assert isinstance(cause, ValueError)
    assert "in node `second`" in "".join(cause.__notes__)
    assert "b refuses" in "".join([str(caught.value), *caught.value.__notes__])


@every_way
@both_kinds
def test_a_run_hook_that_raises_at_the_start_is_unwound(way: Way, kind: type[Says]) -> None:
    say = way.said.append
    with pytest.raises(HookError, match="run_before_graph_execution"):
        way(Says("a", say), kind("b", say, "start"), Says("c", say))
    assert way.said == ["a start", "b start", "a end HookError"]


@every_way
@both_kinds
def test_a_run_hook_that_raises_at_the_end_fails_the_run(way: Way, kind: type[Says]) -> None:
    say = way.said.append
    with pytest.raises(HookError, match="run_after_graph_execution"):
        way(Says("a", say), kind("b", say, "end"))
    assert way.said[-2:] == ["b end {'second': 4}", "a end HookError"]


@every_way
@pytest.mark.parametrize("fails", ["start", "before", "after", "end"])
@pytest.mark.parametrize("kind", [Watches, WatchesLater])
def test_an_observer_never_fails_a_run(
    way: Way, kind: type[Says], fails: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged once, all other hooks are called, and the result is what it would have been."""
    say = way.said.append
    with caplog.at_level(logging.ERROR, "stepwell"):
        observer = kind("b", say, fails)
        assert way(Says("a", say), observer, Says("c", say)) == {"second": 4}
    (record,) = caplog.records
    assert kind.__name__ in record.getMessage()
    assert [line for line in way.said if line.startswith("b after")] == [
        "b after first 2",
        "b after second 4",
    ]


@every_way
def test_overrides_and_inputs_have_no_node_hooks(way: Way) -> None:
    way(Says("a", way.said.append), first=5)
    assert way.said[1:-1] == ["a before second", "a after second 10"]


@every_way
def test_methods_nest_between_the_hooks(way: Way) -> None:
    say = way.said.append

    class Plain(NodeExecutionMethod):
        def run_to_execute_node(
            self, *, node_name: str, node_callable: Any, node_kwargs: Any, **_: Any
        ) -> Any:
            say(f"plain {node_name} {node_kwargs}")
            return node_callable(**node_kwargs)

    class Later(NodeExecutionMethod):
        async def run_to_execute_node(
            self, *, node_name: str, node_callable: Any, node_kwargs: Any, **_: Any
        ) -> Any:
            result = await node_callable(**dict.fromkeys(node_kwargs, 10))
            say(f"later {node_name} {result}")
            return result + 1

    class Internal(base.DoNodeExecute):
        def do_node_execute(self, *, node_: Any, kwargs: dict[str, Any], **_: Any) -> Any:
            say(f"internal {node_.name} {kwargs}")
            return node_.callable(**kwargs)

    adapters = (Plain(), Says("a", say), Later(), Internal())
    assert way(*adapters, first=1) == {"second": 21}
    assert way.said[1:-1] == [
        "a before second",
        "plain second {'first': 1}",
        "internal second {'first': 10}",
        "later second 20",
        "a after second 21",
    ]


@every_way
def test_hooks_see_what_the_result_builder_made(way: Way) -> None:
    class Doubles(ResultBuilder):
        def build_result(self, **outputs: Any) -> Any:
            return [outputs["second"]] * 2

    assert way(Says("a", way.said.append), Doubles()) == [4, 4]
    assert way.said[-1] == "a end [4, 4]"


@every_way
def test_a_result_builder_that_raises_fails_the_run(way: Way) -> None:
    class Breaks(ResultBuilder):
        def build_result(self, **outputs: Any) -> Any:
            raise LookupError("no columns")

    with pytest.raises((LookupError, HookError)):
        way(Says("a", way.said.append), Breaks())
    assert way.said[-1].startswith("a end ")
    assert "Error" in way.said[-1]


async def test_async_hooks_surround_the_awaited_body() -> None:
    """A hook that starts before an async step ends after its body, not after it was called."""
    said: list[str] = []

    async def body(start: int) -> int:
        said.append("body begins")
        await asyncio.sleep(0)
        said.append("body ends")
        return start

    dr = driver.Driver({}, module_of(body), adapter=Says("a", said.append))
    await dr.aexecute(["body"], inputs={"start": 1})
    assert said[1:-1] == ["a before body", "body begins", "body ends", "a after body 1"]


def words(start: int) -> Stream[str]:
    yield "a"
    yield "b" * start


async def words_later(start: int) -> Stream[str]:
    yield "a"
    await asyncio.sleep(0)
    yield "b" * start


def whole_words(words: str) -> str:
    return words.upper()


def live_words(words: Stream[str]) -> str:
    return "-".join(words)


async def live_words_later(words: Stream[str]) -> str:
    return "-".join([chunk async for chunk in words])


words_later.__name__ = "words"
for step in (whole_words, live_words, live_words_later):
    step.__name__ = "second"


@pytest.mark.parametrize(
    ("steps", "made"),
    [
        pytest.param(module_of(words, whole_words), "ABB", id="plain, read whole"),
        pytest.param(module_of(words, live_words), "a-bb", id="plain, read live"),
        pytest.param(module_of(words_later, whole_words), "ABB", id="async, read whole"),
        pytest.param(module_of(words_later, live_words_later), "a-bb", id="async, read live"),
    ],
)
@pytest.mark.parametrize(
    ("threads", "run"), [(0, inline), (2, inline), (0, in_loop), (0, streamed)]
)
@both_kinds
def test_hooks_see_the_whole_of_a_stream(way: Way, kind: type[Says], made: str) -> None:
    """A stream is made once all its chunks are there; its reader may have begun before."""
    assert way(kind("a", way.said.append), start=2) == {"second": made}
    assert "a after words abb" in way.said
    assert f"a after second {made}" in way.said


def test_a_request_that_can_not_run_calls_no_hook() -> None:
    said: list[str] = []
    dr = driver.Driver({}, PLAIN, adapter=Says("a", said.append))
    with contextlib.suppress(StepwellError):
        dr.execute(["nowhere"])
    assert said == []
