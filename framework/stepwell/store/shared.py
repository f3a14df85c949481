"""State that several processes have in common, and change one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any

from stepwell.store.writing import Writer, alive

KEPT = 30 * 24 * 3600.0
"""What nobody has changed for so many seconds is forgotten."""


class Changing:
    """A state while it is changed by one process.

    Args:
        state: plain data, as JSON has it; put another in its place or change it.
        process: the name of this process.
        alive: the processes that are there, this one included.
    """

    __slots__ = ("alive", "process", "state")

    def __init__(self, state: Any, process: str, alive: set[str]) -> None:
        self.state, self.process, self.alive = state, process, alive


class Shared:
    """State by name, in the file of a run store; `RunStore.shared` gives it."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @property
    def path(self) -> Path:
        """The store's file."""
        return self._writer.file.path

    def hold(self) -> None:
        """Others take this process for gone unless it holds on; they then clear up after it.

        Raises:
            StoreError: if the file can't be used.
        """
        self._writer.hold()

    def release(self) -> None:
        """Ends that."""
        self._writer.release()

    @contextmanager
    def change(self, name: str) -> Iterator[Changing]:
        """Within, no other process changes anything; an error leaves the state as it was.

        A state that is new is `None`.

        Raises:
            StoreError: if the file can't be used.
        """
        process = self._writer.process
        with self._writer.file.transaction() as base:
            found = base.execute("select state from shared where name = ?", (name,)).fetchone()
            before = found[0] if found else "null"
            changing = Changing(json.loads(before), process, {*alive(base), process})
            yield changing
            after = json.dumps(changing.state)
            if after == before:
                return
            now = time()
            base.execute(
                "insert into shared values (?, ?, ?) on conflict (name)"
                " do update set state = excluded.state, touched = excluded.touched",
                (name, after, now),
            )
            if not found:
                base.execute("delete from shared where touched < ?", (now - KEPT,))
