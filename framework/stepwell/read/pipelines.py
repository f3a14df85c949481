"""Which modules make one pipeline, and the graph of each: pure assembly, no file is read here.

A pipeline is what a driver in the workspace is built of, or what `[tool.stepwell.pipelines.NAME]`
in `pyproject.toml` declares; a module that uses stepwell's modifiers and is in none is one alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from stepwell.graph import Graph
from stepwell.modifiers.arguments import Named, Unread
from stepwell.modifiers.config import choose
from stepwell.read.overriding import later_wins
from stepwell.read.source import Module, Names, Site
from stepwell.read.source.mentions import Request
from stepwell.read.tables import mentions
from stepwell.read.uses import Known, Use, tell, use_of
from stepwell.spec import Hole, Mention, Node, Span


@dataclass(frozen=True, slots=True)
class Declared:
    """A pipeline declared in `pyproject.toml`: dotted names of modules, and what it is given.

    `inputs` and `config` are `None` where nothing is said of them; `folder` is where the file is,
    and `mentions` say where in it the names are written, as far as that is known.
    """

    name: str
    modules: tuple[str, ...]
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] = ()
    config: Mapping[str, Any] | None = None
    folder: str = ""
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Modules that make one graph.

    Args:
        name: as declared, or the place of the driver, or the module's name.
        modules: the modules, in the order given.
        graph: their graph.
        span: where the driver is built.
        alone: whether it is a module that nothing builds a driver of.
    """

    name: str
    modules: tuple[Module, ...]
    graph: Graph
    span: Span | None = None
    alone: bool = False


def graph(
    modules: Iterable[Module],
    *,
    config: Mapping[str, Any] | None = None,
    inputs: Iterable[str] | None = None,
    mentions: Iterable[Mention] = (),
    others: Finder | None = None,
    overriding: bool = False,
    before: Pipeline | None = None,
) -> Graph:
    """The graph of these modules: of the steps that exist under `config`, or of all.

    With `overriding`, a later module's nodes take the place of an earlier's of the same names. What
    is known of the nodes that were in the pipeline `before`, too, is not worked out again.
    """
    modules = list(modules)
    groups = [_nodes(module, modules, others) for module in modules]
    nodes = written = [node for group in groups for node in group]
    holes = [hole for module in modules for hole in module.holes]
    if config is not None:
        unread = next((node for node in written if node.when and _unread(node)), None)
        if unread is not None:
            config = None
            hole = f"under which configurations `{unread.step}` exists is not known from its text"
            holes.append(Hole(hole, unread.span))
        else:
            nodes = choose(written, config)
    if overriding:
        nodes = later_wins(groups, nodes)
    present = set(map(id, nodes)) if len(nodes) < len(written) else None
    return Graph(
        nodes,
        config=config,
        inputs=inputs,
        mentions=mentions,
        holes=holes,
        problems=[problem for module in modules for problem in module.problems],
        modules=[module.name for module in modules],
        private=[function for module in modules for function in module.private],
        absent=[node for node in written if present is not None and id(node) not in present],
        before=before.graph if before is not None else None,
    )


class Built:
    """Pipelines as they were put together, given again as long as their modules are the same."""

    def __init__(self) -> None:
        self._before: dict[object, tuple[tuple[object, ...], Pipeline]] = {}
        self._now: dict[object, tuple[tuple[object, ...], Pipeline]] = {}

    def again(
        self, key: object, parts: Sequence[object], make: Callable[[Pipeline | None], Pipeline]
    ) -> Pipeline:
        """The pipeline that was made of the very same parts before, or else a new one.

        `make` is told of the one before, made of other parts.
        """
        known = self._before.get(key)
        same = known is not None and len(known[0]) == len(parts)
        if not (known and same and all(a is b for a, b in zip(known[0], parts, strict=True))):
            known = tuple(parts), make(known and known[1])
        self._now[key] = known
        # What others say of its use is told to a copy, since they may say something else later.
        return replace(known[1], graph=copy(known[1].graph))

    def forget(self) -> None:
        """Lets go of those that were not asked for since this was called last."""
        self._before, self._now = self._now, {}


def pipelines(
    modules: Iterable[Module], declared: Iterable[Declared] = (), built: Built | None = None
) -> list[Pipeline]:
    """Every pipeline of a workspace: those declared, those of drivers, and modules alone.

    What did not change since the last call with the same `built` is taken from there.
    """
    modules, built = list(modules), built or Built()
    finder = Finder(modules)
    found = [_declared(each, finder, built) for each in declared]
    claimed = {frozenset(_files(each.modules)) for each in found}
    known, uses = Known(modules), [_use(each) for each in found]
    for module in modules:
        for site in module.sites:
            pipeline = _site(module, site, finder, built)
            if pipeline is None:
                continue
            files = _files(pipeline.modules)
            uses.append(use_of(site, module, pipeline.graph, files, known))
            # What is declared wins over what a driver's place says of the same modules.
            if frozenset(files) not in claimed:
                found.append(pipeline)
    tell(uses, known)
    taken = {file for pipeline in found for file in _files(pipeline.modules)}
    alone = [each for each in modules if each.uses_modifiers and each.nodes and not _tests(each)]
    found += [
        _alone(module, finder, built)
        for module in alone
        if module.file not in taken and not module.sites
    ]
    built.forget()
    return found


