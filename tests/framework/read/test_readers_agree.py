"""The graph from text equals the graph from live functions."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell.graph import Graph
from stepwell.read import files, pipelines, runtime, source
from stepwell.types import UNKNOWN, Type

RECIPES = Path(__file__).parents[3] / "recipes"

_numbers = count()


@contextmanager
def imported(text: str) -> Iterator[ModuleType]:
    """The text as a module, imported from a file of a name of its own."""
    name = f"agreed_{next(_numbers)}"
    with TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.py")
        path.write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
            yield module
        finally:
            del sys.modules[name]


def facts(graph: Graph, *, short: bool = False) -> list[object]:
    """All that both readers must agree on, in an order that does not depend on the text's."""

    def form(type: Type) -> object:
        return type.short if short else type

    found = [
        (
            node.name,
            form(node.type),
            tuple(
                (*param._replace(type=UNKNOWN, span=None), form(param.type))
                for param in node.params
            ),
            node.doc,
            dict(node.tags),
            node.kind,
            node.step,
            node.module,
            node.bound,
            node.when,
        )
        for node in graph.written
    ]
    return sorted(found, key=repr)


def both(text: str) -> tuple[Graph, Graph]:
    with imported(text) as module:
        live = runtime.graph([module])
        read = pipelines.graph([source.parse(text, file="f.py", module=module.__name__)])
    return read, live


def agree(text: str, *, short: bool = False) -> None:
    read, live = both(text)
    assert facts(read, short=short) == facts(live, short=short)
    assert read.digest() == live.digest()
    assert _told(read) == _told(live)


def _told(graph: Graph) -> list[tuple[str, str]]:
    return sorted((problem.code, problem.message) for problem in graph.problems)


HEAD = """\
from __future__ import annotations

import collections.abc as abc
import enum
import typing
import typing as t
from collections.abc import Sequence as Seq, Iterator, AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NewType, Optional, TypedDict, Union

import stepwell as sw
import stepwell.modifiers as sm
from stepwell import Stream
from stepwell.modifiers import config, extract_fields as fields, group, inject
from stepwell.modifiers import node, parameterize, source as src, tag, value

LIMIT = 3
WORDS = ["one", "two"]
SHARED = {"first": value(1)}
Words = list[str]
Pairs = dict[str, Words]
UserId = NewType("UserId", int)


class Document:
    pass


class Page(Document):
    pass


class Row(TypedDict):
    key: str


class Shape(typing.Protocol):
    size: int


class Mode(enum.Enum):
    FAST = 1


class Pair(typing.NamedTuple):
    left: int


class Wide(Row):
    text: "Words"
    pages: list[Page]


@dataclass
class Place:
    kind: ClassVar[str]
    column: int
    row: Optional[Page] = None


def _cleaned(text: str, limit: int = 3) -> str:
    return text


async def _told(text: "Document", *, other: Words, pair: Pair) -> Stream[str]:
    yield ""


def _summed(**amounts: int) -> int:
    return 0


def route0(base: int) -> Literal["a", "b"]:
    return "a"


def _inner(base: int, load0: Words, p1: "Document" = None) -> int:
    return 0


@sw.config.when(mode='a')
@sw.tag(kinds=WORDS)
@sw.extract_fields('left', 'right')
def _halves__a(inner: int, /, *, base: Optional[int]) -> dict[str, int]:
    return {}


@sw.when(base=1)
@sw.pipe_output(sw.step(_cleaned))
def _guessed__a(inner: int) -> str:
    return ""


@sw.otherwise
def _guessed(inner: int) -> str:
    return ""


@sw.config.default
@sw.pipe_input(sw.step(_cleaned).when(n=1))
async def _halves(inner: int) -> dict[str, int]:
    return {}

"""

PLAIN_HEAD = HEAD.replace("from __future__ import annotations\n", "")

names = st.sampled_from([f"{word}{n}" for word in ("load", "split", "naïve") for n in range(4)])
leaves = st.sampled_from(
    [
        *("int", "str", "float", "bytes", "object", "None", "Any", "typing.Any", "Document"),
        *("Page", "Row", "UserId", "Words", "Pairs", "list", "t.List", "Seq", "abc.Mapping"),
        *('Literal["a", 1]', "Literal[True]", "'Document'", "typing.Hashable"),
        *("Stream[str]", "sw.Stream[Page]", "'Stream[Document]'", "Shape", "Mode", "Pair"),
    ]
)


