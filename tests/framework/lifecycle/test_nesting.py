"""Methods that run a node, each around the next."""

from __future__ import annotations

from typing import Any

from stepwell.lifecycle import NodeExecutionMethod, base
from stepwell.lifecycle.dispatch import LifecycleSet
from stepwell.lifecycle.nesting import nested
from stepwell.spec import Node

NODE = Node("answer", tags={"layer": "llm"})


class Marks(NodeExecutionMethod):
    def __init__(self, mark: str) -> None:
        self.mark = mark

    def run_to_execute_node(self, *, node_callable: Any, node_kwargs: Any, **_: Any) -> Any:
        return f"{self.mark}({node_callable(**node_kwargs)})"


class MarksLater(Marks):
    async def run_to_execute_node(self, *, node_callable: Any, node_kwargs: Any, **_: Any) -> Any:
        return f"{self.mark}({await node_callable(**node_kwargs)})"


class Internal(base.DoNodeExecute):
    def do_node_execute(self, *, node_: Node, kwargs: dict[str, Any], **_: Any) -> Any:
        assert node_.callable is not None
        return f"{node_.name}:{node_.callable(**kwargs)}"


def run(*adapters: object, step: Any = str) -> Any:
    methods = LifecycleSet(adapters).methods("do_node_execute")
    return nested(NODE, methods, step)({"object": 7}, "run", None)


def test_without_methods_the_step_runs() -> None:
    assert run() == "7"


def test_methods_nest_in_the_order_of_adapters() -> None:
    assert run(Marks("a"), Marks("b"), Internal(), Marks("c")) == "a(b(answer:c(7)))"


def test_a_method_may_change_what_the_next_one_is_given() -> None:
    class Doubles(NodeExecutionMethod):
        def run_to_execute_node(self, *, node_callable: Any, **_: Any) -> Any:
            return node_callable(object=14)

    assert run(Marks("a"), Doubles(), Marks("b")) == "a(b(14))"


def test_a_method_is_told_all_it_asks_for() -> None:
    told: dict[str, Any] = {}

    class Asks(NodeExecutionMethod):
        def run_to_execute_node(self, **everything: Any) -> Any:
            told.update(everything)

    assert run(Asks()) is None
    assert told.pop("node_callable")(object=1) == "1"
    assert told == {
        "node_name": "answer",
        "node_tags": {"layer": "llm"},
        "node_kwargs": {"object": 7},
        "task_id": None,
        "is_expand": False,
        "is_collect": False,
        "run_id": "run",
    }


async def test_an_async_method_awaits_whatever_it_wraps() -> None:
    """Its `node_callable` always returns an awaitable: of a plain step, and of another method."""

    async def later(object: int) -> str:
        return str(object)

    assert await run(MarksLater("a")) == "a(7)"
    assert await run(MarksLater("a"), Marks("b")) == "a(b(7))"
    assert await run(MarksLater("a"), MarksLater("b"), step=later) == "a(b(7))"


async def test_a_plain_method_passes_an_awaitable_on() -> None:
    class Passes(NodeExecutionMethod):
        def run_to_execute_node(self, *, node_callable: Any, node_kwargs: Any, **_: Any) -> Any:
            return node_callable(**node_kwargs)

    assert await run(Passes(), MarksLater("b")) == "b(7)"
