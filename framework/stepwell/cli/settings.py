"""Which rules count: by `[tool.stepwell.check]` of `pyproject.toml`, and by the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from stepwell.cli.failure import UsageError
from stepwell.errors import did_you_mean
from stepwell.rules.ignore import matches
from stepwell.rules.settings import Settings, settings

__all__ = ["Settings", "known", "settings_near"]


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
            found, problems = settings(check, parent.resolve())
            if problems:
                raise UsageError(f"`{file}`: {problems[0]}")
            return found
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
