"""What a modifier makes of a step, and what it says of arguments that it can't use."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from stepwell.errors import ModifierError
from stepwell.graph import Graph
from stepwell.modifiers import config, extract_fields, tag
from stepwell.modifiers.config import choose
from stepwell.modifiers.modifier import modifiers_of
from stepwell.spec import Node
from stepwell.testing import graph_of

HEAD = """\
from stepwell.modifiers import *

"""


def live(text: str) -> Graph:
    """The text as live functions: what is said must be the same."""
    from types import ModuleType

    module = ModuleType("steps")
    sys.modules["steps"] = module  # a dataclass looks for the module that it is in
    exec(compile(HEAD + text, "steps.py", "exec"), vars(module))
    return graph_of(module)


def both(text: str) -> Graph:
    read, ran = graph_of(HEAD + text), live(text)
    assert read.digest() == ran.digest()
    assert [(p.code, p.message) for p in read.problems] == [
        (p.code, p.message) for p in ran.problems
    ]
    return read


def wiring(graph: Graph) -> dict[str, list[object]]:
    return {
        node.name: [
            *((param.keyword, param.reads, param.key) for param in node.params),
            *(tuple(bound[:3]) for bound in node.bound),
        ]
        for node in graph.written
    }


@pytest.mark.parametrize(
    ("decorator", "expected"),
    [
        ("node(name='b')", {"b": [("x", "x", None), ("y", "y", None)]}),
        ("inject(x=source('b'))", {"a": [("x", "b", None), ("y", "y", None)]}),
        ("inject(x=value(3))", {"a": [("y", "y", None), ("x", 3, None)]}),
        (
            "inject(x=group(source('b'), value(3)))",
            {"a": [("x", "b", 0), ("y", "y", None), ("x", 3, 1)]},
        ),
        (
            "inject(x=group(k=source('b'), l=source('c')))",
            {"a": [("x", "b", "k"), ("x", "c", "l"), ("y", "y", None)]},
        ),
        ("inject(x=group())", {"a": [("y", "y", None), ("x", [], None)]}),
        (
            "parameterize(b={'x': value(1)}, c={'y': source('d')})",
            {"b": [("y", "y", None), ("x", 1, None)], "c": [("x", "x", None), ("y", "d", None)]},
        ),
        (
            "parameterize_values('x', {'b': 1, ('c', 'doc'): 2})",
            {"b": [("y", "y", None), ("x", 1, None)], "c": [("y", "y", None), ("x", 2, None)]},
        ),
        (
            "parameterize_sources(b={'x': 'd', 'y': 'e.f'})",
            {"b": [("x", "d", None), ("y", "e.f", None)]},
        ),
        (
            "unpack_fields('f', 'g')",
            {
                "a": [("x", "x", None), ("y", "y", None)],
                "f": [("a", "a", None)],
                "g": [("a", "a", None)],
            },
        ),
        (
            "extract_columns('f', ('g', 'doc'))",
            {
                "a": [("x", "x", None), ("y", "y", None)],
                "f": [("a", "a", None)],
                "g": [("a", "a", None)],
            },
        ),
        (
            "extract_fields('f')",
            {"a": [("x", "x", None), ("y", "y", None)], "f": [("a", "a", None)]},
        ),
    ],
)
def test_what_a_modifier_makes(decorator: str, expected: dict[str, object]) -> None:
    text = f"@{decorator}\ndef a(x: list[int], y: int = 2) -> dict[str, int]: ...\n"
    assert wiring(both(text)) == expected


def test_modifiers_apply_in_the_order_of_their_stages_however_written() -> None:
    one = "@tag(k='v')\n@extract_fields('f')\n@inject(x=value(1))\n@node(name='b')\n"
    other = "".join(line + "\n" for line in reversed(one.splitlines()))
    step = "def a(x: int) -> dict[str, int]: ...\n"
    assert both(one + step).digest() == both(other + step).digest()
    assert [dict(node.tags) for node in both(one + step).written] == [{"k": "v"}, {"k": "v"}]


@pytest.mark.parametrize(
    ("returns", "fields", "type"),
    [
        ("dict[str, int]", "'f'", "int"),
        ("dict[str, int]", "['f', 'g']", "int"),
        ("dict", "'f'", "Any"),
        ("dict[str, object]", "{'f': list[str]}", "list[str]"),
        ("dict[str, object]", "{'f': str | None}", "str | None"),
    ],
)
def test_the_type_of_a_field(returns: str, fields: str, type: str) -> None:
    graph = both(f"@extract_fields({fields})\ndef a() -> {returns}: ...\n")
    node = graph.nodes["f"]
    assert (node.type.short, node.kind) == (type, "field")
    assert node.callable is not None
    assert node.callable({"f": 3}) == 3


def test_elements_of_a_group_have_the_type_of_the_parameters_elements() -> None:
    graph = both(
        "@inject(x=group(source('b')), y=group(k=source('b')), z=group(source('b')))\n"
        "def a(x: list[int], y: dict[str, bool], z: tuple[str, ...]) -> int: ...\n"
    )
    assert [param.type.short for param in graph.nodes["a"].params] == ["int", "bool", "str"]


def test_a_docstring_may_name_what_a_parameter_is_bound_to() -> None:
    graph = both(
        "@parameterize(b=({'x': value('English')}, 'In {x} of {y} and {z}.'))\n"
        "def a(x: str, y: str) -> str: ...\n"
    )
    assert graph.nodes["b"].doc == "In English of y and {z}."


KINDS = """\
from dataclasses import dataclass
from typing import ClassVar, TypedDict

