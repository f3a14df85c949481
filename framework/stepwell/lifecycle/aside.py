"""A plain step in a thread of its own, so that who waits for it can stop waiting.

A thread can't be ended. `Aside.leave` ends what can be (waits, requests of `metered` clients); what
goes on all the same is left behind in a daemon thread, and is told where it was last.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import copy_context
from threading import Event, Thread
from time import monotonic
from typing import Any

from stepwell.lifecycle.current import stopping
from stepwell.lifecycle.stop import Stop

GRACE = 0.25
"""So long, in seconds, a step whose requests were ended has to come to an end itself."""


class Aside:
    """A call under way in a thread of its own, in a copy of this context.

    Args:
        call: what to call.
        node: the step's node.
        over: is called in the thread when it is over.
    """

    def __init__(
        self, call: Callable[[], Any], node: str, over: Callable[[], object] | None = None
    ) -> None:
        self._call, self._node, self._told = call, node, over
        self._left: float | None = None
        self._over = Event()
        self._stop = Stop(stopping.get())
        self._result: Any = None
        self.error: BaseException | None = None
        """What it raised, once it is over."""
        context = copy_context()
        context.run(stopping.set, self._stop)
        self._thread = Thread(target=context.run, args=(self._work,), name=f"stepwell {node}")
        self._thread.daemon = True  # one that can't be ended keeps no process alive
        self._thread.start()

    def is_over(self) -> bool:
        """Whether it has returned or raised."""
        return self._over.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until it is over, or so long; whether it is over.

        Raises:
            BaseException: what interrupts the wait, as Ctrl-C does; what can be ended is, then.
        """
        try:
            over = self._over.wait(seconds)
        except BaseException:
            self._stop.cut()
            raise
        if over:
            self._thread.join()  # it has nothing more to do
        return over

    def leave(self) -> str:
        """Ends what can be ended. If it goes on all the same, where it is now: file and line."""
        self._stop.cut()
        if self.wait(GRACE):
            return ""
        self._left = monotonic()
        frame = sys._current_frames().get(self._thread.ident or 0)
        return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "its end"

    def result(self) -> Any:
        """What it returned.

        Raises:
            BaseException: what it raised.
        """
        try:
            if self.error is not None:
                raise self.error
            return self._result
        finally:
            self.error = self._result = None

    def _work(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:
            self.error = error
        finally:
            self._over.set()
            if self._told is not None:
                self._told()
            if self._left is not None:
                self._tell_late(monotonic() - self._left)

    def _tell_late(self, seconds: float) -> None:
        from logging import getLogger

        error = self.error and (self.error.__cause__ or self.error)  # what a limit made of it
        ended = "returned" if error is None else f"failed with {type(error).__name__}"
        getLogger("stepwell").warning(
            "`%s` %s %.1f s after nobody waited for it any more; its result is dropped",
            self._node,
            ended,
            seconds,
        )
        self.error = self._result = None
