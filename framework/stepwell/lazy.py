"""Names of a package that are imported when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def exports(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package whose names live in other modules (PEP 562).

    No name may be that of a submodule of the package: once the submodule is imported, it is what
    the name gives.

    Args:
        package: the package's own name.
        homes: for each module, relative or absolute, the names that it holds, with spaces between.
    """
    home_of = {name: home for home, names in homes.items() for name in names.split()}

    def get(name: str) -> Any:
        home = home_of.get(name)
        if home is None:
            raise AttributeError(f"module `{package}` has no attribute `{name}`")
        import sys
        from importlib import import_module

        found = getattr(import_module(home, package), name)
        setattr(sys.modules[package], name, found)
        return found

    def names() -> list[str]:
        import sys

        return sorted({*vars(sys.modules[package]), *home_of})

    return get, names
