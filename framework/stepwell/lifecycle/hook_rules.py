"""What hooks may do: how long one takes, and what it means when an observer's fails."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple


class HookRules(NamedTuple):
    """What a driver's hooks may do.

    Args:
        strict: what an observer's hook raises fails the run too, once the node's result is kept by
            those that keep it.
        seconds: no hook takes longer. A plain one is called in a thread of its own for that.
    """

    strict: bool = False
    seconds: float | None = None


NO_RULES = HookRules()


def within(seconds: float, call: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A plain hook that ends after so many seconds, and is not called again once it did not.

    It raises a `TimeoutError` the first time. The thread that it hangs in can't be ended; it keeps
    no process alive.
    """
    given_up = False

    def limited(**words: Any) -> Any:
        nonlocal given_up
        if given_up:
            return None
        from stepwell.lifecycle.aside import Aside

        aside = Aside(partial(call, **words), name)
        if aside.wait(seconds):
            return aside.result()
        given_up = True
        place = aside.leave() or "its end"
        raise TimeoutError(
            f"it took longer than {seconds:g} s and is not called any more; it is at {place}"
        )

    return limited


def within_async(seconds: float, call: Callable[..., Any]) -> Callable[..., Any]:
    """The same for an async hook, which is cancelled."""
    given_up = False

    async def limited(**words: Any) -> Any:
        nonlocal given_up
        if given_up:
            return None
        from asyncio import timeout

        limit = timeout(seconds)
        try:
            async with limit:
                return await call(**words)
        except TimeoutError as error:
            if not limit.expired():
                raise
            given_up = True
            raise TimeoutError(
                f"it took longer than {seconds:g} s and is not called any more"
            ) from error

    return limited
