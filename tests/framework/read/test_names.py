"""What a written name means: imports, aliases, constants, other modules."""

from __future__ import annotations

import pytest

from stepwell.read.pipelines import Finder
from stepwell.read.source import Module, parse

MODIFIED = """
@{}
def a(x: int) -> int: ...
"""


@pytest.mark.parametrize(
    ("imports", "decorator"),
    [
        ("from stepwell import tag", "tag(owner='me')"),
        ("from stepwell import tag as t", "t(owner='me')"),
        ("import stepwell", "stepwell.tag(owner='me')"),
        ("import stepwell as sw", "sw.tag(owner='me')"),
        ("import stepwell.modifiers", "stepwell.modifiers.tag(owner='me')"),
        ("import stepwell.modifiers as m", "m.tag(owner='me')"),
        ("from stepwell import modifiers", "modifiers.tag(owner='me')"),
        ("from stepwell.modifiers import *", "tag(owner='me')"),
        ("from stepwell import *", "tag(owner='me')"),
        (
            "try:\n    from stepwell import tag\nexcept ImportError:\n    tag = None",
            "tag(owner='me')",
        ),
        ("from stepwell import tag\nOWNER = 'me'", "tag(owner=OWNER)"),
        ("from stepwell import tag\nTAGS = {'owner': 'me'}", "tag(**TAGS)"),
        ("from stepwell import tag\nmine = tag(owner='me')", "mine"),
        ("from stepwell import tag\nmine = dict(owner='me')", "tag(**mine)"),
    ],
)
def test_a_modifier_is_known_under_any_name(imports: str, decorator: str) -> None:
    module = parse(imports + MODIFIED.format(decorator))
    assert module.nodes[0].tags == {"owner": "me"}
    assert not module.holes


def test_a_decorator_of_the_same_name_from_elsewhere_is_no_modifier() -> None:
    module = parse("from elsewhere import tag" + MODIFIED.format("tag(owner='me')"))
    assert not module.nodes[0].tags
    assert not module.problems


@pytest.mark.parametrize(
    "decorator",
    ["parameterize(**MADE)", "parameterize(b=MADE)", "inject(**MADE)", "extract_fields(MADE)"],
)
def test_what_is_not_known_from_text_is_a_hole(decorator: str) -> None:
    """More names may come from there, so nothing is said to be wrong."""
    text = "from stepwell.modifiers import *\nMADE = make()" + MODIFIED.format(decorator)
    module = parse(text)
    assert [hole.reason for hole in module.holes]
    assert not module.problems


@pytest.mark.parametrize("value", ["make()", "MODE.local", "x + 1", "[y for y in z]", "LIMIT"])
def test_a_value_that_is_not_known_is_still_a_literal(value: str) -> None:
    """Only the value is unknown; the wiring is not, and there is no hole."""
    text = "from stepwell.modifiers import *\nLIMIT = 1\nLIMIT = 2" + MODIFIED.format(
        f"inject(x=value({value}))"
    )
    module = parse(text)
    assert module.nodes[0].params == ()
    assert not module.holes
    assert repr(module.nodes[0].bound[0].value) == value


@pytest.mark.parametrize(
    ("head", "annotation", "canonical"),
    [
        ("import pandas as pd", "pd.DataFrame", "pandas.DataFrame"),
        ("from pandas import DataFrame as Frame", "Frame", "pandas.DataFrame"),
        ("from . import types", "types.Doc", "app.types.Doc"),
        ("from .types import Doc", "Doc", "app.types.Doc"),
        ("from ..shared import Doc", "Doc", "shared.Doc"),
        ("import typing\nif typing.TYPE_CHECKING:\n    from a import B", "B", "a.B"),
        ("import a.b.c", "a.b.c.D", "a.b.c.D"),
        ("class Doc: ...", "Doc", "app.steps.Doc"),
        ("from a import B", "'B'", "a.B"),
        ("from typing import List", "List[int]", "list"),
        ("Docs = list[str]", "Docs", "list"),
        ("import typing as t\nDocs: t.TypeAlias = 'list[str]'", "Docs", "list"),
        ("from typing import NewType\nId = NewType('Id', int)", "Id", "app.steps.Id"),
        ("", "int", "int"),
        ("", "Unheard", "Unheard"),
        ("A = list['A']", "A", "list"),
    ],
)
def test_an_annotation_means_its_canonical_name(head: str, annotation: str, canonical: str) -> None:
    module = parse(f"{head}\ndef a(x: {annotation}) -> int: ...", module="app.steps")
    assert module.nodes[0].params[0].type.name == canonical


