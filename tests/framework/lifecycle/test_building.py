"""What adapters hear and may refuse while a driver is built."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell import driver
from stepwell.errors import AdapterError, GraphError, HookError
from stepwell.lifecycle import (
    GraphConstructionHook,
    NodeExecutionHook,
    ResultBuilder,
    StaticValidator,
    base,
)
from stepwell.testing import module_of


def first(start: int) -> int:
    return start + 1


def second(first: int) -> int:
    return first * 2


PLAIN = module_of(first, second, name="plain")


def test_what_is_told_when_a_driver_is_built() -> None:
    said: list[str] = []

    class Builds(base.PreDoAnything, base.PostGraphConstruct, GraphConstructionHook):
        def pre_do_anything(self) -> None:
            said.append("anything")

        def post_graph_construct(self, *, graph: Any, modules: Any, config: Any) -> None:
            said.append(f"{[*graph.nodes]} {[m.__name__ for m in modules]} {dict(config)}")

        def run_after_graph_construction(self, *, graph: Any, config: Any, **_: Any) -> None:
            said.append(f"{len(graph.nodes)} {dict(config)}")

    driver.Driver({"k": 1}, PLAIN, adapter=Builds())
    assert said == ["anything", "['first', 'second'] ['plain'] {'k': 1}", "2 {'k': 1}"]


def test_a_hook_that_raises_when_a_driver_is_built_is_named() -> None:
    class Refuses(GraphConstructionHook):
        def run_after_graph_construction(self, **_: Any) -> None:
            raise RuntimeError("too many nodes")

    with pytest.raises(HookError) as caught:
        driver.Driver({}, PLAIN, adapter=Refuses())
    assert str(caught.value) == (
        "hook `Refuses.run_after_graph_construction` raised: RuntimeError: too many nodes"
    )


def test_validators_and_rules_are_told_together() -> None:
    """What an adapter refuses stops the build as any other error does."""

    class Judges(StaticValidator, base.ValidateGraph):
        def run_to_validate_node(self, *, node: Any, **_: Any) -> tuple[bool, str | None]:
            return node.name != "second", "its name is a number"

        def run_to_validate_graph(self, *, graph: Any, **_: Any) -> tuple[bool, str | None]:
            return len(graph.nodes) > 5, None

        def validate_graph(
            self, *, graph: Any, modules: Any, config: Any
        ) -> tuple[bool, str | None]:
            return bool(config), f"{len(modules)} modules and no config"

    def untyped(first: int):  # type: ignore[no-untyped-def]
        return first

    with pytest.raises(GraphError) as caught:
        driver.Driver({}, PLAIN, module_of(untyped, name="more"), adapter=Judges())
    assert sorted(found.message for found in caught.value.diagnostics) == [
        "`Judges.run_to_validate_graph` refuses the graph",
        "`Judges.run_to_validate_node` refuses `second`: its name is a number",
        "`Judges.validate_graph` refuses the graph: 2 modules and no config",
        "`untyped` does not say what it returns; write `-> …` after its parameters",
    ]


def test_an_adapter_that_can_not_be_used_is_told_when_the_driver_is_built() -> None:
    class One(ResultBuilder):
        def build_result(self, **outputs: Any) -> Any:
            return outputs

    class Other(One):
        pass

    with pytest.raises(AdapterError, match=r"`One.build_result` and `Other.build_result` both do"):
        driver.Driver({}, PLAIN, adapter=[One(), Other()])
    with pytest.raises(AdapterError, match="`NodeExecutionHook` defines none of"):
        driver.Driver({}, PLAIN, adapter=NodeExecutionHook())
