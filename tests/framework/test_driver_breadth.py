"""What a driver does besides running: later modules in the place of earlier ones, plans as JSON."""

from __future__ import annotations

import json
from types import ModuleType

import pytest

from stepwell import Builder, Driver, GraphError, RequestError
from stepwell.modifiers import config, pipe_output, step, tag
from stepwell.read import pipelines, source
from stepwell.testing import module_of


def base(given: int) -> int:
    return given


def _plus(number: int) -> int:
    return number + 1


@pipe_output(step(_plus))
def price(base: int) -> int:
    """What it costs."""
    return base * 2


def _modules() -> tuple[ModuleType, ModuleType]:
    first = module_of(base, price, name="first")

    def price_(base: int) -> int:
        return base * 100

    price_.__name__ = "price"
    return first, module_of(price_, name="second")


def test_a_later_module_takes_the_place_of_an_earlier() -> None:
    """What the earlier step was made of goes with it."""
    modules = _modules()
    with pytest.raises(GraphError, match="`price`"):
        Driver({}, *modules)
    dr = Builder().with_modules(*modules).allow_module_overrides().copy().build()
    assert dr.execute(["price"], inputs={"given": 2}) == {"price": 200}
    assert sorted(dr.graph.nodes) == ["base", "price"]
    dr = Driver({}, *reversed(modules), allow_module_overrides=True)
    assert dr.execute(["price"], inputs={"given": 2}) == {"price": 5}


def test_what_config_leaves_out_takes_no_place() -> None:
    @config.when(mode="dear")
    def price__dear(base: int) -> int:
        return base * 100

    modules = module_of(base, price, name="first"), module_of(price__dear, name="second")
    for mode, cost in (("dear", 200), ("plain", 5)):
        dr = Driver({"mode": mode}, *modules, allow_module_overrides=True)
        assert dr.execute(["price"], inputs={"given": 2}) == {"price": cost}


@pytest.mark.parametrize(
    "built",
    [
        "Driver({}, one, two, allow_module_overrides=True)",
        "Builder().with_modules(one, two).allow_module_overrides().build()",
    ],
)
def test_the_editor_knows_that_a_module_takes_another_s_place(built: str) -> None:
    texts = {
        "one": "def a() -> int: ...\ndef b(a: int) -> int: ...\n",
        "two": "def a() -> int: ...\n",
        "run": f"import one, two\nfrom stepwell import Builder, Driver\ndr = {built}\n",
    }
    modules = [source.parse(text, file=f"{n}.py", module=n) for n, text in texts.items()]
    (found,) = pipelines.pipelines(modules)
    assert [(node.name, node.module) for node in found.graph.written] == [
        ("b", "one"),
        ("a", "two"),
    ]


def test_a_plan_as_json() -> None:
    """Names, types, edges and tags; no value."""

    @tag(owner="me", kinds=["a", "b"])
    def answer(price: int, key: str = "secret-default") -> str:
        return str(price)

    dr = Driver({}, module_of(base, price, answer))
    found = json.loads(dr.export_execution(["answer"], inputs={"given": 2, "key": "hidden"}))
    assert (found["targets"], found["given"]) == (["answer"], ["given", "key"])
    assert [node["name"] for node in found["nodes"]] == ["base", "price.raw", "price", "answer"]
    last = found["nodes"][-1]
    assert (last["type"], last["required_dependencies"]) == ("str", ["price"])
    assert last["optional_dependencies"] == ["key"]
    assert last["tags"] == {"owner": "me", "kinds": ["a", "b"]}
    assert "hidden" not in json.dumps(found)
    with pytest.raises(RequestError):
        dr.export_execution(["answer"])