def declared(pyproject: Mapping[str, Any], folder: str = "", text: str = "") -> list[Declared]:
    """The pipelines that a parsed `pyproject.toml` declares; what is malformed is left out.

    With the `text` of the file, the places of the names in it are known.
    """
    places = mentions(text, f"{folder}/pyproject.toml" if folder else "pyproject.toml")
    tool = pyproject.get("tool")
    section = tool.get("stepwell") if isinstance(tool, Mapping) else None
    named = section.get("pipelines") if isinstance(section, Mapping) else None
    if not isinstance(named, Mapping):
        return []
    return [
        Declared(
            str(name),
            _texts(given.get("modules")) or (),
            _texts(given.get("inputs")),
            _texts(given.get("outputs")) or (),
            given["config"] if isinstance(given.get("config"), Mapping) else None,
            folder,
            places.get(str(name), ()),
        )
        for name, given in named.items()
        if isinstance(given, Mapping)
    ]


class Finder:
    """Finds modules by dotted name: the same name may be that of several files."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self._by_last: dict[str, list[tuple[list[str], Module]]] = {}
        for module in modules:
            parts = _parts(module.file)
            if parts:
                self._by_last.setdefault(parts[-1], []).append((parts, module))

    def find(self, dotted: str, near: str = "") -> Module | None:
        """The module of that name that lies nearest to the file `near`; `None` if there is none."""
        wanted = dotted.split(".")
        here = _folder(near)
        best: tuple[int, int, int] | None = None
        found: Module | None = None
        for parts, module in self._by_last.get(wanted[-1], ()):
            if parts[-len(wanted) :] != wanted:
                continue
            above = parts[: -len(wanted)]
            common = _common(above, here)
            # A folder that is on the file's own way up is a likelier import root than another.
            rank = (len(above) == common, common, -len(above))
            ranked = (int(rank[0]), rank[1], rank[2])
            if best is None or ranked > best:
                best, found = ranked, module
        return found

    def put(self, modules: Mapping[str, Module]) -> None:
        """Puts these in the place of those of the same files, which they say the same as."""
        for found in self._by_last.values():
            found[:] = [(parts, modules.get(each.file, each)) for parts, each in found]

    def names(self, near: str) -> Any:
        """A function from dotted names to `Names`, for `parse(…, others=)` of the file `near`."""

        def others(dotted: str) -> Names | None:
            # stepwell's own names are known by what they are called, whoever has its source open.
            ours = dotted.partition(".")[0] == "stepwell"
            module = self.find(dotted, near) if dotted and not ours else None
            return module.names if module is not None else None

        return others


def _alone(module: Module, finder: Finder, built: Built) -> Pipeline:
    def make(before: Pipeline | None) -> Pipeline:
        made = graph([module], others=finder, before=before)
        return Pipeline(module.name or module.file, (module,), made, alone=True)

    return built.again((module.file, "alone"), _parts_of([module]), make)


def _parts_of(found: Sequence[Module | None], *more: object) -> tuple[object, ...]:
    """What a pipeline is made of; a package's steps may be other modules' too, so it is new."""
    packages = (object() for module in found if module is not None and module.package)
    return (*more, *found, *packages)


def _declared(given: Declared, finder: Finder, built: Built) -> Pipeline:
    near = f"{given.folder}/pyproject.toml"
    found = [finder.find(name, near) for name in given.modules]
    return built.again(
        (given.folder, given.name),
        _parts_of(found, given),
        lambda before: _of_declared(given, found, finder, before),
    )


def _of_declared(
    given: Declared, found: Sequence[Module | None], finder: Finder, before: Pipeline | None
) -> Pipeline:
    modules = tuple(module for module in found if module is not None)
    placed = {mention.name for mention in given.mentions if mention.role == "target"}
    targets = [Mention(name, "target") for name in given.outputs if name not in placed]
    inputs = None if given.inputs is None else {*given.inputs, *(given.config or {})}
    known = inputs if None not in found else None
    made = graph(
        modules,
        config=given.config,
        inputs=known,
        mentions=[*targets, *given.mentions],
        others=finder,
        before=before,
    )
    return Pipeline(given.name, modules, made)


def _use(pipeline: Pipeline) -> Use:
    """What a declared pipeline says of its use; where it says nothing, that is not unknown."""
    graph = pipeline.graph
    targets = frozenset(m.name for m in graph.mentions if m.role == "target")
    configs = () if graph.config is None else (graph.config,)
    return Use(graph, frozenset(_files(pipeline.modules)), targets, configs)


def _site(home: Module, site: Site, finder: Finder, built: Built) -> Pipeline | None:
    found = [home if name == home.name else finder.find(name, home.file) for name in site.modules]
    if not any(found):
        return None
    parts = _parts_of(found, home, site)
    return built.again(site.span, parts, lambda before: _of_site(site, found, finder, before))


def _of_site(
    site: Site, found: Sequence[Module | None], finder: Finder, before: Pipeline | None
) -> Pipeline:
    modules = tuple(module for module in found if module is not None)
    whole = site.whole and None not in found
    config = site.config
    if config is None or any(isinstance(value, Unread) for value in config.values()):
        config = None
    mentions = [*site.mentions, *_mentions(site.requests)]
    made = graph(
        modules,
        config=config,
        mentions=mentions,
        others=finder,
        overriding=site.overriding,
        before=before,
    )
    made.adapters, made.executors = site.adapters, site.executors
    if not whole:
        hole = Hole("a module of this driver is not known from its text", site.span)
        made.holes = (*made.holes, hole)
    elif site.config is not None:
        missing = _missing(made, site.requests, site.config)
        if missing is not None:
            made.known_inputs = frozenset(made.inputs) - missing
    return Pipeline(str(site.span), modules, made, site.span)


def _missing(
    made: Graph, requests: Sequence[Request], config: Mapping[str, Any]
) -> frozenset[str] | None:
    """Inputs that some request needs and does not give; `None` if no request is known whole."""
    missing: set[str] = set()
    known = False
    for request in requests:
        if request.targets is None or request.inputs is None or request.overrides is None:
            continue
        known = True
        given = {mention.name for mention in (*request.inputs, *request.overrides)} | set(config)
        missing |= _needed(made, request.targets, given) - given
    return frozenset(missing) if known else None


def _needed(made: Graph, targets: Iterable[Mention], given: set[str]) -> set[str]:
    """The inputs upstream of the targets, where what is `given` needs nothing."""
    asked = [mention.name for mention in targets if mention.name in made.nodes]
    reached, nodes = made.wiring.upstream(asked, given), made.nodes
    return {
        name
        for name in reached
        if name not in nodes
        and any(
            param.required and node.name in reached and node.name not in given
            for node, param in made.inputs[name]
        )
    }


def _mentions(requests: Iterable[Request]) -> list[Mention]:
    return [
        mention
        for request in requests
        for part in (request.targets, request.inputs, request.overrides)
        for mention in part or ()
        if mention.span is not None
    ]


def _unread(node: Node) -> bool:
    """Whether a value that the node's existence depends on is not known from its text."""
    values = (value for condition in node.when for value in condition.values)
    return any(isinstance(value, Unread | Named) for value in values)


