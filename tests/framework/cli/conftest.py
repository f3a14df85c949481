"""What the commands' tests share: a folder of modules, and the program run in it."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stepwell.cli import main

FLOW = '''\
"""A pipeline."""

from stepwell.modifiers import config


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


def count(words: list[str], least: int = 1) -> int:
    return sum(len(word) >= least for word in words)


def share(count: int, total: int) -> float:
    return count / total


@config.when(style="loud")
def shown__loud(text: str) -> str:
    return text.upper()


@config.default
def shown__plain(text: str) -> str:
    return text
'''

WRONG = """\
def title(document: str) -> str:
    return document


def report(titel: str) -> str:
    return titel


def a(b: int) -> int:
    return b


def b(a: int) -> int:
    return a
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The current folder, with a few modules; what is imported of it is forgotten again."""
    (tmp_path / "flow_c.py").write_text(FLOW, encoding="utf-8")
    (tmp_path / "wrong_c.py").write_text(WRONG, encoding="utf-8")
    paths, before, here = list(sys.path), set(sys.modules), Path.cwd()
    kept = os.environ.get("STEPWELL_CACHE_DIR")
    os.environ["STEPWELL_CACHE_DIR"] = str(tmp_path / ".cache")
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(here)
    del os.environ["STEPWELL_CACHE_DIR"]
    if kept is not None:
        os.environ["STEPWELL_CACHE_DIR"] = kept
    sys.path[:] = paths
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def stepwell(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `stepwell` with these arguments: its exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as left:
            code = int(left.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run
