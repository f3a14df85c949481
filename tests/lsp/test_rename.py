"""One name for another: every place that means it, nothing else, or the reason why not."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from lsprotocol import types

from stepwell.graph import Graph
from stepwell_lsp.documents import Document
from stepwell_lsp.features.rename import Refused, prepare, rename
from stepwell_lsp.snapshot import Snapshot
from stepwell_lsp.workspace import Workspace

HEAD = "from stepwell import config, extract_fields, inject, node, parameterize, source, value\n"


MORE = "from stepwell import check_output, parameterize_sources, parameterize_values\n"


class Look(NamedTuple):
    """What a rename is asked with."""

    snapshot: Snapshot
    file: str
    position: types.Position


def changed(seen, new):
    """The texts after a rename, by file name; only those that change."""
    found = rename(seen.snapshot, seen.file, seen.position, new)
    texts = {}
    for change in found.document_changes:
        file = change.text_document.uri.removeprefix("file://")
        text = seen.snapshot.text(file)
        source = text.source
        ordered = sorted(change.edits, key=lambda edit: edit.range.start, reverse=True)
        for edit in ordered:
            start, end = (
                text.offset(place, seen.snapshot.encoding)
                for place in (edit.range.start, edit.range.end)
            )
            source = source[:start] + edit.new_text + source[end:]
        texts[file.rpartition("/")[2]] = source
    return texts


def wiring(graph: Graph, old: str = "", new: str = ""):
    """Names, what each reads and when each exists; with one name for another."""

    def called(name):
        return new if name == old else name

    return sorted(
        (
            called(node.name),
            [(called(p.reads), p.required, p.type.short) for p in node.params],
            [(called(c.key), c.values) for c in node.when],
        )
        for node in graph.written
    )


# Each: the text with a cursor, and the same with every place of the name marked by `«»`.
MEANT = {
    "a step and its readers": (
        "def que‸stion() -> str: ...\ndef answer(question: str) -> str:\n    return question\n",
        "def «question»() -> str: ...\n"
        "def answer(«question»: str) -> str:\n    return «question»\n",
    ),
    "an input": (
        "def answer(mo‸del: str) -> str:\n    return model + model.model\n"
        "def title(model: str) -> str: ...\n",
        "def answer(«model»: str) -> str:\n    return «model» + «model».model\n"
        "def title(«model»: str) -> str: ...\n",
    ),
    "from a use in the body": (
        "def a() -> int: ...\ndef b(a: int) -> int:\n    return ‸a + 1\n",
        "def «a»() -> int: ...\ndef b(«a»: int) -> int:\n    return «a» + 1\n",
    ),
    "nested functions and lambdas": (
        "def ‸a() -> int: ...\n"
        "def b(a: int) -> int:\n"
        "    def inner(x=a):\n        return a + x\n"
        "    def hidden(a):\n        return a\n"
        "    def back():\n        nonlocal a\n        a = 2\n"
        "    return sorted([lambda: a, lambda a: a, inner, hidden(a=1)])\n",
        "def «a»() -> int: ...\n"
        "def b(«a»: int) -> int:\n"
        "    def inner(x=«a»):\n        return «a» + x\n"
        "    def hidden(a):\n        return a\n"
        "    def back():\n        nonlocal «a»\n        «a» = 2\n"
        "    return sorted([lambda: «a», lambda a: a, inner, hidden(a=1)])\n",
    ),
    "comprehensions": (
        "def ‸a() -> list[int]: ...\n"
        "def b(a: list[int]) -> int:\n"
        "    x = [a for a in a]\n"
        "    y = {n: a for n in a if n in a}\n"
        "    return [z for q in a for z in (a, q)]\n",
        "def «a»() -> list[int]: ...\n"
        "def b(«a»: list[int]) -> int:\n"
        "    x = [a for a in «a»]\n"
        "    y = {n: «a» for n in «a» if n in «a»}\n"
        "    return [z for q in «a» for z in («a», q)]\n",
    ),
    "classes": (
        "def ‸a() -> int: ...\n"
        "def b(a: int) -> int:\n"
        "    class Own:\n        a = 1\n        c = a\n        def m(self):\n"
        "            return a\n"
        "    class Other:\n        c = a\n"
        "    return Own.a\n",
        "def «a»() -> int: ...\n"
        "def b(«a»: int) -> int:\n"
        "    class Own:\n        a = 1\n        c = a\n        def m(self):\n"
        "            return «a»\n"
        "    class Other:\n        c = «a»\n"
        "    return Own.a\n",
    ),
    "f-strings": (
        "def ‸a() -> int: ...\n"
        "def b(a: int, w: int) -> str:\n"
        "    s = f'a {a} {{a}} {a!r:>{a}} {a=} {w:{a}}'\n"
        "    t = ('é a' f'😀 {a}'\n         rf\"{a} {'a'} {[a for a in (a,)]}\")\n"
        "    return s + f'''\na {\n  a + w}\n é {a}'''\n",
        "def «a»() -> int: ...\n"
        "def b(«a»: int, w: int) -> str:\n"
        "    s = f'a {«a»} {{a}} {«a»!r:>{«a»}} {«a»=} {w:{«a»}}'\n"
        "    t = ('é a' f'😀 {«a»}'\n         rf\"{«a»} {'a'} {[a for a in («a»,)]}\")\n"
        "    return s + f'''\na {\n  «a» + w}\n é {«a»}'''\n",
    ),
    "assignments, patterns and handlers": (
        "def ‸a() -> int: ...\n"
        "def b(a: int) -> int:\n"
        "    a = a + 1\n    a += 2\n    (a, c), *d = a\n    del a\n"
        "    for a in d: pass\n"
        "    with open(c) as a: pass\n"
        "    try: pass\n    except OSError as a: pass\n"
        "    match d:\n        case [1, *a] | {2: a} | {**a}: pass\n        case int() as a: pass\n"
        "    if (a := 3): return [(a := q) for q in d]\n",
        "def «a»() -> int: ...\n"
        "def b(«a»: int) -> int:\n"
        "    «a» = «a» + 1\n    «a» += 2\n    («a», c), *d = «a»\n    del «a»\n"
        "    for «a» in d: pass\n"
        "    with open(c) as «a»: pass\n"
        "    try: pass\n    except OSError as «a»: pass\n"
        "    match d:\n        case [1, *«a»] | {2: «a»} | {**«a»}: pass\n"
        "        case int() as «a»: pass\n"
        "    if («a» := 3): return [(«a» := q) for q in d]\n",
    ),
    "keywords of calls": (
        "def ‸a() -> int: ...\n"
        "def b(a: int, n: int = 0) -> int:\n"
        "    return b(a=a, n=n - 1) + other(a=a) + a.b(a=1)\n"
        "def _helper():\n    return b(a=1)\n",
        "def «a»() -> int: ...\n"
        "def b(«a»: int, n: int = 0) -> int:\n"
        "    return b(«a»=«a», n=n - 1) + other(a=«a») + «a».b(a=1)\n"
        "def _helper():\n    return b(«a»=1)\n",
    ),
    "direct calls of the step": (
        "def ‸a(x: int) -> int:\n    return a(x - 1) if x else 0\n"
        "def _helper(y):\n    return a(y) + y.a\n"
        "def c(a: int) -> int:\n    return a\n"
        "def _hides():\n    a = 1\n    return a\n"
        "def _says():\n    global a\n    return a\n"
        "__all__ = ['a', 'c']\n",
        "def «a»(x: int) -> int:\n    return «a»(x - 1) if x else 0\n"
        "def _helper(y):\n    return «a»(y) + y.a\n"
        "def c(«a»: int) -> int:\n    return «a»\n"
        "def _hides():\n    a = 1\n    return a\n"
        "def _says():\n    global «a»\n    return «a»\n"
        "__all__ = ['«a»', 'c']\n",
    ),
    "modifiers": (
        HEAD + "def ‸a() -> int: ...\n"
        "@inject(x=source('a'), y=value('a'))\ndef b(x: int, y: str, a: int) -> int:\n"
        "    return x + a\n"
        "@parameterize(p=({'a': value(1)}, 'the {a} of {{a}}'), q={'c': source('a')})\n"
        "def r(a: int, c: int) -> int:\n    return a + c\n",
        HEAD + "def «a»() -> int: ...\n"
        "@inject(x=source('«a»'), y=value('a'))\ndef b(x: int, y: str, «a»: int) -> int:\n"
        "    return x + «a»\n"
        "@parameterize(p=({'«a»': value(1)}, 'the {«a»} of {{a}}'), q={'c': source('«a»')})\n"
        "def r(«a»: int, c: int) -> int:\n    return «a» + c\n",
    ),
    "more modifiers": (
        MORE + "def ‸a() -> int: ...\n"
        "@parameterize_sources(p={'a': 'x'}, q={'c': 'a'})\n"
        "def r(a: int, c: int) -> int:\n    return a + c\n"
        "@parameterize_values('a', {'s': 1, 't': 2})\ndef u(a: int) -> int:\n    return a\n",
        MORE + "def «a»() -> int: ...\n"
        "@parameterize_sources(p={'«a»': 'x'}, q={'c': '«a»'})\n"
        "def r(«a»: int, c: int) -> int:\n    return «a» + c\n"
        "@parameterize_values('a', {'s': 1, 't': 2})\ndef u(a: int) -> int:\n    return a\n",
    ),
    "names that a modifier gives": (
        HEAD + "@extract_fields({'ti‸tle': str})\ndef document(x: int) -> dict: ...\n"
        "@node(name='other')\ndef title(title: str) -> str:\n    return title\n",
        HEAD + "@extract_fields({'«title»': str})\ndef document(x: int) -> dict: ...\n"
        "@node(name='other')\ndef title(«title»: str) -> str:\n    return «title»\n",
    ),
    "alternatives by config": (
        HEAD + "@config.when(mode='a')\ndef answer__a(x: int) -> int: ...\n"
        "@config.default\ndef answer__b() -> int:\n    return answer__a(1)\n"
        "def c(ans‸wer: int) -> int: ...\n",
        HEAD + "@config.when(mode='a')\ndef «answer»__a(x: int) -> int: ...\n"
        "@config.default\ndef «answer»__b() -> int:\n    return «answer»__a(1)\n"
        "def c(«answer»: int) -> int: ...\n",
    ),
    "a config key": (
        HEAD + "@config.when(mo‸de='mode')\ndef a__x(mode: str) -> str:\n    return mode\n"
        "@config.when_in(mode=['b'])\ndef a__y() -> str: ...\n",
        HEAD + "@config.when(«mode»='mode')\ndef a__x(«mode»: str) -> str:\n    return «mode»\n"
        "@config.when_in(«mode»=['b'])\ndef a__y() -> str: ...\n",
    ),
    "prompts": (
        "TEXT = 'Say {question} or {question:>9} of {{question}}'\n"
        "OTHER = 'Say {question}'\n"
        "def question() -> str: ...\n"
        "def a(ques‸tion: str) -> str:\n"
        "    return TEXT.format(question=question) + 'Ask {question}'.format(question=question)\n"
        "def b(question: str) -> str:\n    return OTHER.format(question=question)\n"
        "def _c(x): return OTHER.format(question=x)\n",
        "TEXT = 'Say {«question»} or {«question»:>9} of {{question}}'\n"
        "OTHER = 'Say {question}'\n"
        "def «question»() -> str: ...\n"
        "def a(«question»: str) -> str:\n"
        "    return TEXT.format(«question»=«question»)"
        " + 'Ask {«question»}'.format(«question»=«question»)\n"
        "def b(«question»: str) -> str:\n    return OTHER.format(question=«question»)\n"
        "def _c(x): return OTHER.format(question=x)\n",
    ),
}


@pytest.mark.parametrize(("text", "marked"), MEANT.values(), ids=MEANT)
def test_all_that_is_meant_and_nothing_else(look, text, marked):
    """Afterwards the graph is the same, save for the name."""
    seen = look(text)
    old = re.search(r"«(\w+)»", marked)[1]
    expected = re.sub(r"«\w+»", "renamed", marked)
    assert prepare(seen.snapshot, seen.file, seen.position).placeholder == old
    assert changed(seen, "renamed") == {"work.py": expected}
    (before,) = (made.graph for made in seen.snapshot.pipelines)
    (after,) = (made.graph for made in look("‸" + expected).snapshot.pipelines)
    assert wiring(after) == wiring(before, old, "renamed")


def test_across_modules_and_requests(look):
    """Imports, attributes, targets by name and by function, inputs, lists that are asked for."""
    seen = look(
        {
            "first.py": "def ques‸tion() -> str: ...\n",
            "second.py": "from first import question as q\ndef answer(question: str) -> str: ...\n",
            "third.py": "from first import question\nx = question()\n",
        },
        run=(
            "def test():\n    from first import question\n    return question()\n"
            "TARGETS = ['answer', 'question']\n"
            "dr.execute(TARGETS)\ndr.execute([first.question, 'question'])\n"
            "dr.execute(['answer'], overrides={'question': 'question'})\n"
        ),
    )
    found = changed(seen, "asked")
    assert found["first.py"] == "def asked() -> str: ...\n"
    assert (
        found["second.py"] == "from first import asked as q\ndef answer(asked: str) -> str: ...\n"
    )
    assert found["third.py"] == "from first import asked\nx = asked()\n"
    assert found["run.py"].partition("third)\n")[2] == (
        "def test():\n    from first import asked\n    return asked()\n"
        "TARGETS = ['answer', 'asked']\n"
        "dr.execute(TARGETS)\ndr.execute([first.asked, 'asked'])\n"
        "dr.execute(['answer'], overrides={'asked': 'question'})\n"
    )


REFUSED = {
    "another step": ("def ‸a() -> int: ...\ndef new() -> int: ...\n", "another step"),
    "an input": ("def ‸a(new: int) -> int: ...\n", "an input that `a` reads"),
    "a local name": (
        "def ‸a() -> int: ...\ndef b(a: int) -> int:\n    new = 1\n    return a + new\n",
        "`b` (work.py:2) uses the name `new`",
    ),
    "a global name that is used": (
        "def ‸a() -> int: ...\ndef b(a: int) -> int:\n    return new(a)\n",
        "`b` (work.py:2) uses the name `new`",
    ),
    "a name of the module": ("new = 1\ndef ‸a() -> int: ...\n", "something else in work.py"),
    "an import in the body": (
        "def ‸a() -> int: ...\ndef b(a: int) -> int:\n    import a\n    return a\n",
        "line 3 imports something as `a`",
    ),
    "a broken step": (
        "def ‸a() -> int: ...\ndef b(a: int) -> int:\n    return (a +\n",
        "work.py:2 can't be read now",
    ),
    "a name from a constant": (
        HEAD + "NAME = 'a'\n@node(name=NAME)\ndef b() -> int: ...\ndef c(‸a: int) -> int: ...\n",
        "named by a constant",
    ),
    "wiring from a constant": (
        HEAD + "def ‸a() -> int: ...\nW = {'x': value(1)}\n"
        "@parameterize(b=W)\ndef b(a: int, x: int) -> int: ...\n",
        "takes what it is given from afar",
    ),
    "a modifier that may name it": (
        "from stepwell import does\ndef _f(x: str) -> str: ...\ndef ‸a() -> str: ...\n"
        "@does(_f, x='a')\ndef b(a: str) -> str: ...\n",
        "`@does` on `b` may name the parameter `a`",
    ),
    "nothing": ("import ‸os\ndef a() -> int: ...\n", "no step, input or config key"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused_with_the_reason(look, text, reason):
    """Where another name would be captured, or the text can't say what to edit."""
    seen = look(text)
    with pytest.raises(Refused) as refused:
        rename(seen.snapshot, seen.file, seen.position, "new")
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("new", "reason"),
    [("a b", "no name"), ("class", "keyword"), ("_x", "private"), ("", "no name")],
)
def test_names_that_no_step_may_have(look, new, reason):
    """Told before anything is edited."""
    seen = look("def ‸a() -> int: ...\n")
    with pytest.raises(Refused, match=reason):
        rename(seen.snapshot, seen.file, seen.position, new)


