"""The facts of files, read once: within a check, and from one check of them to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.cli.failure import UsageError
from stepwell.read import files
from stepwell.read.pipelines import Finder
from stepwell.read.source import Module, parse

if TYPE_CHECKING:
    from stepwell.read.index import Index


@contextmanager
def uncollected() -> Iterator[None]:
    """No looking for garbage meanwhile: trees of syntax are many objects, and none of them is any.

    Reading ten thousand functions takes a third of the time so.
    """
    import gc

    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


class Memory:
    """What files say, and what was read of it: a file that says the same is not read again.

    Args:
        index: what was read in other runs.
    """

    def __init__(self, index: Index | None = None) -> None:
        self._index = index
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
            self._alone[file] = self._read(file, previous)
        return self._alone[file]

    def again(self, modules: Sequence[Module]) -> list[Module]:
        """The facts, with what the modules import from one another."""
        finder = Finder(modules)
        return [self._across(module, finder) for module in modules]

    def _across(self, module: Module, finder: Finder) -> Module:
        file = module.file
        # A `Driver` may come out of another module: what is one is known then alone.
        built = module.sites or any(word in self._texts[file] for word in ("Driver(", "Builder("))
        if not (module.nodes or built) or not _imports(module, finder):
            return module
        self._whole[file] = self._read(file, module, finder)
        return self._whole[file]

    def save(self) -> None:
        """Keeps what was read for other runs."""
        if self._index is not None:
            self._index.save()

    def _read(self, file: str, previous: Module | None, finder: Finder | None = None) -> Module:
        path, text = Path(file), self._texts[file]
        name, package = files.module_name(path.resolve()), path.name == "__init__.py"
        try:
            if self._index is not None and (previous is None or finder is not None):
                return self._index.parse(
                    text, file=file, module=name, package=package, alone=previous, finder=finder
                )
            return parse(
                text,
                file=file,
                module=name,
                package=package,
                previous=previous,
                others=finder.names(file) if finder is not None else None,
            )
        except RecursionError:  # nested deeper than can be walked: no text that a person writes
            return Module(file, name)


def _imports(module: Module, finder: Finder) -> bool:
    """Whether the module imports something of a module that is known."""
    imported: Iterable[str] = module.names.imports.values()
    homes = {dotted.rpartition(".")[0] for dotted in imported} | {*imported, *module.names.stars}
    return any(finder.find(home, module.file) for home in homes if home)
