"""When to analyse: changes are gathered, one thread works, and the newest state wins.

The event loop only hands over changes and takes snapshots; it never waits for an analysis. A
request that needs the newest state awaits `fresh()`; a publication waits until typing rests.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import Awaitable, Callable
from queue import SimpleQueue
from threading import Thread

from stepwell_lsp.snapshot import Snapshot

log = logging.getLogger(__name__)

Change = Callable[[], None]
"""What brings a workspace up to date with one event; runs in the analysing thread."""

REST = 0.1
"""Seconds without a change after which findings are published."""


class Analyst:
    """One thread that keeps a workspace up to date, and the event loop's view of it.

    Every method is called on the event loop.

    Args:
        look: gives the snapshot of the workspace; runs in the analysing thread.
        publish: is called on the loop with every snapshot that typing rested on.
        glimpse: gives, before the first snapshot, what can be told soon, if anything; runs in the
            analysing thread and is published at once.
        rest: the seconds of rest before a publication.
    """

    def __init__(
        self,
        look: Callable[[], Snapshot],
        publish: Callable[[Snapshot], Awaitable[None]],
        *,
        glimpse: Callable[[], Snapshot | None] = lambda: None,
        rest: float = REST,
    ) -> None:
        self.snapshot = Snapshot()
        self.rest = rest
        self.looked = False  # whether there was a first snapshot
        self._glimpse = glimpse
        self._glimpsed: Snapshot | None = None
        self._patient: list[asyncio.Future[Snapshot]] = []
        self._hopeful: list[asyncio.Future[Snapshot]] = []
        self._look = look
        self._publish = publish
        self._changes: list[Change] = []
        self._made = 0  # changes told so far
        self._seen = 0  # changes that the snapshot holds
        self._working = False
        self._frozen = False
        self._waiting: list[tuple[int, asyncio.Future[Snapshot]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        # A daemon: when the client is gone, the process goes, whatever is being analysed.
        Thread(target=self._work, name="analyst", daemon=True).start()

    def change(self, change: Change) -> None:
        """Takes note of a change; it is published when no other has come for a while."""
        self._changes.append(change)
        self._made += 1
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self.rest, self._rested)

    async def fresh(self) -> Snapshot:
        """The snapshot that holds every change told before this call."""
        if self._seen >= self._made:
            return self.snapshot
        future: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._made, future))
        self._start()
        return await future

    async def next(self) -> Snapshot:
        """The next snapshot that typing rests on."""
        future: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
        self._patient.append(future)
        return await future

    async def soon(self) -> Snapshot:
        """The same, or at the first look of all what can be told before it has ended."""
        if self.looked:
            return await self.fresh()
        if self._glimpsed:
            return self._glimpsed
        future: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
        self._hopeful.append(future)
        self._start()
        return await future

    def _rested(self) -> None:
        self._timer = None
        self._task = asyncio.ensure_future(self._publish_rested(self._made))

    async def _publish_rested(self, made: int) -> None:
        snapshot = await self.fresh()
        if made == self._made:
            await self._publish(snapshot)
            patient, self._patient = self._patient, []
            for future in patient:
                if not future.done():
                    future.set_result(snapshot)
            self._jobs.put(self._tidy)

    def _start(self) -> None:
        if self._working or not self._changes:
            return
        self._working = True
        changes, self._changes = self._changes, []
        made, loop, first = self._made, asyncio.get_running_loop(), not self.looked

        def job() -> None:
            for change in changes:
                _survive(change)
            if first and (early := _survive(self._glimpse)) is not None:
                loop.call_soon_threadsafe(self._tell_early, early)
            snapshot = _survive(self._look)
            with contextlib.suppress(RuntimeError):  # the loop is closed: the client is gone
                loop.call_soon_threadsafe(self._done, made, snapshot)

        self._jobs.put(job)

    def _tell_early(self, snapshot: Snapshot) -> None:
        self._glimpsed = snapshot
        self._hope_ends(snapshot)
        self._early = asyncio.ensure_future(self._publish(snapshot))

    def _hope_ends(self, snapshot: Snapshot) -> None:
        hopeful, self._hopeful = self._hopeful, []
        for future in hopeful:
            if not future.done():
                future.set_result(snapshot)

    def _done(self, made: int, snapshot: Snapshot | None) -> None:
        self._working = False
        self._seen = made
        self.looked = True
        self._glimpsed = None
        if snapshot is not None:
            self.snapshot = snapshot
        self._hope_ends(self.snapshot)
        waiting, self._waiting = self._waiting, []
        for wanted, future in waiting:
            if wanted > made:
                self._waiting.append((wanted, future))
            elif not future.done():
                future.set_result(self.snapshot)
        if self._waiting:
            self._start()

    def _tidy(self) -> None:
        """Frees what is no longer used, while nothing is waited for.

        The trees of a large workspace take the collector a tenth of a second to walk, and it would
        choose the moment while somebody types. So it is called when typing rests (`serve` turns the
        automatic one off), and what the first look at the workspace left is never walked again.
        """
        gc.collect()
        if not self._frozen:
            self._frozen = True
            gc.freeze()

    def _work(self) -> None:
        while True:
            self._jobs.get()()


def _survive(step: Callable[[], Snapshot | None] | Change) -> Snapshot | None:
    """What `step` gives; an error in it costs one analysis, not the server."""
    try:
        return step()
    except Exception:
        log.exception("An analysis failed")
        return None
