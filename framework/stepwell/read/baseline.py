"""A baseline: findings that a project has accepted, kept in a file, so that only new ones count."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from stepwell.diagnostic import Diagnostic
from stepwell.errors import StepwellError

_VERSION = 1

Key = tuple[str, str, str]
"""File, code and message; no line, so that a finding that moves is still the same."""


class BaselineError(StepwellError):
    """A baseline can't be read or written, or is none."""


def write(path: Path, found: Iterable[Diagnostic]) -> int:
    """Writes the findings down, a line for each kind, and says how many there are.

    Raises:
        BaselineError: if the file can't be written.
    """
    counted = Counter(_key(one, path) for one in found)
    rows = [
        json.dumps({"file": file, "code": code, "message": message, "count": count})
        for (file, code, message), count in sorted(counted.items())
    ]
    listed = ",\n    ".join(rows)
    inside = f"\n    {listed}\n  " if rows else ""
    text = f'{{\n  "version": {_VERSION},\n  "findings": [{inside}]\n}}\n'
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BaselineError(f"`{path}` can't be written: {error.strerror}") from None
    return counted.total()


def unaccepted(path: Path, found: Iterable[Diagnostic]) -> tuple[list[Diagnostic], int]:
    """The findings that are not in the baseline, and how many of the baseline are gone.

    Raises:
        BaselineError: if the file is no baseline.
    """
    left = read(path)
    return new(path, left, found), left.total()


def new(path: Path, left: Counter[Key], found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings that are not in `left`, what a baseline holds, from which the others are taken.

    Args:
        path: the baseline's file, from whose folder paths are meant.
        left: what it holds; as often as a finding is accepted.
        found: findings.
    """
    unknown = []
    for one in found:
        key = _key(one, path)
        if left[key]:
            left[key] -= 1
        else:
            unknown.append(one)
    return unknown


def read(path: Path) -> Counter[Key]:
    """What a baseline holds.

    Raises:
        BaselineError: if it can't be read, or is none.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        if given["version"] != _VERSION:
            raise BaselineError(f"`{path}` was written by another version; write it anew")
        return Counter(
            {
                (str(row["file"]), str(row["code"]), str(row["message"])): int(row["count"])
                for row in given["findings"]
            }
        )
    except FileNotFoundError:
        raise BaselineError(f"there is no baseline `{path}`; --write-baseline makes one") from None
    except OSError as error:
        raise BaselineError(f"`{path}` can't be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BaselineError(f"`{path}` is no baseline; --write-baseline makes one") from None


def _key(one: Diagnostic, baseline: Path) -> Key:
    """By the path from the baseline's own folder, so that it holds wherever one stands."""
    file = ""
    if one.span:
        folder = baseline.resolve().parent
        file = os.path.relpath(Path(one.span.file).resolve(), folder).replace(os.sep, "/")
    # Messages tell of other places by their lines, and those move.
    return file, one.code, re.sub(r"(?<=\.py):\d+(?::\d+)?", "", one.message)
