"""How the command line tells of failure: a mistake of the user's has a sentence, not a traceback.

An exception out of a step is the user's own: it is shown with its traceback, from that step on.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from stepwell.cli import report
from stepwell.cli.parsers import colored
from stepwell.errors import GraphError, RequestError, StepwellError

OURS = str(Path(__file__).parents[1])
LIBRARY = Path(traceback.__file__).parent
LOOPS = tuple(
    str(LIBRARY / name) for name in ("asyncio", "concurrent", "threading.py", "importlib")
)


class UsageError(StepwellError):
    """The command was given something that it can't use; the message says what and the cure."""


class UserError(Exception):
    """Code of the user's raised while it was imported or run; `error` is what it raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        super().__init__(str(error))


def told(args: argparse.Namespace) -> int:
    """Runs `args.command(args)`; tells what went wrong on stderr; gives the exit code."""
    try:
        return int(args.command(args))
    except UserError as failure:
        sys.stderr.write(tidy(failure.error))
        return 1
    except GraphError as failure:
        color = colored(args.color, sys.stderr)
        sys.stderr.write(report.full(failure.diagnostics, lines=lines, color=color))
        return 1
    except StepwellError as failure:
        print(_told(failure), file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read our output has enough of it (`| head`); a flush at exit would raise again.
        sys.stdout = sys.stderr
        return 1
    except KeyboardInterrupt:
        print("stepwell: interrupted", file=sys.stderr)
        return 130


def tidy(error: BaseException) -> str:
    """The traceback from the first line of the user's code on.

    What led there is left out: our frames, and those of loops, threads and imports. Where nothing
    but such frames is left all are kept, so that there is always a place to look at.
    """
    from itertools import dropwhile

    shown = traceback.TracebackException.from_exception(error)
    waiting, seen = [shown], set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        kept = list(dropwhile(_is_machinery, part.stack))
        if kept:
            part.stack = traceback.StackSummary.from_list(kept)
        waiting += [other for other in (part.__cause__, part.__context__) if other]
        waiting += part.exceptions or []
    return "".join(shown.format())


def lines(file: str) -> Sequence[str]:
    """The lines of a source file, in the encoding that it declares; none where it can't be read."""
    import tokenize

    try:
        with tokenize.open(file) as stream:
            return stream.read().split("\n")
    except (OSError, SyntaxError, UnicodeDecodeError):
        return ()


def _told(failure: StepwellError) -> str:
    """One thing wrong in a line, several in a list; places as seen from this folder."""
    problems = failure.problems if isinstance(failure, RequestError) else (str(failure),)
    here = f"{Path.cwd()}{os.sep}"
    found = [problem.replace(here, "") for problem in problems]
    if len(found) == 1:
        return f"stepwell: {found[0]}"
    return "\n  ".join([f"stepwell: {len(found)} things are wrong:", *found])


def _is_machinery(frame: traceback.FrameSummary) -> bool:
    file = frame.filename
    return file.startswith((OURS, "<frozen importlib", "<stepwell")) or file.startswith(LOOPS)
