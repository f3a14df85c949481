"""The worker threads of a driver."""

from __future__ import annotations

from _thread import allocate_lock
from typing import TYPE_CHECKING

from stepwell.lifecycle.current import threads_above

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


class Pools:
    """Worker threads, which start when they are needed: `pools()`.

    A run within a step that a worker thread does gets others: where all threads waited for runs of
    their own steps, none would be left to do those.

    Args:
        size: how many threads there are at most for one such depth.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._pools: dict[int, ThreadPoolExecutor] = {}
        self._lock = allocate_lock()

    def __call__(self) -> ThreadPoolExecutor:
        depth = threads_above.get()
        pool = self._pools.get(depth)
        if pool is None:
            from concurrent.futures import ThreadPoolExecutor

            with self._lock:
                pool = self._pools.get(depth)
                if pool is None:
                    name = f"stepwell-{depth}" if depth else "stepwell"
                    pool = ThreadPoolExecutor(self._size, thread_name_prefix=name)
                    self._pools[depth] = pool
        return pool
