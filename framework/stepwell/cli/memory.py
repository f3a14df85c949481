"""The facts of files, read once: within a check, and from one check of them to the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from stepwell.cli.failure import UsageError
from stepwell.read import files
from stepwell.read.pipelines import Finder
from stepwell.read.source import Module, parse


class Memory:
    """What files say, and what was read of it: a file that says the same is not read again."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._alone: dict[str, Module] = {}  # what each says by itself
        self._whole: dict[str, Module] = {}  # with what it imports

    def text(self, file: str) -> str:
        """What a file says; nothing, if it was never read."""
        return self._texts.get(file, "")

    def parsed(self, file: str) -> Module:
        """The facts of a file, as far as it says them itself.

        Raises:
            UsageError: if it can't be read.
        """
        try:
            text = files.read_text(file)
        except OSError as error:
            raise UsageError(f"`{file}` can't be read: {error.strerror}") from None
        if self._texts.get(file) != text or file not in self._alone:
            previous = self._whole.get(file)
            self._texts[file] = text
            self._alone[file] = _parsed(Path(file), text, previous)
        return self._alone[file]

    def again(self, modules: Sequence[Module]) -> list[Module]:
        """The facts, with what the modules import from one another."""
        finder = Finder(modules)
        return [self._across(module, finder) for module in modules]

    def _across(self, module: Module, finder: Finder) -> Module:
        if not (module.nodes or module.sites) or not _imports(module, finder):
            return module
        file = module.file
        made = _parsed(Path(file), self._texts[file], module, finder.names(file))
        self._whole[file] = made
        return made


def _imports(module: Module, finder: Finder) -> bool:
    """Whether the module imports something of a module that is known."""
    imported: Iterable[str] = module.names.imports.values()
    homes = {dotted.rpartition(".")[0] for dotted in imported} | {*imported, *module.names.stars}
    return any(finder.find(home, module.file) for home in homes if home)


def _parsed(path: Path, text: str, previous: Module | None = None, others: Any = None) -> Module:
    name = files.module_name(path.resolve())
    package = path.name == "__init__.py"
    try:
        return parse(
            text, file=str(path), module=name, package=package, previous=previous, others=others
        )
    except RecursionError:  # nested deeper than can be walked: no text that a person writes
        return Module(str(path), name)
