"""What the commands read from text: files into modules, modules into pipelines. Imports nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from stepwell.cli.failure import UsageError
from stepwell.cli.memory import Memory
from stepwell.diagnostic import Diagnostic
from stepwell.errors import did_you_mean
from stepwell.graph import Graph
from stepwell.read import files
from stepwell.read.connected import connected
from stepwell.read.findings import merged, unreadable
from stepwell.read.pipelines import Declared, Finder, Pipeline, declared, pipelines
from stepwell.read.pipelines import graph as graph_of
from stepwell.read.source import Module

JUDGED = ("SW201",)
"""What a type checker finds more of than the rules do."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What `checked` found, and in how much."""

    diagnostics: tuple[Diagnostic, ...]
    files: int
    pipelines: int
    notes: tuple[str, ...] = ()


class Judge(Protocol):
    """What more is asked of pipelines than the rules: a type checker."""

    def __call__(
        self, found: Sequence[Pipeline]
    ) -> tuple[list[tuple[Pipeline, list[Diagnostic]]], list[str]]:
        """What is found in each pipeline, and what people should know of how it was looked for."""
        raise NotImplementedError


def checked(
    paths: Sequence[Path], *, memory: Memory | None = None, judge: Judge | None = None
) -> Checked:
    """What the rules say of every pipeline under these paths, each finding once.

    Args:
        paths: files and folders.
        memory: what was read of them before.
        judge: what else is asked of every pipeline.

    Raises:
        UsageError: if a file can't be read.
    """
    from stepwell.rules import check, kept

    everything = list(files.python_files(paths))
    memory = memory or Memory()
    found = pipelines_under(paths, everything, memory=memory)
    named = {str(path) for path in paths if path.is_file()}
    meant = [_meant(pipeline, named) for pipeline in found]
    said = [(pipeline, check(pipeline.graph)) for pipeline in meant]
    more, notes = judge(meant) if judge else ([], [])
    known = {(one.code, one.span) for _, ones in said for one in ones}
    more = [
        (each, [one for one in ones if (one.code, one.span) not in known]) for each, ones in more
    ]
    diagnostics = merged([*said, *more])
    marked = {module.file for pipeline in found for module in pipeline.modules}
    marked |= {one.span.file for one in diagnostics if one.span}
    texts = {file: memory.text(file) or _text(file) for file in marked}
    unsure = [code for code in JUDGED if judge is None]
    left = kept(diagnostics, texts, broken=unreadable(found), unsure=unsure)
    return Checked(tuple(left), len(everything), len(found), tuple(notes))


def graph(written: Sequence[str], config: Mapping[str, Any] | None = None) -> Graph:
    """The graph of modules by what is written on a command line, or of the one pipeline there.

    A folder, or a file that builds a driver and has no steps itself, stands for its pipeline.

    Raises:
        UsageError: if there is no such module, or there are several pipelines to choose from.
    """
    paths = [_path(name) for name in written]
    if len(paths) == 1 and paths[0].is_dir():
        return _only(pipelines_under(paths), paths[0])
    modules = _modules(paths)
    if len(modules) == 1 and modules[0].sites and not modules[0].nodes:
        near = pipelines_under([paths[0].parent])
        return _only([p for p in near if p.span and p.span.file == str(paths[0])], paths[0])
    return graph_of(modules, config=config, others=Finder(modules))


def pipelines_under(
    paths: Sequence[Path],
    everything: Sequence[Path] | None = None,
    *,
    memory: Memory | None = None,
) -> list[Pipeline]:
    """Every pipeline of the files under these paths.

    A file that is named itself is a pipeline of its own, if it is part of no other.

    Args:
        paths: files and folders.
        everything: the Python files under them, where they have been looked for already.
        memory: what was read of them before.
    """
    if everything is None:
        everything = list(files.python_files(paths))
    named = {str(path) for path in paths if path.is_file()}
    given = _declarations(paths, everything)
    modules = _workspace(everything, named, given, memory or Memory())
    found = [pipeline for pipeline in pipelines(modules, given) if pipeline.modules]
    taken = {module.file for pipeline in found for module in pipeline.modules}
    alone = [module for module in modules if module.file in named - taken]
    return found + [
        Pipeline(module.name, (module,), graph_of([module]))
        for module in alone
        if module.nodes or module.problems
    ]


def _workspace(
    everything: Sequence[Path],
    named: Collection[str],
    given: Sequence[Declared],
    memory: Memory,
) -> list[Module]:
    """The facts of the files that can matter to a pipeline, of many."""
    first = [str(path) for path in everything if str(path) in named or b"stepwell" in _bytes(path)]
    return memory.again(connected(map(str, everything), memory.parsed, first=first, declared=given))


def _modules(paths: Iterable[Path]) -> list[Module]:
    """The facts of these files."""
    memory = Memory()
    return memory.again([memory.parsed(str(path)) for path in paths])


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _declarations(paths: Iterable[Path], everything: Iterable[Path]) -> list[Declared]:
    """What the `pyproject.toml` files beside and above say; one that is no TOML says nothing."""
    import tomllib

    folders: dict[Path, None] = {}
    for start in [*paths, *(file.parent for file in everything)]:
        for folder in (start.resolve(), *start.resolve().parents):
            if folder in folders:
                break
            folders[folder] = None
    found: list[Declared] = []
    for folder in folders:
        file = folder / "pyproject.toml"
        try:
            text = file.read_text(encoding="utf-8")
            table = tomllib.loads(text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
        found += declared(table, str(folder), text)
    return found


def _meant(pipeline: Pipeline, named: Collection[str]) -> Pipeline:
    """A module alone whose file is named itself is meant as a pipeline."""
    if pipeline.alone and pipeline.modules[0].file in named:
        return replace(pipeline, alone=False)
    return pipeline


def _text(file: str) -> str:
    try:
        return files.read_text(file)
    except OSError:
        return ""


def _only(found: Sequence[Pipeline], where: Path) -> Graph:
    if len(found) == 1:
        return found[0].graph
    if not found:
        raise UsageError(
            f"no pipeline is known under `{where}`: name its modules, or declare it as "
            "[tool.stepwell.pipelines.NAME] in pyproject.toml"
        )
    names = ", ".join(f"`{pipeline.name}`" for pipeline in found)
    raise UsageError(f"there are {len(found)} pipelines under `{where}`: {names}; name the modules")


def _path(written: str) -> Path:
    """The file of what is written: a path, or a dotted name found without importing anything."""
    path = Path(written)
    if path.exists():
        return path
    if written.endswith(".py") or "/" in written or "\\" in written:
        folder = path.parent if path.parent.is_dir() else Path()
        near = did_you_mean(path.name, (p.name for p in folder.glob("*.py")))
        raise UsageError(f"`{path}` is no file{near}")
    return _dotted(written)


def _dotted(name: str) -> Path:
    """The file of a dotted name, on this folder and the path that Python would search."""
    import sys

    for root in (Path(), *map(Path, sys.path)):
        base = root.joinpath(*name.split("."))
        for file in (base.with_name(f"{base.name}.py"), base / "__init__.py"):
            if file.is_file():
                return file
    near = did_you_mean(name, (p.stem for p in Path().glob("*.py")))
    raise UsageError(f"there is no module `{name}` here or on sys.path{near}")
