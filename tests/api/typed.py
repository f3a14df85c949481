"""What a type checker is to see of the public names. Checked, never run (see `test_typed.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_type

from openai import AsyncOpenAI, OpenAI

from stepwell import Collect, Collecting, Parallelizable, driver
from stepwell.lifecycle import (
    GracefulErrorAdapter,
    GraphExecutionHook,
    NodeExecutionHook,
    NodeExecutionMethod,
    Observer,
    PandasResult,
    PrintLn,
    StaticValidator,
    base,
    base_hook,
)
from stepwell.llm import metered
from stepwell.modifiers import (
    config,
    extract_fields,
    group,
    inject,
    node,
    parameterize,
    source,
    tag,
    value,
)
from stepwell.spec import Node


def page(pages: list[str]) -> Parallelizable[str]:
    yield from pages


async def line(page: str) -> Parallelizable[str]:
    for text in page.splitlines():
        yield text


def collected(page: Collect[str], line: Collecting[str]) -> int:
    assert_type(page[0], str)
    for each in line:
        assert_type(each, str)
    return len(page)


@tag(owner="search")
def tagged(question: str, *, k: int = 3) -> list[str]:
    return [question] * k


@config.when(model="small")
def chosen__small(question: str) -> str:
    return question


@node(name="renamed")
def named(question: str) -> str:
    return question


@parameterize(low={"k": value(1)}, high={"k": source("limit")})
def several(question: str, k: int) -> str:
    return question * k


@inject(parts=group(source("a"), source("b")))
def joined(parts: list[str]) -> str:
    return "".join(parts)


@extract_fields({"title": str, "length": int})
def document(path: str) -> dict[str, Any]:
    return {"title": path, "length": 1}


@tag(owner="search")
async def later(question: str) -> str:
    return question


def decorators_keep_the_signature() -> None:
    assert_type(tagged("a", k=1), list[str])
    assert_type(chosen__small("a"), str)
    assert_type(named("a"), str)
    assert_type(several("a", 1), str)
    assert_type(joined(["a"]), str)
    assert_type(document("a"), dict[str, Any])
    tagged(1)  # type: ignore[arg-type]
    several("a", k="b")  # type: ignore[arg-type]


async def async_steps_stay_async() -> None:
    assert_type(await later("a"), str)


def a_metered_client_is_still_that_client(client: OpenAI, other: AsyncOpenAI) -> None:
    assert_type(metered(client), OpenAI)
    assert_type(metered(other), AsyncOpenAI)


class Partial(NodeExecutionHook, NodeExecutionMethod):
    """An adapter names what it needs, and takes the rest as keywords."""

    def run_to_execute_node(
        self, *, node_callable: Callable[..., Any], node_kwargs: dict[str, Any], **rest: Any
    ) -> Any:
        return node_callable(**node_kwargs)

    async def run_after_node_execution(
        self, *, node_name: str, error: BaseException | None, **future_kwargs: Any
    ) -> None:
        print(node_name, error)


class Forgets(NodeExecutionHook):
    def run_after_node_execution(self, *, node_name: str) -> None:  # type: ignore[override]
        """Without `**future_kwargs` it would break when keywords are added."""


class Judges(StaticValidator, Observer, GraphExecutionHook):
    def run_to_validate_node(self, *, node: Node, **future_kwargs: Any) -> tuple[bool, str | None]:
        return bool(node.doc), "write a docstring"


@base_hook("post_import")
class PostImport:
    def post_import(self, *, module: str) -> None: ...


class Before(base.PreNodeExecute):
    def pre_node_execute(self, *, node_: Node, **rest: Any) -> None:
        assert_type(node_.name, str)


def drivers_take_them_all() -> None:
    adapters = [Partial(), Judges(), Before(), PrintLn(verbosity=2), PandasResult(strict=True)]
    dr = driver.Builder().with_config({"k": 1}).with_adapters(*adapters).build()
    assert_type(dr, driver.Driver)
    graceful = GracefulErrorAdapter((ValueError, KeyError))
    assert_type(graceful.failures[0].node, str)
    PrintLn(verbosty=2)  # type: ignore[call-arg]
