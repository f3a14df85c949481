"""`stepwell-lsp`: the language server over stdin and stdout, for an editor to start."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Serves one editor; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="stepwell-lsp",
        description="The stepwell language server. An editor starts it and speaks with it over "
        "stdin and stdout; see docs/editors.md.",
    )
    parser.add_argument("--version", action="store_true", help="print the version and leave")
    parser.add_argument("--log-file", metavar="FILE", help="write what the server does to a file")
    parser.add_argument(
        "--stdio", action="store_true", help="stdin and stdout (always; editors like to say so)"
    )
    options = parser.parse_args(argv)
    from stepwell_lsp import __version__

    if options.version:
        print(f"stepwell-lsp {__version__}")
        return 0
    # Messages hold the user's source text: they go into a file that was asked for, nowhere else.
    if options.log_file:
        logging.basicConfig(
            filename=options.log_file,
            level=logging.INFO,
            format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        )
    else:
        logging.disable(logging.CRITICAL)
    try:
        from stepwell_lsp.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("pygls", "lsprotocol"):
            raise
        print(
            "stepwell-lsp needs `pygls`, which is not installed; run: pip install 'stepwell[lsp]'",
            file=sys.stderr,
        )
        return 1
    return serve(__version__)


if __name__ == "__main__":
    raise SystemExit(main())
