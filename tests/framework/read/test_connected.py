"""Which files of a workspace are parsed at all."""

from stepwell.read.connected import connected
from stepwell.read.pipelines import Declared, pipelines
from stepwell.read.source import Module, parse

TEXTS = {
    "/ws/run.py": "from stepwell import driver\nimport steps\ndriver.Driver({}, steps)\n",
    "/ws/steps.py": "from kinds import Text\ndef a(b: Text) -> Text: ...\n",
    "/ws/kinds.py": "Text = str\n",
    "/ws/other.py": "import os\ndef c(d: int) -> int: ...\n",
    "/ws/app/__init__.py": "",
    "/ws/app/flow.py": "def e(f: int) -> int: ...\n",
}


def found(first: list[str], declared: list[Declared]) -> tuple[list[Module], list[str]]:
    """What is connected, and the files that were parsed for it."""
    parsed: list[str] = []

    def parsing(file: str) -> Module:
        parsed.append(file)
        return parse(TEXTS[file], file=file, module=file.rpartition("/")[2].removesuffix(".py"))

    return connected(TEXTS, parsing, first=first, declared=declared), parsed


def test_what_a_driver_is_built_of_is_parsed_and_what_that_imports():
    """Once each; the rest is left alone."""
    modules, parsed = found(["/ws/run.py"], [])
    assert [module.file for module in modules] == ["/ws/run.py", "/ws/steps.py", "/ws/kinds.py"]
    assert sorted(parsed) == sorted(module.file for module in modules)
    (pipeline,) = pipelines(modules)
    assert [node.name for node in pipeline.graph.written] == ["a"]


def test_what_is_declared_is_parsed():
    """By its dotted name, from the folder of the declaration."""
    modules, _ = found([], [Declared("main", ("app.flow", "not.there"), folder="/ws")])
    assert [module.file for module in modules] == ["/ws/app/flow.py"]


def test_nothing_is_parsed_where_nothing_is_said():
    """A workspace without pipelines costs no parsing."""
    assert found([], []) == ([], [])


def test_a_file_of_tests_is_no_pipeline():
    """Fixtures are wired by names too, but they are pytest's."""
    text = (
        "import pytest\nfrom stepwell import tag\n\n@tag(a='b')\ndef step(model: int) -> int: ...\n"
        "\n@pytest.fixture\ndef model() -> str: ...\n"
    )
    assert pipelines([parse(text, file="/ws/test_x.py", module="test_x")]) == []
    text = text.replace("import pytest\n", "").replace("@pytest.fixture\n", "")
    assert len(pipelines([parse(text, file="/ws/x.py", module="x")])) == 1
