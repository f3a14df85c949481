"""Methods that replace how a node runs, each wrapped in the one before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from stepwell.lifecycle.dispatch import Hook
from stepwell.spec import Node

Nested: TypeAlias = Callable[[dict[str, Any], str, "str | None"], Any]


def nested(node: Node, methods: Sequence[Hook], step: Callable[..., Any]) -> Nested:
    """One callable `(kwargs, run_id, task_id)` that runs the node by all the methods.

    `step` is what the innermost method is given: the step itself, taking keywords. The callable
    returns an awaitable if `step` does, or if a method is `async def`. To a method that is `async
    def`, its `node_callable` always returns an awaitable; to another it returns what comes.
    """

    def innermost(kwargs: dict[str, Any], run_id: str, task_id: str | None) -> Any:
        return step(**kwargs)

    inner: Nested = innermost
    for method in reversed(methods):
        inner = _layer(node, method, step if inner is innermost else None, inner)
    return inner


def _layer(node: Node, method: Hook, step: Callable[..., Any] | None, inner: Nested) -> Nested:
    takes, call = set(method.takes), method.call
    constant: dict[str, Any] = {
        "node_name": node.name,
        "node_tags": node.tags,
        "is_expand": False,
        "is_collect": False,
    }
    constant = {name: value for name, value in constant.items() if name in takes}
    kwargs_as = "node_kwargs" if "node_kwargs" in takes else "kwargs"

    def layer(kwargs: dict[str, Any], run_id: str, task_id: str | None) -> Any:
        following = step or (lambda **changed: inner(changed, run_id, task_id))
        if method.is_async:
            following = _awaitable(following)
        keywords = {**constant, kwargs_as: kwargs}
        if "node_callable" in takes:
            keywords["node_callable"] = following
        if "node_" in takes:
            keywords["node_"] = replace(node, callable=following)
        if "run_id" in takes:
            keywords["run_id"] = run_id
        if "task_id" in takes:
            keywords["task_id"] = task_id
        if kwargs_as not in takes:
            del keywords[kwargs_as]
        return call(**keywords)

    return layer


def _awaitable(call: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    async def awaitable(**kwargs: Any) -> Any:
        result = call(**kwargs)
        return await result if hasattr(result, "__await__") else result

    return awaitable
