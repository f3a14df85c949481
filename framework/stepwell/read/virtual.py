"""Pipelines as calls that a type checker can judge: text made of graphs, and what is said of it.

Each step is called once with what its producers gave, an argument a line, so that whatever a
checker says of a line is about one parameter. Nothing is written to disk here, and nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.read.pipelines import Pipeline
from stepwell.rules.conditions import exclusive
from stepwell.spec import Node, Param
from stepwell.types.annotation import annotation

_CALLED = ("function", "coroutine", "generator", "async_generator")
_STREAM = "stepwell.Stream"
_FANNED = (".Parallelizable", ".Collect", ".Collecting")
"""What a value for each of many, or all of them again, is annotated with; edges give the parts."""

_DEPTH = 16
"""How many steps' types follow from one another; then what one is annotated with counts alone."""

_HEAD = """\
from typing import Any as Any_

v_: Any_ = ...
"""


class Edge(NamedTuple):
    """What one line is about: a step's parameter, and who makes what it is given."""

    pipeline: Pipeline
    node: Node
    param: Param
    maker: Node


@dataclass(slots=True)
class Virtual:
    """A module of calls, and what its lines are about.

    Args:
        roots: the folders that its imports are found in.
        pipelines: the pipelines that it holds.
    """

    roots: tuple[str, ...]
    pipelines: list[Pipeline] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    edges: dict[int, Edge] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The module."""
        return "\n".join(self.lines) + "\n"


class Said(NamedTuple):
    """What a checker says of a line."""

    line: int
    message: str


class Misfit(NamedTuple):
    """An edge whose types do not fit, and what the checker says of it."""

    edge: Edge
    words: str
    checker: str

    @property
    def found(self) -> Diagnostic:
        """The finding, at the parameter, with both types."""
        _, node, param, maker = self.edge
        typed = "" if param.type.name == "?" else f": {param.type.short}"
        takes = f"`{node.name}` takes `{param.keyword}{typed}`"
        where = f"`{maker.name}` makes `{maker.type.short}` here"
        return Diagnostic(
            "SW201",
            "type-mismatch",
            f"{takes}, and `{maker.name}` makes something else; {self.checker}: {self.words}",
            span=param.span or node.span,
            related=((maker.span, where),) if maker.span else (),
            node=node.name,
        )

    def again(self, pipeline: Pipeline) -> Misfit | None:
        """The same where it stands now; `None` where what was judged is no longer written so."""
        judged, node, param, maker = self.edge
        reader, writer = _now(node, pipeline.graph), _now(maker, pipeline.graph)
        if reader is None or writer is None or _files(judged) != _files(pipeline):
            return None
        for each in reader.params:
            if each._replace(span=None) == param._replace(span=None):
                return self._replace(edge=Edge(pipeline, reader, each, writer))
        return None


def virtual_modules(pipelines: Iterable[Pipeline]) -> list[Virtual]:
    """The pipelines as modules of calls: one module for all whose imports are found alike."""
    made: dict[tuple[str, ...], Virtual] = {}
    for pipeline in pipelines:
        homes = {module.name: _root(module.file, module.name) for module in pipeline.modules}
        roots = tuple(dict.fromkeys(root for root in homes.values() if root is not None))
        if roots:
            made.setdefault(roots, Virtual(roots)).pipelines.append(pipeline)
    for virtual in made.values():
        _write(virtual)
    return [virtual for virtual in made.values() if virtual.edges]


def judged(virtual: Virtual, said: Iterable[Said], checker: str) -> Iterator[Misfit]:
    """What a checker says, of the parameters that it is about."""
    seen: set[tuple[int, int]] = set()
    for line, words in said:
        edge = virtual.edges.get(line)
        if edge is None or (id(edge.param), id(edge.maker)) in seen:
            continue
        seen.add((id(edge.param), id(edge.maker)))
        yield Misfit(edge, words, checker)


def _files(pipeline: Pipeline) -> list[str]:
    return [module.file for module in pipeline.modules]


def _now(before: Node, graph: Graph) -> Node | None:
    """The node of this graph that is as one was: by name, module and what it makes."""
    told = (before.module, before.step, before.kind, before.type)
    for node in graph.about.get(before.name, ()):
        if node.name == before.name and told == (node.module, node.step, node.kind, node.type):
            return node
    return None


def _root(file: str, name: str) -> str | None:
    """The folder that a module's dotted name is found from, if that is a name to import by."""
    if not name or not all(part.isidentifier() for part in name.split(".")):
        return None
    path = Path(file).resolve()
    depth = name.count(".") + 1 + (path.name == "__init__.py")
    return str(path.parents[depth - 1])


def _write(virtual: Virtual) -> None:
    homes = {module.name for pipeline in virtual.pipelines for module in pipeline.modules}
    aliases = {name: f"m{index}_" for index, name in enumerate(sorted(homes - {""}))}
    virtual.lines += _HEAD.splitlines()
    virtual.lines += [f"import {name} as {alias}" for name, alias in aliases.items()]
    foreign = len(virtual.lines)
    virtual.lines.append("")
    needed: set[str] = set()
    for index, pipeline in enumerate(virtual.pipelines):
        virtual.lines += [f"async def p{index}_() -> None:", "    pass"]
        _Calls(virtual, pipeline, aliases, needed).write()
    imports = [f"import {name}" for name in sorted(needed - homes)]
    virtual.lines[foreign] = "; ".join(imports) or "pass"


