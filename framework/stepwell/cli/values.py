"""Values written on a command line: `name=value`, JSON where it is JSON, `@file` for a file's."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stepwell.cli.failure import UsageError


class Written(NamedTuple):
    """A value as it was written: what JSON makes of it, and the bare text."""

    value: Any
    text: str | None


def read(pairs: Iterable[str], *, option: str) -> dict[str, Written]:
    """The values by name; a later one of the same name wins.

    `name=@file` is what the file holds (`@-` is stdin), parsed if it is a `.json` one; `@file`
    alone is a JSON object that holds many.

    Raises:
        UsageError: if a pair has no name, or its file can't be read.
    """
    found: dict[str, Written] = {}
    for pair in pairs:
        if pair.startswith("@"):
            found |= _many(pair, option)
            continue
        name, equals, text = pair.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"{option} takes name=value, name=@file or @file.json, not `{pair}`")
        found[name] = _one(text)
    return found


def plain(written: Mapping[str, Written]) -> dict[str, Any]:
    """The values alone."""
    return {name: value.value for name, value in written.items()}


def _one(text: str) -> Written:
    if text.startswith("@"):
        content = _content(text[1:])
        if text.endswith(".json"):
            return Written(_parsed(content, text), None)
        return Written(content, content)
    try:
        return Written(json.loads(text), text)
    except json.JSONDecodeError:
        return Written(text, text)


def _many(written: str, option: str) -> dict[str, Written]:
    values = _parsed(_content(written[1:]), written)
    if not isinstance(values, dict):
        raise UsageError(f"{option} {written}: the file holds no JSON object with values by name")
    return {name: Written(value, None) for name, value in values.items()}


def _parsed(content: str, written: str) -> Any:
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        raise UsageError(f"`{written[1:]}` is not JSON: {error}") from None


def _content(path: str) -> str:
    if path == "-":
        return sys.stdin.read()
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"`{path}` can't be read: {reason}") from None
