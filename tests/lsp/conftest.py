"""A workspace that is not on disk, with a cursor in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import settings
from lsprotocol import types

from stepwell_lsp.documents import Document
from stepwell_lsp.positions import UTF16
from stepwell_lsp.snapshot import Snapshot
from stepwell_lsp.workspace import Workspace

# Nothing here asserts a time, and the machine may be busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

CURSOR = "‸"
ROOT = "/nowhere/work"


@pytest.fixture(autouse=True, scope="session")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What servers keep goes to a folder of its own, and away."""
    before = os.environ.get("STEPWELL_CACHE_DIR")
    os.environ["STEPWELL_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))
    yield
    del os.environ["STEPWELL_CACHE_DIR"]
    if before is not None:
        os.environ["STEPWELL_CACHE_DIR"] = before


class Look(NamedTuple):
    """What a feature is asked with: a snapshot, and where the cursor is in it."""

    snapshot: Snapshot
    file: str = ""
    position: types.Position = types.Position(0, 0)

    def where(self, locations: list[types.Location]) -> list[str]:
        """The places as `file:line:text`, counted from 1, as a test reads best."""
        return [self.text(place.uri.rsplit("/", 1)[1], place.range) for place in locations]

    def text(self, name: str, place: types.Range) -> str:
        """One place as `file:line:text`."""
        text = self.snapshot.text(f"{ROOT}/{name}")
        start, end = (text.offset(p, self.snapshot.encoding) for p in (place.start, place.end))
        return f"{name}:{place.start.line + 1}:{text.source[start:end]}"


@pytest.fixture
def look():
    """From texts by file name, one with a `‸` where the cursor is, to a `Look`.

    A text alone is `work.py`. All modules but `run.py` are one pipeline; `run` is the text of
    `run.py` after the line that makes the driver `dr`.
    """

    def of(files: str | dict[str, str], *, run: str = "", encoding: str = UTF16) -> Look:
        texts = {"work.py": files} if isinstance(files, str) else files
        names = [name.removesuffix(".py") for name in texts]
        lines = ["from stepwell import driver", *(f"import {name}" for name in names)]
        lines += [f"dr = driver.Driver({{}}, {', '.join(names)})", run]
        workspace = Workspace()
        workspace.encoding = encoding
        workspace.sources.open_folders([ROOT])
        cursor = ("", 0)
        for name, text in {**texts, "run.py": "\n".join(lines)}.items():
            if CURSOR in text:
                cursor = (f"{ROOT}/{name}", text.index(CURSOR))
            item = types.TextDocumentItem(
                f"file://{ROOT}/{name}", "python", 1, text.replace(CURSOR, "")
            )
            workspace.sources.overlay(Document.opened(item))
        snapshot = workspace.snapshot()
        file, offset = cursor
        text = snapshot.text(file)
        line = max(n for n, start in enumerate(text.starts, 1) if start <= offset)
        position = text.position(line, offset - text.starts[line - 1] + 1, encoding)
        return Look(snapshot, file, position)

    return of
