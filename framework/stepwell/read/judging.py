"""What a type checker is asked about pipelines, put where it can read it; no process starts here.

Who asks starts the command as it likes (and ends it when it likes), and hands back what it said.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from stepwell.errors import StepwellError
from stepwell.read.caches import cache_folder
from stepwell.read.checkers import CHECKERS, Checker, Place, misfits
from stepwell.read.virtual import Said, Virtual

SECONDS = 600
"""How long a checker may take."""

AUTO = ""
"""In place of a checker's name: the one that the project configures, or the first there is."""


class CheckerError(StepwellError):
    """A type checker is not installed, or did not do its work; the message says which and why."""


class Judge(NamedTuple):
    """A type checker that is installed, and the environment that the code is written for."""

    checker: Checker
    command: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Question:
    """A command to run, and how its answer is read.

    Args:
        judge: who is asked.
        command: the words of the command.
        environment: all of its environment.
        file: the text that it is about.
    """

    judge: Judge
    command: Sequence[str]
    environment: Mapping[str, str]
    file: str

    def answer(self, code: int, out: str, err: str) -> tuple[list[Said], list[str]]:
        """What is said of lines, and the modules that could not be found.

        Raises:
            CheckerError: if the exit code means that the checker failed.
        """
        if code not in (0, 1):
            words = (err or out).strip().splitlines()[-1:] or ["no reason given"]
            raise CheckerError(f"{self.judge.checker.name} failed ({code}): {words[0]}")
        return misfits(self.judge.checker, out, self.file)


def judge(name: str, paths: Sequence[Path]) -> Judge:
    """The checker of that name (`AUTO`: the project's own, or the first that is installed).

    Args:
        name: a name out of `CHECKERS`.
        paths: what is checked.

    Raises:
        CheckerError: if it is not installed.
    """
    prefix = _environment(paths)
    wanted = [each for each in CHECKERS if not name or each.name == name]
    wanted.sort(key=lambda each: not _configured(each, paths))
    for checker in wanted:
        if found := _command(checker.name, prefix):
            return Judge(checker, found, prefix)
    if name:
        raise CheckerError(f"{name} is not installed; run: pip install {name}")
    raise CheckerError("no type checker is installed; run: pip install ty")


@contextmanager
def question(judge: Judge, virtual: Virtual) -> Iterator[Question]:
    """The calls of these pipelines in a folder of their own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="stepwell-types-") as folder:
        file = os.path.join(folder, "stepwell_edges_.py")
        Path(file).write_text(virtual.text, encoding="utf-8")
        python, cache = _python(judge.prefix), str(cache_folder())
        place = Place(folder, file, virtual.roots, python, judge.prefix, cache)
        asked = judge.checker.ask(place)
        for name, text in asked.files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        environment = {**os.environ, **asked.environment}
        yield Question(judge, (judge.command, *asked.command), environment, file)


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


def _command(name: str, prefix: str) -> str | None:
    """The command beside our interpreter, or else the project's, or else on the path."""
    beside = (Path(sys.executable).parent, Path(prefix, "bin"), Path(prefix, "Scripts"))
    found = (shutil.which(name, path=str(folder)) for folder in beside)
    return next(filter(None, found), None) or shutil.which(name)


def _configured(checker: Checker, paths: Iterable[Path]) -> bool:
    """Whether the project says something to this checker."""
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
