"""What a rule answers: a message at a place, with its cure. Data only; rules live in `rules/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stepwell.spec import Span

Severity = Literal["error", "warning", "hint"]


@dataclass(frozen=True, slots=True)
class Edit:
    """Text to put in place of what stands at `span` (nothing, where the span is empty)."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A cure: its title, and the edits that bring it about. `safe` ones may be applied unasked."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: which rule, what is wrong, where, and what else to look at.

    Args:
        code: the rule's code, as `SW104`.
        name: the rule's name, as `cycle`.
        message: the fact, names in backticks; then the cure, if it is short.
        severity: `error` stops a build; `warning` is told; `hint` only fades text in an editor.
        span: where it is, if that is known.
        related: other places that matter, each with a word on why.
        fix: a cure that can be applied.
        node: the name of the node it is about, if it is about one.
    """

    code: str
    name: str
    message: str
    severity: Severity = "error"
    span: Span | None = None
    related: tuple[tuple[Span, str], ...] = ()
    fix: Fix | None = None
    node: str = ""

    def concise(self) -> str:
        """One line: `file:line:column: CODE message`.

        >>> Diagnostic("SW104", "cycle", "`a` needs itself", span=Span("f.py", 3, 5)).concise()
        'f.py:3:5: SW104 `a` needs itself'
        """
        place = f"{self.span.file}:{self.span.line}:{self.span.column}: " if self.span else ""
        return f"{place}{self.code} {self.message}"