def _nodes(
    module: Module, given: list[Module], others: Finder | None, seen: frozenset[str] = frozenset()
) -> list[Node]:
    """A module's nodes; for a package, also of the steps that it imports from its own modules."""
    nodes = list(module.nodes)
    if not module.package or others is None:
        return nodes
    inside = module.name + "."
    named: dict[str, set[str]] = {}
    for local, dotted in module.names.imports.items():
        home, _, name = dotted.rpartition(".")
        if name == local and not local.startswith("_"):
            named.setdefault(home, set()).add(name)
    for home in dict.fromkeys((*named, *module.names.stars)):
        other = others.find(home, module.file) if home.startswith(inside) else None
        if other is None or other in given or other.file in seen:
            continue
        names: Collection[str] | None = named.get(home, ())
        if home in module.names.stars:
            listed = other.names.exported()
            names = None if listed is None else {*listed, *named.get(home, ())}
        there = _nodes(other, given, others, seen | {module.file})
        nodes += [node for node in there if names is None or node.step in names]
    return nodes


def _tests(module: Module) -> bool:
    """Whether the file holds tests: its functions are wired by names too, but not by ours."""
    return any(name.partition(".")[0] == "pytest" for name in module.names.imports.values())


def _files(modules: Iterable[Module]) -> list[str]:
    return [module.file for module in modules]


def _parts(file: str) -> list[str]:
    parts = file.replace("\\", "/").removesuffix(".py").split("/")
    return parts[:-1] if parts[-1] == "__init__" else parts


def _folder(file: str) -> list[str]:
    return file.replace("\\", "/").split("/")[:-1]


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        count += 1
    return count


def _texts(given: object) -> tuple[str, ...] | None:
    if isinstance(given, Mapping):
        return tuple(map(str, given))
    return tuple(map(str, given)) if isinstance(given, list) else None
