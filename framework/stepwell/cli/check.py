"""`stepwell check`: what is wrong with the wiring, read from text."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.cli import reading, report, settings
from stepwell.cli.failure import UsageError, lines
from stepwell.cli.fixes import fixed
from stepwell.cli.options import add_options
from stepwell.cli.parsers import Commands, colored, command
from stepwell.errors import StepwellError
from stepwell.read import baseline

if TYPE_CHECKING:
    from stepwell.diagnostic import Diagnostic

EXAMPLES = """\
  stepwell check                                 everything under this folder
  stepwell check app pipeline.py --select SW2    only what is about types
  stepwell check --fix                           and put right what is safe to
  stepwell check --watch                         again whenever a file changes
  stepwell check --types                         ask the type checker that is installed, too
  stepwell check --output-format github          annotations, in a workflow on GitHub

Nothing of the code is imported or run, unless you ask for it with --runtime. At the end of a line
`# stepwell: ignore[SW102]` switches a rule off there; `stepwell rule SW102` explains one.
"""

Check = Callable[[], reading.Checked]


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
    add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Reads, asks the rules, reports."""
    paths = args.paths or [Path()]
    for path in paths:
        if not path.exists():
            raise UsageError(f"`{path}` is neither a file nor a folder")
    if args.runtime:
        return _compare(paths)
    chosen = _chosen(args, paths[0])
    args.baseline = args.baseline or chosen.baseline
    check = _checking(args, paths, chosen)
    if args.watch:
        return _watch(args, paths, check)
    if args.add_ignore:
        return _add_ignores(check().diagnostics)
    if args.write_baseline is not None:
        return _write_baseline(args, check)
    return _report(args, check)


def _checking(args: argparse.Namespace, paths: Sequence[Path], chosen: settings.Settings) -> Check:
    """What reads the files anew at each call, and gives what is to be reported."""
    from stepwell.cli.memory import Memory, uncollected

    judge = None
    if args.types is not None:
        from stepwell.cli.judge import Judge

        judge = Judge(args.types, paths)
    index = None
    if not args.no_cache:
        from stepwell.read.index import Index

        index = Index()
    memory = Memory(index)

    def check() -> reading.Checked:
        with uncollected():
            read = reading.checked(paths, memory=memory, judge=judge)
        memory.save()
        found = [d for d in read.diagnostics if d.severity != "hint" and chosen.counts(d)]
        return replace(read, diagnostics=tuple(found))

    return check


def _report(args: argparse.Namespace, check: Check) -> int:
    """Checks and tells; 1 if there is anything to tell."""
    read = check()
    if args.fix and (repaired := fixed(read.diagnostics)):
        read = check()
        print(f"Fixed {_many(len(repaired), 'finding')}.", file=sys.stderr)
    found: Sequence[Diagnostic] = read.diagnostics
    notes = list(read.notes)
    if args.baseline:
        found, gone = baseline.unaccepted(args.baseline, found)
        if gone:
            notes.append(
                f"{_many(gone, 'finding')} of {report.shown_path(str(args.baseline))} "
                "no longer there; "
                "--write-baseline takes them out"
            )
    _print(found, args)
    for note in notes:
        print(f"stepwell: {note}", file=sys.stderr)
    if args.output_format in ("full", "concise") and not args.quiet:
        print(report.summary(found, files=read.files, pipelines=read.pipelines))
    return 1 if found and not args.exit_zero else 0


def _write_baseline(args: argparse.Namespace, check: Check) -> int:
    file = args.write_baseline or args.baseline
    if not file:
        raise UsageError(
            "--write-baseline takes a file, unless pyproject.toml says `baseline` in "
            "[tool.stepwell.check]"
        )
    count = baseline.write(Path(file), check().diagnostics)
    print(f"Wrote {_many(count, 'finding')} to {report.shown_path(str(file))}.")
    return 0


def _watch(args: argparse.Namespace, paths: Sequence[Path], check: Check) -> int:
    """Checks whenever a file has changed, until it is interrupted."""
    from datetime import datetime

    from stepwell.cli.watching import rounds

    clear = "\x1b[2J\x1b[3J\x1b[H" if sys.stdout.isatty() else ""
    code = 0
    try:
        for count in rounds(paths):
            sys.stdout.write(clear)
            try:
                code = _report(args, check)
            except StepwellError as error:  # half-saved settings, a file that has just gone
                print(f"stepwell: {error}", file=sys.stderr)
            at = datetime.now().strftime("%H:%M:%S")
            print(f"[{at}] Watching {_many(count, 'file')}; Ctrl-C ends.", flush=True)
    except KeyboardInterrupt:
        return code
    return code


def _add_ignores(found: Sequence[Diagnostic]) -> int:
    from stepwell.cli.ignoring import add_ignores

    done, left = add_ignores(found)
    print(f"Switched off {_many(done, 'finding')}.")
    if left:
        print(f"stepwell: where no comment can stand, {_many(len(left), 'finding')} stay:")
        sys.stdout.write(report.concise(left))
    return 1 if left else 0


def _compare(paths: Sequence[Path]) -> int:
    from stepwell.cli.agreement import disagreements

    found = reading.pipelines_under(paths)
    wrong = 0
    for pipeline in found:
        for sentence in disagreements(pipeline):
            wrong += 1
            print(sentence)
    if not wrong:
        many = _many(len(found), "pipeline")
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
        case _ if args.statistics:
            sys.stdout.write(report.statistics(found, color=color))
        case "concise":
            sys.stdout.write(report.concise(found, color=color))
        case _:
            sys.stdout.write(report.full(found, lines=lines, color=color))


def _split(given: Iterable[str]) -> list[str]:
    return [code for written in given for code in written.split(",") if code]


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
