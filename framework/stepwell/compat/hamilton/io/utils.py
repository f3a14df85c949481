"""What is to be known of a file or a frame that was read or written."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import urlparse

DATAFRAME_METADATA = "dataframe_metadata"
SQL_METADATA = "sql_metadata"
FILE_METADATA = "file_metadata"


def get_file_metadata(path: str | PathLike[str]) -> dict[str, Any]:
    """Size in bytes, path, and times in seconds of a file that is here.

    >>> get_file_metadata("s3://bucket/key")["file_metadata"]["size"] is None
    True
    """
    now, text = time(), str(path)
    file = Path(text)
    here = file.exists()
    return {
        FILE_METADATA: {
            "size": file.stat().st_size if here else None,
            "path": text,
            "last_modified": file.stat().st_mtime if here else now,
            "timestamp": now,
            "scheme": urlparse(text).scheme,
            "notes": "" if here else f"`{text}` is no file that is here",
            "__version__": "1.0.0",
        }
    }


def get_dataframe_metadata(df: Any) -> dict[str, Any]:
    """Rows, columns and their types of a frame; `None` where one does not tell."""
    names = [str(each) for each in getattr(df, "columns", ())]
    types = [str(each) for each in getattr(df, "dtypes", ())]
    return {
        DATAFRAME_METADATA: {
            "rows": len(df) if hasattr(df, "__len__") else None,
            "columns": len(names),
            "column_names": names,
            "datatypes": types,
            "__version__": "1.0.0",
        }
    }


def get_file_and_dataframe_metadata(path: str | PathLike[str], df: Any) -> dict[str, Any]:
    """Both."""
    return {**get_file_metadata(path), **get_dataframe_metadata(df)}


def get_sql_metadata(query_or_table: str, results: Any) -> dict[str, Any]:
    """The rows that a query gave, or that a table was given."""
    rows = results if isinstance(results, int) else len(results) if results is not None else None
    return {
        SQL_METADATA: {
            "rows": rows,
            "query": query_or_table if "SELECT" in query_or_table.upper() else None,
            "table_name": None if "SELECT" in query_or_table.upper() else query_or_table,
            "timestamp": time(),
            "__version__": "1.0.0",
        }
    }