class _Calls:
    """Writes the calls of one pipeline's steps."""

    def __init__(
        self,
        virtual: Virtual,
        pipeline: Pipeline,
        aliases: Mapping[str, str],
        needed: set[str],
    ) -> None:
        self.virtual, self.pipeline, self.aliases, self.needed = virtual, pipeline, aliases, needed
        self.functions = _functions(pipeline)
        self.variables: dict[int, str] = {}
        self.depth: dict[int, int] = {}
        self.makers: dict[str, list[Node]] = {}
        for node in pipeline.graph.written:
            self.makers.setdefault(node.name, []).append(node)

    def write(self) -> None:
        """A call for each step, after those of what it reads."""
        for node in _in_order(self.pipeline.graph):
            self.variables[id(node)] = f"v{len(self.variables)}_"
            self._node(node)

    def _node(self, node: Node) -> None:
        variable = self.variables[id(node)]
        function = self._function(node)
        if function is None:
            said = annotation(node.type, self.needed)
            self._line(f"{variable}: {said} = v_" if said else f"{variable} = v_")
            return
        wired = {(param.keyword, param.key): self._maker(node, param) for param in node.arguments}
        above = [self.depth.get(id(maker), 0) for maker in wired.values() if maker is not None]
        depth = self.depth[id(node)] = max(above, default=0) + 1
        if depth % _DEPTH:
            self._call(f"{variable} = {function}", node, wired)
        else:
            self._call(function, node, wired)
            self._call(f"{variable} = {function}", node, {})
        for param in node.arguments:
            for other in self.makers.get(param.reads, ())[1:]:
                if self._feeds(other, node, param):
                    self._call(function, node, {(param.keyword, param.key): other})

    def _function(self, node: Node) -> str | None:
        """What calls the step; `None` where its text does not tell how it is called."""
        alias = self.aliases.get(node.module)
        odd = any(bound.positional_only for bound in node.bound)
        if alias is None or node.kind not in _CALLED or odd or node.stale or node.body is None:
            return None
        here = self.functions.get((node.module, node.body.line), {})
        name = node.step if node.step in here else next(iter(here), "")
        # A modifier makes nodes of its own, too, which pass on what a step gave.
        own = {param.keyword for param in node.arguments} | {bound.keyword for bound in node.bound}
        if own != here.get(name) or any(param.span is None for param in node.arguments):
            return None
        wait = "await " if node.kind == "coroutine" else ""
        return f"{wait}{alias}.{name}"

    def _maker(self, node: Node, param: Param) -> Node | None:
        makers = self.makers.get(param.reads, ())
        return next((each for each in makers[:1] if self._feeds(each, node, param)), None)

    def _feeds(self, maker: Node, node: Node, param: Param) -> bool:
        """Whether what one makes is given to the other as it is; of a stream, chunks may be."""
        if maker.type.name.endswith(_FANNED) or param.type.name.endswith(_FANNED):
            return False
        streams = (maker.type.name == _STREAM) + (param.type.name == _STREAM)
        known = id(maker) in self.variables and not maker.stale
        return known and streams != 1 and not exclusive(maker, node)

    def _call(
        self, head: str, node: Node, wired: Mapping[tuple[str, int | str | None], Node | None]
    ) -> None:
        self._line(f"{head}(")
        head_line = len(self.virtual.lines)
        groups: dict[str, list[Param]] = {}
        for param in node.arguments:
            groups.setdefault(param.keyword, []).append(param)
        for keyword, params in groups.items():
            name = "" if params[0].positional_only else f"{keyword}="
            if params[0].key is None:
                self._argument(name, node, params[0], wired)
                continue
            keyed = isinstance(params[0].key, str)
            self._line(f"    {name}{'{' if keyed else '['}")
            for param in params:
                self._argument(f"{param.key!r}: " if keyed else "", node, param, wired)
            self._line("    }," if keyed else "    ],")
        for bound in {bound.keyword for bound in node.bound} - groups.keys():
            self._line(f"    {bound}=v_,")
        self._line(")")
        inside = range(head_line + 1, len(self.virtual.lines))
        edges = [self.virtual.edges[line] for line in inside if line in self.virtual.edges]
        if len(edges) == 1:
            # Of a step with overloads checkers mark the call; then it is about its only edge.
            self.virtual.edges[head_line] = edges[0]

    def _argument(
        self,
        name: str,
        node: Node,
        param: Param,
        wired: Mapping[tuple[str, int | str | None], Node | None],
    ) -> None:
        maker = wired.get((param.keyword, param.key))
        self._line(f"    {name}{self.variables[id(maker)] if maker else 'v_'},")
        if maker is not None:
            edge = Edge(self.pipeline, node, param, maker)
            self.virtual.edges[len(self.virtual.lines)] = edge

    def _line(self, text: str) -> None:
        self.virtual.lines.append(f"    {text}")


def _functions(pipeline: Pipeline) -> dict[tuple[str, int], dict[str, set[str]]]:
    """The functions by their module and the line that their text starts in: names and keywords."""
    found: dict[tuple[str, int], dict[str, set[str]]] = {}
    for module in pipeline.modules:
        for name, (function, chunk) in module.names.functions.items():
            given = function.args
            every = (*given.posonlyargs, *given.args, *given.kwonlyargs)
            keywords = {each.arg for each in every}
            found.setdefault((module.name, chunk.line), {})[name] = keywords
    return found


def _in_order(graph: Graph) -> Sequence[Node]:
    """Every node, after those that it reads as far as there is such an order."""
    makers: dict[str, list[Node]] = {}
    for node in graph.written:
        makers.setdefault(node.name, []).append(node)
    ordered: list[Node] = []
    seen: set[int] = set()
    for start in graph.written:
        waiting: list[tuple[Node, bool]] = [(start, False)]
        while waiting:
            node, read = waiting.pop()
            if read:
                ordered.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                waiting.append((node, True))
                waiting += [
                    (maker, False)
                    for param in reversed(node.params)
                    for maker in makers.get(param.reads, ())
                    if id(maker) not in seen
                ]
    return ordered
