"""How the commands that draw choose a format, draw in it, and write what they drew."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.cli.failure import UsageError

if TYPE_CHECKING:
    from stepwell.draw import Looks, Options
    from stepwell.graph import Graph

FORMATS = ("text", "mermaid", "dot", "svg", "png", "html")
ENDINGS = {".mmd": "mermaid", ".md": "mermaid", ".gv": "dot", ".txt": "text", ".htm": "html"}


def add_looks(parser: ArgumentParser) -> None:
    """Adds the options of how a picture looks."""
    ways = ("TB", "LR", "BT", "RL")
    parser.add_argument("--direction", choices=ways, default="TB", help="default: TB")
    parser.add_argument(
        "--legend", action="store_true", help="explain the looks beside the picture"
    )
    parser.add_argument("--no-types", action="store_true", help="leave out what steps make")
    parser.add_argument("--no-inputs", action="store_true", help="leave out what is given")
    parser.add_argument(
        "--group-by", metavar="TAG", default="", help="a frame for each value of a tag, or `module`"
    )


def looks(args: Namespace) -> Looks:
    """Those options as the drawing functions take them."""
    return {
        "direction": args.direction,
        "legend": args.legend,
        "types": not args.no_types,
        "with_inputs": not args.no_inputs,
        "groups": args.group_by,
    }


def format_of(output: Path | None, formats: tuple[str, ...] = FORMATS) -> str:
    """The format that a file's ending stands for; `text` for the terminal.

    Raises:
        UsageError: if it stands for none of these.
    """
    if output is None:
        return "text"
    ending = output.suffix.lower()
    form = ENDINGS.get(ending, ending.removeprefix("."))
    if form not in formats:
        raise UsageError(f"the ending of `{output}` names no format; give one with --format")
    return form


def drawn(graph: Graph, form: str, options: Options) -> str | bytes:
    """The graph in one of the formats but `text`."""
    from stepwell import draw

    if form == "mermaid":
        return draw.mermaid(graph, **options)
    if form == "html":
        return draw.html(graph, title=", ".join(graph.modules), **options)
    source = draw.dot(graph, **options)
    return (
        source if form == "dot" else draw.picture(source, format="png" if form == "png" else "svg")
    )


def sent(made: str | bytes, form: str, output: Path | None) -> None:
    """Writes what was drawn to a file, or to stdout.

    Raises:
        UsageError: if the file can't be written, or a terminal can't show it.
    """
    if output is not None:
        try:
            output.write_bytes(made.encode() if isinstance(made, str) else made)
        except OSError as error:
            raise UsageError(f"`{output}` can't be written: {error.strerror}") from None
        print(f"Wrote {output}", file=sys.stderr)
    elif isinstance(made, bytes):
        if sys.stdout.isatty():
            raise UsageError(f"a terminal can't show {form}: name a file, as in -o graph.{form}")
        sys.stdout.buffer.write(made)
    else:
        sys.stdout.write(made)
