"""A node as adapters of the internal level see it, made of stepwell's."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stepwell import spec
from stepwell.compat.hamilton.live import live
from stepwell.graph import Graph
from stepwell.modifiers.stored import LOADER, SAVER
from stepwell.types import Type, fits


class NodeType(enum.Enum):
    """What a node is for."""

    STANDARD = 1
    EXTERNAL = 2
    PRIOR_RUN = 3
    EXPAND = 4
    COLLECT = 5


class DependencyType(enum.Enum):
    """Whether what a node reads has to be there."""

    REQUIRED = 1
    OPTIONAL = 2

    @staticmethod
    def from_parameter(param: Any) -> DependencyType:
        """Of a parameter of `inspect`: optional with a default."""
        needed = param.default is param.empty
        return DependencyType.REQUIRED if needed else DependencyType.OPTIONAL


class Node:
    """A node of the graph.

    Args:
        name: what it is asked for by.
        typ: the type of its value.
        doc_string: the step's docstring.
        callabl: the function.
        node_source: what it is for.
        input_types: by name, what it reads: the type, and whether it has to be there.
        tags: metadata.
        originating_functions: the step's function; none of an input.
        optional_values: defaults of what need not be there.
    """

    def __init__(
        self,
        name: str,
        typ: Any,
        doc_string: str = "",
        callabl: Callable[..., Any] | None = None,
        node_source: NodeType = NodeType.STANDARD,
        input_types: Mapping[str, tuple[Any, DependencyType]] | None = None,
        tags: Mapping[str, Any] | None = None,
        originating_functions: Sequence[Callable[..., Any]] | None = None,
        optional_values: Mapping[str, Any] | None = None,
    ) -> None:
        self.name, self.type, self.documentation = name, typ, doc_string
        self.callable, self.node_role = callabl, node_source
        self.input_types = dict(input_types or {})
        self.tags = dict(tags or {})
        self.originating_functions = tuple(originating_functions or ()) or None
        self.default_parameter_values = dict(optional_values or {})

    @property
    def user_defined(self) -> bool:
        """Whether it is given from outside."""
        return self.node_role is NodeType.EXTERNAL

    @property
    def namespace(self) -> tuple[str, ...]:
        """What stands before the last dot of its name."""
        return tuple(self.name.split(".")[:-1])

    @property
    def version(self) -> str | None:
        """A hash of the step's text; of an input, its name."""
        from stepwell.compat.hamilton.graph_types import HamiltonNode

        return HamiltonNode.from_node(self).version

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and (self.name, self.type) == (other.name, other.type)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<{self.name} {self.tags}>"


def node_of(node: spec.Node) -> Node:
    """A node of stepwell's, as its users know them."""
    optional = {
        name: value
        for name, value in _defaults(node.callable).items()
        if any(param.keyword == name and not param.required for param in node.params)
    }
    reads: dict[str, tuple[Any, DependencyType]] = {}
    for param in node.params:
        kind = DependencyType.REQUIRED if param.required else DependencyType.OPTIONAL
        if reads.get(param.reads, (None, None))[1] is not DependencyType.REQUIRED:
            reads[param.reads] = live(param.type), kind
    return Node(
        node.name,
        live(node.type),
        node.doc,
        node.callable,
        _role(node),
        reads,
        tags_of(node),
        () if node.callable is None else (node.callable,),
        optional,
    )


def input_of(name: str, type: Type) -> Node:
    """An input, which is a node to its users too."""
    return Node(name, live(type), node_source=NodeType.EXTERNAL)


def tags_of(node: spec.Node) -> dict[str, Any]:
    """The tags of a node, with those that the framework itself gives."""
    tags: dict[str, Any] = {"module": node.module}
    for key, value in node.tags.items():
        if key in (LOADER, SAVER):
            tags[f"hamilton.{key}"] = True
            last = "source" if key == LOADER else "sink"
            tags.setdefault(f"hamilton.{key}.{last}", value)
            tags.setdefault(f"hamilton.{key}.classname", f"{node.step}()")
        elif key.startswith("hamilton.") and value in ("true", "false"):
            tags[key] = value == "true"
        elif key == "schema":
            tags["hamilton.internal.schema_output"] = ",".join(
                each.replace(": ", "=") for each in value
            )
        else:
            tags[key] = [*value] if isinstance(value, tuple) else value
    if node.when:
        tags["hamilton.config"] = ",".join(dict.fromkeys(each.key for each in node.when))
    return tags


def nodes_of(graph: Graph) -> dict[str, Node]:
    """All nodes and inputs of a graph, by name."""
    found = {name: node_of(node) for name, node in graph.nodes.items()}
    for name, readers in graph.inputs.items():
        found[name] = input_of(name, narrowest([param.type for _, param in readers]))
    return found


def narrowest(types: Sequence[Type]) -> Type:
    """The first of the types that suits wherever one of them is asked for; else the first."""
    suited = (one for one in types if all(fits(one, other) is not False for other in types))
    return next(suited, types[0])


def _role(node: spec.Node) -> NodeType:
    if node.type.name == "stepwell.Parallelizable":
        return NodeType.EXPAND
    if any(param.type.name == "stepwell.Collect" for param in node.params):
        return NodeType.COLLECT
    return NodeType.STANDARD


def _defaults(function: Any) -> dict[str, Any]:
    import inspect

    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {each.name: each.default for each in found if each.default is not each.empty}


def matches_query(tags: Mapping[str, Any], query_dict: Mapping[str, Any]) -> bool:
    """Whether tags answer the whole query: a value, one of several, or (`None`) any value.

    >>> matches_query({"owner": "me"}, {"owner": ["me", "you"]})
    True
    """
    for key, wanted in query_dict.items():
        if key not in tags:
            return False
        if wanted is None:
            continue
        have = tags[key] if isinstance(tags[key], list) else [tags[key]]
        if not set(have) & set(wanted if isinstance(wanted, list) else [wanted]):
            return False
    return True
