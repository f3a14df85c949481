"""The runs that were made, in one SQLite file: written by adapters, read by tools and editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.lazy import exports

if TYPE_CHECKING:
    from stepwell.errors import StoreError as StoreError
    from stepwell.store.past import PastRun as PastRun
    from stepwell.store.past import PastStep as PastStep
    from stepwell.store.place import store_path as store_path
    from stepwell.store.reading import Runs as Runs
    from stepwell.store.recording import RunStore as RunStore

__all__ = ["PastRun", "PastStep", "RunStore", "Runs", "StoreError", "store_path"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "stepwell.errors": "StoreError",
        ".past": "PastRun PastStep",
        ".place": "store_path",
        ".reading": "Runs",
        ".recording": "RunStore",
    },
)
