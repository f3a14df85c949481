"""The Python files of a workspace, and their dotted names. The one reader that touches a disk."""

from __future__ import annotations

import os
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

_SKIPPED = frozenset(
    ("__pycache__", "node_modules", "site-packages", "build", "dist", "venv", "env", "htmlcov")
)


def python_files(paths: Iterable[str | Path]) -> Iterator[Path]:
    """The Python files at and under these paths, sorted, each once.

    Hidden folders, virtual environments and what tools build are left out; a file that is named
    itself is always given.
    """
    seen: set[Path] = set()
    for path in map(Path, paths):
        for file in [path] if path.is_file() else _under(path):
            if file not in seen:
                seen.add(file)
                yield file


def read_text(path: str | Path) -> str:
    """The text of a Python file, in the encoding that it declares; undecodable bytes are marked.

    Raises:
        OSError: if it can't be read.
    """
    data = Path(path).read_bytes()
    lines = iter(data.splitlines(keepends=True))
    try:
        encoding, _ = tokenize.detect_encoding(lambda: next(lines, b""))
    except (SyntaxError, LookupError):
        encoding = "utf-8-sig"
    return data.decode(encoding, errors="replace")


def module_name(path: str | Path, root: str | Path | None = None) -> str:
    """The dotted name of a file: from the topmost folder above it that is a package.

    With a `root`, folders without `__init__.py` between it and the file count as packages too.
    """
    path = Path(path)
    parts = [] if path.stem == "__init__" else [path.stem]
    folder = path.parent
    if root is not None:
        try:
            return ".".join([*folder.relative_to(root).parts, *parts])
        except ValueError:
            pass
    while (folder / "__init__.py").is_file() and folder.name:
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts)


def _under(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if _entered(folder, name))
        for name in sorted(files):
            if name.endswith(".py") and not name.startswith("."):
                yield Path(folder, name)


def _entered(folder: str, name: str) -> bool:
    return (
        not name.startswith(".")
        and name not in _SKIPPED
        and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
    )
