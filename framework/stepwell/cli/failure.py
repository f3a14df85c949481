"""How the command line tells of failure: a mistake of the user's has a sentence, not a traceback.

An exception out of a step is the user's own: it is shown with its traceback, our frames left out.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from stepwell.cli import report
from stepwell.cli.parsers import colored
from stepwell.errors import GraphError, StepwellError

OURS = str(Path(__file__).parents[1])


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
        print(f"stepwell: {failure}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read our output has enough of it (`| head`); a flush at exit would raise again.
        sys.stdout = sys.stderr
        return 1
    except KeyboardInterrupt:
        print("stepwell: interrupted", file=sys.stderr)
        return 130


def tidy(error: BaseException) -> str:
    """The traceback of the user's code alone: no frame of stepwell's, nor of the import system's.

    If nothing but ours is left it is kept whole, so that there is always a place to look at.
    """
    shown = traceback.TracebackException.from_exception(error, capture_locals=False)
    waiting, seen = [shown], set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        kept = [frame for frame in part.stack if not _is_ours(frame.filename)]
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


def _is_ours(file: str) -> bool:
    machinery = file.startswith(("<frozen importlib", "<stepwell"))
    return machinery or file.startswith(OURS) or "concurrent/futures" in file.replace("\\", "/")
