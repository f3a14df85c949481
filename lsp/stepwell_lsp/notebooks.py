"""Cells of notebooks as the modules that they become when they are run.

A cell that begins with `%%stepwell NAME` is the module `NAME`, and its pipeline is that module with
those that its line names besides. All other cells share one namespace, as they do when they are
run. A notebook is a folder of such modules; nothing of it is looked for on disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from lsprotocol import types

from stepwell.read.pipelines import Declared
from stepwell_lsp.documents import Document, path_of
from stepwell_lsp.positions import Text

SYNC = types.NotebookDocumentSyncOptions(
    [
        types.NotebookDocumentFilterWithNotebook(
            notebook="*", cells=[types.NotebookCellLanguage("python")]
        )
    ]
)
"""Every notebook, and of it the cells of Python."""

_MAGIC = re.compile(r"%%stepwell[ \t]+(\w+)([^\n]*)")
_TO_NOTEBOOK = re.compile(r"^[ \t]*[%!?]", re.MULTILINE)
"""A line that is said to the notebook, and is no Python."""


class Read(NamedTuple):
    """A notebook as it is read: its cells as files, and the pipelines that they declare."""

    folder: str
    cells: tuple[Document, ...] = ()
    declared: tuple[Declared, ...] = ()


def read(uri: str, cells: Sequence[Document]) -> Read:
    """The cells of a notebook, each under the name of a file and with Python alone in it.

    Args:
        uri: the notebook's.
        cells: the cells as they are in the editor, in order.
    """
    folder = path_of(uri) or uri
    found: list[Document] = []
    declared: list[Declared] = []
    plain: list[str] = []  # the names of cells whose namespace is the notebook's
    names = {said[1] for cell in cells if (said := _said(cell)) and said[1].isidentifier()}
    taken: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        said = _said(cell)
        if said and said[1] in names - taken:
            name = said[1]
            taken.add(name)
            if not _is_built(name, cells):
                declared.append(_pipeline(folder, name, said[2]))
            found.append(_as_file(cell, folder, name, ()))
            continue
        name = f"cell_{number}"
        other = cell.text.source.startswith("%%")  # another language, or measured: not ours
        found.append(replace(_as_file(cell, folder, name, (*names, *plain)), python=not other))
        if not other:
            plain.append(name)
    return Read(folder, tuple(found), tuple(declared))


def spliced(cells: Sequence[str], change: types.NotebookCellArrayChange) -> list[str]:
    """The URIs of a notebook's cells after some were put in, taken out or moved.

    >>> spliced(["a", "b", "c"], types.NotebookCellArrayChange(start=1, delete_count=1))
    ['a', 'c']
    """
    new = [cell.document for cell in change.cells or ()]
    start = max(0, change.start)
    return [*cells[:start], *new, *cells[start + max(0, change.delete_count) :]]


def _said(cell: Document) -> re.Match[str] | None:
    return _MAGIC.match(cell.text.source)


def _is_built(name: str, cells: Iterable[Document]) -> bool:
    """Whether a driver seems to be built of a cell: that says more than the cell's own line."""
    builds = re.compile(rf"\b(?:Driver|with_modules)\s*\([^)]*\b{name}\b")
    return any(builds.search(cell.text.source) for cell in cells)


def _pipeline(folder: str, name: str, words: str) -> Declared:
    """What stands behind a cell's name: other modules, and what is asked for (`-t`)."""
    modules, outputs = [name], []
    given = iter(words.split())
    for word in given:
        if word in ("-t", "--target"):
            outputs.append(next(given, ""))
        elif word in ("-o", "--output"):
            next(given, None)
        elif word.isidentifier():
            modules.append(word)
    return Declared(name, tuple(modules), outputs=tuple(filter(None, outputs)), folder=folder)


def _as_file(cell: Document, folder: str, name: str, seen: Iterable[str]) -> Document:
    """A cell as a module that sees others; every character stays in its place."""
    source = _TO_NOTEBOOK.sub(lambda found: found[0][:-1] + "#", cell.text.source)
    modules = [f"import {each}" for each in seen if not each.startswith("cell_")]
    stars = [f"from {each} import *" for each in seen if each.startswith("cell_")]
    # The word is what files that have to do with pipelines are known by.
    below = "".join(f"\n{line}  # stepwell" for line in (*modules, *stars))
    return replace(cell, file=f"{folder}/{name}.py", text=Text(source + below))
