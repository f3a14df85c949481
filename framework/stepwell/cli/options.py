"""The options of `stepwell check`."""

from __future__ import annotations

import argparse
from pathlib import Path

FORMATS = ("full", "concise", "json", "github", "sarif")
CHECKERS = ("ty", "pyright", "basedpyright", "mypy", "pyrefly")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds what to check, what to report of it and how, and what else to do."""
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", type=Path, help="files and folders (default: here)"
    )
    _add_reporting(parser)
    parser.add_argument(
        "--types",
        metavar="CHECKER",
        nargs="?",
        const="",
        choices=("", *CHECKERS),
        help=f"have a type checker judge every edge: {', '.join(CHECKERS)}, or the first installed",
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--fix", action="store_true", help="apply the fixes that are safe")
    instead.add_argument(
        "--watch", "-w", action="store_true", help="check again whenever a file changes"
    )
    instead.add_argument(
        "--add-ignore", action="store_true", help="switch off what is found, line by line"
    )
    instead.add_argument(
        "--write-baseline",
        metavar="FILE",
        nargs="?",
        const="",
        help="write down what is found as accepted: here, or in the project's `baseline`",
    )
    instead.add_argument(
        "--runtime",
        action="store_true",
        help="import the modules, and compare the graphs from text and from live functions",
    )


def _add_reporting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output-format", choices=FORMATS, default="full", help="default: full, with the source"
    )
    parser.add_argument("--statistics", action="store_true", help="how many of each, not which")
    parser.add_argument(
        "--select",
        metavar="CODE",
        action="append",
        default=[],
        help="only these: codes, names, or how codes begin",
    )
    parser.add_argument(
        "--ignore", metavar="CODE", action="append", default=[], help="not these, in the same words"
    )
    parser.add_argument(
        "--baseline", metavar="FILE", type=Path, help="not what was accepted in this file"
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="read every file anew, and keep nothing of it"
    )
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 in spite of findings")
    parser.add_argument("-q", "--quiet", action="store_true", help="no summary")
