"""Which modules make one pipeline, and what it is given and asked for."""

from __future__ import annotations

import pytest

from stepwell.read.pipelines import Declared, Pipeline, declared, pipelines
from stepwell.read.source import Module, parse

STEPS = """\
def docs(path: str) -> list[str]: ...


def answer(docs: list[str], question: str, limit: int = 3) -> str: ...
"""
HEAD = "from stepwell import driver\nfrom stepwell.driver import Builder, Driver\nimport steps\n"


def read(**texts: str) -> list[Module]:
    return [
        parse(text, file=f"/ws/{name}.py", module=name, package=name.endswith("__init__"))
        for name, text in texts.items()
    ]


def built(text: str) -> Pipeline:
    found = pipelines(read(steps=STEPS, run=HEAD + text))
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    "text",
    [
        "Driver({}, steps)",
        "driver.Driver({}, steps)",
        "dr = driver.Driver(config, steps, adapter=[x])",
        "Builder().with_modules(steps).build()",
        "driver.Builder().with_config({}).with_modules(steps).with_adapters(x).build()",
        "b = Builder()\nb = b.with_modules(steps)\nb.build()",
        "def main():\n    return Builder().with_modules(steps).build()",
        "with x as y:\n    Driver({}, steps).execute(['answer'])",
        "async def main(q):\n    await Driver({}, steps).aexecute(['answer'])",
    ],
)
def test_a_driver_names_the_modules_of_a_pipeline(text: str) -> None:
    pipeline = built(text)
    assert [module.name for module in pipeline.modules] == ["steps"]
    assert sorted(pipeline.graph.nodes) == ["answer", "docs"]
    assert not pipeline.graph.holes


def test_a_module_may_build_a_driver_of_itself() -> None:
    text = f"import sys\n{HEAD}{STEPS}\nDriver({{}}, sys.modules[__name__])"
    assert [p.modules[0].name for p in pipelines(read(run=text))] == ["run"]


@pytest.mark.parametrize("given", ["*modules", "make()", "unheard"])
def test_a_module_that_is_not_known_is_a_hole(given: str) -> None:
    assert built(f"Driver({{}}, steps, {given})").graph.holes


RUNS = [
    ("dr.execute(['answer'], inputs={'path': p})", {"question"}),
    ("dr.execute(['answer'], inputs={'path': p, 'question': q})", set()),
    ("dr.execute(['answer'], inputs=dict(path=p))", {"question"}),
    ("dr.execute(['answer'])", {"path", "question"}),
    ("dr.execute(['docs'], inputs={'path': p})", set()),
    ("dr.execute(['answer'], inputs={'question': q}, overrides={'docs': d})", set()),
    ("dr.execute([steps.docs])", {"path"}),
    ("dr.execute(targets=['docs'])", {"path"}),
    ("await dr.aexecute(['docs'])", {"path"}),
    ("for event in dr.stream(['docs']): ...", {"path"}),
    ("dr.execute(['docs'], inputs={'path': 1})\ndr.execute(['docs'])", {"path"}),
    ("GIVEN = {'path': 1}\ndr.execute(['answer'], inputs=GIVEN)", {"question"}),
    ("WANTED = ['docs']\ndr.execute(WANTED)", {"path"}),
    ("def main(p, q):\n    dr.execute(['answer'], inputs={'path': p, 'question': q})", set()),
]


@pytest.mark.parametrize(("text", "missing"), RUNS)
def test_what_a_run_lacks_is_known(text: str, missing: set[str]) -> None:
    """Only what a request needs and does not give is missing."""
    graph = built(f"dr = Driver({{}}, steps)\n{text}").graph
    assert graph.known_inputs is not None
    assert set(graph.inputs) - graph.known_inputs == missing


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dr.execute(['answer'], inputs=inputs)",
        "dr.execute(['answer'], inputs={**more})",
        "dr.execute(targets)",
        "dr.execute([*targets])",
        "dr.execute(['answer'], **more)",
        "dr.execute(['answer'], inputs={key: 1})",
        "given = {}\ndef main(given):\n    dr.execute(['answer'], inputs=given)",
        "given = {}\ndef main():\n    given = x()\n    dr.execute(['answer'], inputs={**given})",
        "wanted = []\ndef main(wanted):\n    dr.execute(wanted)",
    ],
)
def test_where_a_request_is_not_known_nothing_is_missing(text: str) -> None:
    assert built(f"dr = Driver({{}}, steps)\n{text}").graph.known_inputs is None


