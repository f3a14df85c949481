"""The type checker of the project asked about the edges, when the person wants that.

It is the one program that the server starts, and it is started only where the client's settings say
so: some checkers run plugins, or the interpreter, of the project that they look at.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from stepwell.read.checkers import CHECKERS
from stepwell.read.judging import AUTO, SECONDS, CheckerError, Question, judge, question
from stepwell.read.pipelines import Pipeline
from stepwell.read.virtual import Misfit, Said, judged, virtual_modules

if TYPE_CHECKING:
    from stepwell_lsp.server import Server

log = logging.getLogger(__name__)

OFF = "off"
CHOICES = (OFF, "auto", *(checker.name for checker in CHECKERS))
"""What the setting `types` may be."""


def setting(given: object) -> object:
    """The setting `types` out of a client's options or settings; `None` where they have none.

    >>> setting({"stepwell": {"types": "ty"}}), setting({"types": "auto"}), setting(None)
    ('ty', 'auto', None)
    """
    if isinstance(given, Mapping):
        inner = given.get("stepwell")
        return setting(inner) if isinstance(inner, Mapping) else given.get("types")
    return None


class Judging:
    """Has pipelines judged when one of their files is saved; of two saves the later one counts.

    Every method is called on the event loop.

    Args:
        rest: the seconds between a save and the start, in which others may follow.
    """

    def __init__(self, server: Server, *, rest: float = 0.2) -> None:
        self._server, self._rest = server, rest
        self._name: str | None = None  # the checker's; none where nothing is to be judged
        self._due: set[str] = set()  # files that were saved since their pipelines were judged
        self._seen: set[str] = set()  # files whose pipelines were judged
        self._task: asyncio.Task[None] | None = None
        self._told: set[str] = set()
        self._tokens = itertools.count(1)

    def choose(self, given: object) -> None:
        """Takes over the setting: `off`, `auto` for the first checker there is, or a name."""
        if given not in CHOICES:
            if given is not None:
                self._tell(f"the setting `types` is one of {', '.join(CHOICES)}")
            return
        name = {OFF: None, "auto": AUTO}.get(str(given), str(given))
        if name == self._name:
            return
        self._name = name
        self.stop()
        self._seen.clear()
        if name is None:
            files = self._server.files
            self._server.analyst.change(lambda: files.judge(files.sources.python(), ()))
        else:
            self._start([document.file for document in self._server.documents.values()])

    def opened(self, file: str) -> None:
        """Has the pipelines of a buffer judged, if they never were."""
        if file not in self._seen:
            self.saved(file)

    def saved(self, file: str) -> None:
        """Has the pipelines of this file judged, in place of what is being judged now."""
        if self._name is not None:
            self._start([file])

    def stop(self) -> None:
        """Ends what is being judged; nothing is due any more."""
        self._due.clear()
        if self._task:
            self._task.cancel()
            self._task = None

    def _start(self, files: Collection[str]) -> None:
        self._due.update(files)
        if self._task:
            self._task.cancel()
        self._task = asyncio.ensure_future(self._judge())

    async def _judge(self) -> None:
        await asyncio.sleep(self._rest)
        snapshot = await self._server.analyst.fresh()
        due = frozenset(self._due)
        files = [{module.file for module in made.modules} for made in snapshot.pipelines]
        wanted = [
            made
            for made, theirs in zip(snapshot.pipelines, files, strict=True)
            if not due.isdisjoint(theirs)
        ]
        judged_now = {module.file for made in wanted for module in made.modules}
        if wanted:
            try:
                found = await self._misfits(wanted)
            except CheckerError as error:
                self._tell(str(error))
                return
            self._server.analyst.change(lambda: self._server.files.judge(judged_now, found))
        self._seen |= judged_now
        self._due -= due

    async def _misfits(self, pipelines: Sequence[Pipeline]) -> list[Misfit]:
        homes = [Path(made.modules[0].file).parent for made in pipelines]
        chosen = await asyncio.to_thread(judge, self._name or AUTO, homes)
        async with self._shown(chosen.checker.name):
            found: list[Misfit] = []
            for virtual in await asyncio.to_thread(virtual_modules, pipelines):
                with question(chosen, virtual) as asked:
                    said, _ = await _answer(asked, self._server.workspace.root_path)
                found += judged(virtual, said, chosen.checker.name)
        return found

    @contextlib.asynccontextmanager
    async def _shown(self, checker: str) -> AsyncIterator[None]:
        """Progress that the person can end, while the checker is at work."""
        window = self._server.client_capabilities.window
        if not (window and window.work_done_progress):
            yield
            return
        progress, token = self._server.work_done_progress, f"stepwell/types/{next(self._tokens)}"
        with contextlib.suppress(JsonRpcException):  # a client that will not show it
            await asyncio.shield(progress.create_async(token))
        title = f"{checker}: types along the edges"
        progress.begin(token, types.WorkDoneProgressBegin(title=title, cancellable=True))
        progress.tokens[token].add_done_callback(lambda _: self.stop())
        try:
            yield
        finally:
            progress.tokens.pop(token)
            progress.end(token, types.WorkDoneProgressEnd())

    def _tell(self, message: str) -> None:
        """Says once what keeps types from being judged."""
        log.warning("%s", message)
        if message not in self._told:
            self._told.add(message)
            kind = types.MessageType.Warning
            self._server.window_show_message(types.ShowMessageParams(kind, f"stepwell: {message}"))


async def _answer(asked: Question, folder: str | None) -> tuple[list[Said], list[str]]:
    """What a checker says; it is ended, with all that it started, if nobody waits any more."""
    try:
        process = await asyncio.create_subprocess_exec(
            *asked.command,
            env=asked.environment,
            cwd=folder,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise CheckerError(f"`{asked.command[0]}` can't be run: {error.strerror}") from None
    try:
        async with asyncio.timeout(SECONDS):
            out, err = await process.communicate()
    except TimeoutError:
        raise CheckerError(f"{asked.judge.checker.name} took more than {SECONDS} s") from None
    finally:
        if process.returncode is None:
            _end(process)
    code = process.returncode or 0
    return asked.answer(code, out.decode(errors="replace"), err.decode(errors="replace"))


def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
