"""A target that comes piece by piece, printed while it comes."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from stepwell.cli import results
from stepwell.cli.failure import UserError
from stepwell.errors import StepwellError
from stepwell.execution.events import Chunk, Event, RunFinished, StepStarted, StreamReset

CLEAR = "\r\x1b[K"


def streamed(events: Iterable[Event], target: str, *, shown: bool) -> int:
    """Prints the chunks of a run for one target; until the first, stderr shows what runs.

    Args:
        events: what the driver's `stream` gives.
        target: the name whose chunks are printed.
        shown: whether to show what runs.

    Raises:
        UserError: with what a step raised.
    """
    written = ""
    try:
        for event in events:
            match event:
                case StepStarted() if shown and not written:
                    _status(f"{CLEAR}{event.node} …")
                case Chunk() if event.node == target:
                    if shown and not written:
                        _status(CLEAR)
                    written = str(event.value) or written
                    print(event.value, end="", flush=True)
                case StreamReset() if event.node == target and written:
                    print(flush=True)
                    _status("once more, from the beginning:\n")
                    written = ""
                case RunFinished() if not written:
                    # Nothing came in pieces: the target was overridden, or is empty.
                    written = results.readable(event.results)
                    print(written, end="")
                case _:
                    pass
    except StepwellError:
        raise
    except Exception as error:
        raise UserError(error) from error
    finally:
        if written and not written.endswith("\n"):
            print()
        elif shown and not written:
            _status(CLEAR)
    return 0


def _status(words: str) -> None:
    print(words, end="", file=sys.stderr, flush=True)
