"""Texts to ask about: the files of a folder, and Python's own documentation, which is always there.

Reads and never runs: the standard library's docstrings are taken from its source text.
"""

from __future__ import annotations

import ast
import sys
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from stepwell.errors import StepwellError, require

TEXTS = frozenset({".md", ".markdown", ".txt", ".rst", ".text"})
READABLE = TEXTS | {".pdf"}
SKIPPED = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})

# Programs, tests and toys of the standard library: nobody asks for their functions.
PROGRAMS = frozenset(
    {"antigravity", "distutils", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "this"}
    | {"turtledemo"}
)
SHORTEST_DOCSTRING = 100


@dataclass(frozen=True, slots=True)
class Document:
    """A text, what it is called, and where it comes from.

    Args:
        source: a path, or a dotted name such as `json.loads`.
        title: what a reader would call it.
        text: all of it.
    """

    source: str
    title: str
    text: str


def files_in(folder: str | Path) -> list[Path]:
    """The files below a folder that can be read: Markdown, text, reST and PDF; or the one file.

    Raises:
        StepwellError: if the folder does not exist or holds no such file.
    """
    root = Path(folder)
    if root.is_file() and root.suffix.lower() in READABLE:
        return [root]
    if not root.is_dir():
        raise StepwellError(f"`{root}` is no folder of documents, nor a {_kinds()} file")
    found = sorted(
        file
        for file in root.rglob("*")
        if file.suffix.lower() in READABLE and file.is_file() and not _skipped(file, root)
    )
    if not found:
        raise StepwellError(f"`{root}` holds no {_kinds()} file")
    return found


def read_files(files: Iterable[Path]) -> Iterator[Document]:
    """A document for each file. One that can't be read is left out, with a warning.

    Raises:
        MissingExtra: at a PDF, if `pypdf` is not installed.
        StepwellError: in the end, if none of the files holds any text.
    """
    empty: list[str] = []
    some = False
    for file in files:
        text = _pdf(file) if file.suffix.lower() == ".pdf" else file.read_text("utf-8", "replace")
        if text.strip():
            some = True
            yield Document(str(file), _title(text) or file.stem, text)
        else:
            empty.append(f"`{file}`")
    if empty and not some:
        more = f" and {len(empty) - 3} more" if len(empty) > 3 else ""
        raise StepwellError(f"there is no text in {', '.join(empty[:3])}{more}; a scan has none")


def python_docs() -> Iterator[Document]:
    """The language reference and the docstrings of the standard library of this very Python."""
    from pydoc_data.topics import topics

    # Shorter chapters first: the long ones repeat them, and the name of the short one says more.
    for name, text in sorted(topics.items(), key=lambda topic: len(topic[1])):
        yield Document(f"reference/{name}", _title(text) or name, text)
    yield from _builtins()
    yield from _standard_library()


def corpus_digest(files: Iterable[Path] | None = None, *parts: object) -> str:
    """Changes when the files do (their paths, sizes or times), or any of `parts`.

    Without files it stands for `python_docs`, which changes with the Python alone.
    """
    seen = blake2b(digest_size=16)
    if files is None:
        seen.update(sys.version.encode())
    for file in files or ():
        status = file.stat()
        seen.update(f"{file.resolve()}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    seen.update(repr(parts).encode())
    return seen.hexdigest()


def _kinds() -> str:
    return ", ".join(sorted(suffix.lstrip(".") for suffix in READABLE))


def _skipped(file: Path, root: Path) -> bool:
    folders = file.relative_to(root).parts[:-1]
    return any(folder in SKIPPED or folder.startswith(".") for folder in folders)


def _title(text: str) -> str:
    """The first line, if it reads like a heading."""
    first = text.lstrip().partition("\n")[0].strip().lstrip("#").strip()
    return first if 0 < len(first) <= 80 else ""


def _pdf(file: Path) -> str:
    pypdf = require("pypdf", extra="pdf", what=f"reading `{file.name}`")
    try:
        return "\n\n".join(page.extract_text() for page in pypdf.PdfReader(file).pages)
    except (pypdf.errors.PyPdfError, ValueError, OSError) as error:
        warnings.warn(f"`{file}` is left out: {error}", stacklevel=3)
        return ""


def _builtins() -> Iterator[Document]:
    """Functions and methods that are written in C, whose text is no source file."""
    import builtins
    import inspect

    for name, value in sorted(vars(builtins).items()):
        if name.startswith("_") or (isinstance(value, type) and issubclass(value, BaseException)):
            continue
        members = vars(value).items() if isinstance(value, type) else ()
        methods = sorted((f"{name}.{m}", v) for m, v in members if not m.startswith("_"))
        for source, function in [(name, value), *methods]:
            text = inspect.getdoc(function) if callable(function) else None
            if text:
                yield Document(source, source, text)


def _standard_library() -> Iterator[Document]:
    root = Path(sysconfig.get_path("stdlib"))
    for name in sorted(sys.stdlib_module_names - PROGRAMS):
        if name.startswith("_"):
            continue
        package = root / name
        files = sorted(package.rglob("*.py")) if package.is_dir() else [root / f"{name}.py"]
        for file in files:
            path = file.relative_to(root).with_suffix("").parts
            parts = path[:-1] if path[-1] == "__init__" else path
            if file.is_file() and not any(p.startswith("_") or p in PROGRAMS for p in parts):
                yield from _docstrings(file, ".".join(parts))


def _docstrings(file: Path, module: str) -> Iterator[Document]:
    """The docstrings of a module, its public classes, functions and methods."""
    try:
        tree = ast.parse(file.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return
    waiting: list[tuple[str, ast.Module | ast.ClassDef | ast.FunctionDef]] = [(module, tree)]
    while waiting:
        name, node = waiting.pop(0)
        text = ast.get_docstring(node) or ""
        if len(text) >= SHORTEST_DOCSTRING:
            yield Document(name, name, f"{_signature(name, node)}{text}")
        if not isinstance(node, ast.FunctionDef):
            waiting += [
                (f"{name}.{child.name}", child)
                for child in node.body
                if isinstance(child, (ast.ClassDef, ast.FunctionDef))
                and not child.name.startswith("_")
            ]


def _signature(name: str, node: ast.AST) -> str:
    if not isinstance(node, ast.FunctionDef):
        return ""
    return f"{name}({ast.unparse(node.args)})\n\n"
