"""Results as text: for a person, or as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from stepwell.errors import StepwellError


def readable(results: Mapping[str, Any], *, color: bool = False) -> str:
    """One result alone as it is; several under their names."""
    if len(results) == 1:
        return _lines(next(iter(results.values())))
    heading = "\x1b[1m{}\x1b[0m" if color else "{}"
    return "\n".join(f"{heading.format(name)}\n{_lines(value)}" for name, value in results.items())


def as_json(results: Any) -> str:
    """A JSON text; what JSON has no word for becomes the nearest that it has.

    Raises:
        StepwellError: if there is none: a key that is no text, a list that holds itself.

    >>> print(as_json({"found": {1}}), end="")
    {
      "found": [
        1
      ]
    }
    """
    try:
        return json.dumps(results, indent=2, ensure_ascii=False, default=_nearest) + "\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise StepwellError(f"the results can't be written as JSON: {error}") from None


def _lines(value: Any) -> str:
    if isinstance(value, str):
        return value if value.endswith("\n") else f"{value}\n"
    if type(value).__module__.partition(".")[0] in ("pandas", "polars", "numpy"):
        return f"{value}\n"
    from pprint import pformat

    return f"{pformat(value, width=100, sort_dicts=False)}\n"


def _nearest(value: Any) -> Any:
    """What stands for a value that JSON does not know."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    for method in ("model_dump", "to_dicts", "to_dict", "tolist", "isoformat"):
        if callable(convert := getattr(value, method, None)):
            return convert()
    return str(value)
