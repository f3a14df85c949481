"""The command line `stepwell`: one file a command, here only what they share.

Exit codes: 0 done or clean; 1 findings, or a step failed; 2 it was asked for wrongly.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from io import TextIOWrapper

DESCRIPTION = "LLM and RAG pipelines from plain functions: run them, check their wiring, draw them."

EXAMPLES = """\
examples:
  stepwell run pipeline.py -t answer -i question="What is a decorator?"
  stepwell check                      what is wrong with the wiring, read from text
  stepwell graph pipeline.py          the pipeline as a tree
  stepwell rule SW102                 what a code means, with an example

Every command has its own --help.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command that the arguments name; gives the exit code."""
    from stepwell.cli.failure import told

    for stream in (sys.stdout, sys.stderr):
        # A console of few letters shows an escape for those it lacks; it does not end the program.
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() != "utf-8":
            stream.reconfigure(errors="backslashreplace")
    parser = _parser()
    args = parser.parse_args(arguments)
    if args.command is None:
        parser.print_help()
        return 2
    return told(args)


def _parser() -> argparse.ArgumentParser:
    from stepwell import __version__
    from stepwell.cli import check, diff, graph, lsp, migrate, rule, run, runs

    parser = argparse.ArgumentParser(
        prog="stepwell",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    python = ".".join(map(str, sys.version_info[:3]))
    version = f"stepwell {__version__} (Python {python})"
    parser.add_argument("--version", action="version", version=version)
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for command in (run, runs, check, graph, diff, rule, migrate, lsp):
        command.add(commands)
    return parser
