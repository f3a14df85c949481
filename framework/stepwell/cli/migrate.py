"""`stepwell migrate`: files written for Hamilton, with their imports changed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from stepwell.cli.failure import UsageError
from stepwell.cli.parsers import Commands, colored, command
from stepwell.cli.rewriting import OLD, Gap, Rewritten, rewritten
from stepwell.read import files

EXAMPLES = """\
  stepwell migrate .                 what would change, and what has no counterpart
  stepwell migrate flows --write     change it
  stepwell migrate notebook.ipynb    a notebook's cells
"""

COLORS = {"+": "32", "-": "31", "@": "36"}


def add(commands: Commands) -> None:
    """Adds the command's parser."""
    parser = command(
        commands,
        "migrate",
        run,
        help="move files over from Hamilton",
        description="Changes imports of Hamilton to imports of stepwell.compat.hamilton, and lists "
        "what has no counterpart there. Files are read as text; without --write they stay as they "
        "are. The exit code is 1 where something has no counterpart, or a file can't be read.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="+", type=Path, help="files, notebooks and folders"
    )
    parser.add_argument("--write", action="store_true", help="write the files")


def run(args: argparse.Namespace) -> int:
    """Reads, changes, shows or writes, and lists what has no counterpart."""
    color = colored(args.color, sys.stdout)
    gaps: list[tuple[Path, Gap]] = []
    changed = unread = 0
    for path in _files(args.paths):
        text = _text(path)
        if OLD not in text:
            continue
        try:
            new = notebook(text) if path.suffix == ".ipynb" else rewritten(text)
        except SyntaxError as error:
            print(f"{path}: can't be read, and stays as it is: {error}", file=sys.stderr)
            unread += 1
            continue
        gaps += [(path, gap) for gap in new.gaps]
        if new.text != text:
            changed += 1
            if args.write:
                path.write_text(new.text, encoding="utf-8")
            else:
                sys.stdout.write(_diff(path, text, new.text, color=color))
    for path, gap in gaps:
        cure = f"; instead: {gap.instead}" if gap.instead else ""
        print(f"{path}:{gap.line}: `{gap.what}` has no counterpart{cure}")
    print(_summary(changed, len(gaps), wrote=args.write), file=sys.stderr)
    return 1 if gaps or unread else 0


def notebook(text: str) -> Rewritten:
    """A notebook with the imports in its cells changed; the lines of gaps are those of cells.

    Raises:
        SyntaxError: if it is no notebook.
    """
    try:
        content = json.loads(text)
        cells = content["cells"]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise SyntaxError("it is no notebook") from None
    gaps: list[Gap] = []
    for cell in cells:
        source = cell.get("source", [])
        joined = source if isinstance(source, str) else "".join(source)
        if cell.get("cell_type") != "code" or OLD not in joined:
            continue
        kept = {n: line for n, line in enumerate(joined.splitlines()) if line[:1] in ("%", "!")}
        # What is said to the notebook itself is no Python, and stays.
        plain = "\n".join(
            "pass" if n in kept else line for n, line in enumerate(joined.splitlines())
        )
        try:
            new = rewritten(plain)
        except SyntaxError:
            continue
        gaps += new.gaps
        lines = new.text.splitlines()
        if len(lines) == len(plain.splitlines()):
            lines = [kept.get(n, line) for n, line in enumerate(lines)]
            cell["source"] = [line + "\n" for line in lines[:-1]] + lines[-1:]
    return Rewritten(json.dumps(content, indent=1, ensure_ascii=False) + "\n", gaps)


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise UsageError(f"there is no `{path}`")
        if path.is_dir():
            yield from sorted({*files.python_files([path]), *path.rglob("*.ipynb")})
        else:
            yield path


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"`{path}` can't be read: {error}") from None


def _diff(path: Path, before: str, after: str, *, color: bool) -> str:
    lines = unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{path}".replace("//", "/"),
        f"b/{path}".replace("//", "/"),
        n=1,
    )
    ended = (line if line.endswith("\n") else f"{line}\n" for line in lines)
    if not color:
        return "".join(ended)
    return "".join(
        f"\x1b[{COLORS[line[0]]}m{line.rstrip()}\x1b[0m\n" if line[0] in COLORS else line
        for line in ended
    )


def _summary(changed: int, gaps: int, *, wrote: bool) -> str:
    files_ = f"{changed} file{'' if changed == 1 else 's'}"
    done = f"Changed {files_}" if wrote else f"Would change {files_}; --write does it"
    return f"{done}. {gaps} without a counterpart."