class Row(TypedDict):
    key: str

class Wide(Row):
    size: int

@dataclass
class Page:
    kind: ClassVar[str]
    number: "int"
    _hidden: int = 0

@dataclass
class Cover(Page):
    title: str = ""
"""


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Row", {"key": "str"}),
        ("Wide", {"key": "str", "size": "int"}),
        ("Page", {"number": "int"}),
        ("Cover", {"number": "int", "title": "str"}),
    ],
)
def test_a_class_says_which_fields_there_are(kind: str, fields: dict[str, str]) -> None:
    graph = both(f"{KINDS}\n@extract_fields({kind})\ndef a() -> {kind}: ...\n")
    assert {n.name: n.type.short for n in graph.written if n.kind == "field"} == fields


PIPES = """\
def _cleaned(text: str, limit: int = 3) -> str: ...
def _loud(text: str) -> str: ...
"""


@pytest.mark.parametrize(
    ("decorator", "names", "reads"),
    [
        ("pipe_input(step(_cleaned))", ["a.x.cleaned", "a"], ["x", "a.x.cleaned"]),
        (
            "pipe_input(step(_cleaned), step(_cleaned), on_input='y', namespace='n')",
            ["n.cleaned", "n.cleaned_2", "a"],
            ["y", "n.cleaned", "x"],
        ),
        (
            "pipe_output(step(_loud), step(_cleaned).named('c'))",
            ["a.raw", "a.loud", "a.c", "a"],
            ["x", "a.raw", "a.loud", "a.c"],
        ),
        (
            "pipe_output(step(_loud).namespaced(None), step(_cleaned))",
            ["a.raw", "loud", "a"],
            ["x", "a.raw", "loud"],
        ),
        (
            "pipe_output(step(_loud).when(loud=True))",
            ["a.raw", "a", "a"],
            ["x", "a.raw", "a.raw"],
        ),
    ],
)
def test_each_link_of_a_chain_is_a_node(decorator: str, names: list[str], reads: list[str]) -> None:
    graph = both(f"{PIPES}@{decorator}\ndef a(x: str, y: str) -> str: ...\n")
    assert [node.name for node in graph.written] == names
    assert [node.params[0].reads for node in graph.written] == reads


def test_a_link_reads_and_is_bound_as_any_step() -> None:
    graph = both(f"{PIPES}@pipe_input(step(_cleaned, limit=value(2)))\ndef a(x: str): ...\n")
    assert wiring(graph)["a.x.cleaned"] == [("text", "x", None), ("limit", 2, None)]
    graph = both(f"{PIPES}@pipe_input(step(_cleaned))\ndef a(x: str): ...\n")
    limit = graph.nodes["a.x.cleaned"].params[1]
    assert (limit.reads, limit.required) == ("limit", False)


def test_of_a_step_that_makes_several_nodes_one_may_be_piped() -> None:
    graph = both(
        f"{PIPES}@extract_fields('f', 'g')\n@pipe_output(step(_loud), on_output='f')\n"
        "def a() -> dict[str, str]: ...\n"
    )
    assert sorted(graph.nodes) == ["a", "f", "f.raw", "g"]
    graph = both(
        f"{PIPES}@extract_fields('f', 'g')\n@pipe_output(step(_loud))\n"
        "def a() -> dict[str, str]: ...\n"
    )
    assert sorted(graph.nodes) == ["a", "f", "f.raw", "g", "g.raw"]


def test_a_step_without_a_body_does_what_another_function_does() -> None:
    graph = both("def _sum(**n: int) -> int: ...\n@does(_sum, k='x')\ndef a(x: int): ...\n")
    assert wiring(graph) == {"a": [("x", "x", None)]}


def test_a_function_elsewhere_leaves_a_hole() -> None:
    """What third parties wrote is not read; nothing is said that it could answer."""
    graph = graph_of(
        f"{HEAD}from os.path import basename\n"
        "@pipe_input(step(basename))\ndef a(x: str) -> str: ...\n"
    )
    assert [node.name for node in graph.written] == ["a"]
    assert "`os.path.basename`" in graph.holes[0].reason


def test_tags_of_some_outputs() -> None:
    graph = both(
        "@tag_outputs(f={'k': 'v'})\n@extract_fields('f', 'g')\n"
        "@schema.output(('c', 'int'), ('d', 'str'))\n@cache(behavior='ignore')\n"
        "def a() -> dict[str, str]: ...\n"
    )
    tags = {node.name: dict(node.tags) for node in graph.written}
    assert tags["f"] == {"k": "v", "cache.behavior": "ignore"}
    assert tags["a"] == {"schema": ("c: int", "d: str"), "cache.behavior": "ignore"}


WRONG = [
    ("parameterize_values('frist', {'b': 1})", "SW301", "did you mean `first`?"),
    ("parameterize_values('first', {})", "SW302", "takes a dict of a value for each name"),
    ("parameterize_values(3, {'b': 1})", "SW302", "takes the name of a parameter first"),
    ("parameterize_values('first', {3: 1})", "SW302", "`3` can't name a node"),
    ("parameterize_sources(b={'frist': 'c'})", "SW301", "did you mean `first`?"),
    ("parameterize_sources(b='c')", "SW302", "`b` takes a dict of parameters and the names"),
    ("parameterize_sources(b={'first': 'c d'})", "SW302", "`c d` can't name a node"),
    ("parameterize_sources()", "SW302", "needs at least one `name={…}`"),
    ("unpack_fields()", "SW302", "needs the name of at least one element"),
    ("unpack_fields('class')", "SW302", "`class` can't name a field"),
    ("extract_columns()", "SW302", "needs the name of at least one column"),
    ("extract_columns(3)", "SW302", "`3` can't name a column's node"),
    ("extract_columns(('b', 3))", "SW302", "`b` takes a docstring beside it"),
    ("tag_outputs(b={'k': 'v'})", "SW302", "`a` makes no node `b`; it makes `a`"),
    ("tag_outputs()", "SW302", "needs the tags of at least one node"),
    ("tag_outputs(a='v')", "SW302", "`a` takes a dict of tags"),
    ("schema.output()", "SW302", "`schema.output` needs columns"),
    ("schema.output('a')", "SW302", "takes pairs of a column and its type"),
    ("cache(behavior='ignroe')", "SW302", "no behavior `'ignroe'`; did you mean `ignore`?"),
    ("cache(format=3)", "SW302", "takes the name of a format"),
    ("does(3)", "SW302", "`3` is no function"),
    ("does(len)", "SW302", "`len` is no function written in Python"),
    ("does(_one, k='frist')", "SW301", "`a` has no parameter `frist`"),
    ("does(_one, k=3)", "SW302", "takes the name of a parameter for each keyword"),
    ("pipe_input()", "SW302", "`pipe_input` needs at least one `step(…)`"),
    ("pipe_input(3)", "SW302", "`pipe_input` takes `step(…)`; got `3`"),
    ("pipe_input(step(3))", "SW302", "`3` is no function"),
    ("pipe_input(step(_none))", "SW302", "`_none` has no parameter that could take"),
    ("pipe_input(step(_one), on_input='frist')", "SW301", "did you mean `first`?"),
    ("pipe_input(step(_one, lmit=value(1)))", "SW301", "`_one` has no parameter `lmit`"),
    ("pipe_input(step(_one, x=value(1)))", "SW302", "`x` of `_one` takes what is piped"),
    ("pipe_input(step(_one, limit=1))", "SW302", "takes `source(…)`, `value(…)`"),
    ("pipe_input(step(_one).named('no name'))", "SW302", "it is not an identifier"),
    ("pipe_input(step(_one).when_in(k='x'))", "SW302", "takes a list of values for `k`"),
    ("pipe_input(step(_one), namespace='a-b')", "SW302", "can't name a namespace"),
    ("pipe_output(step(_one), on_output='b')", "SW302", "`a` makes no node `b`"),
    ("pipe_output(step(_one).on_output('b'))", "SW302", "`a` makes no node `b`"),
    ("inject(nope=value(1))", "SW301", "`a` has no parameter `nope`; it has `first`, `second`"),
    ("inject(frist=value(1))", "SW301", "`a` has no parameter `frist`; did you mean `first`?"),
    ("parameterize(b={'frist': value(1)})", "SW301", "did you mean `first`?"),
    ("inject(first=1)", "SW302", "`first` takes `source(…)`, `value(…)` or `group(…)`; got `1`"),
    ("inject(first=source(1))", "SW302", "`1` can't name a node: it is not a string"),
    ("inject(first=source('a b'))", "SW302", "`a b` can't name a node: it is not an identifier"),
    ("inject(first=group(1))", "SW302", "`group` takes `source(…)` and `value(…)`; got `1`"),
    ("inject(first=group(value(1), k=value(2)))", "SW302", "not both at once"),
    ("node(name='class')", "SW302", "it is a keyword of Python; try `class_`"),
    ("node(name='__init__')", "SW302", "names that start with `_` are private"),
    ("node(name=3)", "SW302", "`3` can't name a node: it is not a string"),
    ("parameterize()", "SW302", "`parameterize` needs at least one `name={…}`"),
    ("parameterize(b=3)", "SW302", "`b` takes a dict of parameters"),
    ("parameterize(**{'for': {}})", "SW302", "`for` can't name a node"),
    ("extract_fields()", "SW302", "needs the name of at least one field"),
    ("extract_fields({'class': int})", "SW302", "`class` can't name a field"),
    ("extract_fields(['x', 3])", "SW302", "`3` can't name a field: it is not a string"),
    ("tag(k=3)", "SW302", "tag `k` takes a string or a list of strings; got `3`"),
    ("tag(k=['x', 3])", "SW302", "tag `k` takes a string or a list of strings"),
    ("config.when()", "SW302", "`config` conditions need a key"),
    ("config.when_in(k='x')", "SW302", "takes a list of values for `k`; got `'x'`"),
]


@pytest.mark.parametrize(("decorator", "code", "message"), WRONG)
def test_what_is_said_of_a_wrong_argument(decorator: str, code: str, message: str) -> None:
    """The same from text and from life, with the step's name and place."""
    helpers = "def _none(): ...\ndef _one(x: int, limit: int = 1): ...\n"
    step = "def a(first: int, second: int) -> dict[str, int]: ...\n"
    graph = both(f"{helpers}@{decorator}\n{step}")
    problem = graph.problems[0]
    assert problem.code == code
    assert message in problem.message
    assert "`a`" in problem.message
    assert problem.span is not None
    assert problem.span.line in (5, 6)


