"""Which adapter hears what, worked out once when a driver is built.

Only what an adapter really defines is here: a default that does nothing, or an abstract function,
is not. So what nobody hears costs nothing.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from stepwell.errors import AdapterError, HookError, did_you_mean, nearest, told
from stepwell.lifecycle.api import Observer
from stepwell.lifecycle.events import Declared, declarations
from stepwell.lifecycle.hook_rules import NO_RULES, HookRules, within, within_async
from stepwell.spec import Node

_counting = allocate_lock()


@dataclass(slots=True, eq=False)
class Hook:
    """One function of one adapter, to be called with keywords.

    Args:
        adapter: the adapter it belongs to.
        event: what it hears, by its internal name.
        method: the function's own name; differs from `event` at the user level.
        call: the bound function.
        takes: the keywords to give it: those that it reads, no more.
        is_async: whether its result is to be awaited.
        observer: whether what it raises is logged (`log_once`) and forgotten.
        limited: whether `call` is more than the bound function, as it has a time limit.
        raised: how often it raised what was forgotten.
    """

    adapter: object
    event: str
    method: str
    call: Callable[..., Any]
    takes: tuple[str, ...]
    is_async: bool
    observer: bool
    limited: bool = False
    raised: int = 0

    def __str__(self) -> str:
        return f"`{type(self.adapter).__name__}.{self.method}`"


class Around(NamedTuple):
    """What one adapter does before and after something; either may be missing.

    `after` is called if `before` returned, or if it is missing and its turn came, whatever
    happened since.
    """

    before: Hook | None
    after: Hook | None


class ForNode(NamedTuple):
    """What surrounds one node: `around` in the order of adapters, `methods` outermost first, and
    what does it elsewhere, all that included."""

    around: tuple[Around, ...]
    methods: tuple[Hook, ...]
    remote: Hook | None = None


AROUND = {
    "graph": ("pre_graph_execute", "post_graph_execute"),
    "task": ("pre_task_execute", "post_task_execute"),
    "node": ("pre_node_execute", "post_node_execute"),
}


class LifecycleSet:
    """A driver's adapters, by what they hear.

    An adapter may define `wants_node(node_name=…, node_tags=…) -> bool`, which is asked once for
    each node: where it is false, the adapter's node hooks and methods are not called.

    Args:
        adapters: in the order given by the user.
        rules: what their hooks may do.

    Raises:
        AdapterError: if an adapter hears nothing, if a function of it asks for what its event does
            not give, or if two adapters do what only one can.
    """

    def __init__(self, adapters: Iterable[object] = (), rules: HookRules = NO_RULES) -> None:
        self.adapters, self.rules = tuple(adapters), rules
        self._heard: dict[str, tuple[Hook, ...]] = {}
        self._around: dict[str, tuple[Around, ...]] = {}
        for position, adapter in enumerate(self.adapters):
            if any(adapter is earlier for earlier in self.adapters[:position]):
                raise AdapterError(
                    f"the same `{type(adapter).__name__}` is given twice; give it once"
                )
            for declared, hook in _hooks(adapter, rules):
                earlier = self._heard.get(hook.event, ())
                if declared.combine == "one" and earlier:
                    raise AdapterError(
                        f"{earlier[0]} and {hook} both do `{hook.event}`, which only one adapter"
                        " can; give one of them"
                    )
                self._heard[hook.event] = (*earlier, hook)
        self.needs_context = any(getattr(a, "needs_context", False) for a in self.adapters)

    def __reduce__(self) -> tuple[Any, ...]:
        return LifecycleSet, (self.adapters, self.rules)

    @property
    def raised(self) -> dict[str, int]:
        """How often each observer's hook raised what was forgotten, by the hook's name."""
        hooks = [hook for heard in self._heard.values() for hook in heard if hook.raised]
        return {str(hook).strip("`"): hook.raised for hook in hooks}

    def to_send(self) -> LifecycleSet:
        """The adapters as they go to a worker process: one may say by `to_send` what goes there in
        its place."""
        return LifecycleSet(a.to_send() if hasattr(a, "to_send") else a for a in self.adapters)

    def hooks(self, event: str) -> tuple[Hook, ...]:
        """The hooks, methods or validators of that event, in the order of adapters."""
        return self._heard.get(event, ())

    methods = hooks
    validators = hooks

    def method(self, event: str) -> Hook | None:
        """The one method of that event, or `None`."""
        return next(iter(self._heard.get(event, ())), None)

    def around(self, stage: str) -> tuple[Around, ...]:
        """What each adapter does before and after: a `graph`, a `task` or a `node`."""
        if (known := self._around.get(stage)) is not None:
            return known
        position = {id(adapter): place for place, adapter in enumerate(self.adapters)}
        pairs: dict[tuple[int, bool], list[Hook | None]] = {}
        for side, event in enumerate(AROUND[stage]):
            for hook in self.hooks(event):
                key = position[id(hook.adapter)], hook.event != hook.method
                pairs.setdefault(key, [None, None])[side] = hook
        found = self._around[stage] = tuple(Around(*pairs[key]) for key in sorted(pairs))
        return found

    def for_node(self, node: Node) -> ForNode:
        """What surrounds this node, without the adapters that don't want it."""
        unwanted = {
            id(adapter)
            for adapter in self.adapters
            if (wants := getattr(adapter, "wants_node", None)) is not None
            and not wants(node_name=node.name, node_tags=node.tags)
        }
        around, methods = self.around("node"), self.hooks("do_node_execute")
        remote = self.method("do_remote_execute")
        if not unwanted:
            return ForNode(around, methods, remote)
        return ForNode(
            tuple(pair for pair in around if id(_either(pair).adapter) not in unwanted),
            tuple(method for method in methods if id(method.adapter) not in unwanted),
            remote if remote is not None and id(remote.adapter) not in unwanted else None,
        )

    def permits(self, event: str, /, **keywords: Any) -> bool:
        """Whether any adapter's method of that event says yes."""
        return any(hook.call(**given(hook, keywords)) is True for hook in self.hooks(event))

    def call(self, event: str, /, **keywords: Any) -> list[Any]:
        """Calls everything that hears an event, in order; gives what each returned.

        For events of one's own and for those outside runs.

        Raises:
            HookError: if one raised that is no observer's.
        """
        answers: list[Any] = []
        for hook in self.hooks(event):
            try:
                answers.append(hook.call(**given(hook, keywords)))
            except Exception as error:
                if not hook.observer:
                    raise hook_error(hook, "", error) from error
                log_once(hook, error)
        return answers


