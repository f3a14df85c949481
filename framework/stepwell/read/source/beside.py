"""Names of packages that look like other frameworks: what they stand for is asked of the package.

No core module imports these packages; the one that a file names is imported then. It is stepwell's
own code, and loads nothing of the user's.
"""

from __future__ import annotations

from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from typing import Any

PREFIX = "stepwell.compat."
MODIFIERS = ".function_modifiers"


@cache
def beside(dotted: str) -> Any:
    """What the dotted name stands for; `None` if there is nothing of that name.

    >>> beside("stepwell.compat.hamilton.htypes.Collect")
    <class 'stepwell.fanout.Collect'>
    """
    home, _, last = dotted.rpartition(".")
    if home + "." == PREFIX:
        return _module(dotted)
    # A function may be called as a module beside it is; then the function is meant.
    owner = _module(home) or beside(home)
    return getattr(owner, last, None) or _module(dotted)


def _module(dotted: str) -> Any:
    try:
        return import_module(dotted)
    except ModuleNotFoundError:
        return None


def modifier(dotted: str) -> Any:
    """The modifier, or what makes an argument of one, of that name; `None` if it is none."""
    if not (dotted.startswith(PREFIX) and (MODIFIERS in dotted or ".plugins." in dotted)):
        return None
    found = beside(dotted)
    home = getattr(found, "__module__", None) or type(found).__module__
    known = MODIFIERS in home or home.startswith("stepwell.modifiers")
    return found if known and (is_dataclass(found) or not isinstance(found, type)) else None


def may_be_modifier(dotted: str) -> bool:
    """Whether a decorator of that name changes what a step makes, though nobody can say how."""
    return dotted.startswith(PREFIX) and MODIFIERS in dotted


def meaning(dotted: str) -> str:
    """The name that a class goes by where it is defined; of all else, the name itself.

    >>> meaning("stepwell.compat.hamilton.htypes.Collect")
    'stepwell.fanout.Collect'
    """
    found = beside(dotted) if dotted.startswith(PREFIX) else None
    home, name = getattr(found, "__module__", ""), getattr(found, "__qualname__", "")
    return f"{home}.{name}" if home and name else dotted


def exported(module: str) -> tuple[str, ...]:
    """What a star import of a module of these packages brings."""
    found = beside(module) if module.startswith(PREFIX) else None
    return tuple(getattr(found, "__all__", ()))
