"""The rules, asked of a graph after each edit: of what an edit did not touch they are not."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TypeAlias

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.rule import NodeRule, Rule
from stepwell.spec import Node
from stepwell.types import Type

_Told: TypeAlias = "list[tuple[NodeRule, tuple[Diagnostic, ...]]]"


class Checked:
    """Rules, and what those of them that look at one node said of each.

    What it gives is what each rule gives for the graph, whatever graph was there before; it is
    quick where the graph was made of the one before (`before=`).
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._of_nodes = tuple(rule for rule in self._rules if isinstance(rule, NodeRule))
        self._of_private = tuple(rule for rule in self._of_nodes if rule.beside)
        self._known: object = None  # which wiring was asked about last
        self._given: object = None  # and what of the graph besides
        self._private: tuple[Node, ...] = ()
        self._told: dict[int, _Told] = {}  # by the node's identity; nothing, where all is well

    def found(self, graph: Graph) -> list[Diagnostic]:
        """All that is wrong with this graph, in no order."""
        self._ask(graph)
        told = self._told
        nodes = chain(graph.written, graph.private) if told else ()
        listed = [(node, dict(told[id(node)])) for node in nodes if id(node) in told]
        found: list[Diagnostic] = []
        for rule in self._rules:
            if isinstance(rule, NodeRule):
                ones = ((node, said[rule]) for node, said in listed if rule in said)
                found += rule.once(ones)
            else:
                found += rule.check(graph)
        return found

    def _ask(self, graph: Graph) -> None:
        """Asks of each node that is new, or reads what is made otherwise now."""
        edit = graph.wiring.edit
        known, given = self._known, (graph.config, graph.adapters)
        self._known, self._given, same = graph.wiring.mark, given, self._given == given
        touched: Iterable[Node] = ()
        if same and edit is not None and edit.since is known:
            for node in edit.gone:
                self._told.pop(id(node), None)
            touched = {id(node): node for node in chain(edit.come, _readers(graph))}.values()
        elif not same or graph.wiring.mark is not known:
            self._told.clear()
            self._private = ()
            touched = graph.written
        self._each(touched, self._of_nodes, graph)
        self._each(self._new_private(graph), self._of_private, graph)

    def _each(self, nodes: Iterable[Node], rules: Iterable[NodeRule], graph: Graph) -> None:
        for node in nodes:
            said = [(rule, ones) for rule in rules if (ones := tuple(rule.of(node, graph)))]
            if said:
                self._told[id(node)] = said
            else:
                self._told.pop(id(node), None)

    def _new_private(self, graph: Graph) -> list[Node]:
        """The private functions that are new; those that are gone are forgotten."""
        before, self._private = self._private, graph.private
        now = set(map(id, graph.private))
        for node in before:
            if id(node) not in now:
                self._told.pop(id(node), None)
        had = set(map(id, before))
        return [node for node in graph.private if id(node) not in had]


def _readers(graph: Graph) -> Iterable[Node]:
    """The nodes that read what is made otherwise than before the edit."""
    edit = graph.wiring.edit
    assert edit is not None
    before, now = _makers(edit.gone), _makers(edit.come)
    for name in before.keys() | now.keys():
        if before.get(name) != now.get(name):
            yield from graph.about.get(name, ())


def _makers(nodes: Iterable[Node]) -> dict[str, list[object]]:
    """By name, what rules look at that are asked of its readers."""
    found: dict[str, list[object]] = {}
    for node in nodes:
        seen = _whole(node.type), node.span, node.when, node.stale
        found.setdefault(node.name, []).append(seen)
    return found


def _whole(type: Type | str) -> object:
    """A type with all that is known of its classes, which its equality leaves out."""
    return type if isinstance(type, str) else (type.name, type.mro, *map(_whole, type.args))
