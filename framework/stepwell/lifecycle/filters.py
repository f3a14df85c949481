"""Which nodes an adapter is meant for: the one form of `node_filter` that adapters share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

Tags: TypeAlias = Mapping[str, "str | tuple[str, ...]"]

NodeFilter: TypeAlias = "str | Collection[str] | Callable[[str, Tags], bool] | None"
"""All nodes (`None`), one by name, several by name, or those for which `filter(name, tags)`."""


_OWN = frozenset(
    ("fallback.model", "fallback.step", "fallback.value", "retry.attempts", "timeout.seconds")
)


def asks_for_itself(node_tags: Tags) -> bool:
    """Whether a step has a `@retry`, `@timeout` or `@fallback` of its own.

    >>> asks_for_itself({"retry.attempts": "3"}), asks_for_itself({"owner": "search"})
    (True, False)
    """
    return bool(node_tags) and not _OWN.isdisjoint(node_tags)


def told_filter(node_filter: NodeFilter) -> str:
    """A text that is the same for filters that mean the same, in every process.

    >>> told_filter(["b", "a"]), told_filter("a"), told_filter(None)
    ('a, b', 'a', '')
    """
    if callable(node_filter):
        name = getattr(node_filter, "__qualname__", type(node_filter).__qualname__)
        return f"{getattr(node_filter, '__module__', '')}.{name}"
    if isinstance(node_filter, str):
        return node_filter
    return ", ".join(sorted(node_filter or ()))


def selects(node_filter: NodeFilter, node_name: str, node_tags: Tags) -> bool:
    """Whether the filter means this node.

    >>> selects(["answer", "prompt"], "answer", {})
    True
    >>> selects(lambda name, tags: tags.get("layer") == "llm", "answer", {"layer": "search"})
    False
    """
    if node_filter is None:
        return True
    if isinstance(node_filter, str):
        return node_name == node_filter
    if callable(node_filter):
        return bool(node_filter(node_name, node_tags))
    return node_name in node_filter


def is_tagged(node_tags: Tags, tag: str) -> bool:
    """Whether a node has this tag: `gpu`, or `size=large` where its value is to be that.

    >>> tags = {"size": "large"}
    >>> is_tagged(tags, "size"), is_tagged(tags, "size=large"), is_tagged(tags, "size=small")
    (True, True, False)
    """
    name, has_value, value = tag.partition("=")
    if name not in node_tags:
        return False
    said = node_tags[name]
    return not has_value or value in ((said,) if isinstance(said, str) else said)
