"""Notebooks: cells that define steps are modules, with all that an editor shows of modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stepwell.read.pipelines import Declared
from stepwell_lsp.documents import Document
from stepwell_lsp.notebooks import read
from stepwell_lsp.positions import Text
from stepwell_lsp.testing import Client

FLOW = "%%stepwell flow -t count\ndef words(text: str) -> list[str]:\n    return text.split()\n\n"
FLOW += "def count(wrods: list[str]) -> int:\n    return len(wrods)"
SETUP = "%load_ext stepwell.notebook\nfrom stepwell import Driver"
RUN = "Driver({}, flow).execute(['cuont'], inputs={'text': 'a b'})"
ABLE = {"notebookDocument": {"synchronization": {}}, "general": {"positionEncodings": ["utf-16"]}}


def cell(text: str, number: int = 0) -> Document:
    uri = f"vscode-notebook-cell:/rag/nb.ipynb#W{number}"
    return Document(uri, uri, Text(text), 1)


def test_a_cell_is_the_module_that_it_names():
    """With the others of its line, and with what is asked for."""
    made = read("file:///rag/nb.ipynb", [cell("%%stepwell flow other -t count -o flow.py\nx = 1")])
    (document,) = made.cells
    assert (document.file, document.text.source) == (
        "/rag/nb.ipynb/flow.py",
        "#%stepwell flow other -t count -o flow.py\nx = 1",
    )
    assert made.declared == (
        Declared("flow", ("flow", "other"), outputs=("count",), folder="/rag/nb.ipynb"),
    )


def test_a_driver_built_of_a_cell_says_more_than_its_line():
    """What is asked of it, and what it is given."""
    made = read("file:///rag/nb.ipynb", [cell(FLOW, 1), cell(RUN, 2)])
    assert made.declared == ()


def test_other_cells_see_one_another_and_the_modules():
    """In the order of the notebook; every character stays where it was."""
    texts = [SETUP, "%%bash\nls", FLOW, RUN + "\n!ls", "%%stepwell flow\ny = 2"]
    made = read("file:///rag/nb.ipynb", [cell(text, n) for n, text in enumerate(texts)])
    assert [each.file.rpartition("/")[2] for each in made.cells] == [
        *("cell_1.py", "cell_2.py", "flow.py", "cell_4.py", "cell_5.py"),
    ]
    assert [each.python for each in made.cells] == [True, False, True, True, False]
    last = made.cells[3].text.lines
    assert last == [RUN, "#ls", "import flow  # stepwell", "from cell_1 import *  # stepwell"]


@pytest.fixture
def client(tmp_path: Path):
    with Client(tmp_path, capabilities=ABLE) as client:
        yield client


def opened(client: Client, *texts: str) -> list[str]:
    """A notebook with these cells; their URIs."""
    notebook = client.uri("nb.ipynb")
    uris = [f"vscode-notebook-cell:{notebook[7:]}#W{n}" for n in range(len(texts))]
    items = [
        {"uri": uri, "languageId": "python", "version": 1, "text": text}
        for uri, text in zip(uris, texts, strict=True)
    ]
    cells = [{"kind": 2, "document": uri} for uri in uris]
    document = {"uri": notebook, "notebookType": "jupyter-notebook", "version": 1, "cells": cells}
    params = {"notebookDocument": document, "cellTextDocuments": items}
    client.notify("notebookDocument/didOpen", params)
    return uris


def changed(client: Client, **cells: Any) -> None:
    document = {"uri": client.uri("nb.ipynb"), "version": 2}
    params = {"notebookDocument": document, "change": {"cells": cells}}
    client.notify("notebookDocument/didChange", params)


def codes(*wanted: str):
    return lambda told: [each["code"] for each in told["diagnostics"]] == [*wanted]


def test_what_is_wrong_in_a_cell_is_marked_there(client: Client):
    """And goes when it is put right; a driver in another cell knows the module."""
    _, flow, run = opened(client, SETUP, FLOW, RUN.replace("cuont", "count"))
    (found,) = client.published(flow, codes("SW101"))
    assert found["range"]["start"] == {"line": 4, "character": 10}
    wrong = {"document": {"uri": run, "version": 2}, "changes": [{"text": RUN}]}
    changed(client, textContent=[wrong])
    (asked,) = client.published(run, codes("SW105"))
    assert "did you mean `count`" in asked["message"]
    changed(client, textContent=[{**wrong, "changes": [{"text": RUN.replace("cuont", "count")}]}])
    place = {"start": {"line": 4, "character": 10}, "end": {"line": 4, "character": 15}}
    edits = [
        {"range": place, "text": "words"},
        {
            "range": {"start": {"line": 5, "character": 15}, "end": {"line": 5, "character": 20}},
            "text": "words",
        },
    ]
    changed(client, textContent=[{"document": {"uri": flow, "version": 2}, "changes": edits}])
    client.published(flow, codes())


def test_names_lead_from_cell_to_cell(client: Client):
    """Definition, hover, rename: the answers name the cells."""
    right = FLOW.replace("wrods", "words")
    _, flow, run = opened(client, SETUP, right, RUN.replace("cuont", "count"))
    (found,) = client.at("textDocument/definition", run, 0, 27)
    assert (found["uri"], found["range"]["start"]["line"]) == (flow, 4)
    told = client.at("textDocument/hover", flow, 4, 12)
    assert "def words(text: str) -> list[str]" in told["contents"]["value"]
    edit = client.at("textDocument/rename", flow, 4, 5, newName="number")
    assert {change["textDocument"]["uri"] for change in edit["documentChanges"]} == {flow, run}
    symbols = client.request("textDocument/documentSymbol", {"textDocument": {"uri": flow}})
    assert [symbol["name"] for symbol in symbols] == ["words", "count"]


def test_cells_come_and_go(client: Client):
    """And a notebook that is closed is gone, with what was said of it."""
    (setup,) = opened(client, SETUP)
    uri = setup.replace("#W0", "#W9")
    item = {"uri": uri, "languageId": "python", "version": 1, "text": FLOW}
    array = {"start": 1, "deleteCount": 0, "cells": [{"kind": 2, "document": uri}]}
    changed(client, structure={"array": array, "didOpen": [item]})
    client.published(uri, codes("SW102"))
    array = {"start": 1, "deleteCount": 1}
    changed(client, structure={"array": array, "didClose": [{"uri": uri}]})
    client.published(uri, codes())
    changed(
        client,
        structure={
            "array": {"start": 1, "deleteCount": 0, "cells": [{"kind": 2, "document": uri}]},
            "didOpen": [item],
        },
    )
    client.published(uri, codes("SW102"))
    document = {"uri": client.uri("nb.ipynb")}
    cells = [{"uri": setup}, {"uri": uri}]
    params = {"notebookDocument": document, "cellTextDocuments": cells}
    client.notify("notebookDocument/didClose", params)
    client.published(uri, codes())


def test_what_a_client_says_wrong_of_a_notebook_is_survived(client: Client):
    """Changes to one that was never opened, to cells that are not there."""
    changed(client, textContent=[{"document": {"uri": "x:y", "version": 2}, "changes": []}])
    _, flow = opened(client, SETUP, FLOW)
    gone = {"document": {"uri": "x:y", "version": 2}, "changes": [{"text": "?"}]}
    array = {"start": 99, "deleteCount": 99, "cells": [{"kind": 2, "document": "x:z"}]}
    changed(client, textContent=[gone], structure={"array": array})
    client.published(flow, codes("SW102"))
