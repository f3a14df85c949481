"""The events of a lifecycle as data, and the decorators that make a class hear one.

Knows nothing of graphs or runs; `base` declares the internal classes, `api` those for users.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeVar

from stepwell.errors import AdapterError, did_you_mean, nearest

C = TypeVar("C", bound=type)

Kind = Literal["hook", "method", "validator"]
Combine = Literal["all", "nest", "any", "one"]

DECLARES = "__stepwell_declares__"

_TASK = ("run_id", "task_id", "nodes", "inputs", "overrides", "spawning_task_id", "purpose")
_ENDED = ("run_id", "task_id", "nodes", "success", "error", "spawning_task_id", "purpose")


class Event(NamedTuple):
    """One moment of a lifecycle.

    `combine` says what several adapters of one event come to: `all` are called; `nest` wraps each
    in the one before it; `any` is true when one of them is; of `one` there may be no second.
    """

    kind: Kind
    keywords: tuple[str, ...]
    combine: Combine = "all"


EVENTS: dict[str, Event] = {
    "pre_do_anything": Event("hook", ()),
    "do_check_edge_types_match": Event("method", ("type_from", "type_to"), "any"),
    "do_validate_input": Event("method", ("node_type", "input_value"), "any"),
    "validate_node": Event("validator", ("created_node",)),
    "validate_graph": Event("validator", ("graph", "modules", "config")),
    "post_graph_construct": Event("hook", ("graph", "modules", "config")),
    "pre_graph_execute": Event("hook", ("run_id", "graph", "final_vars", "inputs", "overrides")),
    "post_graph_execute": Event("hook", ("run_id", "graph", "success", "error", "results")),
    "post_task_group": Event("hook", ("run_id", "task_ids")),
    "post_task_expand": Event("hook", ("run_id", "task_id", "parameters")),
    "pre_task_submission": Event("hook", _TASK),
    "pre_task_execute": Event("hook", _TASK),
    "post_task_execute": Event("hook", (*_ENDED, "results")),
    "post_task_return": Event("hook", (*_ENDED, "result")),
    "pre_node_execute": Event("hook", ("run_id", "node_", "kwargs", "task_id")),
    "do_node_execute": Event("method", ("run_id", "node_", "kwargs", "task_id"), "nest"),
    "do_remote_execute": Event("method", ("node", "kwargs", "execute_lifecycle_for_node"), "one"),
    "post_node_execute": Event(
        "hook", ("run_id", "node_", "kwargs", "success", "error", "result", "task_id")
    ),
    "do_build_result": Event("method", ("outputs",), "one"),
}
"""The events that stepwell itself calls. Others may be declared, and called by who declares them
(`LifecycleSet.call`)."""


class Declared(NamedTuple):
    """What a class says: by this method I hear that event. `function` is the default, if any."""

    event: str
    kind: Kind
    combine: Combine
    method: str
    keywords: tuple[str, ...]
    function: Callable[..., Any]


def base_hook(event: str) -> Callable[[C], C]:
    """A class decorator: the class's function of that name is called at that event.

    A hook returns nothing, and any number of adapters may have it.

    Raises:
        AdapterError: if the class has no keyword-only function of that name, if the function asks
            for what the event does not give, or if the name is nearly that of another event.

    >>> @base_hook("post_import")
    ... class PostImport:
    ...     def post_import(self, *, module: str) -> None: ...
    """
    return lambda cls: _declare(cls, event, "hook", "all")


def base_method(event: str, *, combine: Combine = "one") -> Callable[[C], C]:
    """A class decorator: the class's function of that name replaces how something is done.

    `combine` counts for an event of one's own; what stepwell calls has its own rule.

    Raises:
        AdapterError: as `base_hook` does.
    """
    return lambda cls: _declare(cls, event, "method", combine)


def base_validator(event: str) -> Callable[[C], C]:
    """A class decorator: the class's function of that name returns `(ok, message)`.

    Raises:
        AdapterError: as `base_hook` does.
    """
    return lambda cls: _declare(cls, event, "validator", "all")


def serves(**methods: str) -> Callable[[C], C]:
    """A class decorator for the user level: `event="method"` for each event the class hears.

    Raises:
        AdapterError: if a method is missing or takes positional arguments.
    """

    def declare(cls: C) -> C:
        for event, method in methods.items():
            known = EVENTS[event]
            _add(cls, event, known.kind, known.combine, method)
        return cls

    return declare


def declarations(cls: type) -> tuple[Declared, ...]:
    """All that a class and its bases declare, nearest base first."""
    return tuple(d for base in cls.__mro__ for d in base.__dict__.get(DECLARES, ()))


def _declare(cls: C, event: str, kind: Kind, combine: Combine) -> C:
    known = EVENTS.get(event)
    if known is None:
        if near := nearest(event, EVENTS, 0.85):
            raise AdapterError(f"`{event}` is no event of a lifecycle; did you mean `{near}`?")
        return _add(cls, event, kind, combine, event)
    if known.kind != kind:
        raise AdapterError(
            f"`{event}` is a {known.kind}; declare `{cls.__name__}` with `base_{known.kind}`"
        )
    _add(cls, event, kind, known.combine, event)
    for keyword in vars(cls)[DECLARES][-1].keywords:
        if keyword not in known.keywords:
            raise AdapterError(
                f"`{cls.__name__}.{event}` asks for `{keyword}`, which the event does not give"
                + (did_you_mean(keyword, known.keywords) or f"; it gives {_listed(known)}")
            )
    return cls


def _add(cls: C, event: str, kind: Kind, combine: Combine, method: str) -> C:
    function = vars(cls).get(method)
    code = getattr(function, "__code__", None)
    if function is None or code is None:
        raise AdapterError(f"`{cls.__name__}` has no function `{method}`; define it in the class")
    if code.co_argcount != 1 or code.co_flags & 0x04:
        raise AdapterError(
            f"`{cls.__name__}.{method}` takes positional arguments; put `*` after `self`"
        )
    keywords = code.co_varnames[1 : 1 + code.co_kwonlyargcount]
    declared = Declared(event, kind, combine, method, keywords, function)
    setattr(cls, DECLARES, (*vars(cls).get(DECLARES, ()), declared))
    return cls


def _listed(event: Event) -> str:
    return ", ".join(f"`{name}`" for name in event.keywords) or "nothing"
