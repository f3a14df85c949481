"""Adapters for tests: steps that are faked by name, and which steps and edges have run."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

from stepwell.errors import did_you_mean
from stepwell.lifecycle.api import GraphConstructionHook, NodeExecutionHook, NodeExecutionMethod
from stepwell.lifecycle.filters import Tags

if TYPE_CHECKING:
    from stepwell.graph import Graph


class Fakes(NodeExecutionMethod, GraphConstructionHook):
    """Gives these values in place of what steps would make; a function is called with their inputs.

    Args:
        steps: values or functions by the name of a node.

    Raises:
        ValueError: when a driver is built that has no node of such a name.

    >>> from stepwell import Driver
    >>> from stepwell.testing import Fakes, module_of
    >>> def answer(question: str) -> str:
    ...     raise RuntimeError("paid")
    >>> fakes = Fakes(answer=lambda question: question.upper())
    >>> Driver({}, module_of(answer), adapter=[fakes]).execute(["answer"], inputs={"question": "a"})
    {'answer': 'A'}
    """

    def __init__(self, **steps: Any) -> None:
        self.steps = steps

    def wants_node(self, *, node_name: str, node_tags: Tags) -> bool:
        return node_name in self.steps

    def run_after_graph_construction(self, *, graph: Graph, **future_kwargs: Any) -> None:
        for name in self.steps:
            if name not in graph.nodes:
                near = did_you_mean(name, graph.nodes)
                raise ValueError(f"there is no node `{name}` to be faked{near}")

    def run_to_execute_node(
        self,
        *,
        node_name: str,
        node_callable: Callable[..., Any],
        node_kwargs: dict[str, Any],
        **future_kwargs: Any,
    ) -> Any:
        fake = self.steps[node_name]
        return fake(**node_kwargs) if callable(fake) else fake


class Coverage(NodeExecutionHook, GraphConstructionHook):
    """Knows which nodes and edges of all its drivers' graphs have run.

    An edge has run when its reader was called with what it leads there: one to a parameter that was
    left to its default has not.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._edges: dict[str, dict[str, list[str]]] = {}
        self.nodes: set[str] = set()
        self.edges: set[tuple[str, str]] = set()
        self.nodes_run: set[str] = set()
        self.edges_run: set[tuple[str, str]] = set()

    def run_after_graph_construction(self, *, graph: Graph, **future_kwargs: Any) -> None:
        with self._lock:
            for node in graph.nodes.values():
                if node.kind == "join":  # it does nothing of its own
                    continue
                self.nodes.add(node.name)
                reads = self._edges.setdefault(node.name, {})
                for param in node.params:
                    self.edges.add((param.reads, node.name))
                    sources = reads.setdefault(param.keyword, [])
                    if param.reads not in sources:
                        sources.append(param.reads)

    def run_after_node_execution(
        self, *, node_name: str, node_kwargs: dict[str, Any], success: bool, **future_kwargs: Any
    ) -> None:
        if not success:
            return
        reads = self._edges.get(node_name, {})
        with self._lock:
            self.nodes_run.add(node_name)
            for keyword in (*node_kwargs, ""):  # what it is guarded by has no keyword
                self.edges_run.update((source, node_name) for source in reads.get(keyword, ()))

    @property
    def percent(self) -> float:
        """How many of the steps have run, of a hundred."""
        return 100 * len(self.nodes_run & self.nodes) / len(self.nodes) if self.nodes else 100.0

    def report(self) -> str:
        """How many have run, and in a line each which have not.

        >>> Coverage().report()
        '0 of 0 steps and 0 of 0 edges have run'
        """
        lines = [
            f"{len(self.nodes_run & self.nodes)} of {len(self.nodes)} steps and"
            f" {len(self.edges_run & self.edges)} of {len(self.edges)} edges have run"
        ]
        lines += [f"  not run: {name}" for name in sorted(self.nodes - self.nodes_run)]
        missed = sorted(e for e in self.edges - self.edges_run if e[1] in self.nodes_run)
        lines += [f"  not run: {source} -> {reader}" for source, reader in missed]
        return "\n".join(lines)
