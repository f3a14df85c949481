"""The Python files of a git revision, laid out in a folder of their own for as long as needed."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from stepwell.cli.failure import UsageError

WANTED = ("*.py", "*pyproject.toml")
"""What is read of a revision, as git's patterns."""


def root_of(path: Path) -> Path:
    """The top folder of the git checkout that a path is in.

    Raises:
        UsageError: if it is in none, or there is no git.
    """
    folder = path if path.is_dir() else path.parent
    said = _git(folder, "rev-parse", "--show-toplevel")
    if said is None:
        raise UsageError(f"`{path}` is in no git checkout, so there is nothing to compare it with")
    return Path(said.decode().strip())


@contextmanager
def laid_out(root: Path, revision: str) -> Iterator[Path]:
    """A folder with the Python files and `pyproject.toml` files of a revision, as they were.

    Raises:
        UsageError: if there is no such revision.
    """
    commit = _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if commit is None:
        raise UsageError(f"there is no revision `{revision}` in `{root}`; `git log` lists them")
    name = commit.decode().strip()
    with TemporaryDirectory(prefix="stepwell-") as folder:
        for pattern in WANTED:
            packed = _git(root, "archive", "--format=tar", name, "--", pattern)
            if packed is not None:  # else no file is called so
                with tarfile.open(fileobj=BytesIO(packed)) as files:
                    files.extractall(folder, filter="data")
        yield Path(folder).resolve()


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git says; nothing where it fails."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True)
    except FileNotFoundError:
        raise UsageError("this needs `git` on the PATH") from None
    return done.stdout if done.returncode == 0 else None
