"""Makes steps slow, to see what a slow pipeline looks like."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from time import sleep as block
from typing import Any

from stepwell.lifecycle.api import NodeExecutionMethod
from stepwell.lifecycle.filters import NodeFilter, Tags, selects


class SlowDown(NodeExecutionMethod):
    """Makes each step take longer, by a time drawn anew; an async step blocks nobody meanwhile.

    Args:
        mean: the mean of the added time in seconds.
        std: its standard deviation.
        seed: makes the times the same again.
        node_filter: the nodes to slow down: a name, several, or a function of name and tags.
        sleep: what passes the time of a plain step.
        async_sleep: what passes the time of an async step; `asyncio.sleep` unless told otherwise.
    """

    def __init__(
        self,
        mean: float = 0.1,
        std: float = 0.0,
        *,
        seed: int | None = None,
        node_filter: NodeFilter = None,
        sleep: Callable[[float], object] = block,
        async_sleep: Callable[[float], Awaitable[object]] | None = None,
    ) -> None:
        self.mean, self.std, self.node_filter = mean, std, node_filter
        self.sleep, self.async_sleep = sleep, async_sleep
        self._random = Random(seed)

    def wants_node(self, *, node_name: str, node_tags: Tags) -> bool:
        return selects(self.node_filter, node_name, node_tags)

    def run_to_execute_node(
        self, *, node_callable: Callable[..., Any], node_kwargs: dict[str, Any], **_: Any
    ) -> Any:
        seconds = max(0.0, self._random.normalvariate(self.mean, self.std))
        # Only what the call returns tells whether the step is async; that of an async step has
        # not begun then.
        result = node_callable(**node_kwargs)
        if hasattr(result, "__await__"):
            return self._later(result, seconds)
        self.sleep(seconds)
        return result

    async def _later(self, result: Awaitable[Any], seconds: float) -> Any:
        from asyncio import sleep

        await (self.async_sleep or sleep)(seconds)
        return await result
