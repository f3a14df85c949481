"""Has the type checker that is installed judge the edges of pipelines."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.read.judging import SECONDS, CheckerError, judge, question
from stepwell.read.virtual import Said, Virtual, judged, virtual_modules

if TYPE_CHECKING:
    from stepwell.diagnostic import Diagnostic
    from stepwell.read.pipelines import Pipeline


class Judge:
    """Asks one type checker about every edge.

    Args:
        name: its name; the project's own, or the first that is installed, where it is empty.
        paths: what is checked.

    Raises:
        CheckerError: if it is not installed.
    """

    def __init__(self, name: str, paths: Sequence[Path]) -> None:
        self.judge = judge(name, paths)

    def __call__(
        self, found: Sequence[Pipeline]
    ) -> tuple[list[tuple[Pipeline, list[Diagnostic]]], list[str]]:
        """What it says of each pipeline, and what keeps it from saying more."""
        name = self.judge.checker.name
        told: dict[int, tuple[Pipeline, list[Diagnostic]]] = {}
        lost: dict[str, None] = {}
        edges = 0
        for virtual in virtual_modules(found):
            edges += len(
                {(id(e.node), e.param.keyword, e.param.key) for e in virtual.edges.values()}
            )
            said, unfound = self._ask(virtual)
            lost.update(dict.fromkeys(unfound))
            for misfit in judged(virtual, said, name):
                pipeline = misfit.edge.pipeline
                ones = told.setdefault(id(pipeline), (pipeline, []))[1]
                if misfit.found not in ones:
                    ones.append(misfit.found)
        notes = [f"{name} judged {edges} edge{'s' * (edges != 1)}"]
        if lost:
            listed = ", ".join(f"`{module}`" for module in lost)
            notes.append(f"{name} can't find {listed}; what has to do with them is not judged")
        return [*told.values()], notes

    def _ask(self, virtual: Virtual) -> tuple[list[Said], list[str]]:
        with question(self.judge, virtual) as asked:
            try:
                ran = subprocess.run(
                    asked.command,
                    env=asked.environment,
                    capture_output=True,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    timeout=SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                name = self.judge.checker.name
                raise CheckerError(f"{name} took more than {SECONDS} s") from None
            except OSError as error:
                command = self.judge.command
                raise CheckerError(f"`{command}` can't be run: {error.strerror}") from None
            return asked.answer(ran.returncode, ran.stdout, ran.stderr)
