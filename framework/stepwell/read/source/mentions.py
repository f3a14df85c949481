"""Where a file builds drivers, of which modules, and what it asks of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from stepwell.modifiers.arguments import place
from stepwell.read.source.body import call_of
from stepwell.read.source.chunks import Chunk, Places
from stepwell.read.source.literals import Literals, text_of
from stepwell.read.source.names import Names, local_names, written
from stepwell.spec import Call, Mention, Span

_BESIDE = "stepwell.compat.hamilton"
_DRIVERS = (
    *("stepwell.Driver", "stepwell.driver.Driver", "stepwell.driver.driver.Driver"),
    *(f"{_BESIDE}.driver.Driver", f"{_BESIDE}.async_driver.AsyncDriver"),
)
_BUILDERS = (
    *("stepwell.Builder", "stepwell.driver.Builder", "stepwell.driver.build.Builder"),
    *(f"{_BESIDE}.driver.Builder", f"{_BESIDE}.async_driver.Builder"),
)
_RUNS = ("execute", "aexecute", "stream", "astream", "validate_execution", "explain")
_ASKS = (
    "what_is_upstream_of",
    "what_is_downstream_of",
    "what_is_the_path_between",
    "display_upstream_of",
    "display_downstream_of",
)
_WORDS = ("Driver", "Builder", "with_", "execut", "stream", "what_is_", "display_", "explain")


@dataclass(frozen=True, slots=True)
class Request:
    """One call that runs a driver; `None` for a part that is not known from its text."""

    targets: tuple[Mention, ...] | None
    inputs: tuple[Mention, ...] | None
    overrides: tuple[Mention, ...] | None
    span: Span


@dataclass(frozen=True, slots=True)
class Site:
    """A place where a driver is built.

    Args:
        modules: the dotted names of its modules, as the file's imports mean them.
        whole: whether these are all of its modules.
        config: its configuration; `None` where that is not known.
        requests: the calls that run it, as far as they can be seen.
        mentions: names of nodes that it is asked about otherwise, and keys of its config.
        span: where it is built.
        given_away: whether something that is not seen here may run it, too.
        overriding: whether a later module's steps take the place of an earlier's.
        adapters: those of its adapters that are made in its place.
        executors: what does the items of its fan-outs, made in its place.
    """

    modules: tuple[str, ...]
    span: Span
    whole: bool = True
    config: Mapping[str, Any] | None = field(default_factory=dict)
    requests: tuple[Request, ...] = ()
    mentions: tuple[Mention, ...] = ()
    given_away: bool = False
    overriding: bool = False
    adapters: tuple[Call, ...] = ()
    executors: tuple[Call, ...] = ()


@dataclass(slots=True)
class _State:
    """A driver or builder while its file is read."""

    span: Span
    modules: list[str] = field(default_factory=list)
    whole: bool = True
    config: dict[str, Any] | None = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    given_away: bool = False
    overriding: bool = False
    adapters: list[Call] = field(default_factory=list)
    executors: list[Call] = field(default_factory=list)

    def site(self) -> Site:
        return Site(
            tuple(dict.fromkeys(self.modules)),
            self.span,
            self.whole,
            self.config,
            tuple(self.requests),
            tuple(self.mentions),
            self.given_away,
            self.overriding,
            tuple(self.adapters),
            tuple(self.executors),
        )


def sites(chunks: Iterable[Chunk], names: Names, file: str) -> tuple[Site, ...]:
    """The drivers that a file builds, in the order written."""
    chunks = list(chunks)
    if not any(word in chunk.text for chunk in chunks for word in ("Driver", "Builder")):
        return ()
    reader = _Sites(names, file)
    for chunk in chunks:
        step = chunk.text.startswith(("def ", "async def ", "@"))
        if chunk.body and (not step or any(word in chunk.text for word in _WORDS)):
            reader.read(chunk)
    return tuple(state.site() for state in reader.states)


class _Sites:
    def __init__(self, names: Names, file: str) -> None:
        # Imports inside functions count here too; the file's own names stay as they are.
        self.names, self.file = replace(names, imports=dict(names.imports)), file
        self.states: list[_State] = []
        self.variables: dict[tuple[str, str], tuple[_State | None, bool]] = {}
        self.calls: dict[int, _State | None] = {}
        self.followed: set[int] = set()  # expressions that stay in sight
        self.scope = _Scope()

    def read(self, chunk: Chunk) -> None:
        self.places = Places(self.file, chunk)
        self.literals = Literals(self.names, self.places)
        for scope, each in _in_order(chunk.body or ()):
            self.scope = scope
            self._follow(each)
            match each:
                case ast.Import() | ast.ImportFrom() if scope.functions:
                    self.names.add([each])
                case (
                    ast.Assign(targets=[target], value=value)
                    | ast.AnnAssign(target=target, value=ast.expr() as value)
                ):
                    name = written(target)
                    home = scope.owner if name and "." in name else scope.function
                    self._assign((home, name or ""), value)
                case ast.Return(value=ast.expr() as value) if scope.functions:
                    self._assign(("", f"{scope.function}()"), value)
                case ast.Call():
                    self._seen(each, self._state(each))
                    self._request(each)
                case ast.Name(id=name, ctx=ast.Load()):
                    self._seen(each, self._variable(name))

    def _follow(self, each: ast.AST) -> None:
        """Notes what is done with an expression, if that is something that can be followed."""
        match each:
            case ast.Call(func=ast.Attribute(value=inside)):
                self.followed.add(id(inside))
            case (
                ast.Assign(targets=[ast.Name()], value=inside)
                | ast.AnnAssign(target=ast.Name(), value=ast.expr() as inside)
                | ast.Return(value=ast.expr() as inside)
                | ast.Expr(value=inside)
            ):
                self.followed.add(id(inside))

    def _seen(self, each: ast.expr, state: _State | None) -> None:
        if state is not None and id(each) not in self.followed:
            state.given_away = True

    def _assign(self, key: tuple[str, str], value: ast.expr) -> None:
        state = self._state(value)
        if key not in self.variables:
            if state is not None:
                self.variables[key] = (state, self.scope.nested)
            return
        before, nested = self.variables[key]
        # Which of several branches ran is not known; then nobody knows which driver it is.
        unsure = state is not before and (nested or self.scope.nested)
        if unsure:
            for one in (state, before):
                if one is not None:
                    one.given_away = True
        self.variables[key] = (None if unsure else state, nested or self.scope.nested)

    def _state(self, expression: ast.expr) -> _State | None:
        if not isinstance(expression, ast.Call):
            return self._variable(written(expression) or "")
        if id(expression) not in self.calls:
            self.calls[id(expression)] = self._called(expression)
        return self.calls[id(expression)]

    def _variable(self, name: str) -> _State | None:
        homes = [self.scope.owner] if "." in name else [*reversed(self.scope.functions)]
        for home in homes:
            if (home, name) in self.variables:
                return self.variables[home, name][0]
        if name in self.scope.local:
            return None
        return self.variables.get(("", name), (None, False))[0]

    def _called(self, call: ast.Call) -> _State | None:
        name = written(call.func)
        canonical = self.names.canonical(name) if name else None
        if canonical in _DRIVERS or canonical in _BUILDERS:
            made = _State(self.places.span(call))
            self.states.append(made)
            if canonical in _DRIVERS:
                self._driver(made, call)
            return made
        if ("", f"{name}()") in self.variables:
            return self.variables["", f"{name}()"][0]
        if not isinstance(call.func, ast.Attribute):
            return None
        state = self._state(call.func.value)
        return None if state is None else self._method(state, call.func.attr, call)

    def _method(self, state: _State, method: str, call: ast.Call) -> _State | None:
        match method:
            case "with_modules":
                self._modules(state, call.args)
            case "with_adapters":
                self._adapters(state, call.args)
            case "with_executor":
                # The last word counts.
                state.executors = self._made(call.args[:1])
            case "with_config":
                self._config(state, call.args[0] if call.args else None)
            case "copy":
                config = None if state.config is None else dict(state.config)
                state = replace(
                    state,
                    modules=[*state.modules],
                    config=config,
                    requests=[],
                    mentions=[],
                    adapters=[*state.adapters],
                    executors=[*state.executors],
                )
                self.states.append(state)
            case "with_materializers":
                state.whole = False
            case "allow_module_overrides":
                state.overriding = True
            case "build":
                pass
            case _ if not method.startswith("with_"):
                return None
        return state

    def _driver(self, state: _State, call: ast.Call) -> None:
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        self._config(state, call.args[0] if call.args else keywords.get("config"))
        self._modules(state, call.args[1:])
        given = keywords.get("adapter")
        several = given.elts if isinstance(given, ast.List | ast.Tuple) else [given]
        self._adapters(state, several)
        if "materializers" in keywords:
            state.whole = False
        if (allowed := keywords.get("allow_module_overrides")) is not None:
            state.overriding = self._value(allowed) is not False

    def _adapters(self, state: _State, given: Iterable[ast.expr | None]) -> None:
        state.adapters += self._made(given)

    def _made(self, given: Iterable[ast.expr | None]) -> list[Call]:
        """Those of these that are made in their place."""
        made = (each for each in given if isinstance(each, ast.Call))
        return [call_of(each, self.names, self.places) for each in made]

    def _config(self, state: _State, expression: ast.expr | None) -> None:
        given = {} if expression is None else self._value(expression)
        if isinstance(given, Mapping) and state.config is not None:
            state.config.update((str(key), value) for key, value in given.items())
            state.mentions += [Mention(str(key), "config", place(key)) for key in given]
        else:
            state.config = None

    def _modules(self, state: _State, given: Iterable[ast.expr]) -> None:
        for expression in given:
            name = written(expression)
            hidden = name is not None and name.partition(".")[0] in self.scope.local
            canonical = self.names.canonical(name) if name and not hidden else None
            if canonical:
                state.modules.append(canonical)
            elif text_of(expression) == "sys.modules[__name__]":
                state.modules.append(self.names.module)
            else:
                state.whole = False

    def _request(self, call: ast.Call) -> None:
        if not isinstance(call.func, ast.Attribute):
            return
        method = call.func.attr
        if method not in _RUNS and method not in _ASKS:
            return
        state = self._state(call.func.value)
        if state is None:
            return
        if method in _ASKS:
            state.mentions += self._targets(call.args) or ()
            return
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        target = (
            call.args[0] if call.args else keywords.get("targets") or keywords.get("final_vars")
        )
        # `explain` shows a plan of which the inputs may be given elsewhere, or never.
        shown = method == "explain" and "inputs" not in keywords
        unknown = shown or None in keywords or len(call.args) > 1
        state.requests.append(
            Request(
                self._listed(target),
                None if unknown else self._keys(keywords.get("inputs"), "input"),
                None if unknown else self._keys(keywords.get("overrides"), "override"),
                self.places.span(call),
            )
        )

    def _listed(self, target: ast.expr | None) -> tuple[Mention, ...] | None:
        if isinstance(target, ast.List | ast.Tuple | ast.Set):
            return self._targets(target.elts)
        given = self._value(target) if target is not None else None
        if isinstance(given, list | tuple) and all(isinstance(each, str) for each in given):
            return tuple(Mention(str(each), "target") for each in given)
        return None

    def _value(self, expression: ast.expr) -> Any:
        """The value of an expression; not that of a global name which a local one hides."""
        names: list[ast.expr | None] = [expression]
        if isinstance(expression, ast.Dict):
            pairs = zip(expression.keys, expression.values, strict=True)
            names = [value if key is None else key for key, value in pairs]
        elif isinstance(expression, ast.Call):
            names = [*expression.args, *(k.value for k in expression.keywords if k.arg is None)]
        if any(isinstance(name, ast.Name) and name.id in self.scope.local for name in names):
            return None
        return self.literals.value(expression)

    def _targets(self, elements: Iterable[ast.expr]) -> tuple[Mention, ...] | None:
        found: list[Mention] = []
        for element in elements:
            value = self.literals.value(element)
            name = written(element)
            if isinstance(value, str):
                found.append(Mention(str(value), "target", place(value)))
            elif name and self.names.canonical(name):
                last = name.rpartition(".")[2]
                # The function's own name, which `@node` may have left behind: known, not judged.
                found.append(Mention(last, "target", None))
            else:
                return None
        return tuple(found)

    def _keys(self, expression: ast.expr | None, role: Any) -> tuple[Mention, ...] | None:
        if expression is None:
            return ()
        given = self._value(expression)
        if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
            return None
        return tuple(Mention(str(key), role, place(key)) for key in given)


class _Scope(NamedTuple):
    """Where a node stands: in which functions and class, and in a branch or loop of them or not.

    `local` are the names that are local there.
    """

    functions: tuple[str, ...] = ()
    local: frozenset[str] = frozenset()
    owner: str = ""
    nested: bool = False

    @property
    def function(self) -> str:
        """The innermost function's name, or nothing."""
        return self.functions[-1] if self.functions else ""


def _in_order(body: Iterable[ast.stmt]) -> Iterator[tuple[_Scope, ast.AST]]:
    """Every node in the order written, with where it stands."""
    waiting: list[tuple[_Scope, ast.AST]] = [(_Scope(), each) for each in reversed(list(body))]
    while waiting:
        scope, each = waiting.pop()
        yield scope, each
        match each:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                local = scope.local | local_names(each)
                scope = _Scope((*scope.functions, name), local, scope.owner)
            case ast.ClassDef(name=name):
                scope = scope._replace(owner=name)
            case ast.If() | ast.For() | ast.AsyncFor() | ast.While() | ast.Try() | ast.Match():
                scope = scope._replace(nested=True)
        waiting += ((scope, child) for child in reversed(list(ast.iter_child_nodes(each))))
