"""How values are read from files and written to them: one `Format` for each kind.

Each function takes keywords alone. A library is imported when a file of its kind is read or
written; `frame` says which one is asked for: `pandas`, `polars`, or `rows` (a list of dicts).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stepwell.errors import require


@dataclass(frozen=True)
class Format:
    """A kind of file, or of anything else that values come from and go to.

    Args:
        name: what it is called by, as in `load_from.json`.
        load: gives a value; its keywords are the options. `frame`, if it takes that, is given.
        save: takes the value as `data`, and options; gives what is to be known of it, as a dict.
    """

    name: str
    load: Callable[..., Any] | None = None
    save: Callable[..., dict[str, Any]] | None = None


FORMATS: dict[str, Format] = {}
"""All formats by name."""


def register(format: Format) -> Format:
    """Adds a format, or puts it in the place of one of the same name; gives it back."""
    FORMATS[format.name] = format
    return format


def load_json(*, path: Any) -> Any:
    """The value of a JSON file."""
    import json

    return json.loads(Path(path).read_text(encoding="utf-8"))


def save_json(*, data: Any, path: Any, indent: int | None = None) -> dict[str, Any]:
    """Writes a JSON file."""
    import json

    return _written(path, json.dumps(data, indent=indent, ensure_ascii=False))


def load_text(*, path: Any, encoding: str = "utf-8") -> str:
    """The text of a file."""
    return Path(path).read_text(encoding=encoding)


def save_text(*, data: str, path: Any, encoding: str = "utf-8") -> dict[str, Any]:
    """Writes a text."""
    return _written(path, data.encode(encoding))


def load_pickle(*, path: Any) -> Any:
    """The object of a pickle, which may run any code: of files alone that you trust."""
    import pickle

    return pickle.loads(Path(path).read_bytes())


def save_pickle(*, data: Any, path: Any) -> dict[str, Any]:
    """Writes a pickle."""
    import pickle

    return _written(path, pickle.dumps(data))


def load_csv(*, path: Any, frame: str = "rows") -> Any:
    """A table with its first line for names; all are texts in `rows`."""
    if frame != "rows":
        return _library(frame).read_csv(path)
    import csv

    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def save_csv(*, data: Any, path: Any) -> dict[str, Any]:
    """Writes a frame, or a list of dicts that have the first one's keys."""
    if hasattr(data, "write_csv"):
        data.write_csv(path)
    elif hasattr(data, "to_csv"):
        data.to_csv(path, index=False)
    else:
        import csv

        rows = list(data)
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else [])
            writer.writeheader()
            writer.writerows(rows)
    return _known(path)


def load_parquet(*, path: Any, frame: str = "pandas") -> Any:
    """A frame."""
    return _library("pandas" if frame == "rows" else frame).read_parquet(path)


def save_parquet(*, data: Any, path: Any) -> dict[str, Any]:
    """Writes a frame."""
    (data.write_parquet if hasattr(data, "write_parquet") else data.to_parquet)(path)
    return _known(path)


def load_numpy(*, path: Any) -> Any:
    """An array of a `.npy` file; one of objects is refused, since it may run any code."""
    return _library("numpy").load(path, allow_pickle=False)


def save_numpy(*, data: Any, path: Any) -> dict[str, Any]:
    """Writes an array."""
    with open(path, "wb") as file:
        _library("numpy").save(file, data, allow_pickle=False)
    return _known(path)


def load_yaml(*, path: Any) -> Any:
    """The value of a YAML file, of plain data alone."""
    yaml = require("yaml", extra="yaml", what="YAML")
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


def save_yaml(*, data: Any, path: Any) -> dict[str, Any]:
    """Writes plain data."""
    yaml = require("yaml", extra="yaml", what="YAML")
    return _written(path, yaml.safe_dump(data, allow_unicode=True, sort_keys=False))


def load_sqlite(*, path: Any, query: str, frame: str = "rows") -> Any:
    """What a query of an SQLite file gives."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as base:
        found = base.execute(query)
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found]
    return rows if frame == "rows" else _library(frame).DataFrame(rows)


def save_sqlite(*, data: Any, path: Any, table: str) -> dict[str, Any]:
    """Adds a frame, or a list of dicts of the same keys, to a table, which is made if need be."""
    import sqlite3
    from contextlib import closing

    rows = _rows(data)
    names = [_quoted(name) for name in rows[0]] if rows else []
    with closing(sqlite3.connect(path)) as base, base:
        if names:
            columns = ", ".join(names)
            base.execute(f"CREATE TABLE IF NOT EXISTS {_quoted(table)} ({columns})")
            places = ", ".join("?" * len(names))
            base.executemany(
                f"INSERT INTO {_quoted(table)} ({columns}) VALUES ({places})",
                [[row[name] for name in rows[0]] for row in rows],
            )
    return {**_known(path), "table": table, "rows": len(rows)}


for _format in (
    Format("json", load_json, save_json),
    Format("text", load_text, save_text),
    Format("pickle", load_pickle, save_pickle),
    Format("csv", load_csv, save_csv),
    Format("parquet", load_parquet, save_parquet),
    Format("numpy", load_numpy, save_numpy),
    Format("yaml", load_yaml, save_yaml),
    Format("sqlite", load_sqlite, save_sqlite),
):
    register(_format)

BUILT_IN = tuple(FORMATS)
"""The names of stepwell's own formats."""


def _library(name: str) -> Any:
    return require(name, extra=name, what=f"a value of `{name}`")


def _written(path: Any, content: str | bytes) -> dict[str, Any]:
    Path(path).write_bytes(content.encode() if isinstance(content, str) else content)
    return _known(path)


def _known(path: Any) -> dict[str, Any]:
    return {"path": str(path), "bytes": Path(path).stat().st_size}


def _rows(data: Any) -> list[dict[str, Any]]:
    if hasattr(data, "to_dicts"):
        return list(data.to_dicts())
    if hasattr(data, "to_dict") and hasattr(data, "columns"):
        return list(data.to_dict("records"))
    rows: Iterable[Any] = data
    return [dict(row) for row in rows]


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
