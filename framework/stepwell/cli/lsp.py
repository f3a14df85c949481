"""`stepwell lsp`: the language server, for editors that start it by this command."""

from __future__ import annotations

import argparse

from stepwell.cli.parsers import Commands, command
from stepwell.errors import require

EXAMPLES = """\
  stepwell lsp                          speak the protocol over stdin and stdout
  stepwell lsp --log-file server.log    and write a log
"""


def add(commands: Commands) -> None:
    """Adds the command's parser."""
    parser = command(
        commands,
        "lsp",
        run,
        help="start the language server",
        description="Starts the language server over stdin and stdout; an editor does this itself.",
        examples=EXAMPLES,
    )
    parser.add_argument("--log-file", metavar="FILE", help="write what the server does to a file")


def run(args: argparse.Namespace) -> int:
    """Becomes the server until the editor ends it."""
    require("pygls", extra="lsp", what="The language server")
    server = require("stepwell_lsp.__main__", extra="lsp", what="The language server")
    return int(server.main(["--log-file", args.log_file] if args.log_file else []) or 0)
