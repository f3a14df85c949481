"""What is done in another process, and can't be sent there."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.blocks import Blocks, blocks
from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.rule import Rule
from stepwell.spec import Node, Param
from stepwell.types import Type

_PROCESSES = {
    f"stepwell.executors.{name}": name
    for name in ("ProcessesExecutor", "RayExecutor", "DaskExecutor", "SparkExecutor")
}

_STAYS = frozenset(
    (
        *("openai.OpenAI", "openai.AsyncOpenAI", "openai.AzureOpenAI", "openai.AsyncAzureOpenAI"),
        *("anthropic.Anthropic", "anthropic.AsyncAnthropic", "httpx.Client", "httpx.AsyncClient"),
        *("collections.abc.Generator", "collections.abc.AsyncGenerator"),
        *("collections.abc.Coroutine", "threading.Lock", "threading.RLock", "threading.Thread"),
        *("threading.Condition", "threading.Event", "threading.Semaphore", "asyncio.Lock"),
        *("sqlite3.Connection", "sqlite3.Cursor", "socket.socket", "typing.TextIO"),
        *("typing.BinaryIO", "io.TextIOWrapper", "io.BufferedReader", "io.BufferedWriter"),
        *("types.ModuleType", "types.GeneratorType", "types.FrameType"),
        *("concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor"),
    )
)
"""Classes of which no object can be pickled."""


class NotSendable(Rule):
    """
    ## What it does
    Checks, where the items of a fan-out are done in other processes, for steps that
    are `async def`, and for what can't be pickled: clients, locks, generators,
    connections, open files, given to what is done for each item or made by it.

    ## Why is this bad?
    All that goes to another process is pickled. The run is refused, before it
    begins or when the value is there.

    ## Example
    ```python
    from sqlite3 import Connection, connect
    from stepwell import Collect, Parallelizable

    def base(path: str) -> Connection:
        return connect(path)

    def page(pages: list[str]) -> Parallelizable[str]:
        yield from pages

    def row(page: str, base: Connection) -> str:
        return str(base.execute(page).fetchone())

    def rows(row: Collect[str]) -> list[str]:
        return row
    ```

    ```python
    import steps
    from stepwell import Builder
    from stepwell.executors import ProcessesExecutor

    dr = Builder().with_modules(steps).with_executor(ProcessesExecutor(4)).build()
    ```

    Use instead:
    ```python
    from sqlite3 import connect
    from stepwell import Collect, Parallelizable

    def page(pages: list[str]) -> Parallelizable[str]:
        yield from pages

    def row(page: str, path: str) -> str:
        return str(connect(path).execute(page).fetchone())

    def rows(row: Collect[str]) -> list[str]:
        return row
    ```

    ```python
    import steps
    from stepwell import Builder
    from stepwell.executors import ProcessesExecutor

    dr = Builder().with_modules(steps).with_executor(ProcessesExecutor(4)).build()
    ```
    """

    code = "SW402"
    name = "not-sendable"
    severity = "warning"
    message = "`{node}` is done in another process (`{executor}`), and {why}"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        executor = _executor(graph)
        if not executor or not graph.fans_out or graph.cycle():
            return
        import networkx as nx

        nodes = graph.nodes
        order = (nodes[name] for name in nx.topological_sort(graph.digraph) if name in nodes)
        found = blocks(order, graph)
        for node in nodes.values():
            if found.nests.get(node.name) and not node.stale and node.kind != "field":
                for param, why in _problems(node, graph, found):
                    span = (param.span if param is not None else None) or node.span
                    yield self.at(span, node=node.name, executor=executor, why=why)


def _executor(graph: Graph) -> str:
    """What does the items elsewhere; nothing where they are done here, or that is not known."""
    return next((_PROCESSES[call.name] for call in graph.executors if call.name in _PROCESSES), "")


def _problems(node: Node, graph: Graph, found: Blocks) -> Iterator[tuple[Param | None, str]]:
    if node.kind in ("coroutine", "async_generator"):
        yield None, "is `async def`; use `AsyncioExecutor`"
    nest = found.nests[node.name]
    for param in node.arguments:
        outside = len(found.values.get(param.reads, ())) < len(nest)
        if outside and (kind := _stays(param.type)):
            yield param, f"`{param.keyword}: {kind}` can't be pickled; make it within the step"
    if _is_collected(node, graph, found) and (kind := _stays(node.type)):
        yield None, f"what it makes, `{kind}`, can't be pickled on the way back"


def _is_collected(node: Node, graph: Graph, found: Blocks) -> bool:
    return any(found.gathers(param) for _, param in graph.readers(node.name))


def _stays(type: Type) -> str:
    """The class of it that can't be pickled, if one can't."""
    if type.name in _STAYS:
        return type.short
    return next((kind for inner in type.types if (kind := _stays(inner))), "")