def workspace(**texts: str) -> dict[str, Module]:
    """Modules that know one another, by dotted name with `__` for a dot."""
    paths = {name: name.replace("__", "/") for name in texts}
    first = {
        name: parse(
            text,
            file=f"/ws/{paths[name]}.py",
            module=paths[name].replace("/init", "").replace("/", "."),
            package=paths[name].endswith("init"),
        )
        for name, text in texts.items()
    }
    finder = Finder(first.values())
    return {
        name: parse(
            texts[name],
            file=module.file,
            module=module.name,
            package=module.package,
            previous=module,
            others=finder.names(module.file),
        )
        for name, module in first.items()
    }


@pytest.mark.parametrize(
    "imports",
    ["from shapes import Docs", "from shapes import *", "from again import Docs", "import shapes"],
)
def test_an_alias_of_another_module_is_followed(imports: str) -> None:
    name = "shapes.Docs" if imports == "import shapes" else "Docs"
    modules = workspace(
        shapes="Docs = list[str]",
        again="from shapes import Docs",
        steps=f"{imports}\ndef a(x: {name}) -> int: ...",
    )
    assert modules["steps"].nodes[0].params[0].type.short == "list[str]"


def test_a_folder_without_an_init_has_neighbours() -> None:
    modules = workspace(
        shapes="Docs = list[str]",
        steps="from .shapes import Docs\nfrom . import shapes\n"
        "def a(x: Docs, y: shapes.Docs) -> int: ...",
    )
    types = [param.type.short for param in modules["steps"].nodes[0].params]
    assert types == ["list[str]", "list[str]"]


@pytest.mark.parametrize(
    "text",
    [
        "if x:\n    def a() -> int: ...\nelse:\n    def a() -> int: ...\n    def b() -> int: ...",
        "try:\n    def a() -> int: ...\nexcept E:\n    def b() -> int: ...",
        "try:\n    def a() -> int: ...\nexcept* E:\n    def b() -> int: ...",
        "with x:\n    def a() -> int: ...\n    def b() -> int: ...",
        "if x:\n    if y:\n        def a() -> int: ...\n    elif z:\n        def b() -> int: ...",
    ],
)
def test_both_arms_of_a_condition_are_known(text: str) -> None:
    """A name in two arms is one step: they never exist together."""
    assert [node.name for node in parse(text).nodes] == ["a", "b"]


def test_two_functions_of_one_name_are_two_nodes() -> None:
    """So that the one that Python forgets is told."""
    text = "def a() -> int: ...\ndef a() -> str: ..."
    assert [node.type.short for node in parse(text).nodes] == ["int", "str"]


def test_a_modifier_may_come_through_another_module() -> None:
    modules = workspace(
        common="from stepwell.modifiers import tag as labelled",
        steps="from common import labelled" + MODIFIED.format("labelled(owner='me')"),
    )
    assert modules["steps"].nodes[0].tags == {"owner": "me"}


def test_a_class_is_known_with_its_bases_across_modules() -> None:
    modules = workspace(
        shapes="class Doc: ...",
        steps="from shapes import Doc\nclass Page(Doc): ...\ndef a(x: Page) -> int: ...",
    )
    assert modules["steps"].nodes[0].params[0].type.mro == ("steps.Page", "shapes.Doc", "object")


def test_what_another_module_says_anew_is_read_anew() -> None:
    """A cache of what a file said does not outlive what it was read with."""
    text = "from shapes import Docs\ndef a(x: Docs) -> int: ..."
    old = Finder([parse("Docs = list[str]", file="/ws/shapes.py", module="shapes")])
    new = Finder([parse("Docs = dict[str, str]", file="/ws/shapes.py", module="shapes")])
    before = parse(text, file="/ws/steps.py", others=old.names("/ws/steps.py"))
    after = parse(text, file="/ws/steps.py", previous=before, others=new.names("/ws/steps.py"))
    assert after.nodes[0].params[0].type.short == "dict[str, str]"


def test_modules_that_import_each_other_are_no_trap() -> None:
    modules = workspace(
        left="from right import A\ndef a(x: A) -> int: ...",
        right="from left import A",
    )
    assert modules["left"].nodes[0].name == "a"


@pytest.mark.parametrize(
    ("head", "module"),
    [
        ("import __main__", "__main__"),
        ("import __main__ as flow", "flow"),
        ("import sys", "sys.modules[__name__]"),
    ],
)
def test_a_file_that_builds_a_driver_of_itself(head: str, module: str) -> None:
    """As a file does that can be run by itself."""
    text = f"""
def answer(question: str) -> str: ...

if __name__ == "__main__":
    {head}
    from stepwell import Driver
    Driver({{}}, {module}).execute(["answer"], inputs={{"question": "why"}})
"""
    found = parse(text, file="flow.py", module="flow")
    assert [site.modules for site in found.sites] == [("flow",)]
