"""Items on real local clusters of Ray, Dask and Spark: each keeps what executors promise."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stepwell import Builder, Driver, ItemFailed, RequestError
from stepwell.executors import DaskExecutor, RayExecutor, SparkExecutor
from stepwell.lifecycle import NodeExecutionHook, Retry, TaskReturnHook, TaskSubmissionHook
from stepwell.llm import TokenAccounting
from stepwell.testing import module_of
from stepwell.tracing import Tracing

Engine = DaskExecutor | RayExecutor | SparkExecutor


@pytest.fixture(scope="module", params=[DaskExecutor, RayExecutor, SparkExecutor])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with request.param(workers=2) as engine:
        yield engine


@pytest.fixture(scope="module")
def flow() -> Iterator[ModuleType]:
    """A module that is known here alone, as one of a notebook is."""
    spec = spec_from_file_location("flow_of_a_notebook", Path(__file__).with_name("flow.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def built(flow: ModuleType, engine: Engine, *adapters: object, on_error: Any = "fail") -> Driver:
    builder = Builder().with_modules(flow).with_adapters(*adapters)
    return builder.with_executor(engine, on_error=on_error).build()


def run(dr: Driver, pages: Any, shared: Any = None, folder: Path | str = "") -> Any:
    inputs = {"pages": pages, "shared": shared, "folder": str(folder)}
    return dr.execute(["report"], inputs)["report"]


def test_ten_thousand_items_come_back_in_order(flow: ModuleType, engine: Engine) -> None:
    dr = built(flow, engine)
    assert run(dr, range(10_000)) == [*range(10_000)]
    assert os.getpid() not in dr.execute(["pids"], {"pages": [*range(20)]})["pids"]


def test_no_items_one_item_and_blocks_in_blocks(flow: ModuleType, engine: Engine) -> None:
    dr = built(flow, engine)
    assert run(dr, []) == []
    assert run(dr, ["one"]) == ["one"]
    results = dr.execute(["all_halves"], {"pages": [3, 4]})
    assert results == {"all_halves": [[1, 2], [2, 2]]}


def test_a_lazy_source_is_not_drained_ahead_of_need(
    flow: ModuleType, engine: Engine, tmp_path: Path
) -> None:
    taken = 0

    def pages() -> Iterator[str]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield "takes long"
        raise AssertionError("drained")

    with pytest.raises(flow.Odd):
        run(built(flow, engine), ["raises", *["takes long"] * 50], folder=tmp_path)
    begun = len([*tmp_path.iterdir()])
    assert begun <= 4
    inputs = {"pages": pages(), "shared": 0, "folder": str(tmp_path)}
    chunks = built(flow, engine).stream(["report"], inputs)
    for event in chunks:
        if getattr(event, "value", None) == "takes long":
            break
    chunks.close()  # type: ignore[attr-defined]
    assert taken <= 8


def test_an_error_arrives_as_itself_with_what_happened_there(
    flow: ModuleType, engine: Engine
) -> None:
    with pytest.raises(flow.Odd, match="no such page") as caught:
        run(built(flow, engine), [1, "raises"])
    where, trace = caught.value.__notes__
    assert where.startswith("in node `done` (")
    assert ", item `page[1]`, run " in where
    assert trace.startswith("In the worker process:\nTraceback")
    assert " in done\n" in trace
    assert "Odd: no such page" in trace


def test_failed_items_are_left_out_or_stand_among_the_results(
    flow: ModuleType, engine: Engine
) -> None:
    assert run(built(flow, engine, on_error="skip"), [1, "raises", 2]) == [1, 2]
    first, failed, last = run(built(flow, engine, on_error="collect"), [1, "raises", 2])
    assert (first, failed.number, type(failed.error), last) == (1, 1, flow.Odd, 2)


def test_a_worker_that_dies_is_told_and_what_was_done_before_is_known(
    flow: ModuleType, engine: Engine
) -> None:
    with pytest.raises(RuntimeError, match=r"a worker died while it did `page\[\d+\]`"):
        run(built(flow, engine), [*range(200), "dies"])
    accounting = TokenAccounting()
    came = run(built(flow, engine, accounting, on_error="collect"), [*range(200), "dies", 1, 2])
    known = [each for each in came if not isinstance(each, ItemFailed)]
    assert len(known) >= 50
    assert accounting.total().input_tokens == 5 * len(known)


def test_what_is_accounted_for_there_comes_home(flow: ModuleType, engine: Engine) -> None:
    accounting = TokenAccounting()
    run(built(flow, engine, accounting), [*range(500)])
    assert accounting.total().input_tokens == 2500
    assert {call.task_id for call in accounting.calls} == {f"page[{n}]" for n in range(500)}
    assert sum(step.node == "done" for step in accounting.steps()) == 500


def test_what_is_tried_again_there_is_counted(
    flow: ModuleType, engine: Engine, tmp_path: Path
) -> None:
    accounting = TokenAccounting()
    dr = built(flow, engine, Retry(2, wait=0), accounting)
    assert run(dr, [1, "fails once", 2], folder=tmp_path) == [1, "fails once", 2]
    attempts = {step.task_id: step.attempts for step in accounting.steps() if step.node == "done"}
    assert attempts == {"page[0]": 1, "page[1]": 2, "page[2]": 1}
    assert accounting.total().input_tokens == 20


class Says(TaskSubmissionHook, TaskReturnHook):
    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def run_before_task_submission(self, *, task_id: str, **_: Any) -> Any:
        self.said.append(("submitted", task_id))

    def run_after_task_return(self, *, task_id: str, **_: Any) -> Any:
        self.said.append(("returned", task_id))


def test_task_hooks_are_told_of_each_item_in_order(flow: ModuleType, engine: Engine) -> None:
    says = Says()
    run(built(flow, engine, says), [*range(100)])
    for event in ("submitted", "returned"):
        assert [task for said, task in says.said if said == event] == [
            f"page[{number}]" for number in range(100)
        ]


def test_a_branch_is_one_task_there(flow: ModuleType, engine: Engine) -> None:
    accounting = TokenAccounting()
    builder = Builder().with_modules(flow).with_adapters(accounting)
    dr = builder.with_executor_for(engine, steps=["started", "ended"]).build()
    assert dr.execute(["ended"], {"count": 3})["ended"][0] == 5
    assert os.getpid() not in dr.execute(["ended"], {"count": 3})["ended"][1:]
    assert {call.task_id for call in accounting.calls} == {"ended"}


def test_spans_come_home(flow: ModuleType, engine: Engine) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    run(built(flow, engine, Tracing(provider=provider)), [*range(20)])
    (whole,) = (span for span in exporter.get_finished_spans() if span.parent is None)
    steps = [span for span in exporter.get_finished_spans() if span.name == "done"]
    assert len(steps) == 20
    assert {span.parent and span.parent.span_id for span in steps} == {whole.context.span_id}


@pytest.mark.parametrize(
    ("pages", "shared", "told"),
    [
        ([Lock()], None, r"item `page\[0\]` is of type `lock`, which can't be pickled"),
        ([1], Lock(), r"`shared` is of type `lock`"),
    ],
)
def test_values_that_cannot_be_sent_are_named(
    flow: ModuleType, engine: Engine, pages: list[Any], shared: Any, told: str
) -> None:
    with pytest.raises(TypeError, match=told):
        run(built(flow, engine), pages, shared)


class Unsendable(NodeExecutionHook):
    def __init__(self) -> None:
        self.kept = Lock()

    def run_after_node_execution(self, **_: Any) -> Any:
        pass


def test_steps_and_adapters_that_cannot_be_sent_are_refused_before_anything_runs(
    flow: ModuleType, engine: Engine
) -> None:
    lock = Lock()

    def done(page: Any) -> Any:
        return lock and page

    dr = built(module_of(flow.page, done, flow.report), engine, Unsendable())
    with pytest.raises(RequestError) as caught:
        dr.execute(["report"], {"pages": [1]})
    told = str(caught.value)
    assert "`done` (" in told
    assert "can't be pickled and so not be sent to another process" in told
    assert "adapter `Unsendable` can't be pickled" in told
