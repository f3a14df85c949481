"""Which rules count: by `[tool.stepwell.check]` of `pyproject.toml`, and by the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from stepwell.cli.failure import UsageError
from stepwell.diagnostic import Diagnostic
from stepwell.errors import did_you_mean
from stepwell.rules.ignore import matches

KEYS = ("select", "ignore", "per-file-ignores")


@dataclass(frozen=True)
class Settings:
    """Codes, names and prefixes of codes that are reported, and those that are not.

    Args:
        select: what counts; everything where it is empty.
        ignore: what does not count, of that.
        per_file: what does not count in files that a pattern matches.
        root: the folder that patterns are meant from.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    root: Path = Path()

    def counts(self, found: Diagnostic) -> bool:
        """Whether this finding is to be reported."""
        if self.select and not _named(found, self.select):
            return False
        if _named(found, self.ignore):
            return False
        if found.span is None:
            return True
        file = Path(found.span.file)
        patterns = (p for p, codes in self.per_file.items() if _named(found, codes))
        return not any(self._matches(file, pattern) for pattern in patterns)

    def with_options(self, select: Iterable[str], ignore: Iterable[str]) -> Settings:
        """As these, but what the command line selects takes the place, and what it ignores adds."""
        chosen = tuple(select) or self.select
        return replace(self, select=chosen, ignore=(*self.ignore, *ignore))

    def _matches(self, file: Path, pattern: str) -> bool:
        path = Path.cwd() / file
        if path.is_relative_to(self.root):
            path = path.relative_to(self.root)
        return fnmatch(path.as_posix(), pattern) or fnmatch(file.name, pattern)


def settings_near(folder: Path) -> Settings:
    """The settings of the nearest `pyproject.toml` from this folder upwards that has any.

    Raises:
        UsageError: if that file can't be read, or says something that is no setting.
    """
    import tomllib

    for parent in (folder, *folder.parents):
        file = parent / "pyproject.toml"
        if not file.is_file():
            continue
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UsageError(f"`{file}` can't be read: {error}") from None
        check = table.get("tool", {}).get("stepwell", {}).get("check")
        if check is not None:
            return _settings(check, file)
    return Settings(root=folder)


def known(codes: Iterable[str], rules: Iterable[tuple[str, str]], *, where: str) -> tuple[str, ...]:
    """The codes, if each means a rule: its code, how codes begin, its name, or `ALL`.

    Raises:
        UsageError: if one is none of these.
    """
    listed = [*rules]
    given = tuple(codes)
    for code in given:
        if not any(matches(code, *rule) for rule in listed):
            near = did_you_mean(code, (word for rule in listed for word in rule))
            raise UsageError(f"{where}: there is no rule `{code}`{near}")
    return given


def _settings(check: Any, file: Path) -> Settings:
    if not isinstance(check, dict):
        raise UsageError(f"`{file}`: `tool.stepwell.check` is a table")
    for key in check:
        if key not in KEYS:
            near = did_you_mean(key, KEYS)
            raise UsageError(f"`{file}`: `tool.stepwell.check` has no setting `{key}`{near}")
    per_file = check.get("per-file-ignores", {})
    if not isinstance(per_file, dict):
        raise UsageError(f"`{file}`: `per-file-ignores` is a table of patterns with lists of codes")
    return Settings(
        select=_codes(check.get("select", []), "select", file),
        ignore=_codes(check.get("ignore", []), "ignore", file),
        per_file={pattern: _codes(codes, pattern, file) for pattern, codes in per_file.items()},
        root=file.parent.resolve(),
    )


def _codes(value: Any, key: str, file: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise UsageError(f'`{file}`: `{key}` is a list of codes, as in ["SW102", "SW2"]')
    return tuple(value)


def _named(found: Diagnostic, codes: Iterable[str]) -> bool:
    return any(matches(code, found.code, found.name) for code in codes)
