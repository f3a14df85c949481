"""Which adapter hears what: only what it really defines, in the order given."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import pytest

from stepwell.errors import AdapterError
from stepwell.lifecycle import (
    GraphAdapter,
    GraphConstructionHook,
    GraphExecutionHook,
    NodeExecutionHook,
    NodeExecutionMethod,
    Observer,
    ResultBuilder,
    base,
    base_hook,
)
from stepwell.lifecycle.dispatch import Around, LifecycleSet
from stepwell.lifecycle.events import EVENTS
from stepwell.spec import Node


class OnlyAfter(NodeExecutionHook, NodeExecutionMethod):
    def run_to_execute_node(self, *, node_callable: Any, node_kwargs: Any, **_: Any) -> Any:
        return node_callable(**node_kwargs)

    def run_after_node_execution(self, *, node_name: str, result: Any, **_: Any) -> None:
        pass


class Both(NodeExecutionHook):
    def run_before_node_execution(self, *, node_name: str, **_: Any) -> None:
        pass

    def run_after_node_execution(self, *, node_name: str, **_: Any) -> None:
        pass


class Internal(base.PreNodeExecute):
    def pre_node_execute(self, *, node_: Node, **_: Any) -> None:
        pass


class Mixed(base.PreNodeExecute, NodeExecutionHook):
    def pre_node_execute(self, *, node_: Node, **_: Any) -> None:
        pass

    def run_before_node_execution(self, *, node_name: str, **_: Any) -> None:
        pass

    def run_after_node_execution(self, *, node_name: str, **_: Any) -> None:
        pass


class One(ResultBuilder):
    def build_result(self, **outputs: Any) -> Any:
        return sorted(outputs)


class Other(GraphAdapter):
    def build_result(self, **outputs: Any) -> Any:
        return len(outputs)


def names(pairs: tuple[Around, ...]) -> list[tuple[str, str]]:
    return [(b.method if b else "", a.method if a else "") for b, a in pairs]


def test_what_nobody_defines_is_not_there() -> None:
    """A class that overrides two of three methods is heard at those two."""
    adapters = LifecycleSet([OnlyAfter()])
    heard = {event for event in EVENTS if adapters.hooks(event)}
    assert heard == {"do_node_execute", "post_node_execute"}
    assert names(adapters.around("node")) == [("", "run_after_node_execution")]


def test_no_adapters_hear_nothing() -> None:
    adapters = LifecycleSet()
    assert not any(adapters.hooks(event) for event in EVENTS)
    assert adapters.around("graph") == ()
    assert not adapters.needs_context


def test_before_and_after_of_one_adapter_are_paired_in_the_order_given() -> None:
    adapters = LifecycleSet([Internal(), Both(), OnlyAfter()])
    assert names(adapters.around("node")) == [
        ("pre_node_execute", ""),
        ("run_before_node_execution", "run_after_node_execution"),
        ("", "run_after_node_execution"),
    ]


def test_the_two_levels_of_one_adapter_are_two_pairs() -> None:
    assert names(LifecycleSet([Mixed()]).around("node")) == [
        ("pre_node_execute", ""),
        ("run_before_node_execution", "run_after_node_execution"),
    ]


def test_adapters_that_say_they_are_equal_stay_apart() -> None:
    class Equal(Both):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    assert len(LifecycleSet([Equal(), Equal()]).around("node")) == 2


class Named(NodeExecutionHook):
    def run_before_node_execution(self, *, node_name: str, run_id: str) -> None:  # type: ignore[override]
        pass


class Unread(NodeExecutionHook):
    def run_before_node_execution(self, *, node_name: str, **future_kwargs: Any) -> None:
        pass


class Reading(NodeExecutionHook):
    def run_before_node_execution(self, **everything: Any) -> None:
        print(everything)


class Enclosing(NodeExecutionHook):
    def run_before_node_execution(self, **everything: Any) -> None:
        self.later = lambda: everything


class Locals(NodeExecutionHook):
    def run_before_node_execution(self, **everything: Any) -> None:
        print(locals())


ALL = {
    "node_name",
    "node_tags",
    "node_kwargs",
    "node_return_type",
    "task_id",
    "run_id",
    "node_input_types",
}


@pytest.mark.parametrize(
    ("adapter", "takes"),
    [
        (Named(), {"node_name", "run_id"}),
        (Unread(), {"node_name"}),
        (Reading(), ALL),
        (Enclosing(), ALL),
        (Locals(), ALL),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_hook_is_given_what_it_reads(adapter: object, takes: set[str]) -> None:
    """A `**future_kwargs` that the body never looks at is left empty; one that it reads is full."""
    (hook,) = LifecycleSet([adapter]).hooks("pre_node_execute")
    assert set(hook.takes) == takes


def test_async_hooks_are_known() -> None:
    class Later(NodeExecutionHook):
        async def run_before_node_execution(self, *, node_name: str, **_: Any) -> None:
            pass

    (hook,) = LifecycleSet([Later()]).hooks("pre_node_execute")
    assert hook.is_async


def test_a_result_builder_is_given_the_outputs_by_name() -> None:
    method = LifecycleSet([One()]).method("do_build_result")
    assert method is not None
    assert method.takes == ("outputs",)
    assert method.call(outputs={"b": 1, "a": 2}) == ["a", "b"]


def test_any_adapter_may_permit() -> None:
    class Permits(GraphAdapter):
        def check_edge_types_match(self, **_: Any) -> bool:
            return True

    class Silent(GraphAdapter):
        def check_edge_types_match(self, **_: Any) -> bool:
            return False

    types = {"type_from": None, "type_to": None}
    assert LifecycleSet([Silent(), Permits()]).permits("do_check_edge_types_match", **types)
    assert not LifecycleSet([Silent()]).permits("do_check_edge_types_match", **types)
    assert not LifecycleSet().permits("do_check_edge_types_match", **types)


def test_an_event_of_ones_own_is_called_by_its_name() -> None:
    @base_hook("post_import")
    class PostImport:
        def post_import(self, *, module: str) -> Any: ...

    class Counts(PostImport):
        def post_import(self, *, module: str) -> int:
            return len(module)

    assert LifecycleSet([Counts(), Counts()]).call("post_import", module="abc", more=1) == [3, 3]


def test_an_adapter_is_asked_once_which_nodes_it_wants() -> None:
    asked: list[str] = []

    class Choosy(OnlyAfter):
        def wants_node(self, *, node_name: str, node_tags: Any) -> bool:
            asked.append(node_name)
            return node_name == "b"

    adapters = LifecycleSet([Both(), Choosy()])
    (around_a, methods_a, _), (around_b, methods_b, _) = map(adapters.for_node, map(Node, "ab"))
    assert (len(around_a), len(methods_a)) == (1, 0)
    assert (len(around_b), len(methods_b)) == (2, 1)
    assert asked == ["a", "b"]


def test_an_observer_called_outside_a_run_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Observer, GraphConstructionHook):
        def run_after_graph_construction(self, **_: Any) -> None:
            raise ValueError("no disk")

    adapters = LifecycleSet([Broken()])
    with caplog.at_level(logging.ERROR, "stepwell"):
        assert adapters.call("post_graph_construct") == []
        assert adapters.call("post_graph_construct") == []
    (record,) = caplog.records
    assert "`Broken.run_after_graph_construction` raised" in record.getMessage()
    assert record.exc_info is not None


def test_a_set_of_adapters_can_be_pickled() -> None:
    again = pickle.loads(pickle.dumps(LifecycleSet([Both()])))
    assert names(again.around("node")) == names(LifecycleSet([Both()]).around("node"))


class Deaf(NodeExecutionHook):
    def run_after_node_exection(self, **_: Any) -> None:
        pass


class Asks(NodeExecutionHook):
    def run_after_node_execution(self, *, node_nam: str, **_: Any) -> None:  # type: ignore[override]
        pass


class AsksForOther(ResultBuilder, GraphExecutionHook):
    def run_after_graph_execution(self, *, colour: str, **_: Any) -> None:  # type: ignore[override]
        pass


TWICE = Both()


@pytest.mark.parametrize(
    ("adapters", "message"),
    [
        (
            [One(), Other()],
            "`One.build_result` and `Other.build_result` both do `do_build_result`, which only one"
            " adapter can; give one of them",
        ),
        ([Both], "`Both` is a class; give an adapter made of it: `Both()`"),
        ([TWICE, TWICE], "the same `Both` is given twice; give it once"),
        (
            [3],
            "`int` is no adapter: it inherits from none of the lifecycle's classes; "
            "see `stepwell.lifecycle`",
        ),
        (
            [Deaf()],
            "`Deaf` defines none of `run_before_node_execution`, `run_after_node_execution`, so it"
            " hears nothing; did `run_after_node_exection` mean `run_after_node_execution`?",
        ),
        (
            [Asks()],
            "`Asks.run_after_node_execution` asks for `node_nam`, which is not given; "
            "did you mean `node_name`?",
        ),
        (
            [AsksForOther()],
            "`AsksForOther.run_after_graph_execution` asks for `colour`, which is not given; it is"
            " given `graph`, `success`, `error`, `results`, `run_id`",
        ),
    ],
)
def test_adapters_that_can_not_be_used_are_refused_at_build(
    adapters: list[object], message: str
) -> None:
    with pytest.raises(AdapterError) as caught:
        LifecycleSet(adapters)
    assert str(caught.value) == message
