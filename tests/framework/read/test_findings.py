"""What several pipelines say of the files that they share."""

import pytest

from stepwell.diagnostic import Diagnostic
from stepwell.read.findings import merged, unreadable
from stepwell.read.pipelines import Declared, pipelines
from stepwell.read.source import parse
from stepwell.rules import check

SHARED = "def report(title: str) -> str:\n    return title\n"


def _found(texts: dict[str, str], *declared: Declared) -> list[Diagnostic]:
    modules = [parse(text, file=f"app/{name}.py", module=name) for name, text in texts.items()]
    found = pipelines(modules, declared)
    return merged((pipeline, check(pipeline.graph)) for pipeline in found)


def test_what_is_wrong_in_one_of_several_names_it():
    """A module of two pipelines: only one of them has what it needs."""
    texts = {"shared": SHARED, "titles": "def title(text: str) -> str:\n    return text\n"}
    (one,) = _found(
        texts,
        Declared("whole", ("shared", "titles"), ("text",)),
        Declared("half", ("shared",), ("text",)),
    )
    assert one.message.endswith("(in pipeline `half`)")


def test_what_is_wrong_in_all_of_them_names_none():
    """It is told once."""
    (one,) = _found(
        {"shared": SHARED}, Declared("one", ("shared",), ()), Declared("two", ("shared",), ())
    )
    assert one.message.endswith("or an input")


def test_of_many_pipelines_a_few_are_named():
    """And how many more there are; a driver by its place."""
    texts = {"shared": SHARED, "titles": "def title(text: str) -> str:\n    return text\n"}
    texts["run"] = (
        "from stepwell import Driver\nimport shared\nDriver({}, shared).execute(['report'])\n"
    )
    half = [Declared(f"half{n}", ("shared", "titles", f"gone{n}"[:5]), ("text",)) for n in "12"]
    wrong = [Declared(f"wrong{n}", ("shared",), (n,)) for n in "abc"]
    (one,) = _found(texts, Declared("whole", ("shared", "titles"), ("text",)), *half, *wrong)
    assert "(in pipelines `wronga`, `wrongb`, `wrongc`" in one.message


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (
            "@tag(a='b')\ndef a(b: int) -> int: return b\ndef b(a: int) -> int: return a\n",
            "warning",
        ),
        ("@tag(a='b')\ndef a(b: int) -> int: return b\ndef c( -> int: ...\n", "error"),
        ("@tag(3)\ndef a(b: int) -> int: return b\n", "error"),
    ],
)
def test_a_module_in_no_pipeline_is_judged_softly(text: str, severity: str):
    """What depends on the rest of a pipeline is a warning; what is broken here stays an error."""
    (one,) = _found({"alone": f"from stepwell import tag\n{text}"})
    assert one.severity == severity


def test_files_that_can_not_be_read_whole_are_known():
    """For rules are silent there."""
    modules = [
        parse("def a( -> int: ...\n", file="broken.py", module="broken"),
        parse("def b() -> int: return 1\n", file="whole.py", module="whole"),
    ]
    found = pipelines(modules, [Declared("x", ("broken",)), Declared("y", ("whole",))])
    assert unreadable(found) == {"broken.py"}
