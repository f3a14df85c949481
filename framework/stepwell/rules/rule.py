"""The form of a rule: a question asked of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from stepwell.diagnostic import Diagnostic, Fix, Severity
from stepwell.graph import Graph
from stepwell.spec import Span


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
        **words: object,
    ) -> Diagnostic:
        """A diagnostic of this rule at `span`, its message filled with `words` (and `node`)."""
        message = self.message.format(node=node, **words)
        return Diagnostic(
            self.code, self.name, message, self.severity, span, tuple(related), fix, node
        )
