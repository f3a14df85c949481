"""Steps within steps: what crosses the boundary, and what is said where it can't."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from stepwell import driver
from stepwell.errors import RequestError
from stepwell.graph import Graph
from stepwell.modifiers import config, parameterized_subdag, source, subdag, value, with_columns
from stepwell.read import pipelines, runtime
from stepwell.read import source as text_reader
from stepwell.testing import module_of

Read = Callable[[str], Graph]

INSIDE = """\
def words(text: str, language: str = "en") -> list[str]: ...
@config.when(mode="all")
def count__all(words: list[str]) -> int: ...
@config.default
def count(words: list[str], known: list[str]) -> int: ...
"""


@pytest.mark.parametrize(
    ("arguments", "edges"),
    [
        ("", {"a.words": ["text", "language"], "a.count": ["a.words", "known"]}),
        (", inputs={'text': source('b')}", {"a.words": ["b", "language"]}),
        (", inputs={'text': value('t')}", {"a.words": ["language"]}),
        (", inputs={'known': group(source('b'))}", {"a.count": ["a.words", "b"]}),
        (", config={'language': 'de'}", {"a.words": ["text"]}),
        (", config={'mode': 'all'}", {"a.count": ["a.words"]}),
        (", config={'mode': 'few'}", {"a.count": ["a.words", "known"]}),
        (", namespace='n'", {"n.words": ["text", "language"]}),
    ],
)
def test_what_crosses(agreed: Read, arguments: str, edges: dict[str, list[str]]) -> None:
    """What a step inside makes is theirs; `inputs` and `config` are as said; the rest is outer."""
    graph = agreed(
        f"{INSIDE}@subdag(words, count, count__all{arguments})\ndef a(count: int) -> int: ...\n"
    )
    for name, reads in edges.items():
        assert [param.reads for param in graph.variants(name)[0].params] == reads


def test_what_config_decides_inside_is_no_choice_any_more(agreed: Read) -> None:
    step = "def a(count: int) -> int: ...\n"
    graph = agreed(f"{INSIDE}@subdag(words, count, count__all)\n{step}")
    assert len(graph.variants("a.count")) == 2
    graph = agreed(f"{INSIDE}@subdag(words, count, count__all, config={{'mode': 'all'}})\n{step}")
    (only,) = graph.variants("a.count")
    assert only.when == ()


def test_each_name_has_a_subdag_of_its_own(agreed: Read) -> None:
    graph = agreed(
        f"{INSIDE}@parameterized_subdag(words, count, count__all, inputs={{'known': value([])}},\n"
        "    b={'inputs': {'text': source('t')}}, c={'config': {'mode': 'all'}})\n"
        "def a(count: int) -> int: ...\n"
    )
    made = [name for name in graph.nodes if "." in name]
    assert made == ["b.words", "b.count", "c.words", "c.count"]
    assert [param.reads for param in graph.nodes["b.words"].params] == ["t", "language"]


def test_a_subdag_in_a_subdag(agreed: Read) -> None:
    graph = agreed(
        "def x(y: int) -> int: ...\n"
        "@subdag(x)\ndef b(x: int, z: int) -> int: ...\n"
        "@subdag(b, inputs={'z': value(1)})\ndef a(b: int) -> int: ...\n"
    )
    assert [param.reads for param in graph.nodes["a.b.x"].params] == ["y"]
    assert [param.reads for param in graph.nodes["a.b"].params] == ["a.b.x"]
    assert "a part of `b`" in graph.nodes["a.b.x"].place
    assert "a part of `a`" in graph.nodes["a.b.x"].place


WRONG = [
    ("subdag()", "SW302", "`subdag` needs functions or modules"),
    ("subdag(3)", "SW302", "`3` is no function"),
    ("subdag(words, inputs={'txet': source('b')})", "SW301", "did you mean `text`?"),
    ("subdag(words, inputs={'text': 3})", "SW302", "takes `source(…)`, `value(…)`"),
    ("subdag(words, inputs=3)", "SW302", "`inputs` of `subdag` takes a dict; got `3`"),
    ("subdag(words, config=[])", "SW302", "`config` of `subdag` takes a dict"),
    ("subdag(words, namespace='a b')", "SW302", "can't name a namespace"),
    ("subdag(count, words, inputs={'words': source('b')})", "SW302", "`words` is made inside"),
    ("subdag(other)", "SW302", "`a` reads nothing of what is made inside: `other`"),
    ("parameterized_subdag(words)", "SW302", "needs at least one `name={…}`"),
    ("parameterized_subdag(words, b=3)", "SW302", "`b` takes a dict of `inputs` and `config`"),
    ("parameterized_subdag(words, b={'inptus': {}})", "SW302", "did you mean `inputs`?"),
    ("with_columns(words, on_input='frmae')", "SW301", "`a` has no parameter `frmae`"),
    (
        "with_columns(words, on_input='frame', select=['wrods'])",
        "SW302",
        "`select` names `wrods`, which no step",
    ),
    ("with_columns(words, columns_to_pass='text')", "SW302", "takes a list of names"),
    (
        "with_columns(words, on_input='frame', columns_to_pass=['words'])",
        "SW302",
        "`words` is passed and is made",
    ),
]


@pytest.mark.parametrize(("decorator", "code", "message"), WRONG)
def test_what_is_said_of_a_wrong_argument(
    agreed: Read, decorator: str, code: str, message: str
) -> None:
    graph = agreed(
        f"{INSIDE}def other() -> int: ...\n"
        f"@{decorator}\ndef a(words: list[str], frame: list[str]) -> int: ...\n"
    )
    assert any(p.code == code and message in p.message for p in graph.problems)


def texts(folder: Path, **modules: str) -> list[text_reader.Module]:
    """Modules that know each other, as a workspace's do."""
    alone = {
        name: text_reader.parse(text, file=f"{name}.py", module=name)
        for name, text in modules.items()
    }
    finder = pipelines.Finder(alone.values())
    return [
        text_reader.parse(text, file=f"{name}.py", module=name, others=finder.names(f"{name}.py"))
        for name, text in modules.items()
    ]


