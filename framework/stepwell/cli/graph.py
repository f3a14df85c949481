"""`stepwell graph`: draws a pipeline, from text unless it is asked to import."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell.cli import drawing, modules, reading, values
from stepwell.cli.explained import explained
from stepwell.cli.failure import UsageError
from stepwell.cli.parsers import Commands, command
from stepwell.errors import did_you_mean

if TYPE_CHECKING:
    from stepwell.draw import Looks, Options
    from stepwell.graph import Graph

EXAMPLES = """\
  stepwell graph pipeline.py                            a tree, in the terminal
  stepwell graph pipeline.py -t answer -o answer.svg    what `answer` needs, as a picture
  stepwell graph app.load app.answer -f mermaid         text for a README
  stepwell graph pipeline.py -o graph.html              a page to drag, zoom, search and click in
  stepwell graph pipeline.py --explain                  what was read, and what could not be
"""


def add(commands: Commands) -> None:
    """Adds the command's parser."""
    parser = command(
        commands,
        "graph",
        run,
        help="draw a pipeline",
        description="Draws the pipeline that modules make. They are read as text, not imported.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "modules",
        metavar="MODULE",
        nargs="*",
        default=["."],
        help="a dotted name, the path of a file, or a folder with one pipeline (default: here)",
    )
    parser.add_argument(
        "-f", "--format", choices=drawing.FORMATS, help="else it follows from -o's ending"
    )
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write it there")
    parser.add_argument(
        "-t",
        "--target",
        metavar="NAME",
        action="append",
        default=[],
        help="draw only what this needs, and mark it",
    )
    parser.add_argument(
        "-c",
        "--config",
        metavar="NAME=VALUE",
        action="append",
        help="draw what exists under this configuration, not every alternative",
    )
    drawing.add_looks(parser)
    parser.add_argument(
        "--runtime", action="store_true", help="import the modules, and draw what would run"
    )
    parser.add_argument(
        "--explain", action="store_true", help="list what was read, and what could not be"
    )


def run(args: argparse.Namespace) -> int:
    """Reads, draws, writes."""
    config = None if args.config is None else values.plain(values.read(args.config, option="-c"))
    graph = _graph(args.modules, config, runtime=args.runtime)
    if args.explain:
        print(explained(graph), end="")
        return 0
    form = args.format or drawing.format_of(args.output)
    targets = [name for given in args.target for name in given.split(",") if name]
    drawing.sent(_drawn(graph, form, targets, drawing.looks(args)), form, args.output)
    return 0


def _graph(written: list[str], config: Mapping[str, Any] | None, *, runtime: bool) -> Graph:
    if runtime:
        from stepwell.read.runtime import graph

        return graph([modules.load(name) for name in written], config=config)
    return reading.graph(written, config=config)


def _drawn(graph: Graph, form: str, targets: list[str], looks: Looks) -> str | bytes:
    from stepwell import draw
    from stepwell.rules import check

    known = {*graph.nodes, *graph.inputs}
    for name in targets:
        if name not in known:
            raise UsageError(f"there is no `{name}` in this graph{did_you_mean(name, known)}")
    only = graph.upstream(targets) if targets else None
    wrong = {found.node for found in check(graph) if found.severity == "error" and found.node}
    options: Options = {"targets": targets, "only": only, "wrong": wrong, **looks}
    if form == "text":
        return draw.text(graph, **options)
    return drawing.drawn(graph, form, options)