def _wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        inner.map("list[{}]".format),
        inner.map("Seq[{}]".format),
        inner.map("tuple[{}, ...]".format),
        inner.map("typing.Optional[{}]".format),
        inner.map("Annotated[{}, 'metadata']".format),
        inner.map("t.Iterable[{}]".format),
        st.tuples(inner, inner).map("Union[{0[0]}, {0[1]}]".format),
        st.tuples(inner, inner).map("dict[{0[0]}, {0[1]}]".format),
        st.tuples(inner, inner).map("tuple[{0[0]}, {0[1]}]".format),
        st.tuples(inner, inner).map("abc.Callable[[{0[0]}], {0[1]}]".format),
    )


annotations = st.recursive(leaves, _wider, max_leaves=4)
literals = st.sampled_from(["1", "-2.5", "'x'", "None", "LIMIT", "WORDS", "[1, 2]", "{'k': (1,)}"])
parameter_names = st.sampled_from(
    [f"p{n}" for n in range(5)] + ["load0", "split1", "größe", "inner", "left"]
)


@st.composite
def parameters(draw: st.DrawFn) -> tuple[list[str], str]:
    """The names of some parameters, and their text."""
    chosen = draw(st.lists(parameter_names, max_size=4, unique=True))
    cut = sorted(draw(st.tuples(st.integers(0, 4), st.integers(0, 4))))
    parts: list[str] = []
    optional = False
    for index, name in enumerate(chosen):
        if index == cut[0] and index > 0:
            parts.append("/")
        if index == cut[1]:
            parts.append("*")
            optional = False
        annotation = draw(st.none() | annotations)
        optional = draw(st.booleans()) if index >= cut[1] else optional or draw(st.booleans())
        text = name if annotation is None else f"{name}: {annotation}"
        parts.append(f"{text} = {draw(literals)}" if optional else text)
    return chosen, ", ".join(parts)


ROUTES = (
    "@sw.when(route0='a')",
    "@sm.when(route0='b', p1=LIMIT)",
    "@sw.when_not(load0=None)",
    "@sw.when_in(route0=['a', 'b'], load1=WORDS)",
    "@sm.when_not_in(**{'load0.x': (1,)})",
    "@sw.when_in(route0='a')",
    "@sw.when()",
    "@sm.otherwise",
)

PLAIN_ONES = (
    "@sm.does(_summed)",
    "@sm.does(_summed, x='p0')",
    "@sw.cache(behavior='recompute', format='json')",
    "@sw.retry(5, wait=0.5, timeout=30)",
    "@sm.retry(LIMIT, deadline=-1)",
    "@sw.timeout(LIMIT)",
    "@sw.timeout('soon')",
    "@sm.fallback(model=['small', WORDS])",
    "@sw.fallback(value={'text': 'nothing known', 'hits': [1, None]})",
    "@sw.fallback(step=_summed)",
    "@sw.fallback()",
    "@sw.schema.output(('title', 'str'), ('price', 'float'))",
    "@sm.tag_outputs(one={'k': WORDS}, two={'l': 'm'})",
    "@sw.tag_outputs(field_a={'k': 'v'})",
)

links = st.sampled_from(
    [
        "sm.step(_cleaned)",
        "sw.step(_cleaned, limit=value(LIMIT))",
        "sm.step(_cleaned, limit=src('load0')).named('called')",
        "sw.step(_cleaned).when(mode='a').when_in(n=[1, 2])",
        "sm.step(_told, pair=group(src('load1'))).namespaced(None)",
        "sw.step(_told).when_not(mode='b').namespaced('elsewhere').named('told')",
        "sw.step(_told).on_output('field_a')",
        "sw.step(_told, txt=value(1))",
        "sw.step(Document)",
        "sw.step(len)",
        "value(3)",
    ]
)


@st.composite
def piped(draw: st.DrawFn, chosen: list[str]) -> str:
    chain = ", ".join(draw(st.lists(links, min_size=1, max_size=3)))
    space = draw(st.sampled_from(["", ", namespace=None", ", namespace='within'"]))
    if draw(st.booleans()):
        where = draw(st.sampled_from(["", ", on_output='field_a'", ", on_output=('one', 'two')"]))
        return f"@sw.pipe_output({chain}{where}{space})"
    where = draw(st.sampled_from(["", *(f", on_input='{name}'" for name in chosen)]))
    return f"@sm.pipe_input({chain}{where}{space})"


