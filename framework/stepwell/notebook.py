"""A pipeline in a notebook: `%load_ext stepwell.notebook`, then cells that begin with `%%stepwell`.

Such a cell becomes a module, with its graph drawn below it and what is wrong with its wiring told.
"""

from __future__ import annotations

import linecache
import shlex
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from IPython.core.error import UsageError

from stepwell.cli import report
from stepwell.driver.views import Picture
from stepwell.read import files, pipelines
from stepwell.read.source import Module, parse
from stepwell.rules import check, kept

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from stepwell.graph import Graph


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Called by `%load_ext stepwell.notebook`: the shell knows `%%stepwell` from now on."""
    cells = Cells(shell)
    register: Callable[..., None] = shell.register_magic_function
    register(cells.stepwell, magic_kind="cell", magic_name="stepwell")


class _Line(ArgumentParser):
    """What may stand in the line after `%%stepwell`."""

    def __init__(self) -> None:
        super().__init__(prog="%%stepwell", add_help=False, allow_abbrev=False)
        self.add_argument("name")
        self.add_argument("others", nargs="*")
        self.add_argument("-o", "--output", type=Path)
        self.add_argument("-t", "--target", action="append", default=[])

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; write %%stepwell NAME [MODULE …] [-t TARGET] [-o FILE]")


class Cells:
    """The cells of a notebook that became modules, by their names."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._cells: dict[str, str] = {}

    def stepwell(self, line: str, cell: str) -> None:
        """Makes a module of the cell, draws its pipeline, and tells what is wrong with its wiring.

            %%stepwell NAME [MODULE …] [-t TARGET] [-o FILE]

        The wiring is read from the text, as an editor does it, before anything runs. An error that
        the cell raises is shown as any cell's; the module that was there before stays then.

        Args:
            line: what the module is called, here and for `import` in other cells; other modules of
                the same pipeline, which are cells or imported; what to draw alone; a file to which
                the cell is written, too.
            cell: the module's text.

        Raises:
            UsageError: if the line is wrong, or the text can't be read.
        """
        args = _Line().parse_args(shlex.split(line))
        name: str = args.name
        if not name.isidentifier() or (name in sys.modules and name not in self._cells):
            fact = "is no name for a module" if not name.isidentifier() else "is a module already"
            raise UsageError(f"`{name}` {fact}; choose another name for the cell")
        graph, texts = self._read(name, cell, args.others)
        unknown = [target for target in args.target if target not in {*graph.nodes, *graph.inputs}]
        if unknown:
            raise UsageError(f"there is no `{unknown[0]}` in this pipeline to draw")
        found = kept(check(graph), texts)
        wrong = {one.node for one in found if one.severity == "error" and one.node}
        only = graph.upstream(args.target) if args.target else None
        if found:
            print(report.full(found, lines=lambda file: texts.get(file, "").split("\n")), end="")
        _show(Picture(graph, targets=args.target, only=only, wrong=wrong))
        if any(one.code == "SW001" for one in found):
            raise UsageError(f"`{name}` is not run: its text can't be read")
        self._make(name, cell)
        if args.output is not None:
            args.output.write_text(cell, encoding="utf-8")
            print(f"Wrote {args.output}")

    def _read(self, name: str, cell: str, others: list[str]) -> tuple[Graph, dict[str, str]]:
        """The graph of the cell and of the other modules, from their texts; and these by file."""
        texts = {_file(name): cell}
        modules = [parse(cell, file=_file(name), module=name)]
        for other in others:
            made = self._other(other)
            texts[made[0].file] = made[1]
            modules.append(made[0])
        finder = pipelines.Finder(modules)
        return pipelines.graph(modules, others=finder), texts

    def _other(self, name: str) -> tuple[Module, str]:
        if name in self._cells:
            text, file = self._cells[name], _file(name)
        else:
            file = getattr(sys.modules.get(name), "__file__", None) or ""
            if not file.endswith(".py"):
                raise UsageError(f"`{name}` is neither a cell of `%%stepwell` nor imported here")
            text = files.read_text(file)
        return parse(text, file=file, module=name), text

    def _make(self, name: str, cell: str) -> None:
        """Runs the cell as a module of its own, which the notebook knows by its name."""
        file, module = _file(name), ModuleType(name)
        linecache.cache[file] = len(cell), None, cell.splitlines(keepends=True), file
        before = sys.modules.get(name)
        sys.modules[name] = module
        try:
            exec(compile(cell, file, "exec"), vars(module))
        except BaseException:
            if before is None:
                del sys.modules[name]
            else:
                sys.modules[name] = before
            raise
        self._cells[name] = cell
        self._shell.user_ns[name] = module


def _show(picture: Any) -> None:
    from IPython.display import display

    display(picture)  # type: ignore[no-untyped-call]


def _file(name: str) -> str:
    """What a cell is called in tracebacks and findings."""
    return f"<cell {name}>"
