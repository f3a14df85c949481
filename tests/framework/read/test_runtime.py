"""Live functions to nodes: which functions are steps, and what is said of them."""

from __future__ import annotations

import functools
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import pytest

from stepwell.errors import GraphError
from stepwell.read import runtime
from stepwell.spec import Node
from stepwell.testing import graph_of, module_of

if TYPE_CHECKING:
    from somewhere import Unseen


def module(text: str, name: str = "steps", *, package: bool = False, **space: Any) -> ModuleType:
    """A module of this text, run."""
    made = ModuleType(name)
    if package:
        made.__path__ = []
    vars(made).update(space)
    exec(text, vars(made))
    return made


def names(made: ModuleType) -> list[str]:
    return [node.name for node in runtime.read(made)]


def test_only_public_functions_of_its_own_are_steps() -> None:
    """Not what is imported, private, a class, a lambda or a second name for a function."""
    text = """
from textwrap import dedent
def load(path: str) -> str: ...
def _private() -> str: ...
class Document: ...
key = lambda x: x
again = load
number = 3
"""
    assert names(module(text)) == ["load"]


def test_a_package_has_the_steps_that_it_imports_from_its_own_modules() -> None:
    inner = module("def docs() -> str: ...\ndef hidden() -> str: ...", "rag.load")
    other = module("def x() -> str: ...", "ragged")
    rag = module("def own() -> str: ...", "rag", package=True, docs=inner.docs, x=other.x)
    assert sorted(names(rag)) == ["docs", "own"]


def test_a_module_and_its_package_give_a_step_once() -> None:
    inner = module("def docs() -> str: ...", "rag.load")
    rag = module("", "rag", package=True, docs=inner.docs)
    assert len(runtime.graph([rag, inner]).written) == 1


def test_a_decorated_step_is_wired_by_what_it_wraps_and_called_as_it_is() -> None:
    def twice(step: Callable[..., str]) -> Callable[..., str]:
        @functools.wraps(step)
        def called(*args: Any, **kwargs: Any) -> str:
            return step(*args, **kwargs) * 2

        return called

    @twice
    def word(letter: str, count: int = 2) -> str:
        return letter * count

    node = graph_of(word).written[0]
    assert [(p.reads, p.required, p.type.short) for p in node.params] == [
        ("letter", True, "str"),
        ("count", False, "int"),
    ]
    assert node.callable is not None
    assert node.callable("a") == "aaaa"


def test_a_cached_function_is_a_step() -> None:
    text = "import functools\n@functools.cache\ndef load(path: str) -> str: ..."
    node = runtime.read(module(text))[0]
    assert (node.name, [param.reads for param in node.params]) == ("load", ["path"])


def test_objects_in_a_module_are_not_woken() -> None:
    """A client or a proxy that answers every attribute is neither asked nor taken for a step."""

    class Proxy:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    assert names(module("def a() -> int: ...", client=Proxy())) == ["a"]


async def coroutine(x: int) -> int:
    return x


def generator(x: int) -> Iterator[int]:
    yield x


async def async_generator(x: int) -> AsyncIterator[int]:
    yield x


@pytest.mark.parametrize("step", [coroutine, generator, async_generator])
def test_a_step_is_called_as_it_is_written(step: Callable[..., Any]) -> None:
    assert graph_of(step).written[0].kind == step.__name__


def test_parameters_of_every_kind() -> None:
    def step(
        a: int, /, b: Annotated[str, "note"], c: int = 1, *, d: Unseen, e: Any = 2
    ) -> None: ...

    params = graph_of(step).written[0].params
    assert [(p.reads, p.type.short, p.required, p.positional_only) for p in params] == [
        ("a", "int", True, True),
        ("b", "str", True, False),
        ("c", "int", False, False),
        ("d", "Unseen", True, False),
        ("e", "Any", False, False),
    ]


@pytest.mark.parametrize(("stars", "told"), [("*parts", "`*parts`"), ("**more", "`**more`")])
def test_parameters_without_a_name_are_told(stars: str, told: str) -> None:
    """In the same words from text and from life."""
    text = f"def step(x: int, {stars}) -> int: ..."
    live = runtime.graph([module(text)]).problems
    assert [(each.code, each.message) for each in live] == [
        (each.code, each.message) for each in graph_of(text).problems
    ]
    assert told in live[0].message


def test_a_place_is_the_functions_own() -> None:
    def step() -> int: ...

    span = graph_of(step).written[0].span
    assert span is not None
    assert (span.file, span.line) == (__file__, step.__code__.co_firstlineno)


def test_without_a_list_for_them_problems_are_raised() -> None:
    with pytest.raises(GraphError, match="SW005"):
        runtime.read(module("def a(*x: int) -> int: ..."))


def test_a_node_travels() -> None:
    node = Node("a", tags={"owner": "me"}, callable=len)
    assert pickle.loads(pickle.dumps(node)) == node


def test_module_of_leaves_functions_alone() -> None:
    def step(x: int) -> int:
        return x

    before = (step.__module__, dict(vars(step)))
    made = module_of(step, name="elsewhere")
    assert (step.__module__, dict(vars(step))) == before
    assert made.step.__module__ == "elsewhere"
    assert made.step(3) == 3


@pytest.mark.parametrize("given", [lambda x: x, int, len, "text", functools.partial(len)])
def test_what_is_no_step_makes_no_module(given: Any) -> None:
    with pytest.raises(GraphError, match="is no step"):
        module_of(given)


def test_graphs_of_functions_modules_and_text() -> None:
    """All three ways give one graph."""

    def a(x: int) -> int: ...

    text = "def a(x: int) -> int: ..."
    digests = {graph_of(a).digest(), graph_of(text).digest(), graph_of(module(text)).digest()}
    assert len(digests) == 1
