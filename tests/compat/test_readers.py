"""What is written with these names is read from text as it is read live, or is told not to be."""

from __future__ import annotations

from textwrap import dedent

import pytest

from stepwell.compat.hamilton.ad_hoc_utils import module_from_source
from stepwell.graph import Graph
from stepwell.read import runtime
from stepwell.rules import check
from stepwell.spec import Node
from stepwell.testing import graph_of

HEAD = """\
from typing import Any, TypedDict
import pandas as pd
from stepwell.compat import hamilton
from stepwell.compat.hamilton.function_modifiers import *
from stepwell.compat.hamilton.function_modifiers import tag as labelled
from stepwell.compat.hamilton.htypes import Collect, Parallelizable, column
import stepwell.compat.hamilton.function_modifiers as fm
"""

READ = {
    "wiring": """\
        @parameterize(one={"x": value(1)}, two=({"x": source("one")}, "The {x}."))
        def base(x: int, y: int) -> int:
            \"\"\"From {x} comes {output_name}.\"\"\"

        @parameterize_sources(left={"x": "one"}, right={"x": "two"})
        def moved(x: int) -> int: ...

        @parameterize_values("x", {("small", "Few."): 1, ("large", "Many."): 100})
        def size(x: int) -> int: ...

        @inject(x=group(source("left"), value(3)))
        def total(x: list[int]) -> int: ...
        """,
    "conditions": """\
        @config.when(mode="a")
        def way__a() -> int: ...

        @config.when_not(mode="a")
        def way__b() -> int: ...

        @fm.config.when_in(name="way2", mode=["a", "b"])
        def anything() -> int: ...

        @hamilton_exclude
        def helper(x): ...
        """,
    "parts": """\
        @labelled(owner="me", **{"a.b": "c"})
        @extract_fields({"a": int, "b": str}, fill_with=0)
        def both() -> dict[str, Any]: ...

        @extract_columns("x", ("Tax Rate", "How much."))
        def frame() -> pd.DataFrame: ...

        @unpack_fields("first", "second")
        def pair() -> tuple[int, str]: ...

        @tag_outputs(c={"own": "yes"})
        @extract_fields("c", "d")
        def more() -> dict[str, int]: ...
        """,
    "chains": """\
        def _add(x: int, y: int) -> int: ...
        def _double(x: int) -> int: ...

        @pipe_input(step(_add, y=3), step(_double).named("twice"), on_input="x")
        def start(x: int, z: int) -> int: ...

        @pipe_output(step(_add, 7), step(_add, y=source("start")).when(mode="a"))
        def end(x: int) -> int: ...
        """,
    "outside": """\
        def first(k: int) -> int: ...
        def second(k: int) -> int: ...

        @mutate(first, apply_to(second, by=value(100)).when(mode="a"), by=5)
        def _add(x: int, by: int) -> int: ...
        """,
    "frames": """\
        @parameterize_extract_columns(
            ParameterizedExtract(("a1", "a2"), {"base": source("first"), "n": value(1)}),
            ParameterizedExtract(("b1",), {"base": value(100), "n": value(2)}),
        )
        def frame(base: int, n: int) -> pd.DataFrame: ...
        """,
    "checks": """\
        @check_output(range=(0, 10), data_type=int, importance="fail")
        def number() -> int: ...
        """,
    "subdags": """\
        def words(text: str) -> list[str]: ...
        def count(words: list[str]) -> int: ...

        @subdag(words, count, inputs={"text": source("question")}, config={"mode": "a"})
        def length(count: int) -> int: ...

        @parameterized_subdag(words, a={"inputs": {"text": value("x")}}, b={})
        def each(words: list[str]) -> int: ...

        @subdag(words, config={"mode": configuration("how")})
        def told(words: list[str]) -> int: ...
        """,
    "stored": """\
        @load_from.json(path=source("where"), inject_="found")
        def size(found: dict, more: int) -> int: ...

        @save_to.json(path="x.json", output_name_="saved")
        def document() -> dict: ...

        @dataloader()
        def books(path: str) -> tuple[list[str], dict[str, Any]]: ...

        @datasaver()
        def kept(books: list[str]) -> dict[str, Any]: ...
        """,
    "fan-outs": """\
        def page(folder: str) -> Parallelizable[str]: ...
        def summary(page: str) -> str: ...
        def report(summary: Collect[str]) -> str: ...
        def series(x: int) -> column[pd.Series, int]: ...
        """,
    "others": """\
        @fm.cache(behavior="recompute")
        @fm.schema.output(("x", "int"))
        def frame() -> pd.DataFrame: ...

        @ray_remote_options(num_cpus=2)
        def heavy() -> int: ...
        """,
}

HOLES = [
    '@resolve(when=ResolveAt.CONFIG_AVAILABLE, decorate_with=lambda names: tag(owner="me"))',
    "@resolve_from_config(decorate_with=lambda names: extract_fields(names))",
    "@config(lambda config: True)",
    "@load_from.of_my_own(path='x')",
    "@check_output_custom(Even('fail'))",
    "@parameterize_values('x', VALUES())",
    "@parameterize(**VALUES())",
    "@extract_fields()",
    "@hamilton.function_modifiers.nothing_of_the_kind(1)",
]


def live(text: str) -> Graph:
    """The graph of the text, run."""
    return runtime.graph([module_from_source(HEAD + text)])


def facts(node: Node) -> tuple[object, ...]:
    """What both readers have to tell alike of a node."""
    params = sorted((p.keyword, p.reads, p.type.short, p.required, str(p.key)) for p in node.params)
    bound = sorted((b.keyword, repr(b.value), str(b.key)) for b in node.bound)
    tags = sorted((key, value) for key, value in node.tags.items() if not key.endswith("classname"))
    return node.name, node.type.short, params, bound, tags, node.kind, node.doc, node.when


@pytest.mark.parametrize("name", READ)
def test_text_is_read_as_it_runs(name: str) -> None:
    text = dedent(READ[name])
    read = graph_of(HEAD + text)
    assert not read.holes
    assert not read.problems
    ran = live(text)
    assert sorted(map(facts, read.written), key=repr) == sorted(map(facts, ran.written), key=repr)


@pytest.mark.parametrize("decorator", HOLES)
def test_what_can_t_be_read_is_a_hole(decorator: str) -> None:
    """And no error: rules stay silent about what may come from there."""
    graph = graph_of(f"{HEAD}\n{decorator}\ndef made(x: int) -> dict: ...\n")
    assert graph.holes
    assert not graph.problems
    assert not [found for found in check(graph) if found.severity == "error"]


@pytest.mark.parametrize(
    ("decorator", "told"),
    [
        ("@parameterize(one={'z': value(1)})", "`z`"),
        ("@tag(**{'hamilton.own': 'x'})", "reserved"),
        ("@check_output(nothing=3)", "no question `nothing`"),
        ("@pipe_output(collapse=True)", "`collapse`"),
    ],
)
def test_wrong_arguments_are_found_in_text(decorator: str, told: str) -> None:
    (problem,) = graph_of(f"{HEAD}\n{decorator}\ndef made(x: int) -> dict: ...\n").problems
    assert told in problem.message
