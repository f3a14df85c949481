"""Values that are loaded and saved: by modifiers, by steps of one's own, by the driver."""

from __future__ import annotations

import pickle
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from stepwell import driver
from stepwell.driver import from_, to
from stepwell.errors import GraphError, RequestError
from stepwell.graph import Graph
from stepwell.lifecycle import PandasResult
from stepwell.modifiers import (
    dataloader,
    datasaver,
    load_from,
    pipe_input,
    save_to,
    source,
    step,
    value,
)
from stepwell.modifiers.formats import FORMATS, Format, register
from stepwell.testing import graph_of, module_of

ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]


@pytest.mark.parametrize(
    ("name", "data", "saving", "loading"),
    [
        ("json", {"ä": [1, None]}, {"indent": 2}, {}),
        ("text", "naïve\n", {}, {}),
        ("text", "naïve\n", {"encoding": "utf-16"}, {"encoding": "utf-16"}),
        ("pickle", {1, 2}, {}, {}),
        ("csv", [{"a": "1", "b": "x"}], {}, {}),
        ("yaml", {"ä": [1, None, "x: y"]}, {}, {}),
        ("sqlite", ROWS, {"table": 'odd"name'}, {"query": 'SELECT * FROM "odd""name"'}),
    ],
)
def test_what_is_saved_is_what_is_loaded(
    tmp_path: Path, name: str, data: Any, saving: dict[str, Any], loading: dict[str, Any]
) -> None:
    format, path = FORMATS[name], tmp_path / "file"
    assert format.save is not None
    assert format.load is not None
    known = format.save(data=data, path=path, **saving)
    assert known["path"] == str(path)
    assert known["bytes"] == path.stat().st_size
    assert format.load(path=path, **loading) == data


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
@pytest.mark.parametrize("name", ["csv", "sqlite", "parquet", "lance"])
def test_frames(tmp_path: Path, name: str, library: Any) -> None:
    format, path = FORMATS[name], tmp_path / "file"
    table = {"table": "t"} if name == "sqlite" else {}
    query = {"query": "SELECT * FROM t"} if name == "sqlite" else {}
    assert format.save is not None
    assert format.load is not None
    format.save(data=library.DataFrame(ROWS), path=path, **table)
    found = format.load(path=path, frame=library.__name__, **query)
    assert isinstance(found, library.DataFrame)
    assert found["b"].to_list() == ["x", "y"]


def test_a_dataset_of_lance_keeps_its_versions(tmp_path: Path) -> None:
    """Rows are given back as rows; what is appended comes after them."""
    format, path = FORMATS["lance"], tmp_path / "rows.lance"
    assert format.save is not None
    assert format.load is not None
    known = format.save(data=ROWS, path=path)
    assert known == {"path": str(path), "rows": 2, "version": 1}
    known = format.save(data=ROWS[:1], path=path, mode="append")
    assert (known["rows"], known["version"]) == (3, 2)
    assert format.load(path=path) == [*ROWS, ROWS[0]]


def test_rows_over_an_open_connection() -> None:
    """Of any library that follows PEP 249; the connection is left open."""
    format = FORMATS["sql"]
    assert format.save is not None
    assert format.load is not None
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute("CREATE TABLE t (a, b)")
        assert format.save(data=ROWS, connection=base, table="t") == {"table": "t", "rows": 2}
        assert format.load(connection=base, query="SELECT * FROM t ORDER BY a") == ROWS
        found = format.load(connection=base, query="SELECT b FROM t", frame="pandas")
    assert found["b"].to_list() == ["x", "y"]


def test_memory_keeps_the_very_object() -> None:
    """Under a key, in this process."""
    format, kept = FORMATS["memory"], object()
    assert format.save is not None
    assert format.load is not None
    assert format.save(data=kept, key="the object") == {"key": "the object"}
    assert format.load(key="the object") is kept
    with pytest.raises(KeyError, match="nothing was saved in memory as `the objekt`; did you mean"):
        format.load(key="the objekt")


def test_arrays(tmp_path: Path) -> None:
    """Of numbers; one of objects could run code when it is read."""
    format, path = FORMATS["numpy"], tmp_path / "array.npy"
    assert format.save is not None
    assert format.load is not None
    format.save(data=np.array([1, 2]), path=path)
    assert format.load(path=path).tolist() == [1, 2]
    with pytest.raises(ValueError, match="allow_pickle"):
        format.save(data=np.array([object()]), path=path)


def test_a_base_is_only_read(tmp_path: Path) -> None:
    format, path = FORMATS["sqlite"], tmp_path / "base"
    assert format.save is not None
    assert format.load is not None
    format.save(data=ROWS, path=path, table="t")
    with pytest.raises(Exception, match="readonly"):
        format.load(path=path, query="DELETE FROM t")