def given(hook: Hook, keywords: dict[str, Any]) -> dict[str, Any]:
    """Those of `keywords` that the hook takes."""
    return {name: keywords[name] for name in hook.takes}


def log_once(hook: Hook, error: Exception) -> None:
    """Logs what an observer's hook raised, the first time it does; counts it each time."""
    with _counting:
        hook.raised += 1
    if hook.raised == 1:
        from logging import getLogger

        getLogger("stepwell").error(
            "hook %s raised, which is ignored from now on: it only observes", hook, exc_info=error
        )


def hook_error(hook: Hook, node: str, error: Exception) -> HookError:
    """The error that says which hook failed, at which node, and how."""
    at = f" at node `{node}`" if node else ""
    message = f"hook {hook} raised{at}: {told(error)}"
    return HookError(message, hook=str(hook).strip("`"), node=node)


def _either(pair: Around) -> Hook:
    hook = pair.before or pair.after
    assert hook is not None
    return hook


def _hooks(adapter: object, rules: HookRules) -> list[tuple[Declared, Hook]]:
    cls = type(adapter)
    if isinstance(adapter, type):
        raise AdapterError(
            f"`{adapter.__name__}` is a class; give an adapter made of it: `{adapter.__name__}()`"
        )
    declared = declarations(cls)
    found = [(d, _hook(adapter, d, rules)) for d in declared if _defines(cls, d)]
    if not found and not getattr(adapter, "needs_context", False):
        raise AdapterError(_deaf(cls, declared))
    return found


def _defines(cls: type, declared: Declared) -> bool:
    function = getattr(cls, declared.method)
    return function is not declared.function and not getattr(
        function, "__isabstractmethod__", False
    )


def _hook(adapter: object, declared: Declared, rules: HookRules) -> Hook:
    import inspect

    call = getattr(adapter, declared.method)
    is_async = inspect.iscoroutinefunction(call)
    observer = isinstance(adapter, Observer) and not rules.strict
    takes: tuple[str, ...]
    if declared.method == "build_result":
        call, takes = _spread(call), ("outputs",)
    else:
        takes = _takes(call, declared, type(adapter).__name__)
    hook = Hook(adapter, declared.event, declared.method, call, takes, is_async, observer)
    if rules.seconds is not None and declared.kind == "hook":
        limit = rules.seconds
        name = f"{type(adapter).__name__}.{declared.method}"
        hook.call = within_async(limit, call) if is_async else within(limit, call, name)
        hook.limited = True
    return hook


def _spread(build_result: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *, outputs: build_result(**outputs)


def _takes(call: Callable[..., Any], declared: Declared, owner: str) -> tuple[str, ...]:
    from inspect import Parameter, signature

    known = declared.keywords
    names: list[str] = []
    for name, param in signature(call).parameters.items():
        if param.kind is Parameter.VAR_POSITIONAL:
            continue
        if param.kind is Parameter.VAR_KEYWORD:
            if _reads(call, name):
                return known
        elif name in known and param.kind is not Parameter.POSITIONAL_ONLY:
            names.append(name)
        elif param.default is Parameter.empty:
            raise AdapterError(
                f"`{owner}.{declared.method}` asks for `{name}`, which is not given"
                + (did_you_mean(name, known) or f"; it is given {_listed(known)}")
            )
    return tuple(names)


def _reads(call: Callable[..., Any], name: str) -> bool:
    """Whether a function's body does anything with its `**name`.

    Most hooks take `**future_kwargs` and leave it alone; those need not be given what they don't
    name, which halves the cost of a call.
    """
    from dis import get_instructions
    from inspect import unwrap

    code = getattr(unwrap(call), "__code__", None)
    if code is None or name in code.co_cellvars or "locals" in code.co_names:
        return True
    return any(name == i.argval or name in _pair(i.argval) for i in get_instructions(code))


def _pair(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else ()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def _deaf(cls: type, declared: tuple[Declared, ...]) -> str:
    if not declared:
        return (
            f"`{cls.__name__}` is no adapter: it inherits from none of the lifecycle's classes;"
            " see `stepwell.lifecycle`"
        )
    methods = [d.method for d in declared]
    own = [n for n in vars(cls) if not n.startswith("_") and n not in methods]
    near = next(((n, m) for n in own if (m := nearest(n, methods))), None)
    meant = f"; did `{near[0]}` mean `{near[1]}`?" if near else ""
    return f"`{cls.__name__}` defines none of {_listed(methods)}, so it hears nothing{meant}"
