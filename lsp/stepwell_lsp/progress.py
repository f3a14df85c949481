"""How far the first look at a workspace is, for an editor to show."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from stepwell_lsp.server import Server

_TOKEN = "stepwell/first-look"
_EVERY = 0.1  # seconds between two reports


async def first_look(server: Server) -> None:
    """Tells the client that the workspace is being read, how far, and when it is done."""
    progress, far = server.work_done_progress, (0, 0)

    def report(done: int, all: int) -> None:  # in the analysing thread
        nonlocal far
        far = done, all

    server.files.report = report
    with contextlib.suppress(JsonRpcException):  # a client that will not show it
        await asyncio.shield(progress.create_async(_TOKEN))
        progress.begin(
            _TOKEN,
            types.WorkDoneProgressBegin(
                title="Reading pipelines", message="files", percentage=0, cancellable=False
            ),
        )
        told = far
        while not server.analyst.looked:
            await asyncio.sleep(_EVERY)
            if far == told:
                continue
            told = done, all = far
            said, percentage = f"{done} of {all} pipelines", 50 + 50 * done // all
            progress.report(
                _TOKEN, types.WorkDoneProgressReport(message=said, percentage=percentage)
            )
        count = len(server.analyst.snapshot.pipelines)
        progress.end(_TOKEN, types.WorkDoneProgressEnd(message=f"{count} pipelines"))
