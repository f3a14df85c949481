"""What is loaded and saved."""

import dataclasses
import json
import os
import pickle
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd
from hamilton import ad_hoc_utils, base, driver, registry
from hamilton.function_modifiers import (
    dataloader,
    datasaver,
    load_from,
    save_to,
    source,
    value,
)
from hamilton.io.data_adapters import DataLoader, DataSaver
from hamilton.io.materialization import from_, to


def _built(*functions, config=None, materializers=()):
    module = ad_hoc_utils.create_temporary_module(*functions)
    return (
        driver.Builder()
        .with_modules(module)
        .with_config(config or {})
        .with_materializers(*materializers)
        .build()
    )


def _frame() -> pd.DataFrame:
    return pd.DataFrame({"x": [1, 2], "y": ["a", "b"]})


def document(k: int) -> dict:
    return {"k": k, "words": ["a", "b"]}


def text(k: int) -> str:
    return f"number {k}"


def frame(k: int) -> pd.DataFrame:
    return pd.DataFrame({"x": [k, 2], "y": ["a", "b"]})


def column(k: int) -> pd.Series:
    return pd.Series([k, 5])


document.__module__ = text.__module__ = frame.__module__ = column.__module__ = "steps"


def plain_values_are_materialized():
    dr = _built(document, text)
    told, found = dr.materialize(
        to.json(id="doc", dependencies=["document"], path="doc.json"),
        to.file(id="txt", dependencies=["text"], path="t.txt"),
        to.pickle(id="pkl", dependencies=["document"], path="d.pkl"),
        to.memory(id="mem", dependencies=["document"]),
        additional_vars=["text"],
        inputs={"k": 3},
    )
    return [
        json.loads(Path("doc.json").read_text()),
        Path("t.txt").read_text(),
        pickle.loads(Path("d.pkl").read_bytes()),
        told["mem"],
        sorted(told),
        told["doc"]["file_metadata"]["path"],
        told["doc"]["file_metadata"]["size"],
        found,
    ]


def frames_are_materialized():
    dr = _built(frame, column)
    told, _ = dr.materialize(
        to.csv(id="csv", dependencies=["frame"], path="f.csv", index=False),
        to.parquet(id="parquet", dependencies=["frame"], path="f.parquet"),
        to.json(id="json", dependencies=["frame"], filepath_or_buffer="f.json"),
        to.csv(
            id="both",
            dependencies=["frame", "column"],
            combine=base.PandasDataFrameResult(),
            path="both.csv",
        ),
        inputs={"k": 3},
    )
    return [
        Path("f.csv").read_text(),
        pd.read_parquet("f.parquet"),
        json.loads(Path("f.json").read_text()),
        Path("both.csv").read_text(),
        told["csv"]["dataframe_metadata"]["rows"],
        told["csv"]["dataframe_metadata"]["column_names"],
        told["csv"]["file_metadata"]["size"],
    ]


def a_path_that_is_an_input():
    dr = _built(document)
    dr.materialize(
        to.json(id="doc", dependencies=["document"], path=source("where")),
        inputs={"k": 3, "where": "there.json"},
    )
    return json.loads(Path("there.json").read_text())


def several_without_a_builder():
    dr = _built(document, text)
    return dr.materialize(
        to.json(id="doc", dependencies=["document", "text"], path="x.json"), inputs={"k": 1}
    )


def a_dependency_that_is_none():
    return _built(document).materialize(
        to.json(id="doc", dependencies=["nothing"], path="x.json"), inputs={"k": 1}
    )


def a_format_that_is_none():
    return to.nothing_of_the_kind


def inputs_are_loaded():
    Path("in.json").write_text(json.dumps({"a": 1}))
    _frame().to_csv("in.csv", index=False)

    def size(found: dict, table: pd.DataFrame, word: str) -> int:
        return len(found) + len(table) + len(word)

    Path("w.txt").write_text("abc")
    given = [
        from_.json(target="found", path="in.json"),
        from_.csv(target="table", path="in.csv"),
        from_.file(target="word", path="w.txt"),
    ]
    dr = _built(size, materializers=given)
    by_call = _built(size).materialize(
        *given, to.memory(id="kept", dependencies=["size"]), additional_vars=["found"]
    )
    return [dr.execute(["size", "found"]), by_call]


def a_step_s_place_is_taken():
    Path("in.json").write_text(json.dumps({"a": 1, "k": 2, "z": 3}))

    def size(document: dict) -> int:
        return len(document)

    dr = _built(document, size, materializers=[from_.json(target="document", path="in.json")])
    return dr.execute(["size"])


