"""Pipelines as calls for a type checker, and its answers as findings."""

import ast

import pytest

from stepwell.read.checkers import CHECKERS, Place, misfits
from stepwell.read.pipelines import Pipeline, graph
from stepwell.read.source import parse
from stepwell.read.virtual import Said, Virtual, judged, virtual_modules

HEAD = "from stepwell import Stream, extract_fields, group, inject, parameterize, source, value\n"


def _virtual(text: str, file: str = "/app/steps.py", name: str = "steps") -> list[Virtual]:
    module = parse(HEAD + text, file=file, module=name)
    return virtual_modules([Pipeline(name, (module,), graph([module]))])


def _calls(text: str) -> str:
    (virtual,) = _virtual(text)
    ast.parse(virtual.text)
    return " ".join(virtual.text.partition("pass\n")[2].partition("pass\n")[2].split())


WORDS = "def words(text: str) -> list[str]: return text.split()\n"


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("def a(words: str) -> str: ...", "v1_ = m0_.a( words=v0_, )"),
        ("def a(words: str, n: int = 2) -> str: ...", "v1_ = m0_.a( words=v0_, n=v_, )"),
        ("async def a(words: str) -> str: ...", "v1_ = await m0_.a( words=v0_, )"),
        ("def a(words: str, /, n: int) -> str: ...", "v1_ = m0_.a( v0_, n=v_, )"),
        (
            "@parameterize(b={'x': source('words'), 'n': value(1)})\n"
            "def a(x: str, n: int) -> str: ...",
            "v1_ = m0_.a( x=v0_, n=v_, )",
        ),
        (
            "@inject(x=group(source('words'), source('other')))\ndef a(x: list[str]) -> str: ...",
            "v1_ = m0_.a( x=[ v0_, v_, ], )",
        ),
        (
            "@inject(x=group(k=source('words')))\ndef a(x: dict[str, str]) -> str: ...",
            "v1_ = m0_.a( x={ 'k': v0_, }, )",
        ),
        ("def b(words: str) -> str: ...\ndef a(b: str) -> str: ...", "v2_ = m0_.a( b=v1_, )"),
    ],
)
def test_each_step_is_called_with_what_its_producers_gave(text: str, call: str):
    """Whatever a modifier made of it; what comes from outside is `Any`."""
    assert call in _calls(WORDS + text)


def test_a_stream_is_given_to_what_reads_a_stream_alone():
    """What else reads it gets the chunks together, which no checker knows of."""
    calls = _calls(
        WORDS
        + "def answer(words: list[str]) -> Stream[str]:\n    yield ''\n"
        + "def live(answer: Stream[str]) -> str: ...\ndef whole(answer: str) -> str: ...\n"
    )
    assert "m0_.live( answer=v1_, )" in calls
    assert "m0_.whole( answer=v_, )" in calls


def test_what_fans_out_is_left_alone():
    """A step reads one of many, or all of them; as seen in flows that others published."""
    head = "from elsewhere import Collect, Parallelizable\n"
    calls = _calls(
        head
        + "def url(n: int) -> Parallelizable[str]: ...\ndef page(url: str) -> bytes: ...\n"
        + "def pages(page: Collect[bytes]) -> int: ...\ndef size(pages: int) -> int: ...\n"
    )
    assert "m0_.page( url=v_, )" in calls
    assert "m0_.pages( page=v_, )" in calls


def test_a_field_has_the_type_that_its_modifier_says():
    """A checker sees the whole dict alone."""
    calls = _calls(
        "@extract_fields({'left': list[int]})\ndef pair(n: int) -> dict: ...\n"
        "def a(left: str) -> str: ...\n"
    )
    assert ": list[int] = v_" in calls


def test_the_alternatives_of_a_name_are_given_too():
    """Each in a call of its own."""
    calls = _calls(
        "from stepwell import config\n"
        "@config.when(k=1)\ndef words__one(n: int) -> str: ...\n"
        "@config.when(k=2)\ndef words__two(n: int) -> int: ...\n"
        "def a(words: str) -> str: ...\n"
    )
    assert "v2_ = m0_.a( words=v0_, )" in calls
    assert "m0_.a( words=v1_, )" in calls