def test_a_module_inside(tmp_path: Path) -> None:
    """All of its steps, those private and imported left out, as live."""
    inner = (
        "from os.path import basename\n"
        "def _hidden() -> int: return 0\n"
        "def words(text: str) -> list[str]: return text.split()\n"
        "def count(words: list[str]) -> int: return len(words)\n"
    )
    outer = (
        "import inner\nfrom stepwell import source, subdag\n"
        "@subdag(inner, inputs={'text': source('question')})\n"
        "def length(count: int) -> int: return count\n"
    )
    made = texts(tmp_path, inner=inner, outer=outer)
    live = ModuleType("inner")
    sys.modules["inner"] = live
    exec(compile(inner, "inner.py", "exec"), vars(live))
    whole = ModuleType("outer")
    exec(compile(outer, "outer.py", "exec"), vars(whole))
    del sys.modules["inner"]
    assert pipelines.graph(made[1:]).digest() == runtime.graph([whole]).digest()
    dr = driver.Driver({}, whole)
    assert dr.execute(["length"], inputs={"question": "a b c"}) == {"length": 3}


def test_a_module_inside_itself(tmp_path: Path) -> None:
    outer = (
        "import outer\nfrom stepwell import subdag\n"
        "@subdag(outer)\ndef length(count: int) -> int: return count\n"
    )
    (made,) = texts(tmp_path, outer=outer)
    whole = sys.modules["outer"] = ModuleType("outer")
    exec(compile(outer, "outer.py", "exec"), vars(whole))
    del sys.modules["outer"]
    told = [problem.message for problem in made.problems]
    assert told == [problem.message for problem in runtime.graph([whole]).problems]
    assert "`outer` is a part of itself" in told[0]


