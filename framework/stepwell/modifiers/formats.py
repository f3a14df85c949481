"""How values are read from files and written to them: one `Format` for each kind.

Each function takes keywords alone. A library is imported when a file of its kind is read or
written; `frame` says which one is asked for: `pandas`, `polars`, or `rows` (a list of dicts).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stepwell.errors import did_you_mean, require


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
        return load_sql(connection=base, query=query, frame=frame)


def save_sqlite(*, data: Any, path: Any, table: str) -> dict[str, Any]:
    """Adds a frame, or a list of dicts of the same keys, to a table, which is made if need be."""
    import sqlite3
    from contextlib import closing

    rows = _rows(data)
    with closing(sqlite3.connect(path)) as base:
        if rows:
            columns = ", ".join(map(_quoted, rows[0]))
            base.execute(f"CREATE TABLE IF NOT EXISTS {_quoted(table)} ({columns})")
        return {**_known(path), **save_sql(data=rows, connection=base, table=table)}


def load_sql(*, connection: Any, query: str, frame: str = "rows") -> Any:
    """What a query gives, over an open connection of any library that follows PEP 249."""
    from contextlib import closing

    with closing(connection.cursor()) as cursor:
        cursor.execute(query)
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
    return rows if frame == "rows" else _library(frame).DataFrame(rows)


def save_sql(*, data: Any, connection: Any, table: str) -> dict[str, Any]:
    """Adds a frame, or a list of dicts of the same keys, to a table that is there, and commits."""
    from contextlib import closing

    rows = _rows(data)
    if rows:
        names = [*rows[0]]
        columns, places = (
            ", ".join(map(_quoted, names)),
            ", ".join([_mark(connection)] * len(names)),
        )
        with closing(connection.cursor()) as cursor:
            cursor.executemany(
                f"INSERT INTO {_quoted(table)} ({columns}) VALUES ({places})",
                [tuple(row[name] for name in names) for row in rows],
            )
        connection.commit()
    return {"table": table, "rows": len(rows)}


def load_lance(*, path: Any, frame: str = "rows") -> Any:
    """The newest version of a Lance dataset."""
    table = require("lance", extra="lance", what="Lance").dataset(str(path)).to_table()
    if frame == "rows":
        return table.to_pylist()
    return table.to_pandas() if frame == "pandas" else _library(frame).from_arrow(table)


def save_lance(*, data: Any, path: Any, mode: str = "overwrite") -> dict[str, Any]:
    """Writes a frame, or a list of dicts, as a new version; `mode` may be `append` or `create`."""
    lance = require("lance", extra="lance", what="Lance")
    import pyarrow

    table = data.to_arrow() if hasattr(data, "to_arrow") else pyarrow.Table.from_pylist(_rows(data))
    made = lance.write_dataset(table, str(path), mode=mode)
    return {"path": str(path), "rows": made.count_rows(), "version": made.version}


_MEMORY: dict[str, Any] = {}


def load_memory(*, key: str) -> Any:
    """What was saved under that key in this process; the very object.

    Raises:
        KeyError: if nothing was.
    """
    if key not in _MEMORY:
        raise KeyError(f"nothing was saved in memory as `{key}`{did_you_mean(key, _MEMORY)}")
    return _MEMORY[key]


def save_memory(*, data: Any, key: str) -> dict[str, Any]:
    """Keeps the object itself while the process lives, or until another takes the key."""
    _MEMORY[key] = data
    return {"key": key}


for _format in (
    Format("json", load_json, save_json),
    Format("text", load_text, save_text),
    Format("pickle", load_pickle, save_pickle),
    Format("csv", load_csv, save_csv),
    Format("parquet", load_parquet, save_parquet),
    Format("numpy", load_numpy, save_numpy),
    Format("yaml", load_yaml, save_yaml),
    Format("sqlite", load_sqlite, save_sqlite),
    Format("sql", load_sql, save_sql),
    Format("lance", load_lance, save_lance),
    Format("memory", load_memory, save_memory),
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


def _mark(connection: Any) -> str:
    """How the library of a connection writes a place for a value: PEP 249's `paramstyle`."""
    import sys

    library = sys.modules.get(type(connection).__module__.partition(".")[0])
    style = getattr(library, "paramstyle", "qmark")
    return "%s" if style in ("format", "pyformat") else "?"


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
