"""The loaders and savers that are there: plain values, and the frames of pandas and polars."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import pickle
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar

from stepwell.compat.hamilton.io.data_adapters import AdapterCommon, DataLoader, DataSaver
from stepwell.compat.hamilton.io.utils import (
    get_dataframe_metadata,
    get_file_and_dataframe_metadata,
    get_file_metadata,
    get_sql_metadata,
)


class Plain(AdapterCommon):
    """Is called by `format`, and reads or writes values of these `types`."""

    format: ClassVar[str]
    types: ClassVar[Collection[Any]]

    @classmethod
    def applicable_types(cls) -> Collection[Any]:
        return [*cls.types]

    @classmethod
    def name(cls) -> str:
        return cls.format


@dataclasses.dataclass
class JSONDataLoader(Plain, DataLoader):
    format = "json"
    types = (dict, list)

    path: str

    def load_data(self, type_: Any) -> tuple[Any, dict[str, Any]]:
        return json.loads(Path(self.path).read_text()), get_file_metadata(self.path)


@dataclasses.dataclass
class JSONDataSaver(Plain, DataSaver):
    format = "json"
    types = (dict, list)

    path: str

    def save_data(self, data: Any) -> dict[str, Any]:
        Path(self.path).write_text(json.dumps(data))
        return get_file_metadata(self.path)


@dataclasses.dataclass
class RawFileDataLoader(Plain, DataLoader):
    format = "file"
    types = (str,)

    path: str
    encoding: str = "utf-8"

    def load_data(self, type_: Any) -> tuple[str, dict[str, Any]]:
        text = Path(self.path).read_text(encoding=self.encoding)
        return text, get_file_metadata(self.path)


@dataclasses.dataclass
class RawFileDataSaver(Plain, DataSaver):
    format = "file"
    types = (str,)

    path: str
    encoding: str = "utf-8"

    def save_data(self, data: str) -> dict[str, Any]:
        Path(self.path).write_text(data, encoding=self.encoding)
        return get_file_metadata(self.path)


@dataclasses.dataclass
class RawFileDataSaverBytes(Plain, DataSaver):
    format = "file"
    types = (bytes, io.BytesIO)

    path: Path | str

    def save_data(self, data: Any) -> dict[str, Any]:
        Path(self.path).write_bytes(data if isinstance(data, bytes) else data.getvalue())
        return get_file_metadata(self.path)


@dataclasses.dataclass
class PickleLoader(Plain, DataLoader):
    format = "pickle"
    types = (object, Any)

    path: str

    def load_data(self, type_: Any) -> tuple[Any, dict[str, Any]]:
        return pickle.loads(Path(self.path).read_bytes()), get_file_metadata(self.path)


@dataclasses.dataclass
class PickleSaver(Plain, DataSaver):
    format = "pickle"
    types = (object, Any)

    path: str

    def save_data(self, data: Any) -> dict[str, Any]:
        Path(self.path).write_bytes(pickle.dumps(data))
        return get_file_metadata(self.path)


@dataclasses.dataclass
class EnvVarDataLoader(Plain, DataLoader):
    format = "environment"
    types = (dict,)

    names: tuple[str, ...]

    def load_data(self, type_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        return {name: os.environ[name] for name in self.names}, {}


@dataclasses.dataclass
class LiteralValueDataLoader(Plain, DataLoader):
    format = "literal"
    types = (Any,)

    value: Any

    def load_data(self, type_: Any) -> tuple[Any, dict[str, Any]]:
        return self.value, {}


@dataclasses.dataclass
class InMemoryResult(Plain, DataSaver):
    """Keeps nothing: what is "saved" is given back as what is known of it."""

    format = "memory"
    types = (Any,)

    def save_data(self, data: Any) -> dict[str, Any]:
        return data  # type: ignore[no-any-return]


class OfFrame(Plain):
    """Reads or writes frames by a library's own function, with all of its options.

    Args:
        options: what the function takes; one of them says where, by the name in `where`.
    """

    library: ClassVar[str]
    frame: ClassVar[str]
    function: ClassVar[str]
    where: ClassVar[tuple[str, ...]]

    def __init__(self, **options: Any) -> None:
        self.options = options

    @classmethod
    def applicable_types(cls) -> Collection[Any]:
        module = sys.modules.get(cls.library)  # whoever has a frame has the library
        return [] if module is None else [getattr(module, cls.frame)]

    @classmethod
    def get_required_arguments(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def get_optional_arguments(cls) -> dict[str, Any]:
        return {}

    def placed(self) -> tuple[Any, dict[str, Any]]:
        """Where, and the other options."""
        options = {**_DEFAULTS.get((self.library, self.function), {})}
        options |= {_RENAMED.get(key, key): each for key, each in self.options.items()}
        place = next((options.pop(key) for key in self.where if key in options), None)
        if place is None:
            raise TypeError(f"`{self.format}` needs `{self.where[0]}=…`")
        return place, options

    def known(self, place: Any, frame: Any) -> dict[str, Any]:
        """What is to be known of it."""
        if self.format == "sql":
            return {**get_sql_metadata(str(place), frame), **get_dataframe_metadata(frame)}
        if isinstance(place, str | os.PathLike):
            return get_file_and_dataframe_metadata(place, frame)
        return get_dataframe_metadata(frame)


class FrameLoader(OfFrame, DataLoader):
    """Reads a frame."""

    def load_data(self, type_: Any) -> tuple[Any, dict[str, Any]]:
        place, options = self.placed()
        frame = getattr(sys.modules[self.library], self.function)(place, **options)
        if self.format == "html" and isinstance(frame, list):
            frame = frame[0]
        return frame, self.known(place, frame)


class FrameSaver(OfFrame, DataSaver):
    """Writes a frame."""

    def save_data(self, data: Any) -> dict[str, Any]:
        place, options = self.placed()
        getattr(data, self.function)(place, **options)
        return self.known(place, data)


_PATHS = ("path", "filepath_or_buffer", "path_or_buf", "file", "filepath_or_table", "io", "buf")
_PANDAS = {
    "csv": ("read_csv", "to_csv"),
    "parquet": ("read_parquet", "to_parquet"),
    "pickle": ("read_pickle", "to_pickle"),
    "json": ("read_json", "to_json"),
    "sql": ("read_sql", "to_sql"),
    "xml": ("read_xml", "to_xml"),
    "html": ("read_html", "to_html"),
    "stata": ("read_stata", "to_stata"),
    "feather": ("read_feather", "to_feather"),
    "orc": ("read_orc", "to_orc"),
    "excel": ("read_excel", "to_excel"),
    "table": ("read_table", None),
    "fwf": ("read_fwf", None),
    "spss": ("read_spss", None),
}
_DEFAULTS: dict[tuple[str, str], dict[str, Any]] = {("pandas", "to_csv"): {"index": False}}
_DEFAULTS |= {
    ("pandas", f"read_{format}"): {"dtype_backend": "numpy_nullable"}
    for format in ("csv", "parquet", "xml", "html", "feather", "orc", "excel", "table", "fwf")
}
"""What its functions are told where nothing else is said."""

_RENAMED = {"db_connection": "con"}
"""Options of other names than the library's."""

