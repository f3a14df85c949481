"""The rules' documentation as Markdown files: a page for each, and the list of all.

Run as `python -m stepwell.rules FOLDER`, it writes them.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from stepwell.rules.rule import Rule

_INDEX = """\
# Rules

What `stepwell check`, the editor and `Driver` say of a pipeline, and what to do about it. `Driver`
refuses to build a graph with an *error*; a *warning* is told. `# stepwell: ignore[SW102]` at the
end of a line switches a rule off there; `select` and `ignore` under `[tool.stepwell.check]` in
`pyproject.toml` do it for a project, by code, by name, or by how codes begin (`SW1`).

| code | name | severity | what it does |
|---|---|---|---|
"""


def page(rule: Rule) -> str:
    """One rule's page."""
    return f"# {rule.name} ({rule.code})\n\n{rule.severity}\n\n{inspect.getdoc(rule)}\n"


def summary(rule: Rule) -> str:
    """The first sentence of what a rule does."""
    prose = re.sub(r"(?m)^#.*$", "", inspect.getdoc(rule) or "").strip().partition("\n\n")[0]
    return re.split(r"(?<=[.:])\s", " ".join(prose.split()))[0].rstrip(":.") + "."


def pages(rules: tuple[Rule, ...]) -> dict[str, str]:
    """Every page by the name of its file, `README.md` being the list."""
    rows = [
        f"| {rule.code} | [{rule.name}]({rule.name}.md) | {rule.severity} | {summary(rule)} |\n"
        for rule in rules
    ]
    return {"README.md": _INDEX + "".join(rows)} | {f"{r.name}.md": page(r) for r in rules}


def write(folder: Path, rules: tuple[Rule, ...]) -> None:
    """Writes the pages into a folder, and takes away those of rules that are no more."""
    wanted = pages(rules)
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.md"):
        if file.name not in wanted:
            file.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