def test_what_changes_in_another_text_is_read_anew() -> None:
    """Though the step's own text and all names stay as they are."""
    outer = (
        "from inner import words\nfrom stepwell import subdag\n"
        "@subdag(words)\ndef length(words: list[str]) -> int: ...\n"
    )
    before = text_reader.parse("def words(a: str): ...\n", file="inner.py", module="inner")
    seen = [before]
    first = text_reader.parse(outer, module="outer", others=lambda name: seen[-1].names)
    assert first.borrows
    seen.append(
        text_reader.parse(
            "def words(b: str): ...\n", file="inner.py", module="inner", previous=before
        )
    )
    second = text_reader.parse(
        outer, module="outer", previous=first, others=lambda name: seen[-1].names
    )
    assert [module.nodes[0].params[0].reads for module in (first, second)] == ["a", "b"]


@config.when(speed="fast")
def pace__fast(base: int) -> int:
    return base * 100


@config.default
def pace(base: int) -> int:
    return base * 10


async def scaled(pace: int, scale: int, other: int) -> int:
    if other < 0:
        raise ValueError("below zero")
    return pace * scale + other


@subdag(pace, pace__fast, scaled, inputs={"base": source("given")}, config={"scale": 2})
def total(scaled: int, given: int) -> int:
    return scaled + given


@parameterized_subdag(
    pace,
    pace__fast,
    quick={"config": {"speed": "fast"}, "inputs": {"base": value(1)}},
    slow={"config": {"speed": ""}, "inputs": {"base": source("given")}},
)
def paced(pace: int) -> int:
    return pace


STEPS = module_of(total, paced)


def test_subdags_run_with_async_steps_inside() -> None:
    dr = driver.Driver({}, STEPS)
    given = {"given": 4, "other": 1}
    assert dr.execute(["total", "quick", "slow"], inputs=given) == {
        "total": 85,
        "quick": 100,
        "slow": 40,
    }
    assert dr.execute(["total.pace"], inputs=given) == {"total.pace": 40}
    assert dr.execute(["total"], inputs=given, overrides={"total.scaled": 1}) == {"total": 5}
    fast = driver.Driver({"speed": "fast"}, STEPS)
    assert fast.execute(["total"], inputs=given) == {"total": 805}


def test_an_error_names_the_step_inside_and_the_place_outside() -> None:
    dr = driver.Driver({}, STEPS)
    with pytest.raises(ValueError, match="below zero") as caught:
        dr.execute(["total"], inputs={"given": 4, "other": -1})
    assert "`total.scaled`" in caught.value.__notes__[0]
    assert "a part of `total` (" in caught.value.__notes__[0]
    with pytest.raises(RequestError, match=r"`total\.scaled` .* a part of `total`"):
        dr.execute(["total"], inputs={"given": 4})


def _taxed(price: Any, rate: float) -> Any:
    return price * rate


def _part(taxed: Any, books: Any) -> Any:
    return taxed / len(books)


@with_columns(
    *(_taxed, _part),
    columns_to_pass=["price"],
    pass_dataframe_as="books",
    inputs={"rate": value(2.0)},
)
def rows(frame: Any) -> list[tuple[Any, ...]]:
    return [*zip(*(frame[name] for name in ("price", "taxed", "part")), strict=True)]


@with_columns(_taxed, _part, columns_to_pass=["price"], pass_dataframe_as="b", select=["taxed"])
def names(frame: Any, books: list[int]) -> list[str]:
    return [*frame.columns]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_made_by_steps(library: str) -> None:
    frame = pytest.importorskip(library).DataFrame({"price": [1.0, 3.0]})
    dr = driver.Driver({}, module_of(rows, names))
    assert dr.execute(["rows"], inputs={"frame": frame}) == {
        "rows": [(1.0, 2.0, 1.0), (3.0, 6.0, 3.0)]
    }
    given = {"frame": frame, "rate": 1, "books": [1]}
    assert dr.execute(["names"], inputs=given) == {"names": ["price", "taxed"]}
