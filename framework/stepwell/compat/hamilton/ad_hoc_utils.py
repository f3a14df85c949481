"""Modules made of functions or of text."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable
from itertools import count
from types import ModuleType
from typing import Any

from stepwell.testing import module_of

_numbers = count(1)


def create_temporary_module(
    *functions: Callable[..., Any], module_name: str | None = None
) -> ModuleType:
    """A module of copies of these functions, which is in `sys.modules` too.

    Raises:
        ValueError: if there is a module of that name, or a function's name is private or there
            twice.
    """
    name = _name(module_name)
    if name in sys.modules:
        raise ValueError(f"there is a module `{name}` already; give another `module_name`")
    names = [function.__name__ for function in functions]
    for each in names:
        if each.startswith("_"):
            raise ValueError(f"`{each}` is private, and so makes no node; rename it")
        if names.count(each) > 1:
            raise ValueError(f"two functions are called `{each}`")
    module = module_of(*functions, name=name)
    sys.modules[name] = module
    return module


def module_from_source(source: str, module_name: str | None = None) -> ModuleType:
    """A module of that text, which is in `sys.modules` too, and whose lines tracebacks show."""
    name = _name(module_name)
    module = ModuleType(name)
    sys.modules[name] = module
    # Their text is found by this name, as `inspect` and tracebacks look for it.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), vars(module))
    return module


def create_module(source: str, module_name: str | None = None, verbosity: int = 0) -> ModuleType:
    """As `module_from_source`."""
    return module_from_source(source, module_name)


def _name(given: str | None) -> str:
    return given or f"temporary_module_{next(_numbers)}"
