"""Hamilton's adapters as stepwell hears them: each event with what it is given translated."""

from __future__ import annotations

import inspect
from abc import ABCMeta
from collections.abc import Callable, Sequence
from typing import Any

from stepwell.compat.hamilton.graph_types import FunctionGraph
from stepwell.compat.hamilton.live import live
from stepwell.compat.hamilton.node import NodeType, node_of
from stepwell.graph import Graph
from stepwell.lifecycle import base as core
from stepwell.lifecycle.events import EVENTS, declarations
from stepwell.spec import Node
from stepwell.types import Type


def bridged(adapter: Any) -> Any:
    """The adapter itself, if it is one of stepwell's; else one that passes on what it hears.

    Raises:
        ValueError: if it hears nothing.
    """
    kind = type(adapter)
    if declarations(kind):
        return adapter
    heard = {event for event in EVENTS if callable(getattr(adapter, event, None))}
    if not heard:
        raise ValueError(f"`{kind.__name__}` is no adapter: it inherits from none of the classes")
    bases = tuple(_CLASSES[event] for event in EVENTS if event in heard)
    words: dict[str, Any] = {event: _passed(event, adapter) for event in heard}
    words |= {"__reduce__": lambda self: (bridged, (adapter,)), "__module__": kind.__module__}
    return ABCMeta(kind.__name__, bases, words)()


def _passed(event: str, adapter: Any) -> Callable[..., Any]:
    call = getattr(adapter, event)
    wanted = _wanted(call)
    known = Known() if event in _AGAIN else None

    def given(keywords: dict[str, Any]) -> dict[str, Any]:
        translate = known or translated
        seen = {name: translate(name, value) for name, value in keywords.items()}
        if "purpose" in seen:
            seen["purpose"] = _purpose(seen["purpose"], seen["nodes"])
        if event == "do_check_edge_types_match":
            # There the reader's type is the first, whatever the names say.
            seen = {"type_from": seen["type_to"], "type_to": seen["type_from"]}
        return seen if wanted is None else {key: seen[key] for key in wanted if key in seen}

    if inspect.iscoroutinefunction(call):

        async def awaited(self: Any, **keywords: Any) -> Any:
            return await call(**given(keywords))

        return awaited

    def called(self: Any, **keywords: Any) -> Any:
        return call(**given(keywords))

    return called


def _wanted(call: Callable[..., Any]) -> set[str] | None:
    """The keywords that it names; `None` where it takes all."""
    params = inspect.signature(call).parameters.values()
    if any(param.kind is param.VAR_KEYWORD for param in params):
        return None
    return {param.name for param in params}


class Known:
    """Translates, and keeps what it has made of nodes and graphs, of which a driver has few."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, Any]] = {}

    def __call__(self, name: str, value: Any) -> Any:
        if not isinstance(value, Node | Graph):
            return translated(name, value)
        if id(value) not in self._made:
            # What it is made of is kept beside it, so that nothing else has its number.
            self._made[id(value)] = value, translated(name, value)
        return self._made[id(value)][1]


def translated(name: str, value: Any) -> Any:
    """What an event is given, as Hamilton's adapters know it."""
    if isinstance(value, Node):
        return node_of(value)
    if isinstance(value, Type):
        return live(value)
    if isinstance(value, Graph):
        return FunctionGraph(value)
    if name == "nodes":
        return [node_of(each) for each in value]
    return dict(value) if name in ("inputs", "overrides", "config") else value


def _purpose(word: str, nodes: Sequence[Any]) -> Any:
    """What a task is for, by stepwell's word and by what is in it."""
    from stepwell.compat.hamilton.execution.grouping import NodeGroupPurpose

    if word == "block":
        return NodeGroupPurpose.EXECUTE_BLOCK
    if len(nodes) == 1:
        role = nodes[0].node_role
        if role is NodeType.EXPAND:
            return NodeGroupPurpose.EXPAND_UNORDERED
        if role is NodeType.COLLECT:
            return NodeGroupPurpose.GATHER
        return NodeGroupPurpose.EXECUTE_SINGLE
    return NodeGroupPurpose.EXECUTE_BLOCK


_AGAIN = ("pre_node_execute", "post_node_execute", "pre_graph_execute", "post_graph_execute")
"""Events that come again with the same node or graph."""

_CLASSES: dict[str, Any] = {
    event: getattr(core, "".join(word.title() for word in event.split("_"))) for event in EVENTS
}
