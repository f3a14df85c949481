"""`stepwell diff`: which steps a change adds, removes, rewires or edits. Both sides are text."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.cli import drawing, reading
from stepwell.cli.failure import UsageError
from stepwell.cli.parsers import Commands, colored, command
from stepwell.cli.revision import laid_out, root_of
from stepwell.graph import Graph
from stepwell.read import files
from stepwell.read.changes import Change, How, changes
from stepwell.read.pipelines import Pipeline
from stepwell.spec import Node

if TYPE_CHECKING:
    from stepwell.draw import Looks, Options

FORMATS = (*drawing.FORMATS, "json")
SIGNS: dict[How, tuple[str, str]] = {
    "added": ("+", "32"),
    "removed": ("-", "31"),
    "rewired": ("~", "33"),
    "edited": ("*", "36"),
}
"""The sign of each kind of change, and its colour on a terminal."""

EXAMPLES = """\
  stepwell diff                        what is not committed yet
  stepwell diff main                   what this branch changes
  stepwell diff HEAD~3 app/answer.py   of one module, in three commits
  stepwell diff main -o diff.svg       as a picture: green is new, red is gone
  stepwell diff main -f json           for a program
"""


def add(commands: Commands) -> None:
    """Adds the command's parser."""
    parser = command(
        commands,
        "diff",
        run,
        help="which steps a change adds, removes, rewires, edits",
        description="Compares the pipelines here with those of a git revision. "
        "Nothing is imported, and the checkout is not touched.",
        examples=EXAMPLES,
    )
    parser.add_argument("revision", metavar="REV", nargs="?", default="HEAD", help="default: HEAD")
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        type=Path,
        default=[Path()],
        help="files and folders (default: here)",
    )
    parser.add_argument("-f", "--format", choices=FORMATS, help="else it follows from -o's ending")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write it there")
    drawing.add_looks(parser)


def run(args: argparse.Namespace) -> int:
    """Reads both sides, compares, prints."""
    compared = compare(args.revision, args.paths)
    form = args.format or drawing.format_of(args.output, FORMATS)
    if form == "json":
        made: str | bytes = (
            json.dumps([_record(change, compared) for change in compared.changes], indent=2) + "\n"
        )
    elif form == "text":
        color = args.output is None and colored(args.color, sys.stdout)
        made = _text(compared, args.revision, color=color)
    else:
        made = _drawn(compared, form, drawing.looks(args))
    drawing.sent(made, form, args.output)
    return 0


@dataclass(frozen=True, slots=True)
class Compared:
    """What changed, in files as seen from `root`, and the pipelines as they are now."""

    changes: Sequence[Change]
    pipelines: Sequence[Pipeline]
    root: Path

    def changed(self) -> list[Pipeline]:
        """The pipelines in whose files something changed."""
        homes = {str(self.root / _file(change.node)) for change in self.changes}
        return [
            pipeline
            for pipeline in self.pipelines
            if any(module.file in homes for module in pipeline.modules)
        ]

    def place(self, node: Node) -> str:
        """Where a step is or was written, as seen from the current folder."""
        file = self.root / _file(node)
        here = Path.cwd()
        shown = file.relative_to(here) if file.is_relative_to(here) else file
        return f"{shown}:{node.span.line}" if node.span else str(shown)

    def downstream(self) -> list[str]:
        """The steps that did not change themselves and are made of what did, in the order run."""
        changed = {change.node.name for change in self.changes}
        found: dict[str, None] = {}
        for pipeline in self.changed():
            below = pipeline.graph.downstream(changed & pipeline.graph.nodes.keys())
            found |= dict.fromkeys(
                node.name for node in pipeline.graph.written if node.name in below
            )
        return [name for name in found if name not in changed]


def _file(node: Node) -> str:
    return node.span.file if node.span else ""


def compare(revision: str, paths: Sequence[Path]) -> Compared:
    """The steps under these paths that are not as they were in a revision.

    Raises:
        UsageError: if there is no such path or revision, or no git checkout.
    """
    absent = next((path for path in paths if not path.exists()), None)
    here = [path.resolve() for path in paths]
    root = root_of(Path() if absent else here[0]).resolve()
    with laid_out(root, revision) as folder:
        inside = [_inside(path, root, folder) for path in here]
        if absent and not any(path.exists() for path in inside):
            raise UsageError(f"there is no `{absent}`, neither now nor in `{revision}`")
        now = reading.pipelines_under([path for path in here if path.exists()])
        then = reading.pipelines_under([path for path in inside if path.exists()])
        found = changes(
            _nodes(then, folder),
            _nodes(now, root),
            lambda file: files.read_text(folder / file),
            lambda file: files.read_text(root / file),
        )
    return Compared(found, now, root)


def _inside(path: Path, root: Path, folder: Path) -> Path:
    try:
        return folder / path.relative_to(root)
    except ValueError:
        raise UsageError(f"`{path}` is not in the git checkout `{root}`") from None


def _nodes(pipelines: Iterable[Pipeline], root: Path) -> list[Node]:
    """The nodes of all pipelines, their files called as seen from `root`."""
    written = (node for each in pipelines for node in (*each.graph.written, *each.graph.absent))
    return [
        replace(node, span=node.span._replace(file=str(Path(node.span.file).relative_to(root))))
        for node in written
        if node.span is not None
    ]


def _drawn(compared: Compared, form: str, looks: Looks) -> str | bytes:
    """The pipelines that changed, with what was removed; each changed step says how."""
    status = {change.node.name: str(change.how) for change in compared.changes}
    graphs = [pipeline.graph for pipeline in compared.changed()]
    now = {(node.span, node.name, node.when): node for graph in graphs for node in graph.written}
    removed = [change.node for change in compared.changes if change.how == "removed"]
    modules = dict.fromkeys(name for graph in graphs for name in graph.modules)
    graph = Graph([*now.values(), *removed], modules=modules)
    options: Options = {"targets": (), "only": None, "wrong": (), **looks, "status": status}
    return drawing.drawn(graph, form, options)


def _record(change: Change, compared: Compared) -> dict[str, object]:
    file, _, line = compared.place(change.node).rpartition(":")
    return {
        "change": change.how,
        "step": change.node.name,
        "module": change.node.module,
        "file": file,
        "line": int(line),
        "what": list(change.what),
    }


def _text(compared: Compared, revision: str, *, color: bool) -> str:
    """A line for every step, and one for every way in which it is wired differently."""
    found = compared.changes
    if not found:
        return f"No step has changed since `{revision}`.\n"
    width = max(len(change.node.name) for change in found)
    lines = []
    for change in found:
        sign, paint = SIGNS[change.how]
        head = f"{sign} {change.node.name:<{width}}  {change.how:<7}"
        place = compared.place(change.node)
        lines.append(f"\x1b[{paint}m{head}\x1b[0m  {place}" if color else f"{head}  {place}")
        lines += [f"    {what}" for what in change.what]
    below = compared.downstream()
    if below:
        lines.append(f"Made of these: {', '.join(below)}")
    counts = [(how, sum(change.how == how for change in found)) for how in SIGNS]
    said = ", ".join(f"{count} {how}" for how, count in counts if count)
    lines.append(f"Since `{revision}`: {said}.")
    return "\n".join(lines) + "\n"
