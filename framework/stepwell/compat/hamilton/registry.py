"""The loaders and savers that are known by name, and the kinds of frames."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

LOADER_REGISTRY: defaultdict[str, list[Any]] = defaultdict(list)
SAVER_REGISTRY: defaultdict[str, list[Any]] = defaultdict(list)


def register_adapter(adapter: Any) -> None:
    """Makes a loader or saver known by its name; the last that suits a type is taken.

    Raises:
        ValueError: if it neither loads nor saves.
    """
    if not adapter.can_load() and not adapter.can_save():
        raise ValueError(f"`{adapter.__qualname__}` neither loads nor saves")
    if adapter.can_load():
        LOADER_REGISTRY[adapter.name()].append(adapter)
    if adapter.can_save():
        SAVER_REGISTRY[adapter.name()].append(adapter)


def initialize() -> None:
    """Makes the framework's own known; done where they are first asked for."""
    from stepwell.compat.hamilton.io import default_data_loaders

    for adapter in default_data_loaders.DATA_ADAPTERS:
        if adapter not in LOADER_REGISTRY[adapter.name()] + SAVER_REGISTRY[adapter.name()]:
            register_adapter(adapter)


def disable_autoload() -> None:
    """Does nothing: a library is imported when a frame of it is asked for."""


def enable_autoload() -> None:
    """Does nothing: a library is imported when a frame of it is asked for."""


def get_column(df: Any, column_name: str) -> Any:
    """A column of a frame."""
    return df[column_name]


def adapters(name: str, *, saving: bool) -> list[Any]:
    """All that load, or save, by that name, in the order registered.

    Raises:
        AttributeError: if there is none; it tells the nearest name.
    """
    from stepwell.errors import did_you_mean

    initialize()
    registry = SAVER_REGISTRY if saving else LOADER_REGISTRY
    if not registry.get(name):
        known = sorted(each for each, found in registry.items() if found)
        what = "saver" if saving else "loader"
        near = did_you_mean(name, known) or f"; there are {', '.join(known)}"
        raise AttributeError(f"no {what} is called `{name}`{near}")
    return registry[name]
