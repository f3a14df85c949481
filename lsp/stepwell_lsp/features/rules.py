"""The rules' pages for an editor to show: the answer to the request `stepwell/rules`."""

from __future__ import annotations

from typing import TypedDict

from stepwell.rules import RULES
from stepwell.rules.pages import page, summary

METHOD = "stepwell/rules"


class RulePage(TypedDict):
    """One rule: its code and name, what it does in a sentence, and its whole page as Markdown."""

    code: str
    name: str
    severity: str
    summary: str
    page: str


def rule_pages() -> list[RulePage]:
    """Every rule, in the order of codes."""
    return [
        RulePage(
            code=rule.code,
            name=rule.name,
            severity=rule.severity,
            summary=summary(rule),
            page=page(rule),
        )
        for rule in RULES
    ]
