"""Has the type checker that is installed judge the edges of pipelines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.cli.failure import UsageError
from stepwell.read.caches import cache_folder
from stepwell.read.checkers import CHECKERS, Checker, Place, misfits
from stepwell.read.virtual import Said, Virtual, judged, virtual_modules

if TYPE_CHECKING:
    from stepwell.diagnostic import Diagnostic
    from stepwell.read.pipelines import Pipeline

_SECONDS = 600


class Judge:
    """Asks one type checker about every edge.

    Args:
        name: its name; the project's own, or the first that is installed, where it is empty.
        paths: what is checked.

    Raises:
        UsageError: if it is not installed.
    """

    def __init__(self, name: str, paths: Sequence[Path]) -> None:
        self.checker, self.command = _installed(name, paths)
        self.prefix = _environment(paths)

    def __call__(
        self, found: Sequence[Pipeline]
    ) -> tuple[list[tuple[Pipeline, list[Diagnostic]]], list[str]]:
        """What it says of each pipeline, and what keeps it from saying more."""
        name = self.checker.name
        told: dict[int, tuple[Pipeline, list[Diagnostic]]] = {}
        lost: dict[str, None] = {}
        edges = 0
        for virtual in virtual_modules(found):
            edges += len(
                {(id(e.node), e.param.keyword, e.param.key) for e in virtual.edges.values()}
            )
            said, unfound = self._ask(virtual)
            lost.update(dict.fromkeys(unfound))
            for pipeline, one in judged(virtual, said, name):
                ones = told.setdefault(id(pipeline), (pipeline, []))[1]
                if one not in ones:
                    ones.append(one)
        notes = [f"{name} judged {edges} edge{'s' * (edges != 1)}"]
        if lost:
            listed = ", ".join(f"`{module}`" for module in lost)
            notes.append(f"{name} can't find {listed}; what has to do with them is not judged")
        return [*told.values()], notes

    def _ask(self, virtual: Virtual) -> tuple[list[Said], list[str]]:
        with tempfile.TemporaryDirectory(prefix="stepwell-types-") as folder:
            file = os.path.join(folder, "stepwell_edges_.py")
            Path(file).write_text(virtual.text, encoding="utf-8")
            cache = str(cache_folder())
            python = _python(self.prefix)
            place = Place(folder, file, virtual.roots, python, self.prefix, cache)
            asked = self.checker.ask(place)
            for name, text in asked.files.items():
                Path(folder, name).write_text(text, encoding="utf-8")
            try:
                ran = subprocess.run(
                    [self.command, *asked.command],
                    env={**os.environ, **asked.environment},
                    capture_output=True,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    timeout=_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise UsageError(f"{self.checker.name} took more than {_SECONDS} s") from None
            except OSError as error:
                raise UsageError(f"`{self.command}` can't be run: {error.strerror}") from None
        if ran.returncode not in (0, 1):
            words = (ran.stderr or ran.stdout).strip().splitlines()[-1:] or ["no reason given"]
            raise UsageError(f"{self.checker.name} failed ({ran.returncode}): {words[0]}")
        return misfits(self.checker, ran.stdout, file)


def _environment(paths: Iterable[Path]) -> str:
    """The environment whose packages the code is written for."""
    for path in paths:
        start = path.resolve()
        for folder in (start, *start.parents):
            if (folder / ".venv" / "pyvenv.cfg").is_file():
                return str(folder / ".venv")
    return os.environ.get("VIRTUAL_ENV") or sys.prefix


def _python(prefix: str) -> str:
    """The interpreter of an environment."""
    for inside in ("bin/python", "Scripts/python.exe"):
        if (found := Path(prefix, inside)).exists():
            return str(found)
    return sys.executable


def _installed(name: str, paths: Iterable[Path]) -> tuple[Checker, str]:
    """The checker of that name, or the first that the project configures or that is there."""
    wanted = [each for each in CHECKERS if not name or each.name == name]
    wanted.sort(key=lambda each: not _configured(each, paths))
    for checker in wanted:
        found = _command(checker.name)
        if found:
            return checker, found
    if name:
        raise UsageError(f"{name} is not installed; run: pip install {name}")
    raise UsageError("no type checker is installed; run: pip install ty")


def _command(name: str) -> str | None:
    """The command beside the interpreter, or else on the path."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def _configured(checker: Checker, paths: Iterable[Path]) -> bool:
    """Whether the project says something to this checker."""
    import tomllib

    for path in paths:
        start = path.resolve()
        for folder in (start, *start.parents):
            if any((folder / name).is_file() for name in checker.configured):
                return True
            try:
                table = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
                continue
            return checker.name in table.get("tool", {})
    return False
