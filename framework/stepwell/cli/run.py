"""`stepwell run`: asks modules of steps for targets, and prints what comes out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stepwell.cli import modules, results, values
from stepwell.cli.failure import UsageError, UserError
from stepwell.cli.parsers import Commands, colored, command
from stepwell.errors import GraphError, StepwellError

if TYPE_CHECKING:
    from types import ModuleType

    from stepwell.diagnostic import Diagnostic
    from stepwell.driver import Driver
    from stepwell.graph import Graph

EXAMPLES = """\
  stepwell run pipeline.py -t answer -i question="What is a decorator?"
  stepwell run app.load app.answer -t answer -t sources -i @inputs.json
  stepwell run pipeline.py -t total -i numbers='[1, 2, 3]' -i notes=@notes.txt
  stepwell run pipeline.py -t answer -c model=small --json > answer.json
  stepwell run pipeline.py -t answer --explain      what would run, as plain Python
  stepwell run pipeline.py -t answer --store        recorded, for `stepwell runs` and the editor

A value is JSON where it is JSON, and a plain string otherwise; for an input that is a `str` it is
always the string. `name=@file` is what the file holds (`@-` is stdin; a .json one is parsed), and
`@file.json` alone gives many values by name.
"""


def add(commands: Commands) -> None:
    """Adds the command's parser."""
    parser = command(
        commands,
        "run",
        run,
        help="run a pipeline for some targets",
        description="Runs what the targets need, and prints the targets.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "modules", metavar="MODULE", nargs="+", help="a dotted name, or the path of a file"
    )
    parser.add_argument(
        "-t", "--target", metavar="NAME", action="append", default=[], help="a step to ask for"
    )
    parser.add_argument(
        "-i",
        "--input",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a value for a name that no step makes",
    )
    parser.add_argument(
        "-c",
        "--config",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a configuration value; it decides which steps exist",
    )
    parser.add_argument(
        "--override",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a value in the place of a step, which then does not run",
    )
    parser.add_argument(
        "--threads", metavar="N", type=_count, default=0, help="run independent steps at once"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object of the targets")
    parser.add_argument("--explain", action="store_true", help="print the plan; run nothing")
    parser.add_argument(
        "--store",
        metavar="FILE",
        nargs="?",
        const="",
        help="record the run, in the project's `.stepwell/runs.db` unless a --store=FILE is named",
    )
    parser.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show progress on stderr (on a terminal it is shown unless you say no)",
    )


def run(args: argparse.Namespace) -> int:
    """Builds a driver, executes, prints."""
    loaded = [modules.load(written) for written in args.modules]
    targets = [name for given in args.target for name in given.split(",") if name]
    config = values.plain(values.read(args.config, option="-c"))
    try:
        driver = _driver(args, loaded, config, targets)
    except GraphError as failure:
        raise GraphError(placed(failure.diagnostics, args.modules, config)) from None
    if not targets:
        raise UsageError(f"nothing was asked for: give a target with -t, {_offer(driver.graph)}")
    inputs = fitted(values.read(args.input, option="-i"), driver.graph)
    overrides = values.plain(values.read(args.override, option="--override"))
    if args.explain:
        print(driver.explain(targets, inputs=inputs, overrides=overrides), end="")
        return 0
    with warnings_in_a_line():
        if _is_streamed(targets, driver.graph) and not args.json:
            from stepwell.cli.streamed import streamed

            events = driver.stream(targets, inputs, overrides)
            return streamed(events, targets[0], shown=_progress(args))
        found = _execute(driver, targets, inputs, overrides)
    if args.json:
        sys.stdout.write(results.as_json(found))
    else:
        sys.stdout.write(results.readable(found, color=colored(args.color, sys.stdout)))
    return 0


def fitted(written: Mapping[str, values.Written], graph: Graph) -> dict[str, Any]:
    """The inputs, each in the form that the steps which read it ask for.

    So `-i year=1984` is a number for `year: int`, and text for `year: str`.
    """
    from pathlib import Path

    from stepwell import types

    found: dict[str, Any] = {}
    for name, value in written.items():
        asked = [param.type for _, param in graph.inputs.get(name, ())]
        forms = [value.value]
        if value.text is not None:
            forms += [value.text, Path(value.text)]
        found[name] = next(
            (form for form in forms if all(types.holds(t, form) is not False for t in asked)),
            value.value,
        )
    return found


def placed(
    diagnostics: Iterable[Diagnostic], written: Sequence[str], config: Mapping[str, Any]
) -> list[Diagnostic]:
    """The findings with their exact places, which the text of the modules tells.

    Of live functions no more than the line is known.
    """
    from stepwell.cli import reading
    from stepwell.rules import errors

    try:
        known = {(one.code, one.message): one for one in errors(reading.graph(written, config))}
    except UsageError:
        return list(diagnostics)
    return [known.get((one.code, one.message), one) for one in diagnostics]


@contextmanager
def warnings_in_a_line() -> Iterator[None]:
    """Shows a warning as a sentence on stderr, without the place in our code that gave it."""
    import warnings

    def show(message: object, *place: object, **options: object) -> None:
        print(f"stepwell: warning: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


def _driver(
    args: argparse.Namespace,
    loaded: Iterable[ModuleType],
    config: Mapping[str, Any],
    targets: list[str],
) -> Driver:
    from stepwell.driver import Builder

    builder = Builder().with_modules(*loaded).with_config(config).with_threads(args.threads)
    driver = builder.build()
    adapters: list[object] = []
    if _progress(args) and not args.explain and not _is_streamed(targets, driver.graph):
        from stepwell.lifecycle import ProgressBar

        adapters.append(ProgressBar())
    if args.store is not None and not args.explain:
        from stepwell.store import RunStore

        adapters.append(RunStore(args.store or None))
    return builder.with_adapters(*adapters).build() if adapters else driver


def _progress(args: argparse.Namespace) -> bool:
    return sys.stderr.isatty() if args.progress is None else bool(args.progress)


def _execute(
    driver: Driver, targets: list[str], inputs: Mapping[str, Any], overrides: Mapping[str, Any]
) -> Any:
    """The targets by name; what a step raises is marked as the user's own."""
    try:
        return driver.execute(targets, inputs=inputs, overrides=overrides)
    except StepwellError:
        raise
    except Exception as error:
        raise UserError(error) from error


def _is_streamed(targets: list[str], graph: Graph) -> bool:
    """Whether one target alone is asked for, and it comes piece by piece."""
    node = graph.nodes.get(targets[0]) if len(targets) == 1 else None
    return node is not None and node.type.name == "stepwell.Stream"


def _offer(graph: Graph) -> str:
    """What may be asked for."""
    names = list(graph.nodes)
    if not names:
        return "but these modules hold no step (a public function defined in them)"
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"one of {', '.join(f'`{name}`' for name in names[:12])}{more}"


def _count(written: str) -> int:
    number = int(written)
    if number < 0:
        raise argparse.ArgumentTypeError("it takes a number of threads, 0 for none")
    return number
