"""Methods that replace how a node runs, each wrapped in the one before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from stepwell.lifecycle.dispatch import Hook, given
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
    constant: dict[str, Any] = {
        "node_name": node.name,
        "node_tags": node.tags,
        "is_expand": False,
        "is_collect": False,
    }
    constant = {name: value for name, value in constant.items() if name in method.takes}

    def layer(kwargs: dict[str, Any], run_id: str, task_id: str | None) -> Any:
        following = step or (lambda **changed: inner(changed, run_id, task_id))
        if method.is_async:
            following = _awaitable(following)
        varying = {
            "node_callable": following,
            "node_kwargs": kwargs,
            "kwargs": kwargs,
            "run_id": run_id,
            "task_id": task_id,
        }
        if "node_" in method.takes:
            varying["node_"] = replace(node, callable=following)
        varying |= constant
        return method.call(**given(method, varying))

    return layer


def _awaitable(call: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    async def awaitable(**kwargs: Any) -> Any:
        result = call(**kwargs)
        return await result if hasattr(result, "__await__") else result

    return awaitable