def savers_in_the_graph():
    dr = _built(
        document, materializers=[to.json(id="saved", dependencies=["document"], path="s.json")]
    )
    found = dr.execute(["document"], inputs={"k": 1})
    before = os.path.exists("s.json")
    dr.execute(["saved"], inputs={"k": 1})
    return [found, before, os.path.exists("s.json")]


def loaded_by_a_decorator():
    Path("in.json").write_text(json.dumps({"a": 1}))
    _frame().to_csv("in.csv", index=False)

    @load_from.json(path=source("where"))
    def size(found: dict) -> int:
        return len(found)

    @load_from.csv(path=value("in.csv"), inject_="table")
    def rows(table: pd.DataFrame, more: int) -> int:
        return len(table) + more

    return _built(size, rows).execute(["size", "rows"], inputs={"where": "in.json", "more": 10})


def two_parameters_and_none_named():
    @load_from.json(path="in.json")
    def size(found: dict, more: int) -> int:
        return len(found)

    return _built(size).execute(["size"], inputs={"more": 1})


def a_literal_and_the_environment():
    os.environ["FLOW_WORD"] = "from outside"

    @load_from.literal(value=7)
    def number(given: int) -> int:
        return given + 1

    @load_from.environment(names=["FLOW_WORD"])
    def word(given: dict) -> str:
        return given["FLOW_WORD"]

    return _built(number, word).execute(["number", "word"])


def saved_by_a_decorator():
    @save_to.json(path=source("where"), output_name_="saved")
    def doc(k: int) -> dict:
        return {"k": k}

    @save_to.csv(path="f.csv", output_name_="saved_frame", index=False)
    def table(k: int) -> pd.DataFrame:
        return pd.DataFrame({"k": [k]})

    dr = _built(doc, table)
    dr.execute(["saved", "saved_frame"], inputs={"k": 4, "where": "o.json"})
    [found] = [v for v in dr.list_available_variables() if v.name == "saved"]
    return [
        json.loads(Path("o.json").read_text()),
        Path("f.csv").read_text(),
        {k: v for k, v in found.tags.items() if k.startswith("hamilton")},
    ]


def loaders_and_savers_of_ones_own_functions():
    @dataloader()
    def books(path: str) -> tuple[list, dict]:
        return ["a", "b"], {"from": path}

    @datasaver()
    def saved_books(books: list) -> dict:
        return {"count": len(books)}

    dr = _built(books, saved_books)
    names = [v.name for v in dr.list_available_variables() if not v.is_external_input]
    tags = {v.name: v.tags.get("hamilton.data_saver") for v in dr.list_available_variables()}
    return [
        dr.execute(["books", "saved_books"], inputs={"path": "p"}),
        "books" in names,
        tags["saved_books"],
    ]


def a_loader_without_metadata():
    @dataloader()
    def books(path: str) -> list:
        return ["a"]

    return _built(books)


def a_saver_without_metadata():
    @datasaver()
    def books(path: str) -> list:
        return ["a"]

    return _built(books)


@dataclasses.dataclass
class ShoutSaver(DataSaver):
    path: str
    mark: str = "!"

    @classmethod
    def applicable_types(cls) -> Collection[type]:
        return [str]

    @classmethod
    def name(cls) -> str:
        return "shout"

    def save_data(self, data: str) -> dict[str, Any]:
        Path(self.path).write_text(data.upper() + self.mark)
        return {"letters": len(data)}


@dataclasses.dataclass
class ShoutLoader(DataLoader):
    path: str

    @classmethod
    def applicable_types(cls) -> Collection[type]:
        return [str]

    @classmethod
    def name(cls) -> str:
        return "shout"

    def load_data(self, type_: type) -> tuple[str, dict[str, Any]]:
        return Path(self.path).read_text().lower(), {}


def formats_of_ones_own():
    registry.register_adapter(ShoutSaver)
    registry.register_adapter(ShoutLoader)
    told, _ = _built(text).materialize(
        to.shout(id="loud", dependencies=["text"], path="s.txt", mark=source("mark")),
        inputs={"k": 1, "mark": "?!"},
    )

    @load_from.shout(path="s.txt")
    def quiet(given: str) -> str:
        return given

    return [told, Path("s.txt").read_text(), _built(quiet).execute(["quiet"])]


def a_type_that_nobody_saves():
    registry.register_adapter(ShoutSaver)

    def number(k: int) -> int:
        return k

    return _built(number).materialize(
        to.shout(id="loud", dependencies=["number"], path="s.txt"), inputs={"k": 1}
    )


def what_is_saved_is_validated():
    dr = _built(document)
    one = to.json(id="doc", dependencies=["document"], path="x.json")
    dr.validate_materialization(one, inputs={"k": 1})
    return os.path.exists("x.json")
