"""Where a run store is, and how the files of a project are named in it."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "STEPWELL_STORE"
FOLDER = ".stepwell"
FILE = "runs.db"


def store_path(near: str | Path | None = None) -> Path:
    """The file of the run store for what lies in a folder, whether or not it is there.

    That is what the environment variable `STEPWELL_STORE` names, or else `.stepwell/runs.db` beside
    the nearest `pyproject.toml` from the folder upwards; where there is none, in the folder.

    Args:
        near: the folder, or a file in it; the current one, if none is given.
    """
    if told := os.environ.get(VARIABLE):
        return Path(told).expanduser().absolute()
    start = Path(near or os.curdir).absolute()
    folder = start if start.is_dir() else start.parent
    project = next((each for each in (folder, *folder.parents) if _is_project(each)), folder)
    return project / FOLDER / FILE


def root_of(store: Path) -> str:
    """The folder that the names of files in a store count from."""
    folder = store.absolute().parent
    return os.path.realpath(folder.parent if folder.name == FOLDER else folder)


def named(file: str, root: str) -> str:
    """A file's name in the store of a project: its path from there, if it lies inside.

    So a project that is moved or copied keeps its runs. What is no path on disk stays as it is.

    >>> named("/rag/app/steps.py", "/rag"), named("/srv/steps.py", "/rag"), named("<text>", "/")
    ('app/steps.py', '/srv/steps.py', '<text>')
    """
    if not os.path.isabs(file):
        return file
    real = os.path.realpath(file)
    inside = root.rstrip(os.sep) + os.sep
    return real.removeprefix(inside).replace(os.sep, "/") if real.startswith(inside) else real


def _is_project(folder: Path) -> bool:
    return (folder / "pyproject.toml").is_file()
