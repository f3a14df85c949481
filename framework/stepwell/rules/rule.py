"""The form of a rule: a question asked of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from stepwell.diagnostic import Diagnostic, Edit, Fix, Severity
from stepwell.graph import Graph
from stepwell.rules.secrets import hidden
from stepwell.spec import Mention, Param, Span


class Rule:
    """One thing that can be wrong with a graph; a subclass's docstring is its documentation.

    `check` is pure and total: the same graph gives the same answer, and no graph makes it raise.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity] = "error"
    message: ClassVar[str]

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        """What is wrong with this graph by this rule."""
        raise NotImplementedError

    def at(
        self,
        span: Span | None,
        fix: Fix | None = None,
        *,
        related: Iterable[tuple[Span, str]] = (),
        node: str = "",
        message: str = "",
        severity: Severity | None = None,
        **words: object,
    ) -> Diagnostic:
        """A diagnostic of this rule at `span`, its message filled with `words` (and `node`).

        `message` and `severity` take the place of the rule's own.
        """
        text = hidden((message or self.message).format(node=node, **words))
        return Diagnostic(
            self.code, self.name, text, severity or self.severity, span, tuple(related), fix, node
        )


class Reported(Rule):
    """A rule that the reader has already applied, since it saw what a graph no longer shows."""

    message = ""

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        return (found for found in graph.problems if found.code == self.code)


def rename(place: Param | Mention, near: str) -> Fix | None:
    """Puts `near` in the place of the name that is written there, if that place is known.

    Safe for a name in a string; a parameter has uses in the body, which a graph does not know.
    """
    span = place.span
    if not near or span is None or not span.end_line:
        return None
    written = isinstance(place, Mention) or place.keyword != place.reads
    return Fix(f"Rename to `{near}`", (Edit(span, near),), safe=written)