@pytest.mark.parametrize(
    ("decorator", "message"),
    [
        ("tag", "`@tag` needs its arguments"),
        ("config.default()", "`@config.default` takes no arguments"),
        ("tag('x')", "positional argument"),
        ("node('x')", "positional argument"),
        ("node()", "missing 1 required keyword-only argument: 'name'"),
    ],
)
def test_a_call_that_would_fail_on_import_is_told_in_the_editor(
    decorator: str, message: str
) -> None:
    problem = graph_of(f"{HEAD}@{decorator}\ndef a(x: int) -> int: ...\n").problems[0]
    assert problem.code == "SW302"
    assert message in problem.message


def test_a_modifier_goes_on_a_function() -> None:
    with pytest.raises(ModifierError, match="a modifier goes on a function"):
        tag(a="b")(int)
    with pytest.raises(ModifierError, match="names no fields"):
        extract_fields(len)  # type: ignore[arg-type]


def test_a_modifier_gives_the_very_same_function_back() -> None:
    def a() -> int: ...

    assert tag(k="v")(a) is a
    assert len(modifiers_of(a)) == 1


CHOICES = """\
@config.when(mode='a')
def x__a() -> int: ...
@config.when_in(mode=['b', 'c'])
def x__b(y: int) -> int: ...
@config.default
def x() -> int: ...
@config.when_not(mode='a')
def z__not() -> int: ...
@config.when_not_in(mode=['a', 'b'])
def w() -> int: ...
"""


