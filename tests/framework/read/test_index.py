"""What is kept of files on disk, and that it says what a fresh reading says."""

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import stepwell
from stepwell.read.facts import UnstorableError, from_json, to_json
from stepwell.read.index import Index
from stepwell.read.pipelines import Finder
from stepwell.read.source import Module, Names, parse
from stepwell.spec import Node

OURS = Path(stepwell.__file__).parents[2]
FILES = sorted([*OURS.glob("recipes/*/*.py"), *OURS.glob("framework/stepwell/read/**/*.py")])

ODD = '''\
from stepwell import Driver, config, extract_fields, group, inject, parameterize, source, tag, value

NAMES = {"low": 1, "high": 2}


@tag(owner="ü😀", kinds=["a", "b"])
def a(text: "list[str] | None" = None, /, *, n: int = 3) -> dict[str, set[bytes]]:
    """Words.

    More."""


@parameterize(x={"n": value({1, 2.5, -1j, b"b", None, (True,)})}, y={"n": source("a")})
def each(n: object) -> int: ...


@inject(parts=group(one=source("x"), two=value(...)))
def whole(parts: dict[str, object]) -> str:
    return "{one} {gone}".format(one=parts)


@config.when_in(size=[1, 2, float("nan")])
@extract_fields({"left": int, "right": list[str]})
def pair__small(whole: str) -> dict[str, object]:
    return {"left": 1, "right": []}


def broken(a: int, -> int: ...


Driver({**NAMES, "size": 1}).execute(["x", "nope"], inputs={"text": 3})
'''


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path)
    yield made
    made.close()


def _facts(module: Module) -> object:
    """All that is known of a file, what is never compared, too."""
    known = [getattr(module, each.name) for each in fields(Module) if each.name[0] != "_"]
    kept = [each for each in known if not isinstance(each, Names | bytes)]
    return to_json([kept, module.names.imports, module.names.stars], module.file)


@pytest.mark.parametrize("text", [ODD, *(file.read_text("utf-8") for file in FILES)])
def test_what_was_kept_is_what_was_read(index: Index, text: str):
    """Every fact of it, in this process and from the file."""
    fresh = parse(text, file="here/a.py", module="a")
    for _ in range(3):
        kept = index.parse(text, file="here/a.py", module="a")
        assert _facts(kept) == _facts(fresh)
        index.save()


def test_names_that_were_kept_mean_the_same(index: Index):
    """The text is parsed again when somebody asks for what its imports don't tell."""
    text = "import os.path as p\nX = int\nclass C(dict): ...\ndef f(): ...\nfrom z import *\n"
    index.parse(text, file="a.py", module="pack", package=True)
    names = index.parse(text, file="a.py", module="pack", package=True).names
    fresh = parse(text, file="a.py", module="pack", package=True).names
    for name in ("p.join", "X", "C", "f", "nothing"):
        assert names.canonical(name) == fresh.canonical(name)
    assert names.package == fresh.package == "pack"
    assert names.resolve("C") == fresh.resolve("C")
    with pytest.raises(AttributeError):
        _ = names.nothing  # type: ignore[attr-defined]


def test_a_file_under_another_path_is_known(index: Index):
    """What is kept says nothing of where the text was."""
    index.parse(ODD, file="one/a.py", module="a")
    moved = index.parse(ODD, file="two/a.py", module="a")
    assert moved.nodes
    assert {node.span and node.span.file for node in moved.nodes} == {"two/a.py"}


def _workspace(texts: dict[str, str], read) -> list[Module]:
    alone = [read(text, f"{name}.py", name, None, None) for name, text in texts.items()]
    finder = Finder(alone)
    return [read(texts[one.name], one.file, one.name, one, finder) for one in alone]


def test_edits_across_files_are_seen(tmp_path: Path):
    """Constants, aliases, classes and re-exports come from other files: 120 edits of one of four
    change what the others say, and it is always what a fresh reading says."""
    parts = {
        "types_": ["Words = list[str]\n", "Words = str\n", "class Words: ...\n", "\n"],
        "more": ["from types_ import Words\n", "from types_ import *\n", "Words = int\n"],
        "names": ["from more import Words\nN = 'x'\n", "N = 'y'\nfrom types_ import Words\n"],
        "steps": [
            "from names import N, Words\nfrom stepwell import tag\n@tag(o=N)\n"
            "def a(b: Words) -> Words: ...\n",
            "from more import Words\nimport names\ndef a(b: Words) -> 'names.Words': ...\n",
        ],
    }
    chance = random.Random(11)
    texts = {name: options[0] for name, options in parts.items()}

    def kept(text, file, name, alone, finder):
        return index.parse(text, file=file, module=name, alone=alone, finder=finder)

    def fresh(text, file, name, alone, finder):
        others = finder.names(file) if finder else None
        return parse(text, file=file, module=name, previous=alone, others=others)

    for turn in range(120):
        name = chance.choice([*parts])
        texts[name] = chance.choice(parts[name])
        index = Index(tmp_path)
        found = _workspace(texts, kept)
        assert [_facts(one) for one in found] == [_facts(one) for one in _workspace(texts, fresh)]
        if turn % 3:
            index.save()
        index.close()


def test_what_is_no_data_is_not_kept(index: Index):
    """Such a file is read anew each time."""
    with pytest.raises(UnstorableError, match="function"):
        to_json([Node("a", callable=test_what_is_no_data_is_not_kept)], "a.py")
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(UnstorableError):
        to_json(deep, "a.py")


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[[], [99]]", b'[[], ["T", 4]]', b"[[], [0]]", b'[[["x"]], 1]', b"\xff"],
)
def test_what_is_no_facts_is_told(data: bytes):
    """And makes nothing."""
    with pytest.raises(ValueError, match=r"facts|Expecting|decode|unpack"):
        from_json(data, "a.py")


def _spoil(file: Path, data: bytes) -> None:
    base = sqlite3.connect(file)
    with base:
        base.execute("UPDATE facts SET data = ?", (data,))
    base.close()


def test_a_file_that_is_spoiled_is_as_if_empty(tmp_path: Path):
    """Rows that hold nothing of ours, a file that is no base, a folder that can't be."""
    for spoil in (
        lambda: _spoil(tmp_path / "facts.sqlite3", b"nothing"),
        lambda: (tmp_path / "facts.sqlite3").write_bytes(b"no base at all" * 100),
    ):
        for _ in range(2):
            index = Index(tmp_path)
            assert index.parse(ODD, file="a.py", module="a").nodes
            index.save()
            index.close()
        spoil()
    (tmp_path / "taken").write_text("")
    index = Index(tmp_path / "taken" / "below")
    assert index.parse(ODD, file="a.py", module="a").nodes
    index.save()


def test_no_more_is_kept_than_it_may(tmp_path: Path):
    """What was not asked for longest goes first."""
    index = Index(tmp_path, limit=20_000)
    for number in range(60):
        index.parse(ODD.replace("low", f"low{number}"), file="a.py", module="a")
        index.save()
    index.close()
    base = sqlite3.connect(tmp_path / "facts.sqlite3")
    kept, size = base.execute("SELECT count(*), sum(length(data)) FROM facts").fetchone()
    base.close()
    assert 3 < kept < 60
    assert size <= 20_000
