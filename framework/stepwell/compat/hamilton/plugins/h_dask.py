"""Items of a fan-out on a Dask cluster."""

from __future__ import annotations

from typing import Any

from stepwell import executors


class DaskExecutor(executors.DaskExecutor):
    """Does the items of a `Parallelizable` as Dask's tasks.

    Args:
        client: a client of `distributed`.
    """

    def __init__(self, *, client: Any) -> None:
        super().__init__(client)
