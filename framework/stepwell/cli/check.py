"""`stepwell check`: what is wrong with the wiring, read from text."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.cli import reading, report, settings
from stepwell.cli.failure import UsageError, lines
from stepwell.cli.fixes import fixed
from stepwell.cli.parsers import Commands, colored, command

if TYPE_CHECKING:
    from stepwell.diagnostic import Diagnostic

FORMATS = ("full", "concise", "json", "github", "sarif")

EXAMPLES = """\
  stepwell check                                 everything under this folder
  stepwell check app pipeline.py --select SW2    only what is about types
  stepwell check --fix                           and put right what is safe to
  stepwell check --output-format github          annotations, in a workflow on GitHub

Nothing of the code is imported or run, unless you ask for it with --runtime. At the end of a line
`# stepwell: ignore[SW102]` switches a rule off there; `stepwell rule SW102` explains one.
"""


def add(commands: Commands) -> None:
    """Adds the command's parser."""
    parser = command(
        commands,
        "check",
        run,
        help="check the wiring, read from text",
        description="Reads Python files as text and reports what is wrong with the pipelines.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", type=Path, help="files and folders (default: here)"
    )
    parser.add_argument(
        "--output-format", choices=FORMATS, default="full", help="default: full, with the source"
    )
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
    parser.add_argument("--fix", action="store_true", help="apply the fixes that are safe")
    parser.add_argument(
        "--runtime",
        action="store_true",
        help="import the modules, and compare the graphs from text and from live functions",
    )
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 in spite of findings")
    parser.add_argument("-q", "--quiet", action="store_true", help="no summary")


def run(args: argparse.Namespace) -> int:
    """Reads, asks the rules, reports."""
    paths = args.paths or [Path()]
    for path in paths:
        if not path.exists():
            raise UsageError(f"`{path}` is neither a file nor a folder")
    if args.runtime:
        return _compare(paths)
    chosen = _chosen(args, paths[0])
    read = reading.checked(paths)
    found = [d for d in read.diagnostics if d.severity != "hint" and chosen.counts(d)]
    if args.fix:
        repaired = fixed(found)
        if repaired:
            count = len(repaired)
            read = reading.checked(paths)
            found = [d for d in read.diagnostics if d.severity != "hint" and chosen.counts(d)]
            print(f"Fixed {count} finding{'s' * (count != 1)}.", file=sys.stderr)
    _print(found, args)
    if args.output_format in ("full", "concise") and not args.quiet:
        print(report.summary(found, files=read.files, pipelines=read.pipelines))
    return 1 if found and not args.exit_zero else 0


def _compare(paths: Sequence[Path]) -> int:
    from stepwell.cli.agreement import disagreements

    found = reading.pipelines_under(paths)
    wrong = 0
    for pipeline in found:
        for sentence in disagreements(pipeline):
            wrong += 1
            print(sentence)
    if not wrong:
        many = f"{len(found)} pipeline{'s' * (len(found) != 1)}"
        print(f"Text and live functions give the same graph in {many}.")
    return 1 if wrong else 0


def _chosen(args: argparse.Namespace, first: Path) -> settings.Settings:
    from stepwell.rules import RULES

    rules = [(rule.code, rule.name) for rule in RULES]
    start = first if first.is_dir() else first.parent
    found = settings.settings_near(start.resolve())
    select = settings.known(_split(args.select), rules, where="--select")
    ignore = settings.known(_split(args.ignore), rules, where="--ignore")
    return found.with_options(select, ignore)


def _print(found: Sequence[Diagnostic], args: argparse.Namespace) -> None:
    from stepwell import __version__

    color = colored(args.color, sys.stdout)
    match args.output_format:
        case "json":
            sys.stdout.write(report.as_json(found))
        case "github":
            sys.stdout.write(report.github(found))
        case "sarif":
            sys.stdout.write(report.sarif(found, version=__version__))
        case "concise":
            sys.stdout.write(report.concise(found, color=color))
        case _:
            sys.stdout.write(report.full(found, lines=lines, color=color))


def _split(given: Iterable[str]) -> list[str]:
    return [code for written in given for code in written.split(",") if code]