@pytest.mark.parametrize(
    ("given", "steps"),
    [
        ({"mode": "a"}, ["x__a"]),
        ({"mode": "b"}, ["x__b", "z__not"]),
        ({"mode": "c"}, ["x__b", "z__not", "w"]),
        ({"mode": "d"}, ["x", "z__not", "w"]),
        ({}, ["x", "z__not", "w"]),
    ],
)
def test_config_chooses_among_steps(given: dict[str, Any], steps: list[str]) -> None:
    """The same for text as for live functions; the suffix is no part of a name."""
    nodes = both(CHOICES).written
    assert {node.name for node in nodes} == {"x", "z", "w"}
    assert [node.step for node in choose(nodes, given)] == steps


def test_a_suffix_without_config_is_part_of_the_name() -> None:
    assert list(both("def a__b() -> int: ...\n").nodes) == ["a__b"]


def test_conditions_add_up() -> None:
    node = Node("a")
    for modifier in (config.when(k=1), config.when_not(m=2)):
        (node,) = modifier.expand(node)
    assert choose([node], {"k": 1}) == [node]
    assert choose([node], {"k": 1, "m": 2}) == []


def test_what_can_only_be_given_by_position_stays_so() -> None:
    step = "@inject(a=value(1))\ndef s(a: int, /, b: int, *, c: int = 1) -> int: ...\n"
    assert both(step).nodes["s"].positional_only == {"a"}
