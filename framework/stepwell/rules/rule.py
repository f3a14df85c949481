"""The form of a rule: a question asked of a graph."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from itertools import chain
from typing import ClassVar

from stepwell.diagnostic import Diagnostic, Edit, Fix, Severity
from stepwell.graph import Graph
from stepwell.rules.secrets import hidden
from stepwell.spec import Body, Mention, Node, Param, Span


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


class NodeRule(Rule):
    """A rule that is asked of one node after the other.

    It may look at that node, at the types, places and conditions of what makes what that reads, and
    at the graph's `config` and `adapters`; at nothing else. So after an edit those nodes alone are
    looked at again of which one of these has changed.
    """

    beside: ClassVar[bool] = False
    """Whether it is asked of private functions, too."""

    def of(self, node: Node, graph: Graph) -> Iterable[Diagnostic]:
        """What is wrong with this node."""
        raise NotImplementedError

    def function(self, node: Node) -> Hashable:
        """What all nodes have in common of which one alone is told; nothing, if each is."""
        return None

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        nodes = chain(graph.written, graph.private if self.beside else ())
        return self.once((node, self.of(node, graph)) for node in nodes)

    def once(self, found: Iterable[tuple[Node, Iterable[Diagnostic]]]) -> Iterator[Diagnostic]:
        """What was found of nodes, in the order written, without what repeats."""
        told: set[Hashable] = set()
        for node, ones in found:
            listed = tuple(ones)
            function = self.function(node) if listed else None
            if function is None or function not in told:
                told.add(function)
                yield from listed


class FunctionRule(NodeRule):
    """A rule that looks at a step's text: told once, whatever nodes the step makes."""

    def of(self, node: Node, graph: Graph) -> Iterator[Diagnostic]:
        if node.body is None or node.stale:
            return iter(())
        return self.of_body(node, node.body, graph)

    def of_body(self, node: Node, body: Body, graph: Graph) -> Iterator[Diagnostic]:
        """What is wrong with the function of this node."""
        raise NotImplementedError

    def function(self, node: Node) -> Hashable:
        return node.module, node.step, node.body and node.body.line


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
