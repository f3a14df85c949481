"""What a modifier binds is what a step is called with, in every loop."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from stepwell import driver
from stepwell.lifecycle import NodeExecutionMethod
from stepwell.modifiers import (
    config,
    does,
    extract_columns,
    extract_fields,
    group,
    inject,
    node,
    parameterize,
    pipe_input,
    pipe_output,
    source,
    step,
    unpack_fields,
    value,
)
from stepwell.testing import module_of


def logged(step: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(step)
    def called(*args: Any, **kwargs: Any) -> Any:
        return step(*args, **kwargs)

    return called


class Through(NodeExecutionMethod):
    """Calls each step with its keywords, as any adapter may."""

    def run_to_execute_node(
        self, *, node_callable: Any, node_kwargs: dict[str, Any], **future_kwargs: Any
    ) -> Any:
        return node_callable(**node_kwargs)


@inject(first=value(1), rest=group(source("given"), value(3)))
def listed(first: int, given: int, rest: list[int], /, last: int = 9) -> list[int]:
    return [first, given, *rest, last]


@inject(words=group(one=source("given"), two=value(2)))
async def named(words: dict[str, int]) -> dict[str, int]:
    return words


@inject(first=value(1))
@logged
def wrapped(first: int, given: int, /) -> int:
    return first * 10 + given


@parameterize(plus={"by": value(1)}, times={"by": source("given")})
def shifted(given: int, by: int) -> int:
    return given * 10 + by


@extract_fields({"left": int, "right": int})
@node(name="both")
def halves(given: int) -> dict[str, int]:
    return {"left": given, "right": -given}


@config.when(mode="loud")
def greeting__loud(given: int) -> str:
    return "!" * given


@config.default
def greeting(given: int) -> str:
    return "." * given


def _summed(**amounts: int) -> int:
    return sum(amounts.values())


@does(_summed, one="left")
def total(left: int, given: int, tip: int = 5) -> int: ...


async def _doubled(number: int) -> int:
    return number * 2


def _plus(number: int, by: int = 100) -> int:
    return number + by


@pipe_input(step(_plus, by=source("given")), step(_doubled).when_not(slow=False))
@pipe_output(step(_plus).when(mode="loud"), step(_plus, by=value(1)))
def piped(given: int) -> int:
    return given * 10


@unpack_fields("first_word", "last_word")
def words(given: int) -> tuple[str, str]:
    return "a" * given, "b"


@dataclass
class Page:
    number: int
    text: str


@extract_fields(Page)
def page(given: int) -> Page:
    return Page(given, "p")


@extract_columns("price", ("label", "Its name."))
def frame(given: int) -> Any:
    import pandas as pd

    return pd.DataFrame({"price": [given], "label": ["x"]})


def columns(price: Any, label: Any) -> list[Any]:
    return [*price, *label]


STEPS = module_of(
    *(listed, named, wrapped, shifted, halves, greeting__loud, greeting),
    *(total, piped, words, page, frame, columns),
)

EXPECTED = {
    "listed": [1, 2, 2, 3, 9],
    "named": {"one": 2, "two": 2},
    "wrapped": 12,
    "plus": 21,
    "times": 22,
    "both": {"left": 2, "right": -2},
    "left": 2,
    "right": -2,
    "greeting": "..",
    "total": 9,
    "piped": 81,
    "first_word": "aa",
    "last_word": "b",
    "number": 2,
    "text": "p",
    "columns": [2, "x"],
}


@pytest.mark.parametrize("adapters", [[], [Through()]], ids=["plain", "through a method"])
@pytest.mark.parametrize("threads", [0, 2])
def test_modified_steps_give_what_they_say(adapters: list[object], threads: int) -> None:
    """Often enough for a compiled plan to take over."""
    builder = driver.Builder().with_modules(STEPS).with_adapters(*adapters)
    dr = (builder.with_threads(threads) if threads else builder).build()
    for _ in range(3):
        assert dr.execute(list(EXPECTED), inputs={"given": 2}) == EXPECTED
    plain = [name for name in EXPECTED if name not in ("named", "piped")]
    for _ in range(150):
        result = dr.execute(plain, inputs={"given": 2})
    assert result == {name: EXPECTED[name] for name in plain}


def test_modified_steps_in_a_loop_of_ones_own() -> None:
    dr = driver.Driver({}, STEPS)
    assert asyncio.run(dr.aexecute(list(EXPECTED), inputs={"given": 2})) == EXPECTED


def test_config_chooses_what_runs() -> None:
    dr = driver.Driver({"mode": "loud"}, STEPS)
    assert dr.execute(["greeting"], inputs={"given": 3}) == {"greeting": "!!!"}
    assert dr.execute(["piped"], inputs={"given": 2}) == {"piped": 181}
    dr = driver.Driver({"slow": False}, STEPS)
    assert dr.execute(["piped"], inputs={"given": 2}) == {"piped": 41}
