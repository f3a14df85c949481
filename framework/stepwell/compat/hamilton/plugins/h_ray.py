"""Items of a fan-out on a Ray cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.executors import RayExecutor


class RayTaskExecutor(RayExecutor):
    """Does the items of a `Parallelizable` as Ray's tasks.

    Args:
        num_cpus: how many at the same time.
        ray_init_config: not used; the cluster is the one that Ray is connected to, or one here.
        skip_init: not used.
    """

    def __init__(
        self,
        num_cpus: int | None = None,
        ray_init_config: Mapping[str, Any] | None = None,
        skip_init: bool = False,
    ) -> None:
        super().__init__(num_cpus)
