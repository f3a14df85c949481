"""How every command's parser is made, and the options that several commands share."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import TextIO, TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Command = Callable[[argparse.Namespace], int]


def command(
    commands: Commands, name: str, run: Command, *, help: str, description: str, examples: str
) -> argparse.ArgumentParser:
    """A parser for one command, its examples under its options, with `--color`."""
    parser = commands.add_parser(
        name,
        help=help,
        description=description,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(command=run)
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colours; `auto` has them on a terminal and obeys NO_COLOR and FORCE_COLOR",
    )
    return parser


def colored(choice: str, stream: TextIO) -> bool:
    """Whether what goes to `stream` should have colours."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