def _sorted(rows: list[dict[str, int]]) -> list[dict[str, int]]:
    return sorted(rows, key=lambda row: row["n"])


@load_from.json(path=source("file"), inject_="rows")
@pipe_input(step(_sorted), on_input="rows")
@save_to.json(path=source("out"), output_name_="saved")
def numbers(rows: list[dict[str, int]]) -> list[int]:
    return [row["n"] for row in rows]


@load_from.csv(path=value("unused.csv"))
@save_to.text(path="nowhere/at/all")
def shown(frame: pd.DataFrame) -> str:
    return str(frame)


@dataloader()
def words(file: str) -> tuple[list[str], dict[str, object]]:
    text = Path(file).read_text(encoding="utf-8")
    return text.split(), {"letters": len(text)}


@datasaver()
def kept(words: list[str], out: str) -> dict[str, object]:
    Path(out).write_text("\n".join(words), encoding="utf-8")
    return {"words": len(words)}


def test_modifiers_load_and_save(tmp_path: Path) -> None:
    dr = driver.Driver({}, module_of(numbers))
    file, out = tmp_path / "in.json", tmp_path / "out.json"
    file.write_text('[{"n": 3}, {"n": 1}]')
    found = dr.execute(["saved", "numbers"], inputs={"file": file, "out": out})
    assert found == {"saved": {"path": str(out), "bytes": 6}, "numbers": [1, 3]}
    assert out.read_text() == "[1, 3]"
    tags = {node.name: dict(node.tags) for node in dr.graph.written if node.tags}
    assert tags == {"numbers.rows": {"data_loader": "json"}, "saved": {"data_saver": "json"}}


def test_the_type_of_the_parameter_says_which_frame() -> None:
    graph = driver.Driver({}, module_of(shown)).graph
    assert [(b.keyword, b.value) for b in graph.nodes["shown.frame"].bound] == [
        ("path", "unused.csv"),
        ("frame", "pandas"),
    ]
    assert graph.nodes["shown.saved"].params[0].reads == "shown"


def test_steps_of_ones_own_load_and_save(tmp_path: Path) -> None:
    dr = driver.Driver({}, module_of(words, kept))
    file, out = tmp_path / "in", tmp_path / "out"
    file.write_text("a b")
    given = {"file": str(file), "out": str(out)}
    assert dr.execute(["kept", "words", "words.metadata"], inputs=given) == {
        "kept": {"words": 2},
        "words": ["a", "b"],
        "words.metadata": {"letters": 3},
    }
    assert dr.graph.nodes["words"].type.short == "list[str]"


WRONG = [
    ("load_from.json()", "`json` needs `path=…`"),
    ("load_from.json(path='x', incode=1)", "`json` has no option `incode`"),
    ("load_from.text(path='x', encodign='y')", "did you mean `encoding`?"),
    ("load_from.json(path='x', inject_='rosw')", "did you mean `rows`?"),
    ("load_from.json(path=source('a b'))", "it is not an identifier"),
    ("save_to.json(path='x', output_name_='a b')", "it is not an identifier"),
    ("save_to.json(path='x', target_='b')", "`a` makes no node `b`"),
    ("save_to.sqlite(path='x')", "`sqlite` needs `table=…`"),
    ("datasaver()", "returns a dict of what is known of it; `a` returns `list[str]`"),
    ("dataloader()", "`tuple[…, dict]`; `a` returns `list[str]`"),
    (
        "extract_fields('f', 'g')\n@save_to.json(path='x', output_name_='n')",
        "`output_name_` is one name, and `f`, `g` are saved",
    ),
]


@pytest.mark.parametrize(("decorator", "message"), WRONG)
def test_what_is_said_of_a_wrong_argument(
    agreed: Callable[[str], Graph], decorator: str, message: str
) -> None:
    graph = agreed(f"@{decorator}\ndef a(rows: list[int]) -> list[str]: ...\n")
    assert any(message in problem.message for problem in graph.problems)


def test_a_format_of_ones_own() -> None:
    """The driver uses it; the editor, which runs nothing, leaves a hole."""

    def load_lines(*, path: str) -> list[str]:
        return Path(path).read_text(encoding="utf-8").splitlines()

    register(Format("lines", load=load_lines))
    try:
        made = load_from.lines(path="x").format
        assert made.load is load_lines
        with pytest.raises(AttributeError, match="no format `lines` can save"):
            _ = save_to.lines
        with pytest.raises(AttributeError, match="did you mean `json`"):
            _ = load_from.jsno
    finally:
        del FORMATS["lines"]
    text = "from stepwell import load_from\n@load_from.lines(path='x')\ndef a(b: int): ...\n"
    assert "load_from.lines" in graph_of(text).holes[0].reason