def test_the_same_name_changes_nothing(look):
    """No edit, no error."""
    seen = look("def ‸a() -> int: ...\n")
    assert rename(seen.snapshot, seen.file, seen.position, "a") == types.WorkspaceEdit()


TABLE = """\
[tool.stepwell.pipelines.main]
modules = ["steps"]
inputs = ["question"]  # the question
outputs = [
    "answer",
]
config = { mode = "question" }
"""


@pytest.mark.parametrize(
    ("name", "line", "column"), [("question", 3, 12), ("answer", 5, 6), ("mode", 7, 12)]
)
def test_names_in_pyproject_go_along(name, line, column):
    """Asked from the step, and from the table itself."""
    text = HEAD + "@config.when(mode='question')\ndef answer(question: str) -> str:\n"
    text += "    return question\n"
    workspace = Workspace()
    workspace.sources.open_folders(["/nowhere"])
    for file, source in {"steps.py": text, "pyproject.toml": TABLE}.items():
        kind = "python" if file.endswith(".py") else "toml"
        item = types.TextDocumentItem(f"file:///nowhere/{file}", kind, 1, source)
        workspace.sources.overlay(Document.opened(item))
    snapshot = workspace.snapshot()
    offset = re.search(rf"\b{name}\b(?!')", text[len(HEAD) :]).start() + len(HEAD)
    row = text.count("\n", 0, offset)
    there = types.Position(row, offset - text.rfind("\n", 0, offset) - 1)
    found = [
        changed(Look(snapshot, f"/nowhere/{file}", place), "renamed")
        for file, place in (
            ("steps.py", there),
            ("pyproject.toml", types.Position(line - 1, column - 1)),
        )
    ]
    assert found[0] == found[1]
    before, after = TABLE.split("\n")[line - 1], found[0]["pyproject.toml"].split("\n")[line - 1]
    assert after == before[: column - 1] + "renamed" + before[column - 1 + len(name) :]