STORED = (
    "@sw.load_from.json(path=src('p1'))",
    "@sm.load_from.csv(path='x', inject_='p0')",
    "@sw.load_from.text(path=value(LIMIT), encodign='x')",
    "@sm.load_from.sqlite(path=src('p2'))",
    "@sw.save_to.json(path=group(src('p1'), value(1)), indent=LIMIT)",
    "@sw.save_to.text(path=LIMIT, output_name_='kept')",
    "@sw.save_to.text(path=LIMIT, output_name_='kept', target_=['field_a'])",
    "@sw.dataloader()",
    "@sm.datasaver()",
)

CHECKED = (
    "@sw.check_output(range=(0, LIMIT), values_in=WORDS)",
    "@sm.check_output(importance='fail', data_type=str, on_output='field_a')",
    "@sw.check_output(rnage=(0, 1))",
    "@sw.check_output_custom(_cleaned, _told, importance='fail')",
    "@sw.check_output_custom(_inner, importance='no')",
    "@sw.check_output_custom()",
)


@st.composite
def within(draw: st.DrawFn, chosen: list[str]) -> str:
    """A subdag, or columns, which the step reads or does not."""
    parts = draw(
        st.lists(
            st.sampled_from(
                [
                    "_inner",
                    "_halves",
                    "_halves__a",
                    "_guessed__a",
                    "_guessed",
                    "_cleaned",
                    "len",
                    "3",
                ]
            ),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    given = draw(
        st.sampled_from(
            [
                "",
                ", inputs={'base': value(LIMIT)}",
                ", inputs={'base': src('p1'), 'load0': group(src('p1'), value(2))}",
                ", inputs={'bsae': src('p1')}, config={'p1': 1}",
                ", config={'mode': 'a'}",
                ", config={'mode': 'b', 'base': LIMIT}",
            ]
        )
    )
    match draw(st.integers(0, 2)):
        case 0:
            space = draw(st.sampled_from(["", ", namespace='inside'"]))
            return f"@sw.subdag({', '.join(parts)}{given}{space})"
        case 1:
            nodes = "s1={'config': {'mode': 'a'}}, s2={'inputs': {'p1': src('p2')}}"
            return f"@sm.parameterized_subdag({', '.join(parts)}{given}, {nodes})"
    where = "".join(draw(st.lists(st.sampled_from(COLUMNS), max_size=3, unique=True)))
    return f"@sm.with_columns({', '.join(parts)}{given}{where})"


COLUMNS = (
    ", columns_to_pass=['base', 'load0']",
    ", pass_dataframe_as='p1'",
    ", select=['inner']",
    ", namespace='columns'",
)


@st.composite
def decorators(draw: st.DrawFn, chosen: list[str]) -> list[str]:
    dependency = st.one_of(
        literals.map("value({})".format),
        names.map("src('{}')".format),
        st.tuples(names, literals).map("group(src('{0[0]}'), value({0[1]}))".format),
        names.map("sm.group(a=src('{}'), b=value(LIMIT))".format),
    )
    found: list[str] = []
    if draw(st.booleans()):
        found.append(draw(st.sampled_from(["@tag(owner='me')", "@sm.tag(kinds=WORDS, x='y')"])))
    if draw(st.booleans()):
        when = ["when(mode='a')", "when_not(mode='a', n=LIMIT)", "when_in(mode=['a', 'b'])"]
        found.append("@config." + draw(st.sampled_from([*when, "when_not_in(k=WORDS)", "default"])))
    if chosen and draw(st.booleans()):
        keyword = draw(st.sampled_from([*chosen, "p0"]))
        found.append(f"@inject({keyword}={draw(dependency)})")
    if draw(st.booleans()):
        found += draw(st.lists(st.sampled_from(PLAIN_ONES), max_size=2, unique=True))
    if draw(st.booleans()):
        found += draw(st.lists(st.sampled_from(ROUTES), max_size=2, unique=True))
    if draw(st.booleans()):
        found.append(draw(piped(chosen) | within(chosen) | st.sampled_from(CHECKED + STORED)))
    match draw(st.integers(0, 10)):
        case 1:
            found.append(f"@node(name='{draw(names)}_node')")
        case 2 if chosen:
            wiring = f"{{'{chosen[0]}': {draw(dependency)}}}"
            found.append(f"@parameterize(one={wiring}, two=({wiring}, 'the {{{chosen[0]}}}'))")
        case 3:
            # A name in quotes means nothing to a decorator: a stated difference of the readers.
            bare = draw(annotations)
            for name in ("Document", "Stream[Document]"):
                bare = bare.replace(f"'{name}'", name)
            found.append(f"@fields({{'field_a': {bare}, 'field_b': Document}})")
        case 4:
            found.append("@sm.extract_fields('field_a', 'field_b')")
        case 5 if chosen:
            values = f"{{'one': {draw(literals)}, ('two', 'of {{{chosen[0]}}}'): LIMIT}}"
            found.append(f"@sw.parameterize_values('{chosen[0]}', {values})")
        case 6 if chosen:
            found.append(f"@sm.parameterize_sources(one={{'{chosen[-1]}': '{draw(names)}'}})")
        case 10 if chosen:
            wiring = f"{{'{chosen[0]}': {draw(dependency)}}}"
            columns = draw(st.sampled_from(["['title', 'price']", "[('title', 'It.')]", "'title'"]))
            found.append(f"@sw.parameterize_extract_columns(books=({columns}, {wiring}))")
        case 7:
            found.append(f"@sm.extract_fields({draw(st.sampled_from(['Row', 'Wide', 'Place']))})")
        case 8:
            found.append("@sm.unpack_fields('first', 'second')")
        case 9:
            found.append("@sw.extract_columns('title', ('price', 'In euros.'))")
    return list(draw(st.permutations(found)))


@st.composite
def steps(draw: st.DrawFn) -> str:
    chosen, text = draw(parameters())
    name = (
        draw(st.sampled_from(["", "_"])) + draw(names) + draw(st.sampled_from(["", "__x", "__y"]))
    )
    returns = draw(st.none() | annotations)
    doc = draw(st.sampled_from(["", '"""One line."""', '"""Two\n\n    lines.\n    """']))
    kind = draw(st.sampled_from(["def", "async def"]))
    body = draw(st.sampled_from(["...", "yield 1", "return None", "f = lambda: (yield)"]))
    head = f"{kind} {name}({text}){'' if returns is None else f' -> {returns}'}:"
    lines = [*draw(decorators(chosen)), head, *([f"    {doc}"] if doc else []), f"    {body}"]
    return "\n".join(lines) + "\n"


@st.composite
def modules(draw: st.DrawFn) -> str:
    written = draw(st.lists(steps(), min_size=1, max_size=4, unique_by=_step_name))
    names = [_step_name(step) for step in written]
    for number in range(draw(st.integers(0, 2))):
        written.append(f"@{draw(mutations(names))}\n{MUTATING.format(['_', 'x'][number])}")
    return draw(st.sampled_from([HEAD, PLAIN_HEAD])) + "\n\n".join(written)


MUTATING = """def {0}mutating(text: str, limit: int = 3) -> str:
    return text
"""


@st.composite
def mutations(draw: st.DrawFn, names: list[str]) -> str:
    """Changes to steps that are written above."""
    name = draw(st.sampled_from(names))
    link = draw(
        st.sampled_from(
            [
                name,
                f"sm.apply_to({name}, limit=value(LIMIT)).when(mode='a')",
                f"sw.apply_to({name})",
            ]
        )
    )
    given = draw(st.sampled_from(["", ", limit=src('load0')", ", lmit=value(1)"]))
    return f"sw.mutate({link}, {draw(st.sampled_from(names))}{given})"


def _step_name(step: str) -> str:
    return step.partition("def ")[2].partition("(")[0]


@settings(max_examples=150, deadline=None)
@given(modules())
def test_generated_modules_read_the_same(text: str) -> None:
    agree(text)


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.parent.name) for path in sorted(RECIPES.glob("*/pipeline.py"))],
)
def test_recipes_read_the_same(path: Path) -> None:
    """Text knows a library's class by where it is imported from, life by where it is defined."""
    agree(files.read_text(path), short=True)
