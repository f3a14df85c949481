"""Random edits of real files: after each, what is known equals a fresh look at the same texts.

    STEPWELL_EDITS=10000 STEPWELL_SEED=7 python -m pytest tests/lsp/test_fuzz.py -s

`make fuzz-lsp` does that; without the variables a hundred are made, of a fixed seed.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import time
from pathlib import Path

from lsprotocol import types

from stepwell.read.index import Index
from stepwell_lsp.documents import Document
from stepwell_lsp.features.completion import completion
from stepwell_lsp.features.rename import Refused, rename
from stepwell_lsp.features.semantic import semantic_tokens
from stepwell_lsp.positions import UTF8, UTF16, UTF32
from stepwell_lsp.snapshot import Snapshot
from stepwell_lsp.workspace import Workspace

EDITS = int(os.environ.get("STEPWELL_EDITS", "120"))
SEED = int(os.environ.get("STEPWELL_SEED", "1"))
ROOT = Path(__file__).resolve().parents[2]
PIECES = (
    *"()[]{}:,=.#@\"'\\ \n\t\r😀é\x00\x0c",
    '"""',
    "'''",
    "\n\n",
    "\r\n",
    "    ",
    "def ",
    "async def ",
    "class X:\n    ",
    "@inject(x=source('answer'))\n",
    "@config.when(mode='a')\n",
    "from stepwell import *\n",
    "from .steps import *\n",
    "question",
    "answer: str",
    "-> int",
    "*args",
    "lambda: ",
    "f'{question}'",
    "# stepwell: ignore\n",
    "else:\n    ",
    "return ",
)
WORD = re.compile(r"[^\W\d]\w*")


def written(folder: Path) -> dict[str, str]:
    """The recipes, put in a folder: pipelines in several modules, and what builds them."""
    texts = {}
    for file in sorted((ROOT / "recipes").glob("*/*.py")):
        copy = folder / file.parent.name / file.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        texts[str(copy)] = file.read_text("utf-8")
        copy.write_text(texts[str(copy)], "utf-8")
    return texts


def opened(file: str, text: str, version: int = 1) -> Document:
    return Document.opened(types.TextDocumentItem(f"file://{file}", "python", version, text))


def look(folder: Path, documents: dict[str, Document], index: Index | None = None) -> Workspace:
    """A workspace in which nothing was ever edited."""
    workspace = Workspace(index)
    workspace.sources.open_folders([str(folder)])
    for document in documents.values():
        workspace.sources.overlay(document)
    return workspace


def change(source: str, chance: random.Random) -> tuple[int, int, str]:
    """From where to where, and what is put there: letters, words, lines or whole steps."""
    start = chance.randrange(len(source) + 1)
    words = list(WORD.finditer(source))
    match chance.randrange(8):
        case 0 | 1 if words:  # one name becomes another
            one, other = chance.choice(words), chance.choice(words)
            return one.start(), one.end(), other[0]
        case 2:  # some letters are gone
            return start, min(len(source), start + chance.choice((1, 1, 2, 5, 60))), ""
        case 3:  # a line comes twice, or is gone
            begin = source.rfind("\n", 0, start) + 1
            end = source.find("\n", start) + 1 or len(source)
            return begin, end, chance.choice(("", source[begin:end] * 2))
        case 4:  # a statement moves
            parts = re.split(r"(?m)^(?=\S)", source)
            part = chance.choice(parts)
            begin = source.find(part)
            return chance.choice(((begin, begin + len(part), ""), (begin, begin, part)))
        case _:
            return start, start, chance.choice(PIECES)


def facts(snapshot: Snapshot, broken: set[str]) -> object:
    """All that is known; of pipelines with a broken file nothing, since more is kept of it."""
    pipelines = [
        (
            made.name,
            made.span,
            [module.file for module in made.modules],
            made.graph.mentions,
            made.graph.known_inputs,
            made.graph.holes,
            [
                (node, node.span, node.prompts, [param.span for param in node.params])
                for node in made.graph.written
            ],
        )
        for made in snapshot.pipelines
        if not broken.intersection(module.file for module in made.modules)
        and not (made.span and made.span.file in broken)
    ]
    return pipelines if broken else (pipelines, snapshot.findings)


def is_broken(snapshot: Snapshot) -> set[str]:
    return {
        module.file
        for module in snapshot.modules.values()
        if any(problem.code == "SW001" for problem in module.problems)
    }


def test_edits_end_where_a_fresh_look_begins(tmp_path):
    """Nodes, places, pipelines and findings; and whatever is asked in between is answered.

    Files are opened, edited and closed; what the one workspace keeps on disk the other never saw.
    """
    chance = random.Random(SEED)
    folder = tmp_path / "recipes"
    first = written(folder)
    documents = {file: opened(file, text) for file, text in first.items() if chance.randrange(2)}
    known = look(folder, documents, Index(tmp_path / "cache"))
    known.snapshot()
    begun, whole = time.monotonic(), 0
    file, left = "", 0
    for number in range(2, EDITS + 2):
        if not left:  # one file at a time goes astray, and is set back before the next
            if file and chance.randrange(2):
                known.sources.uncover(documents.pop(file).file)
            left = chance.randrange(2, 12)
            file = chance.choice(list(first))
        before, left = documents.get(file) or opened(file, first[file]), left - 1
        astray = before.text.source != first[file]
        source = before.text.source
        start, end, text = change(source, chance) if left else (0, len(source), first[file])
        encoding = chance.choice((UTF8, UTF16, UTF32))
        places = [position(before, offset, encoding) for offset in (start, end)]
        event = types.TextDocumentContentChangePartial(types.Range(*places), text)
        documents[file] = before.changed([event], number, encoding)
        known.sources.overlay(documents[file])
        incremental, fresh = known.snapshot(), look(folder, documents).snapshot()
        broken = is_broken(fresh) | is_broken(incremental)
        whole += astray and not broken
        said = f"seed {SEED}, edit {number} of {file}: {start}..{end} becomes {text!r}"
        assert facts(incremental, broken) == facts(fresh, broken), said
        ask(incremental, file, chance)
    print(f"\n{EDITS} edits, {whole} of them compared whole, {time.monotonic() - begun:.0f} s")
    assert whole > EDITS // 10


def position(document: Document, offset: int, encoding: str) -> types.Position:
    """Where the client would say that an offset is; line ends count as the protocol has them."""
    text = document.text
    line = max(n for n, start in enumerate(text.starts, 1) if start <= offset)
    return text.position(line, offset - text.starts[line - 1] + 1, encoding)


def ask(snapshot: Snapshot, file: str, chance: random.Random) -> None:
    """Something of everything, at a random place: no answer but an answer or a reason."""
    lines = len(snapshot.text(file).lines)
    place = types.Position(chance.randrange(lines), chance.randrange(40))
    completion(snapshot, file, place)
    semantic_tokens(snapshot, file)
    with contextlib.suppress(Refused):
        rename(snapshot, file, place, "another_name")
