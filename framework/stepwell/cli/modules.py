"""Modules by what is written on a command line: a dotted name, or the path of a file or folder."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

from stepwell.cli.failure import UsageError, UserError
from stepwell.errors import did_you_mean


def load(written: str) -> ModuleType:
    """The module, imported as Python would import it from this folder.

    A file inside a package is imported by its dotted name, so that its relative imports work; a
    file alone finds its neighbours, as a script does.

    Raises:
        UsageError: if there is no such module or file.
        UserError: if its own code raises while it is imported.
    """
    path = Path(written)
    if written.endswith(".py") or path.is_dir() or "/" in written or "\\" in written:
        return _load_file(path)
    _search(Path.cwd())
    return _imported(written)


def _load_file(path: Path) -> ModuleType:
    if path.is_dir():
        if not (path / "__init__.py").is_file():
            raise UsageError(f"`{path}` is a folder and no package: name the files in it")
        path = path / "__init__.py"
    if not path.is_file():
        folder = path.parent if path.parent.is_dir() else Path()
        near = did_you_mean(path.name, (p.name for p in folder.glob("*.py")))
        raise UsageError(f"`{path}` is no file{near}")
    name, root = module_name(path.resolve())
    _search(root)
    if "." in name or path.name == "__init__.py":
        return _imported(name)
    return _executed(name, path.resolve())


def module_name(path: Path) -> tuple[str, Path]:
    """The dotted name of a file, and the folder that this name starts from."""
    names = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        names.append(folder.name)
        folder = folder.parent
    return ".".join(reversed(names)), folder


def _search(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _imported(name: str) -> ModuleType:
    from importlib import import_module
    from pkgutil import iter_modules

    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            there = (found.name for found in iter_modules([str(Path.cwd())]))
            near = did_you_mean(name, there)
            raise UsageError(f"there is no module `{name}` here or on sys.path{near}") from None
        raise UserError(error) from error
    except (Exception, SystemExit) as error:
        raise UserError(error) from error


def _executed(name: str, path: Path) -> ModuleType:
    """A file alone. Its name may be one of the standard library's; then it gets another."""
    from importlib.util import module_from_spec, spec_from_file_location

    there = sys.modules.get(name)
    if there is not None and getattr(there, "__file__", None) == str(path):
        return there
    if there is not None or name in sys.stdlib_module_names:
        name = f"{name}_of_{path.parent.name}"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise UserError(error) from error
    return module