def test_a_long_chain_starts_anew_now_and_then():
    """So that a checker need not follow thousands of steps to the first one."""
    (virtual,) = _virtual(
        WORDS + "".join(f"def s{n}(s{n - 1}: str) -> str: ...\n" for n in range(1, 40))
    )
    assert virtual.text.count("=v_,") == 4
    assert len(virtual.edges) == 38 + 38


def test_files_that_can_not_be_imported_by_name_are_left_out():
    """As are modules of which nothing is wired."""
    assert _virtual(WORDS, file="/app/my-steps.py", name="my-steps") == []
    assert _virtual(WORDS) == []


def test_a_package_is_found_from_the_folder_above_it():
    """Also its `__init__`."""
    text = WORDS + "def a(words: str) -> str: ...\n"
    assert _virtual(text, "/app/pack/load.py", "pack.load")[0].roots == ("/app",)
    assert _virtual(text, "/app/pack/__init__.py", "pack")[0].roots == ("/app",)


def test_what_is_said_of_a_line_is_said_of_its_parameter():
    """Once, with where its producer is."""
    (virtual,) = _virtual(WORDS + "def a(words: str) -> str: ...\n")
    head, line = sorted(virtual.edges)
    said = [Said(head, "wrong"), Said(line, "wrong"), Said(1, "not ours")]
    (misfit,) = judged(virtual, said, "ty")
    one = misfit.found
    assert one.message == "`a` takes `words: str`, and `words` makes something else; ty: wrong"
    assert (one.code, one.span and one.span.line, one.related[0][0].line) == ("SW201", 3, 2)


OUTPUT = {
    "ty": "/t/edges.py:7:9: error[invalid-argument-type] Argument is incorrect: Expected `int`\n"
    "/t/edges.py:3:1: error[unresolved-import] Cannot resolve imported module `gone`\n"
    "/t/edges.py:8:9: error[unknown-argument] no\nFound 3 diagnostics\n",
    "mypy": "/t/edges.py:7: error: Expected `int`  [arg-type]\n/t/edges.py:9: note: see\n"
    '/t/edges.py:3: error: Cannot find implementation of module named "gone"  [import-not-found]\n'
    "/t/edges.py:8: error: no  [call-arg]\n",
    "pyright": '{"generalDiagnostics": [{"range": {"start": {"line": 6}}, "message": '
    '"Expected `int`\\n  more", "rule": "reportArgumentType"}, {"range": {"start": {"line": 2}}, '
    '"message": "Import \\"gone\\" could not be resolved", "rule": "reportMissingImports"}, '
    '{"range": {"start": {"line": 7}}, "message": "no", "rule": "reportCallIssue"}]}',
    "pyrefly": '{"errors": [{"line": 7, "name": "bad-argument-type", "path": "/t/edges.py", '
    '"concise_description": "Expected `int`"}, {"line": 3, "name": "missing-import", '
    '"path": "/t/edges.py", "description": "Cannot find module `gone`"}, '
    '{"line": 7, "name": "bad-argument-type", "path": "/t/other.py", "description": "no"}]}',
}
OUTPUT["basedpyright"] = "a warning first\n" + OUTPUT["pyright"]


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.name)
def test_a_checkers_answer_is_read(checker):
    """Misfits by their lines, and what it could not find; all else is not about the wiring."""
    said, lost = misfits(checker, OUTPUT[checker.name], "/t/edges.py")
    assert said == [Said(7, "Expected `int`")]
    assert lost == ["gone"]
    assert misfits(checker, "{ no answer", "/t/edges.py") == ([], [])


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.name)
def test_a_checker_is_told_where_to_look(checker):
    """In the folders of the modules, by a command, the environment, or a file."""
    place = Place("/t", "/t/edges.py", ("/app", "/lib"), "/env/bin/python", "/env", "/cache")
    asked = str(checker.ask(place))
    assert all(part in asked for part in ("/t/edges.py", "/app", "/lib", "/env"))
