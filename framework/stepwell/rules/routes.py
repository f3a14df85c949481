"""What routes are decided by, as far as a graph says it: alternatives, and the known values."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterator, Mapping
from typing import Any

from stepwell.graph import Graph
from stepwell.spec import Guard, Node
from stepwell.types import Type

READABLE = (str, int, float, bytes, bool, type(None))


def guarded_steps(graph: Graph) -> Mapping[tuple[str, str], Node]:
    """By module and name, the steps that are taken by what is made in the run, each as that of its
    nodes which has the guards: other nodes of the step follow it."""
    return {(node.module, node.step): node for node in graph.written if node.guards}


def alternatives(graph: Graph) -> Iterator[tuple[Node, list[Node]]]:
    """Each join, and for each of its alternatives the node that has its guards."""
    steps = guarded_steps(graph) if graph.has_routes else {}
    for join in graph.nodes.values():
        if join.kind == "join":
            made = [graph.nodes[p.reads] for p in join.params if p.reads in graph.nodes]
            yield join, [steps.get((node.module, node.step), node) for node in made]


def values_of(graph: Graph, name: str) -> list[Any] | None:
    """Every value that the nodes of that name can have; `None` where that is not known."""
    makers = graph.variants(name)
    if not makers or (graph.config is None and any(maker.when for maker in makers)):
        return None
    found: list[Any] = []
    for maker in makers:
        for member in maker.type.members:
            values = None if maker.stale else _values(member)
            if values is None:
                return None
            found += [value for value in values if not _has(found, value)]
    return found


def lets_pass(guard: Guard, value: object) -> bool | None:
    """Whether a value is what a guard asks for; `None` where that is not known."""
    if guard.operator in ("skipped", "rest"):
        return None
    if not all(isinstance(each, READABLE) for each in guard.values):
        return None
    found = any(value == each for each in guard.values)
    return found if guard.operator in ("is", "in") else not found


def _values(type: Type) -> list[Any] | None:
    if type.name == "bool":
        return [True, False]
    if type.name in ("None", "NoneType"):
        return [None]
    if type.name != "typing.Literal":
        return None
    try:
        return [literal_eval(arg) for arg in type.args if isinstance(arg, str)]
    except (ValueError, SyntaxError):  # a member of an enum
        return None


def _has(values: list[Any], value: object) -> bool:
    return any(value == each and type(value) is type(each) for each in values)
