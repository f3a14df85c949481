"""`stepwell runs`: the runs that a store remembers, and what one of them did."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell.cli.failure import UsageError
from stepwell.cli.parsers import Commands, colored, command
from stepwell.usage import Usage, money, seconds

if TYPE_CHECKING:
    from stepwell.store import PastRun, PastStep, Runs

EXAMPLES = """\
  stepwell runs                       the latest runs
  stepwell runs show                  the latest run, step by step
  stepwell runs show 4f1c-12 --json   one run by its id, with its ledger of calls
  stepwell runs --store other.db -n 100

Runs are recorded by `stepwell run --store`, or by the adapter `stepwell.store.RunStore`.
"""

Rows = list[tuple[str, ...]]

_COLORS = {"failed": "red", "cut off": "red", "cancelled": "yellow", "running": "cyan"}


def add(commands: Commands) -> None:
    """Adds the command's parser."""
    parser = command(
        commands,
        "runs",
        run,
        help="list the runs that were recorded, or show one",
        description="Lists the runs that were recorded, the latest first; or shows one.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "show", nargs="?", choices=("show",), help="show one run instead of listing all"
    )
    parser.add_argument("id", nargs="?", metavar="ID", help="which: its id, or how that begins")
    parser.add_argument(
        "--store",
        metavar="FILE",
        type=Path,
        help="the store's file (default: `STEPWELL_STORE`, or `.stepwell/runs.db` of the project)",
    )
    parser.add_argument(
        "-n", "--limit", metavar="N", type=_positive, default=20, help="so many (default: 20)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, amounts of money as text")


def run(args: argparse.Namespace) -> int:
    """Lists, or shows."""
    from stepwell.store import Runs

    runs = Runs(args.store)
    if args.show:
        return _show(runs, args)
    found = runs.latest(args.limit)
    if args.json:
        _print_json([_plain(each) for each in found])
    elif not found:
        print(
            f"stepwell: no run is recorded in `{runs.path}`; record some with `stepwell run"
            " --store`",
            file=sys.stderr,
        )
    else:
        head = ("run", "began", "time", "ended", "targets", "calls", "tokens", "cost")
        _print_table(head, [_listed(each) for each in found], args, right=("time", *head[5:]))
    return 0


def _show(runs: Runs, args: argparse.Namespace) -> int:
    """One run with its steps.

    Raises:
        UsageError: if there is none of that id.
    """
    found = runs.run(args.id)
    if found is None:
        which = f"no run whose id begins with `{args.id}`" if args.id else "no run"
        raise UsageError(
            f"there is {which} in `{runs.path}`; `stepwell runs` lists those there are"
        )
    if args.json:
        _print_json(_plain(found))
        return 0
    place = f" at {found.place}" if found.place else ""
    failure = f" with {found.error}{place}" if found.error else ""
    print(f"run {found.run_id}, begun {_when(found.began)}, {found.ended}{failure}")
    print(f"asked for {', '.join(found.targets)}")
    if found.inputs:
        print(f"given {', '.join(found.inputs)}")
    head = ("step", "time", "times", "attempts", "calls", "tokens in", "tokens out", "cost", "")
    rows = [_step(step) for step in found.steps]
    attempts = sum(step.attempts for step in found.steps)
    rows.append(("run", _took(found.seconds), "", f"{attempts}", *_used(found.usage), ""))
    print()
    _print_table(head, rows, args, right=head[1:8])
    return 0


def _listed(run: PastRun) -> tuple[str, ...]:
    ended = f"{run.ended}: {run.error}" if run.error else run.ended
    calls, *_, cost = _used(run.usage)
    least = "≥ " if run.usage.unmeasured else ""
    tokens = f"{least}{run.usage.total_tokens:,}" if run.usage.requests else ""
    targets = ", ".join(run.targets)
    return run.run_id, _when(run.began), _took(run.seconds), ended, targets, calls, tokens, cost


def _step(step: PastStep) -> tuple[str, ...]:
    if not step.times:
        return step.node, "", "", "", *_used(step.usage), "did not run to its end"
    failure = f"{step.error} at {step.place}" if step.error and step.place else step.error or ""
    times = "" if step.times == 1 else f"{step.times:,}"
    took = seconds(step.seconds)
    return step.node, took, times, f"{step.attempts:,}", *_used(step.usage), failure


def _used(usage: Usage) -> tuple[str, str, str, str]:
    if not usage.requests:
        return "", "", "", ""
    least = "≥ " if usage.unmeasured else ""
    into, out = f"{least}{usage.input_tokens:,}", f"{least}{usage.output_tokens:,}"
    return f"{usage.requests:,}", into, out, money(usage)


def _took(time: float | None) -> str:
    return "" if time is None else seconds(time)


def _when(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment):%Y-%m-%d %H:%M:%S}"


def _plain(run: PastRun) -> dict[str, Any]:
    """A run for JSON; in a list it is without steps and calls."""
    told = asdict(run)
    return {name: value for name, value in told.items() if value != () or name == "inputs"}


def _print_json(value: Any) -> None:
    print(json.dumps(value, default=str, ensure_ascii=False, indent=2))


def _print_table(
    head: Sequence[str], rows: Rows, args: argparse.Namespace, *, right: Sequence[str]
) -> None:
    """A table: with rich where it is at hand and colours are wanted, else in plain columns."""
    rows = [tuple(map(_printable, row)) for row in rows]
    if colored(args.color, sys.stdout) and _print_rich(head, rows, right):
        return
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(head, row, widths, strict=True)
        ]
        print("  ".join(cells).rstrip())


def _print_rich(head: Sequence[str], rows: Rows, right: Sequence[str]) -> bool:
    """Whether rich is installed, and has printed the table."""
    try:
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        return False
    table = Table(box=SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
    for name in head:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=_color(cell)) for cell in row))
    Console(file=sys.stdout, force_terminal=True, highlight=False).print(table)
    return True


def _printable(cell: str) -> str:
    """A cell on one line, whatever is in it: names of files may hold any letter."""
    return "".join(letter if letter.isprintable() else "�" for letter in cell)


def _color(cell: str) -> str:
    return next((color for word, color in _COLORS.items() if cell.startswith(word)), "")


def _positive(written: str) -> int:
    number = int(written)
    if number < 1:
        raise argparse.ArgumentTypeError("it takes a number of runs, 1 or more")
    return number