def total(rows: list[dict[str, int]], bonus: int = 0) -> int:
    return sum(row["n"] for row in rows) + bonus


def double(total: int) -> int:
    return total * 2


def test_a_driver_loads_and_saves_what_it_is_told(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    file.write_text('[{"n": 3}, {"n": 1}]')
    dr = driver.Driver({}, module_of(total, double), adapter=PandasResult())
    known, values = dr.materialize(
        from_.json(target="rows", path=str(file)),
        to.json(id="one", dependencies=["double"], path=source("out")),
        to.json(id="both", dependencies=[total, "double"], path=str(tmp_path / "both")),
        to.text(
            id="combined",
            dependencies=["total", "double"],
            combine=lambda total, double: f"{total}/{double}",
            path=str(tmp_path / "combined"),
        ),
        additional_vars=["total"],
        inputs={"out": str(tmp_path / "out")},
    )
    assert values == {"total": 4}
    assert list(known) == ["one", "both", "combined"]
    assert (tmp_path / "out").read_text() == "8"
    assert (tmp_path / "both").read_text() == '{"total": 4, "double": 8}'
    assert (tmp_path / "combined").read_text() == "4/8"
    assert "one" not in dr.graph.nodes


def test_what_would_be_loaded_and_saved_is_judged_and_drawn(tmp_path: Path) -> None:
    """Before anything runs, and nothing does."""
    dr = driver.Driver({}, module_of(total, double))
    one = to.json(id="one", dependencies=["double"], path=str(tmp_path / "out"))
    dr.validate_materialization(one, inputs={"rows": []})
    with pytest.raises(RequestError, match="`rows"):
        dr.validate_materialization(one)
    drawn = dr.visualize_materialization(one, inputs={"rows": []}, direction="LR").mermaid()
    assert 'double -->|"data"| one' in drawn
    assert ":::target" in drawn
    assert not (tmp_path / "out").exists()


def test_a_driver_may_be_built_to_load_and_save(tmp_path: Path) -> None:
    """What loads takes the place of a step, too; copies and pickles load and save alike."""
    (tmp_path / "n").write_text("21")
    steps = sys.modules["stored_steps"] = ModuleType("stored_steps")
    exec(
        "def total() -> int: return 1\ndef double(total: int) -> int: return total * 2", vars(steps)
    )
    builder = (
        driver.Builder()
        .with_modules(steps)
        .with_materializers(
            from_.json(target="total", path=str(tmp_path / "n")),
            to.json(id="saved", dependencies="double", path=str(tmp_path / "out")),
        )
    )
    try:
        for dr in (builder.copy().build(), pickle.loads(pickle.dumps(builder.build()))):
            assert dr.execute(["double", "saved"])["double"] == 42
            assert (tmp_path / "out").read_text() == "42"
    finally:
        del sys.modules["stored_steps"]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: to.json(id="x", dependencies=["totl"], path="p"), "did you mean `total`"),
        (lambda: to.json(id="x", dependencies=["total"]), "`json` needs `path=…`"),
        (lambda: to.json(id="x", dependencies=[], path="p"), "has no `dependencies`"),
        (lambda: to.json(id="a b", dependencies=["total"], path="p"), "it is not an identifier"),
        (lambda: from_.json(target="rows", pth="p"), "did you mean `path`"),
        (lambda: "to.json", "is neither `to.…(…)` nor `from_.…(…)`"),
    ],
)
def test_what_a_driver_refuses_to_load_or_save(made: Callable[[], Any], message: str) -> None:
    dr = driver.Driver({}, module_of(total, double))
    with pytest.raises(RequestError, match=message.replace("(", r"\(").replace(")", r"\)")):
        dr.materialize(made())


def test_what_saves_is_no_step_of_another_name() -> None:
    dr = driver.Driver({}, module_of(total, double))
    with pytest.raises(GraphError, match="`total`"):
        dr.materialize(to.json(id="total", dependencies=["double"], path="p"))


async def test_an_async_driver_loads_and_saves_too(tmp_path: Path) -> None:
    """`amaterialize`, in the loop that runs."""

    async def shout(word: str) -> str:
        return word.upper()

    FORMATS["json"].save(data="hey", path=tmp_path / "in.json")  # type: ignore[misc]
    known, values = await driver.Driver({}, module_of(shout)).amaterialize(
        from_.json(target="word", path=tmp_path / "in.json"),
        to.text(id="saved", dependencies=[shout], path=tmp_path / "out.txt"),
        additional_vars=["word"],
    )
    assert (tmp_path / "out.txt").read_text() == "HEY"
    assert known["saved"]["bytes"] == 3
    assert values == {"word": "hey"}
