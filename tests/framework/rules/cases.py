"""Reads examples and cases out of Markdown, and says what the rules find in them."""

from __future__ import annotations

import re
import tomllib
from typing import NamedTuple

from stepwell.diagnostic import Diagnostic
from stepwell.read.findings import unreadable
from stepwell.read.pipelines import declared, pipelines
from stepwell.read.source import parse
from stepwell.rules import check, kept

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(
    r'# (?P<severity>error|warning|hint): \[(?P<name>[\w-]+)\](?: "(?P<message>.*)")?'
)


class Case(NamedTuple):
    """A pipeline in Markdown: one module for each Python block, and the settings of a TOML one."""

    title: str
    modules: tuple[str, ...]
    settings: str = ""

    def found(self) -> list[Diagnostic]:
        """What the rules say of it."""
        names = [f"steps{number or ''}" for number in range(len(self.modules))]
        parsed = [
            parse(text, file=f"{name}.py", module=name)
            for name, text in zip(names, self.modules, strict=True)
        ]
        given = declared(tomllib.loads(self.settings)) or declared(
            {"tool": {"stepwell": {"pipelines": {"all": {"modules": names}}}}}
        )
        found = pipelines(parsed, given)
        # What several pipelines have is one finding.
        diagnostics = dict.fromkeys(each for made in found for each in check(made.graph))
        texts = {f"{name}.py": text for name, text in zip(names, self.modules, strict=True)}
        return kept(diagnostics, texts, broken=unreadable(found))

    def marked(self) -> list[tuple[str, int, str, str, str]]:
        """File, line, severity, name and message of each finding that a comment asks for."""
        return [
            (f"steps{number or ''}.py", line, *(mark[1], mark[2], mark[3] or ""))
            for number, text in enumerate(self.modules)
            for line, written in enumerate(text.splitlines(), 1)
            for mark in _MARK.finditer(written)
        ]


def case(title: str, text: str) -> Case:
    """The case that this Markdown holds."""
    blocks = _BLOCK.findall(text)
    python = tuple(body for language, body in blocks if language == "python")
    return Case(title, python, "".join(body for language, body in blocks if language == "toml"))


def cases(text: str) -> list[Case]:
    """The cases of a file, one for each heading with code under it."""
    parts = re.split(r"^#+ (.*)$", text, flags=re.MULTILINE)[1:]
    found = [case(title, body) for title, body in zip(parts[::2], parts[1::2], strict=True)]
    return [each for each in found if each.modules]
