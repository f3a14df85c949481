"""Nodes and graphs as users see them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

from stepwell.compat.hamilton.node import DependencyType, Node, nodes_of
from stepwell.graph import Graph
from stepwell.types import from_object


@dataclass
class HamiltonNode:
    """A node or an input; `Variable` of the driver."""

    name: str
    type: Any
    tags: dict[str, Any] = field(default_factory=dict)
    is_external_input: bool = False
    originating_functions: tuple[Callable[..., Any], ...] | None = None
    documentation: str | None = None
    required_dependencies: set[str] = field(default_factory=set)
    optional_dependencies: set[str] = field(default_factory=set)
    optional_dependencies_default_values: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def from_node(n: Node) -> HamiltonNode:
        """That of a node of the internal level."""

        def reads(kind: DependencyType) -> set[str]:
            return {name for name, (_, own) in n.input_types.items() if own is kind}

        return HamiltonNode(
            n.name,
            n.type,
            n.tags,
            n.user_defined,
            n.originating_functions,
            n.documentation,
            reads(DependencyType.REQUIRED),
            reads(DependencyType.OPTIONAL),
            dict(n.default_parameter_values),
        )

    def as_dict(self, include_optional_dependencies_default_values: bool = False) -> dict[str, Any]:
        """It as plain data, its source with it."""
        told: dict[str, Any] = {
            "name": self.name,
            "tags": self.tags,
            "output_type": type_text(self.type),
            "required_dependencies": sorted(self.required_dependencies),
            "optional_dependencies": sorted(self.optional_dependencies),
            "source": _source(self.originating_functions),
            "documentation": self.documentation,
            "version": self.version,
        }
        if include_optional_dependencies_default_values:
            told["optional_dependencies_default_values"] = self.optional_dependencies_default_values
        return told

    @cached_property
    def version(self) -> str | None:
        """A hash of the step's text, comments and docstrings left out; of an input, its name."""
        if not self.originating_functions:
            return self.name if self.is_external_input else None
        text = _source(self.originating_functions)
        return None if text is None else hash_source_code(text, strip=True)

    def __repr__(self) -> str:
        return f'Node("{self.name}": {type_text(self.type)})'


@dataclass
class HamiltonGraph:
    """All nodes and inputs."""

    nodes: list[HamiltonNode]

    @staticmethod
    def from_graph(fn_graph: Graph | FunctionGraph) -> HamiltonGraph:
        """That of a graph."""
        graph = fn_graph.core if isinstance(fn_graph, FunctionGraph) else fn_graph
        return HamiltonGraph([HamiltonNode.from_node(each) for each in nodes_of(graph).values()])

    @cached_property
    def version(self) -> str:
        """A hash of the nodes' own."""
        versions = sorted(each.version for each in self.nodes if each.version is not None)
        return sha256(str(versions).encode()).hexdigest()

    def __getitem__(self, key: str) -> HamiltonNode:
        for node in self.nodes:
            if node.name == key:
                return node
        raise KeyError(key)

    def filter_nodes(self, filter: Callable[[HamiltonNode], bool]) -> list[HamiltonNode]:
        """Those of which the function is true."""
        return [node for node in self.nodes if filter(node) is True]


class FunctionGraph:
    """A graph as adapters of the internal level see it."""

    def __init__(self, core: Graph) -> None:
        self.core = core

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """By name."""
        return nodes_of(self.core)

    @property
    def config(self) -> Mapping[str, Any]:
        """The configuration that it stands under."""
        return self.core.config or {}

    def get_nodes(self) -> list[Node]:
        """All of them."""
        return list(self.nodes.values())


def hash_source_code(source: str | Callable[..., Any], strip: bool = False) -> str:
    """A hash of a text of Python; with `strip`, comments and docstrings left out."""
    import ast
    from textwrap import dedent

    text = source if isinstance(source, str) else inspect.getsource(source)
    text = text.strip()
    if strip:
        try:
            tree = ast.parse(dedent(text))
        except SyntaxError:
            return sha256(text.encode()).hexdigest()
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list) and body and _is_docstring(node, body[0]):
                del body[0]
        text = ast.unparse(tree)
    return sha256(text.encode()).hexdigest()


def type_text(type_: Any) -> str:
    """A type as text, without its arguments.

    >>> type_text(dict[str, int])
    'dict'
    """
    return str(getattr(type_, "__name__", None) or from_object(type_).short)


def _is_docstring(node: Any, first: Any) -> bool:
    import ast

    owners = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
    return (
        isinstance(node, owners)
        and isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )


def _source(functions: tuple[Callable[..., Any], ...] | None) -> str | None:
    if not functions:
        return None
    try:
        return inspect.getsource(functions[0])
    except (OSError, TypeError):
        return None
