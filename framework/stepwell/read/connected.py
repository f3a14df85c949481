"""Which files of a workspace can matter to a pipeline, so that the others need not be parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stepwell.read.pipelines import Declared, Finder
from stepwell.read.source import Module


def connected(
    files: Iterable[str],
    parsed: Callable[[str], Module],
    *,
    first: Iterable[str],
    declared: Iterable[Declared] = (),
) -> list[Module]:
    """The facts of the files that matter, in the order of `files`.

    These are the `first` ones (those that say `stepwell`, or that were asked for), the modules that
    are declared, and whatever of the workspace these import, since a driver may be built of it.

    Args:
        files: the paths of all files of the workspace.
        parsed: gives the facts of a file; called once for each that matters.
        first: the files to start from.
        declared: what `pyproject.toml` says.
    """
    all_files = list(files)
    finder = Finder(Module(file, "") for file in all_files)
    found: dict[str, Module] = {}
    waiting = list(first)
    for pipeline in declared:
        near = f"{pipeline.folder}/pyproject.toml"
        modules = (finder.find(name, near) for name in pipeline.modules)
        waiting += [module.file for module in modules if module is not None]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        module = found[file] = parsed(file)
        for name in _homes(module):
            other = finder.find(name, file)
            if other is not None and other.file not in found:
                waiting.append(other.file)
    return [found[file] for file in all_files if file in found]


def _homes(module: Module) -> set[str]:
    """The dotted names of modules that a file imports, or imports something of."""
    imported = module.names.imports.values()
    homes = {dotted.rpartition(".")[0] for dotted in imported}
    homes |= {*imported, *module.names.stars}
    homes |= {name for site in module.sites for name in site.modules}
    return homes - {""}