_POLARS = {
    "csv": ("read_csv", "write_csv"),
    "parquet": ("read_parquet", "write_parquet"),
    "feather": ("read_ipc", "write_ipc"),
    "json": ("read_json", "write_json"),
    "avro": ("read_avro", "write_avro"),
    "database": ("read_database", "write_database"),
    "spreadsheet": ("read_excel", "write_excel"),
}


_LAZY = {
    "csv": ("scan_csv", "sink_csv"),
    "parquet": ("scan_parquet", "sink_parquet"),
    "feather": ("scan_ipc", "sink_ipc"),
}
_ALL: tuple[tuple[str, str, Mapping[str, tuple[str, str | None]]], ...] = (
    ("pandas", "DataFrame", _PANDAS),
    ("polars", "DataFrame", _POLARS),
    ("polars", "LazyFrame", _LAZY),
)


def _frames() -> list[Any]:
    made: list[Any] = []
    for library, frame, formats in _ALL:
        for format, functions in formats.items():
            sql = ("query_or_table", "table_name", "name", "query")
            where = (*(sql if format in ("sql", "database") else ()), *_PATHS, "source")
            for base, function in zip((FrameLoader, FrameSaver), functions, strict=True):
                if function is None:
                    continue
                words = {
                    "library": library,
                    "frame": frame,
                    "format": format,
                    "function": function,
                    "where": where,
                }
                last = f"{frame.removesuffix('DataFrame')}{base.__name__.removeprefix('Frame')}"
                name = f"{library.title()}{format.title()}{last}"
                made.append(type(name, (base,), words))
    return made


DATA_ADAPTERS = [
    JSONDataLoader,
    JSONDataSaver,
    LiteralValueDataLoader,
    RawFileDataLoader,
    RawFileDataSaver,
    RawFileDataSaverBytes,
    PickleLoader,
    PickleSaver,
    EnvVarDataLoader,
    InMemoryResult,
    *_frames(),
]
"""The framework's own."""
