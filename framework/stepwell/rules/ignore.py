"""`# stepwell: ignore[SW104]`: findings that the text itself switches off, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from stepwell.diagnostic import Diagnostic

COMMENT = re.compile(r"#\s*stepwell:\s*ignore(?:\[(?P<codes>[^\]]*)\])?(?!\w)")

ALL = "ALL"


def ignored(text: str) -> dict[int, frozenset[str]]:
    """For each line (from 1) with such a comment, what is switched off there; `ALL` without codes.

    >>> ignored("def a(b): ...  # stepwell: ignore[SW102, cycle]")[1] == {"SW102", "cycle"}
    True
    """
    if "stepwell:" not in text:
        return {}
    return {
        number: frozenset(codes_of(line))
        for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1)
        if COMMENT.search(line)
    }


def unignored(
    diagnostics: Iterable[Diagnostic], lines: Mapping[str, Mapping[int, frozenset[str]]]
) -> Iterator[Diagnostic]:
    """The diagnostics that no comment switches off.

    Args:
        diagnostics: findings in any number of files.
        lines: for each file, what `ignored` says of its text.
    """
    for found in diagnostics:
        codes = lines.get(found.span.file, {}).get(found.span.line, ()) if found.span else ()
        if not any(matches(code, found.code, found.name) for code in codes):
            yield found


def matches(code: str, of: str, name: str) -> bool:
    """Whether what a user wrote (a code, how codes begin, a name, `ALL`) means this rule.

    >>> matches("SW1", "SW104", "cycle"), matches("cycle", "SW104", "cycle")
    (True, True)
    """
    return code in (ALL, name) or (code.startswith("SW") and of.startswith(code))


def codes_of(comment: str) -> list[str]:
    """What a comment switches off, as written: `ALL` without codes, nothing if it is no such one.

    >>> codes_of("# stepwell: ignore[SW102, cycle]"), codes_of("# stepwell: ignore")
    (['SW102', 'cycle'], ['ALL'])
    """
    found = COMMENT.search(comment)
    if found is None:
        return []
    written = found["codes"]
    if written is None:
        return [ALL]
    return [code.strip() for code in written.split(",") if code.strip()]
