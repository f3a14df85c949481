"""The adapters that steps ask for themselves: by `@retry`, `@timeout` and `@fallback`.

Their settings are tags of the nodes. Steps of the same settings share an adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from stepwell.lifecycle.fallback import Fallback
from stepwell.lifecycle.filters import Tags
from stepwell.lifecycle.retry import Retry
from stepwell.lifecycle.timeout import Timeout

if TYPE_CHECKING:
    from stepwell.spec import Node

Setting = tuple[str, str | tuple[str, ...]]


class OwnFallback(Fallback):
    """That of steps with `@fallback`."""

    def wants_node(self, *, node_name: str, node_tags: Tags) -> bool:
        return _names(self.node_filter, node_name)


class OwnRetry(Retry):
    """That of steps with `@retry`."""

    def wants_node(self, *, node_name: str, node_tags: Tags) -> bool:
        return _names(self.node_filter, node_name)


class OwnTimeout(Timeout):
    """That of steps with `@timeout`."""

    def wants_node(self, *, node_name: str, node_tags: Tags) -> bool:
        return _names(self.node_filter, node_name)


def own_adapters(nodes: Iterable[Node]) -> list[object]:
    """The adapters for what steps say of themselves, outermost first: a fallback comes when all
    attempts have failed, and a timeout is for each."""
    found: dict[tuple[str, tuple[Setting, ...], tuple[int, ...]], list[str]] = {}
    for node in nodes:
        if node.tags and node.kind != "field":
            for adapter in _MAKERS:
                settings = tuple(
                    sorted(
                        (tag.removeprefix(f"{adapter}."), value)
                        for tag, value in node.tags.items()
                        if tag.startswith(f"{adapter}.")
                    )
                )
                if settings:  # of two functions of one name each is its own
                    functions = tuple(id(getattr(value, "function", None)) for _, value in settings)
                    key = adapter, settings, functions
                    found.setdefault(key, []).append(node.name)
    order = [*_MAKERS]
    return [
        _MAKERS[adapter](dict(settings), names)
        for (adapter, settings, _), names in sorted(
            found.items(), key=lambda entry: order.index(entry[0][0])
        )
    ]


def _fallback(settings: Mapping[str, Any], names: list[str]) -> Fallback:
    if "model" in settings:
        return OwnFallback(model=settings["model"], node_filter=names)
    if "step" in settings:
        return OwnFallback(step=settings["step"].function, node_filter=names)
    import json

    return OwnFallback(value=json.loads(settings["value"]), node_filter=names)


def _retry(settings: Mapping[str, Any], names: list[str]) -> Retry:
    times = {name: float(text) for name, text in settings.items() if name != "attempts"}
    return OwnRetry(int(settings["attempts"]), **times, node_filter=names)  # type: ignore[arg-type]


def _timeout(settings: Mapping[str, Any], names: list[str]) -> Timeout:
    return OwnTimeout(float(settings["seconds"]), node_filter=names)


_MAKERS: dict[str, Callable[[Mapping[str, Any], list[str]], object]] = {
    "fallback": _fallback,
    "retry": _retry,
    "timeout": _timeout,
}


def _names(node_filter: Any, node_name: str) -> bool:
    return node_name in node_filter