UNSURE = [
    "dr = Driver({}, steps)\ndef f(dr):\n    dr.execute(['x'])",
    "def g():\n    dr = Driver({}, steps)\ndef f():\n    dr.execute(['x'])",
    "if a:\n    dr = Driver({}, steps)\nelse:\n    dr = other()\ndr.execute(['x'])",
    "def f():\n    if a:\n        return Driver({}, steps)\n    return b()\nf().execute(['x'])",
    "class A:\n    def a(self):\n        self.dr = Driver({}, steps)\n"
    "class B:\n    def b(self):\n        self.dr.execute(['x'])",
    "dr = Driver({}, steps)\ndr = other()\ndr.execute(['x'])",
]


@pytest.mark.parametrize("text", UNSURE)
def test_a_request_counts_only_where_its_driver_is_known(text: str) -> None:
    assert built(text).graph.mentions == ()


SURE = [
    "dr = Driver({}, steps)\ndef f():\n    dr.execute(['x'])",
    "def f():\n    dr = Driver({}, steps)\n    def g():\n        dr.execute(['x'])",
    "def f():\n    return Driver({}, steps)\ndef g():\n    f().execute(['x'])",
    "class A:\n    def a(self):\n        self.dr = Driver({}, steps)\n"
    "    def b(self):\n        self.dr.execute(['x'])",
    "for a in b:\n    dr = Driver({}, steps)\n    dr.execute(['x'])",
    "def f():\n    import steps as s\n    Driver({}, s).execute(['x'])",
    "Driver({}, steps).execute(['x'])",
]


@pytest.mark.parametrize("text", SURE)
def test_a_driver_is_followed_to_its_requests(text: str) -> None:
    assert [each.name for each in built(text).graph.mentions] == ["x"]


def test_config_gives_inputs_and_chooses_steps() -> None:
    graph = built("dr = Driver({'path': 'x'}, steps)\ndr.execute(['docs'])").graph
    assert set(graph.inputs) == {"path", "question", "limit"}
    assert graph.known_inputs == {"path", "question", "limit"}


def test_config_that_is_not_known_keeps_all_steps() -> None:
    steps = (
        "from stepwell import config\n"
        "@config.when(mode='a')\ndef x__a() -> int: ...\n"
        "@config.when(mode='b')\ndef x__b() -> int: ...\n"
    )
    for given, count in [("{'mode': 'a'}", 1), ("{}", 0), ("{'mode': mode()}", 2), ("c", 2)]:
        found = pipelines(read(steps=steps, run=f"{HEAD}Driver({given}, steps)"))
        assert len(found[0].graph.written) == count, given


def test_names_in_requests_are_mentions_with_their_places() -> None:
    text = (
        "dr = Driver({'k': 1}, steps)\ndr.execute(['answr'], inputs={'pth': 1}, overrides={'d': 1})"
    )
    mentions = built(text).graph.mentions
    assert [(each.name, each.role) for each in mentions] == [
        ("k", "config"),
        ("answr", "target"),
        ("pth", "input"),
        ("d", "override"),
    ]
    assert all(each.span and each.span.file == "/ws/run.py" for each in mentions)


def test_questions_about_nodes_are_mentions() -> None:
    graph = built("dr = Driver({}, steps)\ndr.what_is_upstream_of('answer', 'x')").graph
    assert [each.name for each in graph.mentions] == ["answer", "x"]


PYPROJECT = {
    "tool": {
        "stepwell": {
            "pipelines": {
                "ask": {
                    "modules": ["steps"],
                    "inputs": ["path", "question"],
                    "outputs": ["answer"],
                    "config": {"limit": 3},
                },
                "odd": "text",
            }
        }
    }
}


def test_a_declared_pipeline_wins_over_a_driver_of_the_same_modules() -> None:
    modules = read(steps=STEPS, run=f"{HEAD}Driver({{}}, steps).execute(['answer'])")
    found = pipelines(modules, declared(PYPROJECT, "/ws"))
    assert [pipeline.name for pipeline in found] == ["ask"]
    assert found[0].graph.known_inputs == {"path", "question", "limit"}
    assert [each.name for each in found[0].graph.mentions] == ["answer"]


