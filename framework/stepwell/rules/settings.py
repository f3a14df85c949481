"""Which rules count: what `[tool.stepwell.check]` of a `pyproject.toml` says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path

from stepwell.diagnostic import Diagnostic
from stepwell.errors import did_you_mean
from stepwell.rules.ignore import matches

KEYS = ("select", "ignore", "per-file-ignores", "baseline")


@dataclass(frozen=True)
class Settings:
    """Codes, names and prefixes of codes that are reported, and those that are not.

    Args:
        select: what counts; everything where it is empty.
        ignore: what does not count, of that.
        per_file: what does not count in files that a pattern matches.
        root: the folder that patterns are meant from.
        baseline: the file of findings that are accepted, if there is one.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    root: Path = Path()
    baseline: Path | None = None

    def counts(self, found: Diagnostic) -> bool:
        """Whether this finding is to be reported."""
        if not (self.select or self.ignore or self.per_file):
            return True
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


def settings(check: object, root: Path) -> tuple[Settings, list[str]]:
    """What that table says, and a sentence on everything in it that is no setting.

    >>> settings({"ignore": ["SW203"], "selct": []}, Path("app"))[1]
    ['`tool.stepwell.check` has no setting `selct`; did you mean `select`?']
    """
    if not isinstance(check, Mapping):
        return Settings(root=root), ["`tool.stepwell.check` is a table"]
    problems = [
        f"`tool.stepwell.check` has no setting `{key}`{did_you_mean(key, KEYS)}"
        for key in map(str, check)
        if key not in KEYS
    ]
    per_file = check.get("per-file-ignores", {})
    if not isinstance(per_file, Mapping):
        problems.append("`per-file-ignores` is a table of patterns with lists of codes")
        per_file = {}
    baseline = check.get("baseline")
    if not isinstance(baseline, str | None):
        problems.append("`baseline` is the path of a file")
        baseline = None
    made = Settings(
        select=_codes(check.get("select", []), "select", problems),
        ignore=_codes(check.get("ignore", []), "ignore", problems),
        per_file={
            str(pattern): _codes(codes, str(pattern), problems)
            for pattern, codes in per_file.items()
        },
        root=root,
        baseline=root / baseline if baseline else None,
    )
    return made, problems


def _codes(value: object, key: str, problems: list[str]) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(code, str) for code in value):
        return tuple(value)
    problems.append(f'`{key}` is a list of codes, as in ["SW102", "SW2"]')
    return ()


def _named(found: Diagnostic, codes: Iterable[str]) -> bool:
    return any(matches(code, found.code, found.name) for code in codes)