@pytest.mark.parametrize("table", [{}, {"tool": 1}, {"tool": {"stepwell": {"pipelines": []}}}])
def test_a_table_of_the_wrong_shape_declares_nothing(table: dict[str, object]) -> None:
    assert declared(table) == []


def test_ordinary_python_is_no_pipeline() -> None:
    """Functions that nobody makes a pipeline of are not judged."""
    helpers = "import json\n\ndef load(path):\n    return json.load(path)\n\ndef b(loda): ...\n"
    assert (
        pipelines(read(helpers=helpers, empty="", llm="from stepwell.llm import metered\n")) == []
    )


def test_a_module_with_modifiers_is_a_pipeline_alone() -> None:
    text = "from stepwell import tag\n@tag(a='b')\ndef x() -> int: ...\n"
    assert [pipeline.name for pipeline in pipelines(read(steps=text))] == ["steps"]


def test_a_module_that_builds_drivers_of_what_is_not_known_is_none_alone() -> None:
    text = "from stepwell import *\n@tag(a='b')\ndef x(*y) -> int: ...\nDriver({}, module_of(x))"
    assert pipelines(read(steps=text)) == []


def test_the_module_nearest_to_the_driver_is_meant() -> None:
    """Two recipes may both have a `pipeline.py` that is imported as `pipeline`."""
    files = {
        "/ws/recipes/a/pipeline.py": "def a() -> int: ...",
        "/ws/recipes/b/pipeline.py": "def b() -> int: ...",
        "/ws/pipeline.py": "def c() -> int: ...",
        "/ws/recipes/b/run.py": "import pipeline\nimport stepwell\nstepwell.Driver({}, pipeline)",
    }
    found = pipelines(parse(text, file=file) for file, text in files.items())
    assert [list(pipeline.graph.nodes) for pipeline in found] == [["b"]]


def test_a_package_gives_the_steps_that_it_imports_from_its_own_modules() -> None:
    files = {
        "/ws/rag/__init__.py": ("rag", "from .load import docs\nfrom other import x"),
        "/ws/rag/load.py": ("rag.load", "def docs() -> int: ...\ndef hidden() -> int: ..."),
        "/ws/other.py": ("other", "def x() -> int: ..."),
        "/ws/run.py": ("run", "import rag\nimport stepwell\nstepwell.Driver({}, rag)"),
    }
    modules = [
        parse(text, file=file, module=name, package="__init__" in file)
        for file, (name, text) in files.items()
    ]
    assert list(pipelines(modules)[0].graph.nodes) == ["docs"]


@pytest.mark.parametrize(
    ("texts", "nodes"),
    [
        ({"rag": "from .load import *", "rag.load": "def a(): ...\ndef _b(): ..."}, ["a"]),
        (
            {
                "rag": "from .load import *",
                "rag.load": "__all__ = ['a']\ndef a(): ...\ndef b(): ...",
            },
            ["a"],
        ),
        (
            {
                "rag": "from .load import *\nfrom .load import b",
                "rag.load": "__all__ = ('a',)\ndef a(): ...\ndef b(): ...\ndef c(): ...",
            },
            ["a", "b"],
        ),
        (
            {
                "rag": "from .part import *",
                "rag.part": "from .deep import *\nfrom .. import *",
                "rag.part.deep": "def a(): ...",
            },
            ["a"],
        ),
        ({"rag": "from elsewhere import *", "elsewhere": "def a(): ..."}, []),
    ],
)
def test_a_star_import_in_a_package_brings_the_steps_of_its_own_modules(
    texts: dict[str, str], nodes: list[str]
) -> None:
    texts = {**texts, "run": "import rag\nimport stepwell\nstepwell.Driver({}, rag)"}
    packages = {name for name in texts if any(other.startswith(f"{name}.") for other in texts)}
    modules = [
        parse(
            text,
            file=f"/ws/{name.replace('.', '/')}{'/__init__' * (name in packages)}.py",
            module=name,
            package=name in packages,
        )
        for name, text in texts.items()
    ]
    found = [pipeline for pipeline in pipelines(modules) if "rag" in pipeline.graph.modules]
    assert [name for pipeline in found for name in pipeline.graph.nodes] == nodes


def test_a_declared_module_that_is_not_there_leaves_inputs_open() -> None:
    found = pipelines(read(steps=STEPS), [Declared("p", ("steps", "gone"), ("path",))])
    assert found[0].graph.known_inputs is None
